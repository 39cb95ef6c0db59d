"""What all distributions over images share."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

PIXELS = (-3, -2, -1)  # channels, height, width


class PixelDistribution(ABC):
    """Independent pixels with values in [0, 1] (or beyond it, where the family is defined there).

    ``log_prob`` is in nats and summed over pixels: one number per image.
    """

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """Log-probability or log density of images (..., C, H, W): shape (...)."""

    @property
    @abstractmethod
    def mean(self) -> Tensor:
        """Expected value per pixel, (..., C, H, W): what every picture shows."""

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images, (..., C, H, W)."""

    def pixel_log_mass(self, x: Tensor, levels: int) -> Tensor:
        """Log-probability of the grey level that each pixel of ``x`` has, (..., C, H, W).

        Grey level k of ``levels`` L sits at x = k / (L - 1). A density is integrated over its
        bin: edges halfway to the neighbours, the tails going to the two outer levels.

        Raises:
            NotImplementedError: if the family is no distribution over numbers with L levels.
        """
        raise NotImplementedError(f"{type(self).__name__} has no mass over {levels} grey levels")

    def log_mass(self, x: Tensor, levels: int) -> Tensor:
        """``pixel_log_mass`` summed over pixels: shape (...)."""
        return self.pixel_log_mass(x, levels).sum(PIXELS)

    def quantised_mean(self, levels: int) -> Tensor:
        """Expected grey level in [0, 1] where the mass of each level counts, (..., C, H, W)."""
        total = torch.zeros_like(self.mean)
        for k in range(1, levels):
            x = torch.full_like(total, k / (levels - 1))
            total += x * self.pixel_log_mass(x, levels).exp()
        return total

    def rescaled(self, log_factor: Tensor | float) -> "PixelDistribution":
        """The same with its scale multiplied by e to the ``log_factor``.

        Raises:
            NotImplementedError: if the family has no scale.
        """
        raise NotImplementedError(f"{type(self).__name__} has no scale")


def smooth_quantised_mean(
    location: Tensor,
    scale: Tensor,
    levels: int,
    ramp: Callable[[Tensor], Tensor],
    density: Callable[[Tensor], Tensor],
    coarsest: float,
) -> Tensor:
    """Expected grey level of a rounded location-scale family, but for how fine the levels are.

    The sum over edges of P(x > edge) is a midpoint rule: its integral by the first
    Euler-Maclaurin correction.

    Args:
        ramp: the integral of the standard distribution function up to a point.
        density: the standard density.
        coarsest: levels in units of the scale from which on the correction grows no more.
    """
    step, to_black, to_white = 1 / (levels - 1), location / scale, (location - 1) / scale
    integral = scale * (ramp(to_black) - ramp(to_white))
    slopes = density(to_black) - density(to_white)
    return (integral - step / 24 * (step / scale).clamp(max=coarsest) * slopes).clamp(0, 1)


def log1mexp(a: Tensor) -> Tensor:
    """Return log(1 - exp(-a)) for a > 0, to the absolute precision that sums of logs need."""
    return torch.log(-torch.expm1(-a))


def choose(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """``torch.where`` of finite numbers, in a sixth of its time on a CPU."""
    return torch.lerp(b, a, condition.to(a.dtype))


def quantise(x: Tensor, levels: int) -> Tensor:
    """Round images to the nearest of ``levels`` grey levels in [0, 1]."""
    return (x.clamp(0, 1) * (levels - 1)).round() / (levels - 1)


def outer_levels(x: Tensor, levels: int) -> tuple[Tensor, Tensor]:
    """Where a pixel has the lowest and where it has the highest grey level."""
    half = 0.5 / (levels - 1)
    return x < half, x > 1 - half


def uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator, device=like.device, dtype=like.dtype)
