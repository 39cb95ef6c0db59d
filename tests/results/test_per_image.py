"""Values of single images are read as they were written, or not at all."""

import numpy as np
import pytest

from vae.configuration.sweep import Cell
from vae.files import note
from vae.results.per_image import PerImage, save_per_image

CELL = Cell("vae", 0.5, 0)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "sweep" / "images.npz"
    save_per_image(path, {PerImage.key(CELL, "mse"): np.arange(5.0)})
    return path


def read(path):
    return PerImage(path.parent.parent).values("sweep", "mse", [CELL])


def test_round_trip(path):
    assert read(path).tolist() == [[0, 1, 2, 3, 4]]


def test_a_flipped_bit_is_noticed(path, input_error):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with input_error(path, "SHA-256"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04"])
def test_another_file_by_that_name(path, input_error, content):
    note(path).unlink()
    path.write_bytes(content)
    with input_error(path):
        read(path)
