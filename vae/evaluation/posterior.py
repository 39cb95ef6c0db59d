"""The posterior p(z|x) of a decoder near its mode, image by image, and a proposal made of it.

Only the decoder and the prior enter: an encoder does no more than say where to look first.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vae.distributions import PixelDistribution
from vae.models import VAE

Score = Callable[[PixelDistribution, Tensor], Tensor]
"""log p(x|z) of a decoded distribution (..., N) and images (N, C, H, W): shape (..., N)."""

ROUNDS, STEPS = 2, 8  # curvatures computed on the way to the mode, and steps with each
FREEDOM = 8  # of the Student-t: tails that fall like a power, with finite moments
INFLATION = 1.2  # of its covariance: too wide a proposal costs less than one too narrow


def log_joint(model: VAE, z: Tensor, x: Tensor, score: Score) -> Tensor:
    """log p(x|z) + log p(z) of codes (..., N, d) and images (N, C, H, W): shape (..., N)."""
    constant = 0.5 * model.latent_dim * math.log(2 * math.pi)
    return score(model.decode(z), x) - 0.5 * z.square().sum(-1) - constant


@dataclass(frozen=True)
class StudentT:
    """Multivariate t distributions over codes, one for each of N images.

    Attributes:
        location: (N, d).
        root: R with scale matrix R Rᵀ, (N, d, d).
        inverse_root: its inverse.
    """

    location: Tensor
    root: Tensor
    inverse_root: Tensor

    @classmethod
    def at(cls, mode: Tensor, precision: Tensor) -> "StudentT":
        """Around ``mode`` with the covariance that ``precision`` (N, d, d) says, inflated.

        No direction gets less precision than the prior's 1, nor a negative one.
        """
        values, vectors = _clamped(precision)
        width = math.sqrt(INFLATION) / values.sqrt()
        root = vectors * width[:, None, :]
        return cls(mode, root.to(mode.dtype), (vectors / width[:, None, :]).mT.to(mode.dtype))

    @classmethod
    def joined(cls, parts: Sequence["StudentT"]) -> "StudentT":
        """Those of several parts of the images, as one."""
        return cls(*(torch.cat([vars(t)[name] for t in parts]) for name in vars(parts[0])))

    def __getitem__(self, part: slice | Tensor) -> "StudentT":
        return StudentT(self.location[part], self.root[part], self.inverse_root[part])

    def rsample(self, noise: Tensor) -> Tensor:
        """Codes (K, N, d) from standard normal ``noise`` (K, N, d + FREEDOM)."""
        normal, others = noise[..., :-FREEDOM], noise[..., -FREEDOM:]
        t = normal * (others.square().mean(-1, keepdim=True)).rsqrt()
        return self.location + torch.einsum("nij,knj->kni", self.root, t)

    def log_prob(self, z: Tensor) -> Tensor:
        """Log density at codes (K, N, d): shape (K, N)."""
        d = z.shape[-1]
        t = torch.einsum("nij,knj->kni", self.inverse_root, z - self.location)
        half = 0.5 * (FREEDOM + d)
        constant = math.lgamma(half) - math.lgamma(FREEDOM / 2)
        constant -= 0.5 * d * math.log(FREEDOM * math.pi)
        log_det = torch.linalg.slogdet(self.inverse_root).logabsdet
        return constant + log_det - half * torch.log1p(t.square().sum(-1) / FREEDOM)


def _clamped(precision: Tensor) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh(precision.double())
    return values.clamp(min=1.0), vectors


def curvature(model: VAE, z: Tensor, x: Tensor, score: Score) -> Tensor:
    """The Hessian of -log p(x, z) at codes (N, d): shape (N, d, d)."""
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        total = -log_joint(model, z, x, score).sum()
        (slope,) = torch.autograd.grad(total, z, create_graph=True)
        rows = [torch.autograd.grad(s.sum(), z, retain_graph=True)[0] for s in slope.unbind(-1)]
    return torch.stack(rows, -2)


def local_posterior(
    model: VAE, x: Tensor, start: Tensor, score: Score, rounds: int = ROUNDS
) -> tuple[Tensor, Tensor]:
    """A mode of p(z|x) (N, d) and the Hessian of -log p(x, z) there, (N, d, d).

    Newton's method from ``start`` (N, d), with as many Hessians on the way as ``rounds`` say.
    """
    z = start
    for _ in range(rounds):
        z = climbed(model, x, z, score)
    return z, curvature(model, z, x, score)


def climbed(model: VAE, x: Tensor, starts: Tensor, score: Score) -> Tensor:
    """Codes of the shape of ``starts`` (..., N, d), further up: one round of Newton's method.

    Every step is taken only where it leads upwards; the Hessian, positive definite by
    ``_clamped``, serves all of them.
    """
    z = starts.flatten(0, -2)
    x = x.repeat(len(z) // len(x), 1, 1, 1)
    size = torch.ones_like(z[:, :1])
    value, slope = _value_and_slope(model, z, x, score)
    values, vectors = _clamped(curvature(model, z, x, score))
    inverse = ((vectors / values[:, None, :]) @ vectors.mT).to(z.dtype)
    for _ in range(STEPS):
        trial = z + size * torch.einsum("nij,nj->ni", inverse, slope)
        new_value, new_slope = _value_and_slope(model, trial, x, score)
        better = (new_value > value)[:, None]
        z, slope = torch.where(better, trial, z), torch.where(better, new_slope, slope)
        value = torch.where(better[:, 0], new_value, value)
        size = torch.where(better, (2 * size).clamp(max=1), size / 4)
    return z.view_as(starts)


def _value_and_slope(model: VAE, z: Tensor, x: Tensor, score: Score) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        value = log_joint(model, z, x, score)
        (slope,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), slope
