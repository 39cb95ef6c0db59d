"""Densities over images that live on [0, 1]."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from vae.distributions.pixels import PIXELS, PixelDistribution, uniform


class ContinuousBernoulli(PixelDistribution):
    """The continuous Bernoulli on [0, 1] (Loaiza-Ganem & Cunningham 2019), by logits η.

    The density is exp(η x) η / (e^η - 1). Everything is computed from η itself, because
    probabilities lose the tails. |η| is at most ``LIMIT``, as in torch's distribution of that
    name, which clamps probabilities to float32's epsilon: without a limit the density of exact
    zeros and ones has no ceiling, and training on them no end. Masses of grey levels have a
    ceiling of their own, so what is trained on them needs none.

    Args:
        logits: η, shape (..., C, H, W).
        limit: of |η|; may be infinite.
    """

    LIMIT = math.log(1 / torch.finfo(torch.float32).eps - 1)  # 15.94
    LEAST = 1e-3  # |η| below which it makes a difference of 1e-7; a gradient is off by 2e-4
    SERIES = 0.6  # |η| below which the mean's series is used; its error there is under 1e-8

    def __init__(self, logits: Tensor, limit: float = LIMIT) -> None:
        self.logits, self.limit = logits.clamp(-limit, limit), limit

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of images in [0, 1], summed over pixels: shape (...)."""
        a = self._magnitude
        normaliser = 0.5 * a + torch.log(torch.expm1(-a) / -a)
        return (self.logits * (x - 0.5) - normaliser).sum(PIXELS)

    @property
    def _magnitude(self) -> Tensor:
        """|η|, kept from 0, where quotients of differences have no value."""
        return self.logits.abs().clamp(min=self.LEAST)

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
        # With m the bin's middle and w its width: e^(η(m - 1/2)) sinh(ηw/2) / sinh(η/2).
        half, a = 0.5 / (levels - 1), self._magnitude
        outer = (x < half) | (x > 1 - half)
        width = torch.where(outer, half, 2 * half).to(a.dtype)
        middle = x.clamp(half / 2, 1 - half / 2)
        ratio = torch.expm1(-a * width) / torch.expm1(-a)
        return self.logits * (middle - 0.5) - 0.5 * a * (1 - width) + torch.log(ratio)

    def quantised_mean(self, levels: int) -> Tensor:
        """Closed form: the probabilities of levels are a geometric series."""
        # They shift the mean by (1 - u / sinh u) / η with u = η / 2n, near 0 by a series.
        n, u = levels - 1, self.logits / (2 * (levels - 1))
        small = u.abs() < 0.05
        far = torch.where(small, 1.0, u)
        series = u * (1 - 7 / 60 * u.square()) / 6
        shift = torch.where(small, series, (1 - far / torch.sinh(far)) / far) / (2 * n)
        return (self.mean + shift).clamp(0, 1)  # rounding leaves it at extreme logits


class Beta(PixelDistribution):
    """Independent Beta pixels.

    The density has no finite value at 0 and 1 in general, so ``log_prob`` evaluates the outer two
    grey levels in the middle of their half-wide bins, a quarter of a level inside the interval.

    Args:
        alpha: positive, shape (..., C, H, W).
        beta: positive, the same shape.
        levels: number of grey levels of the images.
    """

    def __init__(self, alpha: Tensor, beta: Tensor, levels: int) -> None:
        self.alpha, self.beta, self.levels = alpha, beta, levels

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of images, summed over pixels: shape (...)."""
        quarter = 0.25 / (self.levels - 1)
        x = x.clamp(quarter, 1 - quarter)
        powers = (self.alpha - 1) * torch.log(x) + (self.beta - 1) * torch.log1p(-x)
        return (powers - log_beta(self.alpha, self.beta).to(powers.dtype)).sum(PIXELS)

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
        """Mass of each bin by quadrature in t = logit x; the outer bins end at 0 and 1."""
        # There the integrand σ(t)^α σ(-t)^β has one peak at log(α/β) and no pole: each side of the
        # bin's highest point is integrated on its own.
        alpha, beta, centre = self.alpha.double(), self.beta.double(), x.double()
        half = 0.5 / (levels - 1)
        lower = torch.logit((centre - half).clamp(min=0))
        upper = torch.logit((centre + half).clamp(max=1))
        top = torch.log(alpha / beta).maximum(lower).minimum(upper)
        sides = _decay(alpha, beta, top, upper - top) + _decay(beta, alpha, -top, top - lower)
        height = alpha * logsigmoid(top) + beta * logsigmoid(-top) - log_beta(alpha, beta)
        return (height + torch.log(sides)).to(self.alpha.dtype)


def log_beta(alpha: Tensor, beta: Tensor) -> Tensor:
    """Log of the Beta function, in float64: of large parameters float32 loses three decimals."""
    alpha, beta = alpha.double(), beta.double()
    return torch.lgamma(alpha) + torch.lgamma(beta) - torch.lgamma(alpha + beta)


NEGLIGIBLE = 30.0  # nats below the top at which a tail is cut off
NEWTON_STEPS = 4
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def _decay(alpha: Tensor, beta: Tensor, top: Tensor, width: Tensor) -> Tensor:
    """Integrate σ(t)^α σ(-t)^β over ``width`` above ``top``, from where it falls, relative to it.

    Gauss-Legendre in s, t = top + reach s², whose nodes are dense near the top.
    """
    below = torch.sigmoid(-top)
    reach = _reach(alpha, beta, top, below).minimum(width)
    total = torch.zeros_like(reach)
    for node, weight in zip((NODES + 1) / 2, WEIGHTS / 2, strict=True):
        total += 2 * node * weight * torch.exp(-_fall(alpha, beta, below, reach * node**2))
    return total * reach


def _fall(alpha: Tensor, beta: Tensor, below: Tensor, r: Tensor) -> Tensor:
    """How far the log of σ(t)^α σ(-t)^β falls within ``r`` from where σ(-t) is ``below``."""
    return beta * r + (alpha + beta) * torch.log1p(below * torch.expm1(-r))


def _reach(alpha: Tensor, beta: Tensor, top: Tensor, below: Tensor) -> Tensor:
    """The r where the fall is ``NEGLIGIBLE``, or a little above."""
    both = alpha + beta
    r = (NEGLIGIBLE - both * logsigmoid(top)) / beta
    for _ in range(NEWTON_STEPS):  # from above, and the fall is convex: never below the root
        slope = beta - both * below * torch.exp(-r) / (1 + below * torch.expm1(-r))
        r = r - (_fall(alpha, beta, below, r) - NEGLIGIBLE) / slope
    return r
