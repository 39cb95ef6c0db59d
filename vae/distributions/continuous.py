"""Densities over images: location-scale families on the whole line."""

import math

import torch
from torch import Tensor

from vae.distributions.pixels import (
    PIXELS,
    PixelDistribution,
    choose,
    log1mexp,
    outer_levels,
    smooth_quantised_mean,
    uniform,
)

NARROW = 0.1  # standard deviations; in narrower bins a difference of two tails cancels
FLAT = 0.5  # how much the log density may fall across a bin for a series to serve
FAR_OUT = 8.0  # standard deviations; further out the square of float32's erfc vanishes
FEW_LEVELS = 16  # with so many or fewer a σ may be much narrower than the distance between them
LEAST_FALL = 1e-6  # between the logs of two tails: keeps those finite that are not used


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
        lowest, highest = (edge.to(centre.dtype) for edge in outer_levels(x, levels))
        inner = 1 - lowest - highest
        # The mass between two points right of the centre, by reflection; an outer bin has one.
        near = inner * centre.abs() + (highest - lowest) * centre - width / 2
        upper = _log_upper_tail(near)
        fall = upper - _log_upper_tail(near + width)
        wide = upper + inner * log1mexp(fall.clamp(min=LEAST_FALL))
        flat = inner * (width < NARROW) * (centre.abs() * width < FLAT)
        return choose(flat, _log_narrow(centre, width.clamp(max=NARROW)), wide)

    def quantised_mean(self, levels: int) -> Tensor:
        """Closed form, within 0.01 of a level for σ of half a level or more.

        For smaller σ the error stays below a level's half. The sum over few levels is exact.
        """
        if levels <= FEW_LEVELS:
            return super().quantised_mean(levels)
        return smooth_quantised_mean(
            self.location, self.log_scale.exp(), levels, _ramp, _normal_density, coarsest=2
        )

    def rescaled(self, log_factor: Tensor | float) -> "Gaussian":
        """The same means with σ multiplied by e to the ``log_factor``."""
        return Gaussian(self.location, self.log_scale + log_factor)


def _log_upper_tail(a: Tensor) -> Tensor:
    """Log of the standard normal mass above ``a``: by erfc, far out by Mills' ratio.

    Several times faster on a CPU than ``torch.special.log_ndtr``, to float32's precision.
    """
    near = a < FAR_OUT
    body = torch.log(0.5 * torch.erfc(torch.where(near, a, 0.0) * math.sqrt(0.5)))
    far = torch.where(near, FAR_OUT, a)
    square = far.square()
    # φ(a) / (a + 1/(a + 2/(a + 3/(a + ...)))), the continued fraction.
    mills = far + (square + 3) / (far * (square + 5))
    tail = -0.5 * square - torch.log(mills) - 0.5 * math.log(2 * math.pi)
    return choose(near, body, tail)


def _log_narrow(centre: Tensor, width: Tensor) -> Tensor:
    """Log of the standard normal mass within ``width`` / 2 of ``centre``, if that is nearly flat.

    Args:
        centre: |centre| * width below ``FLAT``, and width below ``NARROW``.
    """
    # φ(c) ∫ e^(-ct - t²/2) dt = φ(c) w sinh(cw/2)/(cw/2) (1 - w²/24 + O(w⁴)).
    constant = torch.log(width) - width.square() / 24 - 0.5 * math.log(2 * math.pi)
    s = (centre * (width / 2)).square().clamp(max=FLAT)
    return constant - 0.5 * centre.square() + s * (1 / 6 - s / 180)


def _normal_density(a: Tensor) -> Tensor:
    return torch.exp(-0.5 * a.square()) / math.sqrt(2 * math.pi)


def _ramp(a: Tensor) -> Tensor:
    """The integral of the standard normal distribution function up to ``a``."""
    return a * torch.special.ndtr(a) + _normal_density(a)


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

    def quantised_mean(self, levels: int) -> Tensor:
        """Closed form: on either side the tails beyond the edges are a geometric series."""
        steps, fall = levels - 1, torch.exp(-self.log_scale) / (levels - 1)
        place = self.location * steps  # the edges are at 0.5, 1.5, … steps - 0.5
        left = (place + 0.5).floor().clamp(0, steps)  # edges on the left
        to_left, to_right = (0.5 + place - left).clamp(min=0), (0.5 + left - place).clamp(min=0)
        lower = torch.exp(-to_left * fall) * torch.expm1(-left * fall)
        upper = torch.exp(-to_right * fall) * torch.expm1((left - steps) * fall)
        return (left + 0.5 * (upper - lower) / torch.expm1(-fall)) / steps

    def rescaled(self, log_factor: Tensor | float) -> "Laplace":
        """The same locations with the scale multiplied by e to the ``log_factor``."""
        return Laplace(self.location, self.log_scale + log_factor)


def _log_laplace_cdf(a: Tensor) -> Tensor:
    return torch.where(a < 0, a - math.log(2), torch.log1p(-0.5 * torch.exp(-a.clamp(min=0))))
