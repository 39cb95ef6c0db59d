"""What does each metric notice? Its value for real images with faults that grow."""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from vae.data.datasets import Dataset, spaced
from vae.evaluation.real_images import MOST_TRAINING, training_images
from vae.evaluation.realism import Realism
from vae.features.classifier import FeatureExtractor
from vae.randomness import generator


def blur(x: Tensor, strength: float, seed: int) -> Tensor:
    """Blur by a Gaussian whose standard deviation is ``strength`` of the image's side."""
    sigma = strength * x.shape[-1]
    return torch.from_numpy(gaussian_filter(x.numpy(), (0, 0, sigma, sigma)))


def noise(x: Tensor, strength: float, seed: int) -> Tensor:
    """Add the same Gaussian noise at every strength, which is its standard deviation."""
    return x + strength * torch.randn(x.shape, generator=generator("cpu", seed, "corruption"))


def crop(x: Tensor, strength: float, seed: int) -> Tensor:
    """Blacken a border, ``strength`` of the image's side wide."""
    border = round(strength * x.shape[-1])
    kept = torch.zeros_like(x)
    inside = (..., slice(border, x.shape[-2] - border), slice(border, x.shape[-1] - border))
    kept[inside] = x[inside]
    return kept


CORRUPTIONS: dict[str, tuple[Callable[[Tensor, float, int], Tensor], tuple[float, ...]]] = {
    "blur": (blur, (0.05, 0.1, 0.15, 0.2)),
    "noise": (noise, (0.1, 0.2, 0.3, 0.4)),
    "crop": (crop, (0.125, 0.25, 0.375)),
}
"""Each corruption with its strengths; a strength of 1 is the image's side, or white on black."""

Fault = Callable[[Tensor, Tensor, Tensor, float], Tensor]


def drop_classes(x: Tensor, labels: Tensor, training: Tensor, strength: float) -> Tensor:
    """Leave out a share of the classes."""
    classes = int(labels.max()) + 1
    return x[labels < round((1 - strength) * classes)]


def miss_mode(x: Tensor, labels: Tensor, training: Tensor, strength: float) -> Tensor:
    """Leave out the share of the images that has the largest first principal component."""
    flat = x.flatten(1).double()
    direction = torch.linalg.eigh(flat.T.cov()).eigenvectors[:, -1]
    order = ((flat - flat.mean(0)) @ direction).argsort()
    return x[order[: round((1 - strength) * len(x))].sort().values]


def duplicate(x: Tensor, labels: Tensor, training: Tensor, strength: float) -> Tensor:
    """Let a share of the images be copies of the others."""
    distinct = max(1, round((1 - strength) * len(x)))
    return x[torch.arange(len(x)) % distinct]


def memorise(x: Tensor, labels: Tensor, training: Tensor, strength: float) -> Tensor:
    """Replace a share of the images by training images."""
    count = round(strength * len(x))
    return torch.cat([training[:count], x[count:]])


def crowd(x: Tensor, labels: Tensor, training: Tensor, strength: float) -> Tensor:
    """Move all images towards one of them, the one nearest to the mean."""
    centre = x[(x - x.mean(0)).square().flatten(1).sum(1).argmin()]
    return x + strength * (centre - x)


FAULTS: dict[str, tuple[Fault, tuple[float, ...]]] = {
    "dropped classes": (drop_classes, (0.1, 0.3, 0.5)),
    "missing mode": (miss_mode, (0.1, 0.3, 0.5)),
    "duplicates": (duplicate, (0.5, 0.8, 0.95)),
    "memorised": (memorise, (0.25, 0.5, 1.0)),
    "crowding": (crowd, (0.25, 0.5, 0.75, 1.0)),
}
"""Faults of a whole set of images, with their strengths: shares from 0 to 1."""


def corruption_table(
    dataset: Dataset, spaces: Sequence[FeatureExtractor], seed: int, device: torch.device
) -> pd.DataFrame:
    """Every metric of samples, for one half of the training images with growing faults.

    The other half stands for the images that a model was trained on. Every fault begins at
    strength 0 and is compared with the test images.

    Returns:
        columns ``dataset, kind, corruption, strength`` and every metric with its space's prefix,
        where ``kind`` is ``image`` if each image is spoiled and ``set`` if their choice is.
    """
    x = training_images(dataset, MOST_TRAINING, seed)
    training, ours = x[::2], x[1::2]
    test = dataset.unit("test").to(device)
    measures = [Realism(s, test, training.to(device), dataset.levels, seed) for s in spaces]
    labels = _labels(dataset)[1::2]
    flawless, rows = _measured(measures, ours.to(device)), []
    for kind, name, strength, images in faulty_images(ours, labels, training, seed):
        columns = {"dataset": dataset.name, "kind": kind, "corruption": name}
        values = _measured(measures, images.to(device)) if strength else flawless
        rows.append({**columns, "strength": strength, **values})
    return pd.DataFrame(rows)


def _measured(spaces: Sequence[Realism], images: Tensor) -> dict[str, float]:
    return {
        f"{space.prefix}{metric}": estimate.value
        for space in spaces
        for metric, estimate in space.everything(space.extract(images)).items()
    }


def _labels(dataset: Dataset) -> Tensor:
    """The labels of what ``training_images`` returns."""
    return spaced(dataset.labels["train"], MOST_TRAINING)


def faulty_images(
    x: Tensor, labels: Tensor, training: Tensor, seed: int
) -> Iterator[tuple[str, str, float, Tensor]]:
    """Kind, name and strength of every fault, with the images that have it."""
    for name, (corrupt, strengths) in CORRUPTIONS.items():
        for strength in (0.0, *strengths):
            yield "image", name, strength, corrupt(x, strength, seed)
    for name, (spoil, strengths) in FAULTS.items():
        if spoil is drop_classes and not labels.any():
            continue  # one class, or none
        for strength in (0.0, *strengths):
            yield "set", name, strength, spoil(x, labels, training, strength)
