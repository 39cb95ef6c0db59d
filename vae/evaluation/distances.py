"""Distances between two sets of images, given their features: FID and KID."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from torch import Tensor

from vae.data import Dataset
from vae.distributions import quantise
from vae.evaluation.cells import Estimate, average
from vae.features import FeatureExtractor

KID_SUBSETS = 10  # of 1,000 images each, as in the paper, where there are 10,000


def sample_count(dataset: Dataset, samples: int) -> int:
    """Images on each side of a comparison: ``samples``, or 0 for the whole test split."""
    available = len(dataset.images["test"])
    return min(samples or available, available)


@torch.no_grad()
def extract(extractor: FeatureExtractor, images: Tensor, levels: int) -> Tensor:
    """Features, float64 (N, F), of images rounded to ``levels`` grey levels.

    Args:
        images: (N, C, H, W), on the scale [0, 1]; what lies outside is cut off.
    """
    parts = [extractor.features(quantise(part, levels)) for part in images.split(1000)]
    return torch.cat(parts).double()


@dataclass(frozen=True)
class FeatureStatistics:
    """Mean (F,) and covariance (F, F) of the features of a set of images."""

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, features: Tensor) -> "FeatureStatistics":
        """The statistics of features (N, F)."""
        values = features.cpu().numpy()
        return cls(values.mean(0), np.cov(values, rowvar=False))


def frechet_distance(a: FeatureStatistics, b: FeatureStatistics) -> float:
    """Fréchet distance of two Gaussians (Dowson & Landau 1982), by pytorch-fid."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The `disp` argument is deprecated")
        warnings.filterwarnings("ignore", message="Matrix is singular")  # of collapsed samples
        return float(calculate_frechet_distance(a.mean, a.covariance, b.mean, b.covariance))


def fid(x: Tensor, y: Tensor) -> float:
    """Fréchet distance of two sets of features (Heusel et al. 2017), biased upwards by 1/N.

    Args:
        x, y: features (N, F) and (M, F), as ``extract`` gives them.
    """
    if min(len(x), len(y)) <= x.shape[1]:
        return _low_rank_fid(x, y)
    return frechet_distance(FeatureStatistics.of(x), FeatureStatistics.of(y))


def _low_rank_fid(x: Tensor, y: Tensor) -> float:
    """The same from as few images as features, where pytorch-fid's matrix root may fail.

    With centred features A and B the trace of the root of the covariances' product is the sum
    of the singular values of A Bᵀ, over √((N-1)(M-1)): no root of a singular matrix is needed.
    """
    n, m = len(x) - 1, len(y) - 1
    a, b = x - x.mean(0), y - y.mean(0)
    overlap = torch.linalg.svdvals(a @ b.T).sum() / math.sqrt(n * m)
    traces = a.square().sum() / n + b.square().sum() / m
    return float((x.mean(0) - y.mean(0)).square().sum() + traces - 2 * overlap)


def squared_mmd(x: Tensor, y: Tensor) -> float:
    """Unbiased squared maximum mean discrepancy (Gretton et al. 2012, eq. 3); may be negative.

    The kernel is (x·y / F + 1)³, that of KID (Bińkowski et al. 2018).

    Args:
        x, y: features (N, F) and (M, F), N and M at least 2.
    """
    return float(_mean_of_pairs(x) + _mean_of_pairs(y) - 2 * _kernel(x, y).mean())


def _mean_of_pairs(x: Tensor) -> Tensor:
    """Mean kernel of all pairs of different rows."""
    matrix = _kernel(x, x)
    return (matrix.sum() - matrix.trace()) / (len(x) * (len(x) - 1))


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """The kernel of every row of x with every row of y, (N, M)."""
    return (x @ y.T / x.shape[1] + 1).pow(3)


def kid(x: Tensor, y: Tensor) -> Estimate:
    """Kernel distance of two sets of features (Bińkowski et al. 2018): unbiased, near 0 if alike.

    The mean of the squared distances of disjoint subsets, with the standard error of that mean.

    Args:
        x, y: features (N, F), equally many, at least 2, in no particular order.
    """
    subsets = min(KID_SUBSETS, len(x) // 2)
    values = [squared_mmd(x[i::subsets], y[i::subsets]) for i in range(subsets)]
    return Estimate(*average(torch.tensor(values, dtype=torch.float64))[:2])  # no images' values
