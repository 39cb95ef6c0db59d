"""Datasets as uint8 tensors with fixed, disjoint training, validation and test splits."""

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vae.errors import InputError
from vae.files import reading, replacing
from vae.sweep import DATASETS

SPLITS = ("train", "validation", "test")
SPLIT_SEED = 20160101
DIGITS_BLOCKS = (0, 1157, 1415, 1797)  # where writers begin: see _read_digits
TORCHVISION_CLASSES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}
MOST_IMAGES = 2000  # where an evaluation does not need them all
Arrays = dict[str, tuple[np.ndarray, np.ndarray]]  # split -> images (N, C, H, W), labels (N,)


@dataclass(frozen=True)
class Dataset:
    """Images of one dataset.

    Attributes:
        name: such as ``digits`` or ``mnist_dynamic``.
        levels: number of grey levels L; pixel value k stands for x = k / (L - 1).
        images: split -> uint8 (N, C, H, W).
        labels: split -> int64 (N,).
        source_levels: number of grey levels of the stored training images; above ``levels`` where
            they are binarised at every use.
        provenance: where the data came from, with checksums.
    """

    name: str
    levels: int
    source_levels: int
    images: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]
    provenance: Mapping[str, object]

    @property
    def binarised_on_use(self) -> bool:
        """Whether training images are drawn as x ~ Bernoulli(grey) each time they are used."""
        return self.source_levels != self.levels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        return tuple(self.images["train"].shape[1:])

    def mean_image(self) -> Tensor:
        """Mean of the training images in [0, 1], float32 (C, H, W)."""
        mean = self.images["train"].double().mean(0) / (self.source_levels - 1)
        return mean.float()

    def unit(self, split: str) -> Tensor:
        """All images of a split as float32 in [0, 1], (N, C, H, W), never re-binarised."""
        levels = self.source_levels if split == "train" else self.levels
        return self.images[split].float() / (levels - 1)

    def training_batch(self, indices: Tensor, generators: list[torch.Generator]) -> Tensor:
        """Training images as float32 in [0, 1].

        Args:
            indices: one row of image indices per generator, (S, B).
            generators: one per row; used where images are binarised at every use.

        Returns:
            images (S, B, C, H, W).
        """
        x = self.images["train"][indices].float() / (self.source_levels - 1)
        if not self.binarised_on_use:
            return x
        u = [
            torch.rand(row.shape, generator=g, device=x.device)
            for row, g in zip(x, generators, strict=True)
        ]
        return (torch.stack(u) < x).float()

    def to(self, device: torch.device | str) -> "Dataset":
        """Move the images to ``device``."""
        return replace(
            self, images={split: images.to(device) for split, images in self.images.items()}
        )


def spaced(x: Tensor, most: int = MOST_IMAGES) -> Tensor:
    """At most ``most`` images, evenly spaced over all of them: the first would be few writers'."""
    count = min(len(x), most)
    return x[torch.arange(count, device=x.device) * len(x) // count]


def load_dataset(path: Path | str) -> Dataset:
    """Read a dataset that ``prepare`` wrote.

    Raises:
        InputError: if the file does not exist, is none of those, or its images are not those that
            its header tells the SHA-256 of.
    """
    with (
        reading(path, "make it with 'python -m vae prepare'"),
        Path(path).open("rb") as file,
        np.load(file) as arrays,
    ):
        header = json.loads(str(arrays["header"]))
        images = {split: arrays[f"{split}_images"] for split in SPLITS}
        if header["provenance"]["sha256"] != {s: _sha256(x) for s, x in images.items()}:
            raise ValueError("the images are not those of the header's SHA-256")
        return Dataset(
            images={split: torch.from_numpy(x) for split, x in images.items()},
            labels={split: torch.from_numpy(arrays[f"{split}_labels"]) for split in SPLITS},
            **header,
        )


def expect(dataset: Dataset, name: str, provenance: Mapping[str, object] | None = None) -> None:
    """Check that ``dataset`` is the one called ``name``, and has the digests of ``provenance``.

    Raises:
        InputError: naming both datasets and their digests.
    """
    if dataset.name != name:
        raise InputError(f"the data is {dataset.name}, but {name} is needed: name its file")
    given = dataset.provenance["sha256"]
    wanted = (provenance or dataset.provenance).get("sha256")
    if given != wanted:
        raise InputError(
            f"the data is {name} with SHA-256 {_short(given)}, but the models were trained on "
            f"{name} with {_short(wanted)}: name the file that they were trained on"
        )


def _short(digests: object) -> str:
    """The first characters of every split's digest."""
    return " ".join(f"{digest[:8]}…" for digest in digests.values()) if digests else "none"


def prepare(name: str, path: Path | str, mirror: Path | str | None = None) -> None:
    """Write the dataset ``name`` to ``path`` as one .npz file.

    Args:
        name: a source (digits, mnist, fashion_mnist), with ``_static`` or ``_dynamic`` appended
            for images binarised once, or in training at every use (Burda et al. 2016).
        mirror: directory in torchvision's layout that is searched before any download.

    Raises:
        InputError: if the name is unknown, or an archive is damaged, or neither in the mirror nor
            to be downloaded.
    """
    if name not in DATASETS:
        raise InputError(f"dataset {name}: unknown; choose one of {', '.join(DATASETS)}")
    source = name.removesuffix("_static").removesuffix("_dynamic")
    if source == "digits":
        arrays, source_levels, provenance = _read_digits()
    else:
        arrays, source_levels, provenance = _read_torchvision(source, mirror)
    levels = source_levels
    if name != source:
        levels = 2
        frozen = SPLITS if name.endswith("_static") else ("validation", "test")
        arrays = {
            s: _binarised(s, *a, source_levels) if s in frozen else a for s, a in arrays.items()
        }
        source_levels = 2 if name.endswith("_static") else source_levels
    header = {"name": name, "levels": levels, "source_levels": source_levels}
    header["provenance"] = {**provenance, "sha256": {s: _sha256(a[0]) for s, a in arrays.items()}}
    tensors = {f"{s}_images": a[0] for s, a in arrays.items()} | {
        f"{s}_labels": a[1] for s, a in arrays.items()
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, header=json.dumps(header), **tensors)


def _sha256(images: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(images).tobytes()).hexdigest()


def _binarised(split: str, images: np.ndarray, labels: np.ndarray, levels: int):
    rng = np.random.default_rng([SPLIT_SEED, SPLITS.index(split)])
    return (rng.random(images.shape) < images / (levels - 1)).astype(np.uint8), labels


def _read_digits() -> tuple[Arrays, int, dict]:
    """1,797 handwritten digits of 8x8 pixels with 17 grey levels: 1,157 / 258 / 382.

    They are ordered by writer, who each begin by writing 0 to 9 several times. The splits are
    contiguous and begin where a writer does: no writer is on two sides, as far as that shows.
    """
    import sklearn
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = digits.images.astype(np.uint8)[:, None]
    labels = digits.target.astype(np.int64)
    parts = {split: slice(*DIGITS_BLOCKS[i : i + 2]) for i, split in enumerate(SPLITS)}
    arrays = {split: (images[part], labels[part]) for split, part in parts.items()}
    blocks = {split: [part.start, part.stop] for split, part in parts.items()}
    return (
        arrays,
        17,
        {"source": f"scikit-learn {sklearn.__version__}, load_digits", "blocks": blocks},
    )


def _read_torchvision(source: str, mirror: Path | str | None) -> tuple[Arrays, int, dict]:
    """60,000 training images, of which 10,000 become the validation split; 10,000 for testing."""
    from torchvision import datasets

    dataset_class = getattr(datasets, TORCHVISION_CLASSES[source])
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / dataset_class.__name__ / "raw"
        mirrored = _copy_from_mirror(dataset_class, raw, mirror)
        if not mirrored:
            print(f"{source}: not in a mirror, downloading", file=sys.stderr)
        try:
            train, test = (dataset_class(folder, train=t, download=True) for t in (True, False))
        except (OSError, RuntimeError) as error:
            looked = f"the mirror {mirror}" if mirror else "no mirror (none is named)"
            reason = " ".join(str(error).split())
            raise InputError(
                f"{source}: looked for its archives in {looked}, tried a download, "
                f"which failed ({reason}): connect to the internet, or name a directory that "
                f"holds {dataset_class.__name__}/raw/*.gz by dataset_mirror or VAE_DATASET_MIRROR"
            ) from None
    images, labels = train.data.numpy()[:, None], train.targets.numpy()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(images))
    chosen = {"train": np.sort(order[:50_000]), "validation": np.sort(order[50_000:])}
    arrays = {split: (images[index], labels[index]) for split, index in chosen.items()}
    arrays["test"] = (test.data.numpy()[:, None], test.targets.numpy())
    return (
        arrays,
        256,
        {
            "source": f"torchvision.datasets.{dataset_class.__name__}, "
            + ("mirror" if mirrored else "download"),
            "md5": dict(dataset_class.resources),
        },
    )


def _copy_from_mirror(dataset_class: type, raw: Path, mirror: Path | str | None) -> bool:
    """Copy the four archives to ``raw`` if the mirror has them all."""
    from torchvision.datasets.utils import check_integrity

    if mirror is None:
        return False
    if not Path(mirror).is_dir():
        raise InputError(
            f"the dataset mirror {mirror} is no directory: correct its name or unset it"
        )
    archives = [
        (Path(mirror) / dataset_class.__name__ / "raw" / f, md5)
        for f, md5 in dataset_class.resources
    ]
    if not all(archive.is_file() for archive, _ in archives):
        return False
    raw.mkdir(parents=True)
    for archive, md5 in archives:
        if not check_integrity(str(archive), md5):
            raise InputError(
                f"{archive} is damaged (its MD5 is not {md5}): replace it by a whole copy"
            )
        shutil.copyfile(archive, raw / archive.name)
    return True
