"""The aggregate posterior q(z) = 1/N Σ_n q(z|x_n) of N images: does it match the prior p(z)?

The rate is the mutual information of image and code plus KL(q(z) || p(z)) (Hoffman & Johnson
2016, "ELBO surgery"). Everything here is in float64: narrow posteriors have large log densities.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import kstest
from torch import Tensor

from vae.distributions import DiagonalGaussian, PointMass
from vae.randomness import generator

CODES = 2000  # drawn in all, from every image as many as from any other
BLOCK_FLOATS = 2**18  # differences held at once: little enough to stay in a CPU core's cache


@dataclass(frozen=True)
class AggregateEstimate:
    """Monte Carlo estimates in nats, one per image, (N,).

    Their means are the estimates; as the influence of an image on either divergence is its own
    term, the standard error of those means is right to first order although images share q(z).

    Attributes:
        mutual_information: E_q(z|x)[log q(z|x) - log q(z)], at most log N.
        marginal_kl: E_q(z|x)[log q(z) - log p(z)].
    """

    mutual_information: Tensor
    marginal_kl: Tensor


def standard_noise(q: DiagonalGaussian | PointMass, seed: int) -> Tensor:
    """Standard normal noise (S, N, latent_dim): about ``CODES`` codes, at least one per image."""
    device = q.mean.device
    shape = (max(1, CODES // len(q.mean)), *q.mean.shape)
    stream = generator(device, seed, "aggregate posterior")
    return torch.randn(shape, generator=stream, device=device, dtype=torch.float64)


def log_aggregate(q: DiagonalGaussian, z: Tensor) -> Tensor:
    """log q(z) = log 1/N Σ_n q(z|x_n) at codes (M, latent_dim): shape (M,), N from ``q``.

    Codes are taken a few at a time, so that memory does not grow with M times N.
    """
    parts = z.split(max(1, BLOCK_FLOATS // q.mean.numel()))
    sums = [q.log_prob(part[:, None]).logsumexp(1) for part in parts]
    return torch.cat(sums) - math.log(len(q.mean))


def aggregate_estimate(q: DiagonalGaussian, seed: int) -> AggregateEstimate:
    """Split the rate of ``q`` by codes drawn from every posterior."""
    z = q.rsample(standard_noise(q, seed))  # (S, N, d)
    prior = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z))
    log_q = log_aggregate(q, z.flatten(0, 1)).view(z.shape[:2])
    return AggregateEstimate(
        mutual_information=(q.log_prob(z) - log_q).mean(0),
        marginal_kl=(log_q - prior.log_prob(z)).mean(0),
    )


def prior_tests(codes: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Kolmogorov-Smirnov statistics and p-values of every dimension against N(0, 1).

    Args:
        codes: independent draws from q(z), so one per image, (N, latent_dim).

    Returns:
        two arrays of shape (latent_dim,).
    """
    tests = [kstest(column, "norm") for column in codes.T.cpu().numpy()]
    return np.array([t.statistic for t in tests]), np.array([t.pvalue for t in tests])
