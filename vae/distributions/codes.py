"""Distributions over codes: what an encoder says of an image."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


class DiagonalGaussian:
    """A normal distribution over codes with independent dimensions.

    Args:
        mean: shape (..., latent_dim).
        log_variance: the same shape.
    """

    def __init__(self, mean: Tensor, log_variance: Tensor) -> None:
        self.mean, self.log_variance = mean, log_variance

    def __getitem__(self, part: slice | Tensor) -> "DiagonalGaussian":
        return DiagonalGaussian(self.mean[part], self.log_variance[part])

    @classmethod
    def joined(cls, parts: Sequence["DiagonalGaussian"]) -> "DiagonalGaussian":
        """Those of several batches as one."""
        return cls(*(torch.cat([getattr(q, n) for q in parts]) for n in ("mean", "log_variance")))

    def double(self) -> "DiagonalGaussian":
        """The same in float64."""
        return DiagonalGaussian(self.mean.double(), self.log_variance.double())

    @property
    def variance(self) -> Tensor:
        """Variance per dimension, shape (..., latent_dim)."""
        return self.log_variance.exp()

    @property
    def std(self) -> Tensor:
        """Standard deviation per dimension, shape (..., latent_dim)."""
        return (0.5 * self.log_variance).exp()

    def rsample(self, noise: Tensor) -> Tensor:
        """Turn standard normal ``noise`` into samples that gradients flow through."""
        return self.mean + self.std * noise

    def log_prob(self, z: Tensor) -> Tensor:
        """Log density at ``z``, summed over dimensions: shape (...)."""
        squared = (z - self.mean).square() * (-self.log_variance).exp()
        return -0.5 * (squared + self.log_variance + math.log(2 * math.pi)).sum(-1)

    def kl_per_dimension(self) -> Tensor:
        """KL(self || N(0, 1)) for each dimension (Kingma & Welling 2014, appendix B)."""
        return 0.5 * (self.mean.square() + self.variance - 1 - self.log_variance)


class PointMass:
    """The code of a plain autoencoder: all mass on ``mean``, shape (..., latent_dim)."""

    def __init__(self, mean: Tensor) -> None:
        self.mean = mean

    @classmethod
    def joined(cls, parts: Sequence["PointMass"]) -> "PointMass":
        """Those of several batches as one."""
        return cls(torch.cat([q.mean for q in parts]))

    def double(self) -> "PointMass":
        """The same in float64."""
        return PointMass(self.mean.double())

    def rsample(self, noise: Tensor) -> Tensor:
        """Return the code itself, broadcast to the shape of ``noise``, which is not used."""
        return self.mean.expand(noise.shape)
