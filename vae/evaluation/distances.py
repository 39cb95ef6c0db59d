"""Distances between two sets of images, given their features: FID and KID."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from torch import Tensor

from vae.distributions import quantise
from vae.evaluation.cells import Estimate
from vae.features import FeatureExtractor

KID_SUBSETS = 10  # of 1,000 images each, as in the paper, where there are 10,000
KERNEL_ROWS = 1000  # of the kernel matrix held at once


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
    across = _kernel_sum(x, y) / (len(x) * len(y))
    return float(_mean_of_pairs(x) + _mean_of_pairs(y) - 2 * across)


def _mean_of_pairs(x: Tensor) -> Tensor:
    """Mean kernel of all pairs of different rows."""
    diagonal = (x.square().sum(1) / x.shape[1] + 1).pow(3).sum()
    return (_kernel_sum(x, x) - diagonal) / (len(x) * (len(x) - 1))


def _kernel_sum(x: Tensor, y: Tensor) -> Tensor:
    """The sum of the whole kernel matrix, of which a few rows are held at a time."""
    rows = x.split(KERNEL_ROWS)
    return torch.stack([(part @ y.T / y.shape[1] + 1).pow(3).sum() for part in rows]).sum()


def kid(x: Tensor, y: Tensor) -> Estimate:
    """Kernel distance of two sets of features (Bińkowski et al. 2018): unbiased, near 0 if alike.

    The value uses all images. Its standard error is that of the mean over disjoint subsets,
    slightly too large rather than too small.

    Args:
        x, y: features (N, F), equally many, at least 2, in no particular order.
    """
    subsets = min(KID_SUBSETS, len(x) // 2)
    values = [squared_mmd(x[i::subsets], y[i::subsets]) for i in range(subsets)]
    se = float(np.std(values, ddof=1)) / math.sqrt(subsets) if subsets > 1 else None
    return Estimate(squared_mmd(x, y), se)
