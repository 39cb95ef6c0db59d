"""CIFAR-10 and SVHN, from small archives in the format of the real ones."""

import hashlib
import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torchvision.datasets

from vae.data.datasets import load_dataset, prepare


def made_up(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (count, 3, 32, 32) and labels from 0 to 9."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 3, 32, 32), np.uint8), np.arange(count) % 10


TRAIN, TEST = made_up(50, 0), made_up(20, 1)


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def cifar10(tmp_path, monkeypatch) -> Path:
    """A mirror with an archive of five training batches, one of tests, and the names."""

    def batch(images, labels):
        return pickle.dumps({"data": images.reshape(len(images), -1), "labels": labels.tolist()})

    parts = [slice(10 * i, 10 * i + 10) for i in range(5)]
    files = {f"data_batch_{i}": batch(TRAIN[0][p], TRAIN[1][p]) for i, p in enumerate(parts, 1)}
    files |= {"test_batch": batch(*TEST)}
    meta = pickle.dumps({"label_names": list("abcdefghij")})
    archive = tmp_path / "mirror" / "cifar-10-python.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in (files | {"batches.meta": meta}).items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    known = torchvision.datasets.CIFAR10
    listed = [[name, md5(content)] for name, content in files.items()]
    monkeypatch.setattr(known, "train_list", listed[:5])
    monkeypatch.setattr(known, "test_list", listed[5:])
    monkeypatch.setattr(known, "meta", {**known.meta, "md5": md5(meta)})
    monkeypatch.setattr(known, "tgz_md5", md5(archive.read_bytes()))
    return archive.parent


@pytest.fixture
def svhn(tmp_path, monkeypatch) -> Path:
    """A mirror with one MATLAB file for training and one for tests; class 0 is called 10."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    known = torchvision.datasets.SVHN
    listed = {}
    for split, (images, labels) in (("train", TRAIN), ("test", TEST)):
        path = mirror / f"{split}_32x32.mat"
        y = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        scipy.io.savemat(path, {"X": images.transpose(2, 3, 1, 0), "y": y})
        listed[split] = [known.split_list[split][0], path.name, md5(path.read_bytes())]
    monkeypatch.setattr(known, "split_list", listed)
    return mirror


@pytest.fixture(params=["cifar10", "svhn"])
def published(request) -> tuple[str, Path]:
    """A dataset's name and its mirror."""
    return request.param, request.getfixturevalue(request.param)


def test_images_and_labels_arrive_as_they_are(published, tmp_path, no_network):
    name, mirror = published
    prepare(name, tmp_path / "images.npz", mirror)
    dataset = load_dataset(tmp_path / "images.npz")
    assert (dataset.shape, dataset.levels, dataset.source_levels) == ((3, 32, 32), 256, 256)
    assert {s: len(x) for s, x in dataset.images.items()} == {
        "train": 45,
        "validation": 5,
        "test": 20,
    }
    assert (dataset.images["test"].numpy() == TEST[0]).all()
    assert (dataset.labels["test"].numpy() == TEST[1]).all()
    known = {image.tobytes(): label for image, label in zip(*TRAIN, strict=True)}
    for split in ("train", "validation"):
        pairs = zip(dataset.images[split].numpy(), dataset.labels[split].tolist(), strict=True)
        assert all(known.pop(image.tobytes()) == label for image, label in pairs)
    assert not known  # every training image is in one of the two
    digests = dataset.provenance["md5"]
    assert digests == {n: md5((mirror / n).read_bytes()) for n in digests}
    assert dataset.provenance["source"].endswith("mirror")


def test_a_damaged_archive_is_named(published, tmp_path, no_network, input_error):
    name, mirror = published
    first = sorted(mirror.iterdir())[0]
    first.write_bytes(first.read_bytes()[:-1] + b"\x00\x00")
    with input_error(first.name, "damaged", "MD5"):
        prepare(name, tmp_path / "out" / "images.npz", mirror)
    assert not (tmp_path / "out").exists()


def test_without_archives_and_network_it_says_what_is_wanted(
    published, tmp_path, no_network, input_error
):
    name, mirror = published
    first = sorted(mirror.iterdir())[0]
    first.unlink()
    with input_error(name, mirror, first.name, "VAE_DATASET_MIRROR"):
        prepare(name, tmp_path / "images.npz", mirror)


def test_colours_are_not_binarised(tmp_path, input_error):
    with input_error("cifar10_static", "cifar10"):
        prepare("cifar10_static", tmp_path / "images.npz")
