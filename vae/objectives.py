"""The two terms of what training minimises, and the one place where β enters.

Both terms are in nats, one number per image (Kingma & Welling 2014; Higgins et al. 2017; for
several samples Burda et al. 2016).
"""

import math

import torch
from torch import Tensor

from vae.distributions import DiagonalGaussian, PixelDistribution


def distortion(p: PixelDistribution, x: Tensor) -> Tensor:
    """-log p(x|z), summed over pixels: shape (B,)."""
    return -p.log_prob(x)


def rate(q: DiagonalGaussian) -> Tensor:
    """KL(q(z|x) || p(z)), summed over latent dimensions: shape (B,)."""
    return q.kl_per_dimension().sum(-1)


def importance_weighted(
    q: DiagonalGaussian, z: Tensor, distortion: Tensor
) -> tuple[Tensor, Tensor]:
    """Minus the importance-weighted bound L_k, as a distortion beside the rate: two of shape (B,).

    L_k = log (1/k) Σ p(x|z_i) p(z_i) / q(z_i|x), of which -L_k - rate is called the distortion, so
    that the two add up to what is minimised (Burda et al. 2016, eq. 8; its gradient is theirs).

    Args:
        z: codes drawn from q(z|x), (k, B, d).
        distortion: -log p(x|z) of each, (k, B).
    """
    log_prior = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z)).log_prob(z)
    log_weights = log_prior - q.log_prob(z) - distortion
    bound, divergence = log_weights.logsumexp(0) - math.log(len(z)), rate(q)
    return -bound - divergence, divergence


def weighted(distortion: Tensor, rate: Tensor, beta: Tensor | float) -> Tensor:
    """The quantity that training minimises; at β = 1 the negative ELBO."""
    return distortion + beta * rate
