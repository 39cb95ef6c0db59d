"""Densities over images: location-scale families on the whole line."""

import math

import torch
from torch import Tensor

from vae.distributions.pixels import (
    PIXELS,
    PixelDistribution,
    choose,
    log1mexp,
    log_sinhc,
    outer_levels,
    uniform,
)

NARROW = 0.1  # standard deviations; in narrower bins a difference of two tails cancels
LEAST = 1e-30  # mass below which float32 error functions vanish


class Gaussian(PixelDistribution):
    """Independent normal pixels of ``mean`` (..., C, H, W); ``log_scale`` broadcasts to it."""

    def __init__(self, mean: Tensor, log_scale: Tensor) -> None:
        self.location, self.log_scale = mean, log_scale

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of images, summed over pixels: shape (...)."""
        standardised = (x - self.location) * torch.exp(-self.log_scale)
        per_pixel = 0.5 * standardised.square() + self.log_scale + 0.5 * math.log(2 * math.pi)
        return -per_pixel.sum(PIXELS)

    @property
    def mean(self) -> Tensor:
        """Expected value per pixel."""
        return self.location

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images; pixels may leave [0, 1]."""
        mean = self.location
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        return mean + self.log_scale.exp() * noise

    def pixel_log_mass(self, x: Tensor, levels: int) -> Tensor:
        """Normal mass between the bin's edges; the outer bins reach to infinity."""
        inverse_scale = torch.exp(-self.log_scale)
        centre = (x - self.location) * inverse_scale
        width = inverse_scale / (levels - 1)
        lowest, highest = (edge.to(x.dtype) for edge in outer_levels(x, levels))
        inner, end = 1 - lowest - highest, torch.where(lowest + highest > 0, torch.inf, 0.0)
        # The mass between two points right of the centre, by reflection.
        near = inner * centre.abs() + (highest - lowest) * centre - width / 2
        mass = 0.5 * (_erfc(near) - _erfc(near + (width + end)))
        log_mass = torch.log(mass.clamp(min=LEAST))
        narrow = inner * (width < NARROW)
        lost = (mass < LEAST) & (narrow == 0)
        if lost.any():  # pixels so improbable that float32 has no number for it
            log_mass[lost] = _log_tail(*(t.expand_as(mass)[lost] for t in (near, width + end)))
        if narrow.any():
            log_mass = choose(narrow, _log_narrow(centre, width), log_mass)
        return log_mass


def _erfc(a: Tensor) -> Tensor:
    return torch.erfc(a * math.sqrt(0.5))


def _log_narrow(centre: Tensor, width: Tensor) -> Tensor:
    """Log of the standard normal mass within ``width`` / 2 of ``centre``, for small widths."""
    # φ(c) ∫ e^(-ct - t²/2) dt = φ(c) w sinh(cw/2)/(cw/2) (1 - w²/24 + O(w⁴)).
    constant = torch.log(width) - width.square() / 24 - 0.5 * math.log(2 * math.pi)
    return log_sinhc(centre * (width / 2)) - 0.5 * centre.square() + constant


def _log_tail(near: Tensor, width: Tensor) -> Tensor:
    """Log of the standard normal mass between ``near`` > 0 and ``width`` above it."""
    start, end = torch.special.log_ndtr(-near), torch.special.log_ndtr(-near - width)
    return start + log1mexp(start - end)


class OptimalGaussian(PixelDistribution):
    """Normal pixels whose σ is the best one for each image (Rybkin et al. 2021), for training.

    It reads σ off the image that it scores and so is no density: ``log_prob`` is
    -D/2 (log(2π e MSE)), MSE being the image's mean squared error over its D pixels.
    """

    LEAST_MSE = 1e-8  # keeps the logarithm of a perfect reconstruction finite

    def __init__(self, mean: Tensor) -> None:
        self.location = mean

    def log_prob(self, x: Tensor) -> Tensor:
        """The objective of the optimal σ per image: shape (...)."""
        error = (x - self.location).square().mean(PIXELS).clamp(min=self.LEAST_MSE)
        pixels = math.prod(self.location.shape[-3:])
        return -0.5 * pixels * (torch.log(error) + math.log(2 * math.pi) + 1)

    @property
    def mean(self) -> Tensor:
        """Expected value per pixel."""
        return self.location

    def sample(self, generator: torch.Generator) -> Tensor:
        """Undefined: there is no σ without an image."""
        raise NotImplementedError("the optimal σ is only defined given an image")


class Laplace(PixelDistribution):
    """Independent Laplace pixels: absolute error as a likelihood.

    Args:
        location: shape (..., C, H, W).
        log_scale: broadcasts against it.
    """

    def __init__(self, location: Tensor, log_scale: Tensor) -> None:
        self.location, self.log_scale = location, log_scale

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of images, summed over pixels: shape (...)."""
        standardised = (x - self.location).abs() * torch.exp(-self.log_scale)
        return -(standardised + self.log_scale + math.log(2)).sum(PIXELS)

    @property
    def mean(self) -> Tensor:
        """Expected value per pixel."""
        return self.location

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images by the inverse of the distribution function; pixels may leave [0, 1]."""
        u = uniform(self.location, generator) - 0.5
        noise = -u.sign() * torch.log1p(-2 * u.abs().clamp(max=0.5 - 1e-7))
        return self.location + self.log_scale.exp() * noise

    def pixel_log_mass(self, x: Tensor, levels: int) -> Tensor:
        """Laplace mass between the bin's edges; the outer bins reach to infinity."""
        inverse_scale = torch.exp(-self.log_scale)
        centre = (x - self.location) * inverse_scale
        half = (0.5 * inverse_scale / (levels - 1)).expand_as(centre)
        lowest, highest = outer_levels(x, levels)
        distance = centre.abs()
        beside = -(distance - half) - math.log(2) + log1mexp(2 * half)
        inner = (half - distance).clamp(min=0)
        around = torch.log(-0.5 * (torch.expm1(-inner) + torch.expm1(-(half + distance))))
        inside = torch.where(distance > half, beside, around)
        lower_tail, upper_tail = _log_laplace_cdf(centre + half), _log_laplace_cdf(half - centre)
        return torch.where(lowest, lower_tail, torch.where(highest, upper_tail, inside))


def _log_laplace_cdf(a: Tensor) -> Tensor:
    return torch.where(a < 0, a - math.log(2), torch.log1p(-0.5 * torch.exp(-a.clamp(min=0))))
