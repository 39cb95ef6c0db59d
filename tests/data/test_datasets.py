import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from vae.data.datasets import SPLITS, Dataset, load_dataset, prepare, spaced
from vae.files import note, replacing

SIZES = {"train": 1157, "validation": 258, "test": 382}
MIRROR = os.environ.get("VAE_DATASET_MIRROR")
ARCHIVES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
USES = 400


def made(name: str, folder: Path, mirror: str | None = None) -> Dataset:
    prepare(name, folder / f"{name}.npz", mirror)
    return load_dataset(folder / f"{name}.npz")


@pytest.fixture(scope="module")
def static(tmp_path_factory) -> Dataset:
    return made("digits_static", tmp_path_factory.mktemp("static"))


def batch(dataset: Dataset, indices: Tensor, *seeds: int) -> Tensor:
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    return dataset.training_batch(indices.expand(len(seeds), -1), generators)


# Digits


def test_digits_have_known_sizes_and_levels(digits):
    assert digits.shape == (1, 8, 8)
    assert digits.levels == digits.source_levels == 17
    for split, size in SIZES.items():
        assert digits.images[split].shape == (size, 1, 8, 8)
        assert digits.images[split].dtype == torch.uint8
        assert digits.labels[split].shape == (size,)
        assert set(digits.labels[split].tolist()) == set(range(10))
    assert set(digits.images["train"].unique().tolist()) == set(range(17))


def test_no_image_is_in_two_splits(digits):
    sets = {s: {i.numpy().tobytes() for i in digits.images[s]} for s in SPLITS}
    assert len(set.union(*sets.values())) == sum(SIZES.values())


def test_classes_are_spread_evenly_over_the_splits(digits):
    shares = [digits.labels[s].bincount() / len(digits.labels[s]) for s in SPLITS]
    assert (torch.stack(shares) - 0.1).abs().max() < 0.02


def test_splits_of_digits_are_contiguous_and_begin_with_a_writer(digits):
    from sklearn.datasets import load_digits

    whole = torch.from_numpy(load_digits().images.astype("uint8"))[:, None]
    assert torch.equal(torch.cat([digits.images[s] for s in SPLITS]), whole)
    for split in SPLITS:  # writers begin with 0, 1, …, 9, three times
        assert digits.labels[split][:30].tolist() == 3 * list(range(10))


def nearest(x: Tensor, others: Tensor) -> float:
    """Mean distance of the images ``x`` to the nearest of ``others``, pixels in [0, 1]."""
    return torch.cdist(x.flatten(1).double(), others.flatten(1).double()).min(1).values.mean()


def test_test_images_are_farther_from_training_images_than_a_random_split_has_it(digits):
    x = torch.cat([digits.unit(s) for s in SPLITS])
    shuffled = x[torch.randperm(len(x))]
    assert nearest(digits.unit("test"), digits.unit("train")) > 1.17
    assert nearest(shuffled[-382:], shuffled[:1157]) < 1.10


def test_images_keep_their_labels(digits):
    from sklearn.datasets import load_digits

    source = load_digits()
    label_of = {
        image.astype("uint8").tobytes(): label
        for image, label in zip(source.images, source.target, strict=True)
    }
    for split in SPLITS:
        pairs = zip(digits.images[split], digits.labels[split].tolist(), strict=True)
        assert all(label_of[image.numpy().tobytes()] == label for image, label in pairs)


@pytest.mark.parametrize("name", ["digits", "digits_static", "digits_dynamic"])
def test_preparing_twice_gives_the_same_images(tmp_path, name):
    first, second = made(name, tmp_path / "a"), made(name, tmp_path / "b")
    assert first.provenance == second.provenance
    assert set(first.provenance["sha256"]) == set(SPLITS)
    assert all(torch.equal(first.images[s], second.images[s]) for s in SPLITS)


def test_checksums_tell_datasets_apart(digits, static, dynamic):
    sums = [d.provenance["sha256"]["train"] for d in (digits, static)]
    assert len(set(sums)) == 2
    assert dynamic.provenance["sha256"]["train"] == digits.provenance["sha256"]["train"]


def test_pixels_are_grey_levels_between_zero_and_one(digits):
    for split in SPLITS:
        x = digits.unit(split)
        assert x.min() == 0
        assert x.max() == 1
        assert torch.equal(x * 16, digits.images[split].float())
    indices = torch.tensor([5, 0, 700])
    assert torch.equal(batch(digits, indices, 1)[0], digits.unit("train")[indices])


@pytest.mark.parametrize("name", ["digits", "static", "dynamic"])
def test_mean_image_is_the_mean_of_the_training_images(request, name):
    dataset = request.getfixturevalue(name)
    expected = dataset.unit("train").double().mean(0).float()
    assert dataset.mean_image().shape == (1, 8, 8)
    torch.testing.assert_close(dataset.mean_image(), expected)


def test_spaced_images_are_distinct_and_cover_all():
    x = torch.arange(10_000)
    chosen = spaced(x, 2000)
    assert chosen.tolist() == list(range(0, 10_000, 5))
    assert spaced(x[:382], 2000).equal(x[:382])
    assert len(set(spaced(x[:3001], 2000).tolist())) == 2000


# Binarised


def binary(x: Tensor) -> bool:
    return bool(((x == 0) | (x == 1)).all())


def test_static_is_binary_and_fixed(static):
    assert static.levels == static.source_levels == 2
    assert not static.binarised_on_use
    assert all(binary(static.unit(split)) for split in SPLITS)
    indices = torch.arange(100)
    assert torch.equal(batch(static, indices, 1), batch(static, indices, 2))


def test_static_is_drawn_with_the_grey_value_as_probability(digits, static):
    for split in SPLITS:
        grey, drawn = digits.unit(split).double(), static.unit(split).double()
        assert torch.equal(drawn[grey == 0], grey[grey == 0])
        assert torch.equal(drawn[grey == 1], grey[grey == 1])
        error = (grey * (1 - grey)).sum().sqrt()
        assert (drawn - grey).sum().abs() < 5 * error


def test_dynamic_training_images_are_drawn_at_every_use(dynamic):
    assert (dynamic.levels, dynamic.source_levels) == (2, 17)
    assert dynamic.binarised_on_use
    indices = torch.arange(100)
    first, second = batch(dynamic, indices, 1), batch(dynamic, indices, 2)
    assert binary(first)
    assert not torch.equal(first, second)
    assert torch.equal(first, batch(dynamic, indices, 1))


def test_training_images_are_as_models_see_them(digits, dynamic):
    first, second = (dynamic.training_images(torch.Generator().manual_seed(s)) for s in (1, 2))
    assert binary(first)
    assert not torch.equal(first, second)
    assert torch.equal(first, batch(dynamic, torch.arange(SIZES["train"]), 1)[0])
    stream = torch.Generator().manual_seed(1)
    assert torch.equal(digits.training_images(stream), digits.unit("train"))
    assert torch.equal(digits.training_images(stream, 500), spaced(digits.unit("train"), 500))


def test_dynamic_mean_over_uses_is_the_grey_image(digits, dynamic):
    indices = torch.arange(50)
    grey = digits.unit("train")[indices]
    mean = batch(dynamic, indices, *range(USES)).mean(0)
    error = (grey * (1 - grey) / USES).sqrt()
    assert ((mean - grey).abs() <= 6 * error).all()  # 3,200 pixels
    assert (mean - grey).sum().abs() < 5 * error.square().sum().sqrt()


def test_dynamic_is_fixed_outside_training(static, dynamic):
    for split in ("validation", "test"):
        assert binary(dynamic.unit(split))
        assert torch.equal(dynamic.unit(split), static.unit(split))


@pytest.mark.parametrize("name", ["digits", "dynamic"])
def test_every_row_of_a_batch_has_its_own_indices_and_generator(request, name):
    dataset = request.getfixturevalue(name)
    indices = torch.tensor([[3, 1, 4], [1, 5, 9]])
    both = dataset.training_batch(
        indices, [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    )
    assert both.shape == (2, 3, 1, 8, 8)
    for row, seed in enumerate((1, 2)):
        assert torch.equal(both[row], batch(dataset, indices[row], seed)[0])


# Files


def test_missing_dataset(tmp_path, input_error):
    with input_error(tmp_path / "none.npz"):
        load_dataset(tmp_path / "none.npz")


def test_moved_dataset_is_the_same(digits):
    moved = digits.to("cpu")
    assert all(torch.equal(moved.images[s], digits.images[s]) for s in SPLITS)
    assert moved.shape == digits.shape


# MNIST and Fashion-MNIST


@pytest.fixture
def damaged_mirror(tmp_path) -> Path:
    raw = tmp_path / "mirror" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ARCHIVES:
        (raw / name).write_bytes(b"\x1f\x8b half of it")
    return tmp_path / "mirror"


def test_damaged_archive_is_named_and_nothing_is_written(
    tmp_path, damaged_mirror, no_network, input_error
):
    with input_error("MNIST/raw/train-images-idx3-ubyte.gz", "damaged"):
        prepare("mnist", tmp_path / "data" / "mnist.npz", damaged_mirror)
    assert [path.name for path in tmp_path.iterdir()] == ["mirror"]


def test_incomplete_mirror_and_no_network(tmp_path, damaged_mirror, no_network, input_error):
    (damaged_mirror / "MNIST" / "raw" / ARCHIVES[0]).unlink()
    with input_error("mnist", damaged_mirror, "VAE_DATASET_MIRROR"):
        prepare("mnist", tmp_path / "mnist.npz", damaged_mirror)


def test_mirror_that_is_no_directory(tmp_path, no_network, input_error):
    with input_error(tmp_path / "none", "mirror"):
        prepare("mnist", tmp_path / "mnist.npz", tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "MNIST"), ("fashion_mnist_dynamic", "FashionMNIST")]
)
def test_no_mirror_and_no_network(tmp_path, no_network, input_error, name, folder):
    with input_error(name.removesuffix("_dynamic"), f"{folder}/raw", "VAE_DATASET_MIRROR"):
        prepare(name, tmp_path / "out" / "images.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not MIRROR, reason="VAE_DATASET_MIRROR names no mirror")
@pytest.mark.parametrize("name", ["mnist", "mnist_dynamic"])
def test_mnist_from_the_mirror(tmp_path, no_network, name):
    dataset = made(name, tmp_path, MIRROR)
    sizes = [len(dataset.images[split]) for split in SPLITS]
    assert sizes == [50_000, 10_000, 10_000]
    assert dataset.shape == (1, 28, 28)
    assert dataset.source_levels == 256
    assert dataset.levels == (256 if name == "mnist" else 2)
    assert dataset.unit("train").max() == 1
    assert set(dataset.labels["validation"].tolist()) == set(range(10))


# Integrity


@pytest.fixture
def stored(tmp_path):
    prepare("digits", tmp_path / "digits.npz")
    return tmp_path / "digits.npz"


def test_a_flipped_bit_is_noticed(stored, input_error):
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    with input_error(stored, "SHA-256"):
        load_dataset(stored)


def test_other_images_than_the_header_tells_of(stored, input_error):
    with np.load(stored) as arrays:
        changed = dict(arrays)
    changed["test_images"] = changed["test_images"][::-1]
    with replacing(stored) as temporary:
        np.savez(temporary, **changed)
    with input_error(stored, "SHA-256"):
        load_dataset(stored)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"text", b"\x93NUMPY"])
def test_another_file_by_that_name(stored, input_error, content):
    note(stored).unlink()
    stored.write_bytes(content)
    with input_error(stored, "prepare"):
        load_dataset(stored)


def test_an_archive_of_something_else(tmp_path, input_error):
    np.savez(tmp_path / "a.npz", header='{"name": "digits"}', x=np.zeros(3))
    with input_error(tmp_path / "a.npz", "prepare"):
        load_dataset(tmp_path / "a.npz")
