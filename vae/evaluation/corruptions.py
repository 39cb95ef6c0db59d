"""Does FID notice what the eye notices? Its value for real images that get worse and worse."""

from collections.abc import Callable

import pandas as pd
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from vae.data import Dataset
from vae.evaluation.distances import extract, fid
from vae.evaluation.references import real_images
from vae.features import FeatureExtractor
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


def corruption_table(
    dataset: Dataset, extractor: FeatureExtractor, count: int, seed: int, device: torch.device
) -> pd.DataFrame:
    """FID between ``count`` corrupted training images and as many untouched test images.

    Every corruption begins at strength 0, where FID is its floor.

    Returns:
        columns ``dataset, corruption, strength`` and ``fid`` (with the extractor's prefix).
    """
    train = real_images(dataset, "train", count, seed)
    test = real_images(dataset, "test", count, seed)
    reference = extract(extractor, test.to(device), dataset.levels)

    def distance(images: Tensor) -> float:
        return fid(extract(extractor, images.to(device), dataset.levels), reference)

    rows = [
        (dataset.name, name, strength, distance(corrupt(train, strength, seed)))
        for name, (corrupt, strengths) in CORRUPTIONS.items()
        for strength in (0.0, *strengths)
    ]
    column = f"{extractor.metric_prefix}fid"
    return pd.DataFrame(rows, columns=["dataset", "corruption", "strength", column])
