"""The filmstrip of a cell: originals on top, then one row per point of training."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vae.training.loop import train
from vae.training.previews import preview_epochs, save_filmstrip

TILE, BORDER, GAP, COLUMNS = 32, 2, 12, 8  # digits are enlarged from 8 to 32 pixels


def read_png(path: Path) -> torch.Tensor:
    """Pixels of a picture, uint8 (3, H, W)."""
    with Image.open(path) as picture:
        return torch.from_numpy(np.array(picture)).movedim(-1, 0)


def row_of(picture: torch.Tensor, index: int) -> torch.Tensor:
    """The tiles of one row, left half then right half, at 8x8 pixels: (2 * COLUMNS, 8, 8)."""
    top = BORDER + index * (TILE + BORDER)
    half = BORDER + COLUMNS * (TILE + BORDER)
    lefts = [
        side * (half + GAP) + BORDER + i * (TILE + BORDER) for side in (0, 1) for i in range(8)
    ]
    return torch.stack([picture[0, top : top + TILE : 4, x : x + TILE : 4] for x in lefts])


def height(rows: int) -> int:
    return BORDER + rows * (TILE + BORDER)


def test_tiles_stand_where_they_belong(tmp_path):
    stream = torch.Generator().manual_seed(0)
    originals = torch.randint(0, 256, (8, 1, 8, 8), generator=stream) / 255
    frames = torch.randint(0, 256, (3, 16, 1, 8, 8), generator=stream).byte()
    save_filmstrip(tmp_path / "strip.png", originals, frames)
    picture = read_png(tmp_path / "strip.png")
    assert picture.shape == (3, height(4), 2 * (BORDER + COLUMNS * (TILE + BORDER)) + GAP)
    assert torch.equal(row_of(picture, 0)[:8], (255 * originals[:, 0]).round().byte())
    assert (row_of(picture, 0)[8:] == 255).all()
    for point in range(3):
        assert torch.equal(row_of(picture, point + 1), frames[point, :, 0])


@pytest.fixture
def pictures(digits, make_sweep, tmp_path):
    """The preview of every cell of a small sweep with 6 epochs and 4 points."""
    sweep = make_sweep()
    settings = replace(sweep.training, epochs=6, previews=4, learning_rate=1e-2)
    sweep = replace(sweep, training=settings)
    train(sweep, digits, tmp_path / "out", tmp_path / "checkpoints", torch.device("cpu"))
    paths = (tmp_path / "out" / "previews").glob("*.png")
    return {path.stem: read_png(path) for path in paths}


def test_every_cell_has_a_picture_with_a_row_per_point(pictures, make_sweep):
    assert set(pictures) == {cell.slug for cell in make_sweep().cells}
    assert {picture.shape[1] for picture in pictures.values()} == {height(1 + 4)}


def test_the_top_row_shows_validation_images(pictures, digits):
    expected = (digits.unit("validation")[:8, 0] * 255).round()
    for picture in pictures.values():
        torch.testing.assert_close(row_of(picture, 0)[:8].float(), expected, atol=1, rtol=0)


def test_pictures_begin_before_training_and_improve(pictures, digits):
    untrained = [row_of(pictures[f"vae_beta_{beta}_seed_0"], 1) for beta in ("0.5", "1")]
    assert torch.equal(*untrained)  # cells of one seed start from the same weights
    original = 255 * digits.unit("validation")[:8, 0]
    for picture in pictures.values():
        rows = [row_of(picture, i).float() for i in range(1, 5)]
        errors = [(row[:8] - original).square().mean() for row in rows]
        assert errors[-1] < errors[0]
        assert all(not torch.equal(a, b) for a, b in pairwise(rows))


def test_samples_differ_between_seeds_and_from_each_other(pictures):
    samples = [row_of(pictures[f"vae_beta_0.5_seed_{seed}"], 4)[8:] for seed in (0, 1)]
    assert not torch.equal(*samples)
    assert len({tuple(tile.flatten().tolist()) for tile in samples[0]}) > 1


@pytest.mark.parametrize(
    ("epochs", "previews", "expected"),
    [(2, 2, [0]), (10, 6, [0, 2, 3, 4, 6]), (100, 3, [0, 10]), (1000, 4, [0, 10, 100])],
)
def test_previews_are_taken_in_equal_ratios_of_epochs(epochs, previews, expected):
    assert preview_epochs(epochs, previews) == expected
