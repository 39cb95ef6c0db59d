"""What likelihoods are read against: a code without a model, and the Bernoulli's floor."""

import torch
from torch import Tensor

from vae.data.datasets import Dataset


def histogram_bits_per_dim(dataset: Dataset, training: Tensor) -> float:
    """Bits per pixel of the test images under the pooled grey-level histogram of training images.

    One histogram for all pixels; every level has one count more than was seen, so that no level
    costs infinitely many bits.

    Args:
        training: in [0, 1] with the levels of the test images, (N, C, H, W).
    """
    levels = dataset.levels
    seen = (training * (levels - 1)).round().long().flatten()
    counts = torch.bincount(seen, minlength=levels).double() + 1
    bits = -torch.log2(counts / counts.sum())
    return bits[dataset.images["test"].long().flatten()].mean().item()


def bernoulli_floor(dataset: Dataset) -> float:
    """The least distortion of a Bernoulli likelihood on the test images, in nats per image.

    The entropy of Bernoulli(x) summed over pixels: what is left at a perfect reconstruction of
    grey images; 0 on binary ones.
    """
    x = dataset.unit("test").double()
    entropy = -torch.special.xlogy(x, x) - torch.special.xlogy(1 - x, 1 - x)
    return entropy.sum().item() / len(x)
