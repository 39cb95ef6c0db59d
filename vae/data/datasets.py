"""Datasets as uint8 tensors with fixed, disjoint training, validation and test splits."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vae.data.catalogue import DATASETS
from vae.data.own import OwnData, read_own, split_up
from vae.data.published import read_published
from vae.errors import InputError
from vae.files import reading, replacing

SPLITS = ("train", "validation", "test")
SPLIT_SEED = 20160101
DIGITS_BLOCKS = (0, 1157, 1415, 1797)  # where writers begin: see _read_digits
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
    def labelled(self) -> bool:
        """Whether there are classes that a classifier could tell apart."""
        return bool((self.labels["train"] != self.labels["train"][0]).any())

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        return tuple(self.images["train"].shape[1:])

    def mean_image(self) -> Tensor:
        """Mean of the training images in [0, 1], float32 (C, H, W)."""
        mean = self.images["train"].double().mean(0) / (self.source_levels - 1)
        return mean.float()

    def unit(self, split: str) -> Tensor:
        """All images of a split as they are stored, float32 in [0, 1], (N, C, H, W).

        Training images that are binarised at every use are grey: see ``training_images``.
        """
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

    def training_images(self, stream: torch.Generator, most: int | None = None) -> Tensor:
        """Training images as models see them, float32 in [0, 1], (N, C, H, W).

        Args:
            stream: what is binarised at every use is drawn from it.
            most: at most so many, evenly spaced; by default all.
        """
        count = len(self.images["train"])
        indices = spaced(torch.arange(count), most or count)
        return self.training_batch(indices[None], [stream])[0]

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


def prepare(data: str | OwnData, path: Path | str, mirror: Path | str | None = None) -> None:
    """Write a dataset to ``path`` as one .npz file.

    Args:
        data: a name of ``vae.data.catalogue``: a source, the grey ones perhaps with ``_static`` or
            ``_dynamic`` appended for images binarised once, or in training at every use (Burda et
            al. 2016); or a user's own images.
        mirror: directory in torchvision's layout that is searched before any download.

    Raises:
        InputError: if the name is unknown, or an archive is damaged, or neither in the mirror nor
            to be downloaded; or if own images cannot be used, saying which and why.
    """
    if isinstance(data, OwnData):
        _write(path, data.name, *_read_own(data))
        return
    if data not in DATASETS:
        raise InputError(f"dataset {data}: unknown; choose one of {', '.join(DATASETS)}")
    source = data.removesuffix("_static").removesuffix("_dynamic")
    if source == "digits":
        arrays, source_levels, provenance = _read_digits()
    else:
        arrays, provenance = read_published(source, mirror, SPLIT_SEED)
        source_levels = 256
    levels = source_levels
    if data != source:
        levels = 2
        frozen = SPLITS if data.endswith("_static") else ("validation", "test")
        arrays = {
            s: _binarised(s, *a, source_levels) if s in frozen else a for s, a in arrays.items()
        }
        source_levels = 2 if data.endswith("_static") else source_levels
    _write(path, data, arrays, levels, provenance, source_levels)


def _write(
    path: Path | str,
    name: str,
    arrays: Arrays,
    levels: int,
    provenance: Mapping[str, object],
    source_levels: int | None = None,
) -> None:
    header = {"name": name, "levels": levels, "source_levels": source_levels or levels}
    header["provenance"] = {**provenance, "sha256": {s: _sha256(a[0]) for s, a in arrays.items()}}
    tensors = {f"{s}_images": a[0] for s, a in arrays.items()} | {
        f"{s}_labels": a[1] for s, a in arrays.items()
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, header=json.dumps(header), **tensors)


def _read_own(data: OwnData) -> tuple[Arrays, int, dict]:
    found = read_own(data)
    arrays = split_up(found, data.source, SPLIT_SEED)
    provenance = {
        "source": data.source,
        "source_sha256": found.sha256,
        "classes": list(found.names),
        "splits": "given" if found.split is not None else f"drawn with seed {SPLIT_SEED}",
    }
    return arrays, found.levels, provenance


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
