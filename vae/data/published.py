"""Datasets that torchvision downloads: their archives from a mirror, or from where they lie."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae.errors import InputError

Part = tuple[np.ndarray, np.ndarray]  # images uint8 (N, C, H, W), labels (N,)


@dataclass(frozen=True)
class Published:
    """One of torchvision's datasets.

    Attributes:
        class_name: of ``torchvision.datasets``.
        folder: where below torchvision's root the archives lie.
        archives: names and MD5 sums, as torchvision's class has them.
        read: images and labels of the training or the test part, from torchvision's root.
        held_out: one of how many training images is for validation.
    """

    class_name: str
    folder: str
    archives: Callable[[type], Sequence[tuple[str, str]]]
    read: Callable[[type, str, bool], Part]
    held_out: int

    @property
    def dataset_class(self) -> type:
        """Torchvision's class; imports torchvision."""
        from torchvision import datasets

        return getattr(datasets, self.class_name)


def _read_mnist(dataset_class: type, root: str, train: bool) -> Part:
    found = dataset_class(root, train=train, download=True)
    return found.data.numpy()[:, None], found.targets.numpy()


def _read_cifar(dataset_class: type, root: str, train: bool) -> Part:
    found = dataset_class(root, train=train, download=True)
    return np.ascontiguousarray(found.data.transpose(0, 3, 1, 2)), np.array(found.targets)


def _read_svhn(dataset_class: type, root: str, train: bool) -> Part:
    found = dataset_class(root, split="train" if train else "test", download=True)
    return np.ascontiguousarray(found.data), found.labels.astype(np.int64)


def _mnist(class_name: str) -> Published:
    return Published(class_name, f"{class_name}/raw", lambda c: c.resources, _read_mnist, 6)


PUBLISHED = {
    "mnist": _mnist("MNIST"),
    "fashion_mnist": _mnist("FashionMNIST"),
    "cifar10": Published("CIFAR10", "", lambda c: [(c.filename, c.tgz_md5)], _read_cifar, 10),
    "svhn": Published(
        "SVHN", "", lambda c: [c.split_list[s][1:] for s in ("train", "test")], _read_svhn, 10
    ),
}


def read_published(
    name: str, mirror: Path | str | None, seed: int
) -> tuple[dict[str, Part], dict[str, object]]:
    """Images and labels of every split, and where they came from.

    The test split is the published one; some of the training images become the validation split.

    Raises:
        InputError: if an archive is damaged, or neither in the mirror nor to be downloaded.
    """
    source = PUBLISHED[name]
    dataset_class = source.dataset_class
    with tempfile.TemporaryDirectory() as root:
        mirrored = _copy_from_mirror(source, Path(root), mirror)
        if not mirrored:
            print(f"{name}: not in a mirror, downloading", file=sys.stderr)
        try:
            train, test = (source.read(dataset_class, root, part) for part in (True, False))
        except (OSError, RuntimeError) as error:
            looked = f"the mirror {mirror}" if mirror else "no mirror (none is named)"
            reason = " ".join(str(error).split())
            raise InputError(
                f"{name}: looked for its archives in {looked}, tried a download, "
                f"which failed ({reason}): connect to the internet, or name a directory that "
                f"holds {_wanted(source)} by dataset_mirror or VAE_DATASET_MIRROR"
            ) from None
    order = np.random.default_rng(seed).permutation(len(train[0]))
    count = len(order) - len(order) // source.held_out
    chosen = {"train": np.sort(order[:count]), "validation": np.sort(order[count:])}
    arrays = {split: (train[0][index], train[1][index]) for split, index in chosen.items()}
    where = "mirror" if mirrored else "download"
    return arrays | {"test": test}, {
        "source": f"torchvision.datasets.{source.class_name}, {where}",
        "md5": dict(source.archives(dataset_class)),
    }


def _wanted(source: Published) -> str:
    if source.folder:
        return f"{source.folder}/*.gz"
    return " and ".join(name for name, _ in source.archives(source.dataset_class))


def _copy_from_mirror(source: Published, root: Path, mirror: Path | str | None) -> bool:
    """Copy the archives to where torchvision looks for them, if the mirror has them all."""
    from torchvision.datasets.utils import check_integrity

    if mirror is None:
        return False
    if not Path(mirror).is_dir():
        raise InputError(
            f"the dataset mirror {mirror} is no directory: correct its name or unset it"
        )
    archives = [
        (Path(mirror) / source.folder / name, md5)
        for name, md5 in source.archives(source.dataset_class)
    ]
    if not all(archive.is_file() for archive, _ in archives):
        return False
    (root / source.folder).mkdir(parents=True, exist_ok=True)
    for archive, md5 in archives:
        if not check_integrity(str(archive), md5):
            raise InputError(
                f"{archive} is damaged (its MD5 is not {md5}): replace it by a whole copy"
            )
        shutil.copyfile(archive, root / source.folder / archive.name)
    return True
