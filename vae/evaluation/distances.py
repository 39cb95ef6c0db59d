"""Distances between two sets of images, given their features: FID and KID, with their errors.

Neither is a mean over images, but to first order each is: the distance plus the influence of an
image (Hampel 1974, "The influence curve and its role in robust estimation"). Those pseudo-values
have the distance as their mean, and their variance over N is its sampling variance.
"""

import math
from functools import cached_property

import torch
from torch import Tensor

from vae.distributions import quantise
from vae.evaluation.cells import Estimate
from vae.features.classifier import FeatureExtractor

RANK_TOLERANCE = 1e-12  # eigenvalues below this share of the largest are rounding errors
AT_ONCE = 250  # images whose features are computed together: their layers stay in the cache
BLOCK = 100  # rows of a matrix of pairs that are held at once: it stays in a core's cache


@torch.no_grad()
def extract(extractor: FeatureExtractor, images: Tensor, levels: int) -> Tensor:
    """Features, float64 (N, F), of images rounded to ``levels`` grey levels.

    Args:
        images: (N, C, H, W), on the scale [0, 1]; what lies outside is cut off.
    """
    parts = [extractor.features(quantise(part, levels)) for part in images.split(AT_ONCE)]
    return torch.cat(parts).double()


class FeatureGaussian:
    """The Gaussian that FID puts in place of a set of features (N, F)."""

    def __init__(self, features: Tensor) -> None:
        self.mean, self.covariance = features.mean(0), features.T.cov()
        self.centred = features - self.mean

    @cached_property
    def roots(self) -> tuple[Tensor, Tensor]:
        """The covariance's root and the pseudo-inverse of that root, (F, F) each."""
        return _roots(*torch.linalg.eigh(self.covariance))


def _roots(values: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
    kept = values > RANK_TOLERANCE * values.max()
    root = torch.where(kept, values, 0).sqrt()
    inverse = torch.where(kept, values, torch.inf).rsqrt()
    return vectors * root @ vectors.T, vectors * inverse @ vectors.T


def fid(features: Tensor, reference: FeatureGaussian) -> Estimate:
    """Fréchet distance of two sets of features (Heusel et al. 2017), biased upwards by 1/N.

    That of two Gaussians (Dowson & Landau 1982), from eigenvalues alone. The error contains
    the images of both sides; ``per_image`` is of the reference's.

    Args:
        features: (M, F), as ``extract`` gives them.
    """
    y = FeatureGaussian(features)
    root, inverse = reference.roots
    overlap, inverse_overlap = _roots(*torch.linalg.eigh(root @ y.covariance @ root))
    means = (reference.mean - y.mean).square().sum()
    value = means + reference.covariance.trace() + y.covariance.trace() - 2 * overlap.trace()
    of_x = _influence(reference, y, inverse @ overlap @ inverse)
    of_y = _influence(y, reference, root @ inverse_overlap @ root)
    return _estimate(value, of_x, of_y)


def _influence(x: FeatureGaussian, y: FeatureGaussian, transport: Tensor) -> Tensor:
    """Of every row of x on the distance, (N,): from its derivatives by mean and covariance.

    The first is 2 (mean of x - mean of y); the second I - T, where T is the matrix that carries
    the Gaussian of x to that of y with least work.
    """
    linear = 2 * x.centred @ (x.mean - y.mean)
    quadratic = x.centred.square().sum(1) - (x.centred @ transport * x.centred).sum(1)
    return linear + quadratic


def _estimate(value: Tensor, of_x: Tensor, of_y: Tensor, second_order: float = 0.0) -> Estimate:
    """A distance with the influences of both sides, (N,) and (M,), of any mean."""
    first_order = float(of_x.var() / len(of_x) + of_y.var() / len(of_y))
    variance = max(first_order - second_order, second_order)
    per_image = (value + of_x - of_x.mean()).float().cpu().numpy()
    return Estimate(float(value), math.sqrt(variance), per_image)


def kid(x: Tensor, y: Tensor) -> Estimate:
    """Kernel distance of two sets of features (Bińkowski et al. 2018): unbiased, near 0 if alike.

    The squared maximum mean discrepancy of all pairs (Gretton et al. 2012, eq. 3) with the kernel
    (x·y / F + 1)³; it may be negative. The error is that of a U-statistic: the variance of the
    influences contains the second-order terms twice, and they are all where both sides are alike.

    Args:
        x, y: features (N, F) and (M, F), N and M at least 2; ``per_image`` is of y.
    """
    (xx, xx_rest), (yy, yy_rest), (xy, yx, xy_rest) = _within(x), _within(y), _between(x, y)
    value = xx.mean() + yy.mean() - 2 * xy.mean()
    n, m = len(x), len(y)
    second = 2 * xx_rest / (n * (n - 1)) + 2 * yy_rest / (m * (m - 1)) + 4 * xy_rest / (n * m)
    return _estimate(value, 2 * (yy - yx), 2 * (xx - xy), float(second))


def _between(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean kernel of every row of x, (N,), and of y, (M,); the variance that these leave."""
    rows, columns, squares = _sums(x, y)
    rows, columns = rows / len(y), columns / len(x)
    rest = squares / (len(x) * len(y)) - rows.square().mean() - columns.square().mean()
    return rows, columns, (rest + rows.mean().square()).clamp(min=0)


def _within(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean kernel of every row of x with all others, (N,); the variance that these leave."""
    n, own = len(x), (x.square().sum(1) / x.shape[1] + 1).pow(3)
    rows, _, squares = _sums(x, x)
    rows = (rows - own) / (n - 1)
    rest = (squares - own.square().sum()) / (n * (n - 1)) - 2 * rows.square().mean()
    return rows, (rest + rows.mean().square()).clamp(min=0)


def _sums(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Sums over columns and over rows of the matrix of kernels, and the sum of its squares."""
    rows, columns, squares = [], 0, 0
    for part in x.split(BLOCK):
        kernel = (part @ y.T).div_(x.shape[1]).add_(1).pow_(3)
        rows.append(kernel.sum(1))
        columns, squares = columns + kernel.sum(0), squares + kernel.square_().sum()
    return torch.cat(rows), columns, squares
