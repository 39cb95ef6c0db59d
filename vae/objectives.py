"""The two terms of the evidence lower bound, and the one place where β enters.

Both terms are in nats, one number per image (Kingma & Welling 2014; Higgins et al. 2017).
"""

from torch import Tensor

from vae.distributions import DiagonalGaussian, PixelDistribution


def distortion(p: PixelDistribution, x: Tensor) -> Tensor:
    """-log p(x|z), summed over pixels: shape (B,)."""
    return -p.log_prob(x)


def rate(q: DiagonalGaussian) -> Tensor:
    """KL(q(z|x) || p(z)), summed over latent dimensions: shape (B,)."""
    return q.kl_per_dimension().sum(-1)


def weighted(distortion: Tensor, rate: Tensor, beta: Tensor | float) -> Tensor:
    """The quantity that training minimises; at β = 1 the negative ELBO."""
    return distortion + beta * rate
