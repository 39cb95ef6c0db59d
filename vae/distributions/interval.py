"""Densities over images that live on [0, 1]."""

import numpy as np
import torch
from torch import Tensor

from vae.distributions.pixels import PIXELS, PixelDistribution, log1mexp, log_sinhc, uniform


class ContinuousBernoulli(PixelDistribution):
    """The continuous Bernoulli on [0, 1] (Loaiza-Ganem & Cunningham 2019), by logits η.

    The density is exp(η x) η / (e^η - 1). Everything is computed from η itself, with series near
    η = 0, because probabilities lose the tails.
    """

    SERIES = 0.6  # |η| below which the mean's series is used; its error there is under 1e-8

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of images in [0, 1], summed over pixels: shape (...)."""
        return (self.logits * (x - 0.5) - log_sinhc(0.5 * self.logits)).sum(PIXELS)

    @property
    def mean(self) -> Tensor:
        """Expected value per pixel, 1/(1 - e^-η) - 1/η."""
        a = self.logits.abs()
        small = a < self.SERIES
        e = torch.where(small, a, 0.0)
        s = e.square()
        series = 0.5 + e * (1 / 12 - s * (1 / 720 - s * (1 / 30240 - s / 1209600)))
        f = torch.where(small, 1.0, a)
        above = torch.where(small, series, -1 / torch.expm1(-f) - 1 / f)
        return torch.where(self.logits < 0, 1 - above, above)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images by the inverse of the distribution function."""
        u = uniform(self.logits, generator)
        a = self.logits.abs().clamp(min=1e-6)
        x = -torch.log1p(u * torch.expm1(-a)) / a  # of logit -a: most mass near 0
        return torch.where(self.logits > 0, 1 - x, x)

    def pixel_log_mass(self, x: Tensor, levels: int) -> Tensor:
        """The family lives on [0, 1]: the outer bins end at 0 and 1."""
        # For logit -a: mass of [l, u] = (e^-al - e^-au) / (1 - e^-a); other signs by reflection.
        a = self.logits.abs().clamp(min=1e-6)
        x = torch.where(self.logits > 0, 1 - x, x)
        half = 0.5 / (levels - 1)
        lower, upper = (x - half).clamp(min=0), (x + half).clamp(max=1)
        return -a * lower + log1mexp(a * (upper - lower)) - log1mexp(a)


class Beta(PixelDistribution):
    """Independent Beta pixels.

    The density has no finite value at 0 and 1 in general, so ``log_prob`` evaluates the outer two
    grey levels in the middle of their half-wide bins, a quarter of a level inside the interval.

    Args:
        alpha: positive, shape (..., C, H, W).
        beta: positive, the same shape.
        levels: number of grey levels of the images.
    """

    NODES = 16  # of the quadrature over a bin

    def __init__(self, alpha: Tensor, beta: Tensor, levels: int) -> None:
        self.alpha, self.beta, self.levels = alpha, beta, levels

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of images, summed over pixels: shape (...)."""
        quarter = 0.25 / (self.levels - 1)
        x = x.clamp(quarter, 1 - quarter)
        powers = (self.alpha - 1) * torch.log(x) + (self.beta - 1) * torch.log1p(-x)
        return (powers - self._log_normaliser()).sum(PIXELS)

    def _log_normaliser(self) -> Tensor:
        both = self.alpha + self.beta
        return torch.lgamma(self.alpha) + torch.lgamma(self.beta) - torch.lgamma(both)

    @property
    def mean(self) -> Tensor:
        """Expected value per pixel."""
        return self.alpha / (self.alpha + self.beta)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images."""
        seed = torch.randint(2**62, (1,), generator=generator, device=generator.device).item()
        alpha, beta = (p.detach().cpu().double().numpy() for p in (self.alpha, self.beta))
        draws = np.random.default_rng(seed).beta(alpha, beta)
        return torch.from_numpy(draws).to(self.alpha)

    def pixel_log_mass(self, x: Tensor, levels: int) -> Tensor:
        """Mass of each bin by Gauss-Legendre quadrature; the outer bins end at 0 and 1."""
        half = 0.5 / (levels - 1)
        lower, upper = (x - half).clamp(min=0), (x + half).clamp(max=1)
        flip = x > 0.5  # so that only an edge at 0 needs care
        a, b = torch.where(flip, self.beta, self.alpha), torch.where(flip, self.alpha, self.beta)
        lower, upper = torch.where(flip, 1 - upper, lower), torch.where(flip, 1 - lower, upper)
        # u = x^a turns ∫ x^(a-1) (1-x)^(b-1) dx into ∫ (1 - u^(1/a))^(b-1) du / a: no pole at 0.
        low, high = torch.exp(a * torch.log(lower)), torch.exp(a * torch.log(upper))
        nodes, weights = np.polynomial.legendre.leggauss(self.NODES)
        total = torch.full_like(x * a, -torch.inf)
        for node, weight in zip(nodes, weights, strict=True):
            u = low + (high - low) * (node + 1) / 2
            log_value = (b - 1) * torch.log1p(-u.pow(1 / a)) + float(np.log(weight / 2))
            total = torch.logaddexp(total, log_value)
        return total + torch.log(high - low) - torch.log(a) - self._log_normaliser()
