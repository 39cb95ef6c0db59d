"""Probability distributions over images and codes, computed in nats and in logits.

Every ``log_prob`` is summed over its event (all pixels, or all latent dimensions) and keeps the
batch dimensions: one number per image.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

PIXELS = (-3, -2, -1)  # channels, height, width


def log1mexp(a: Tensor) -> Tensor:
    """Return log(1 - exp(-a)) for a > 0 without cancellation (Mächler 2012, eq. 7)."""
    small = a < math.log(2)
    near = torch.log(-torch.expm1(-torch.where(small, a, 1.0)))
    far = torch.log1p(-torch.exp(-torch.where(small, 1.0, a)))
    return torch.where(small, near, far)


class DiagonalGaussian:
    """A normal distribution over codes with independent dimensions.

    Args:
        mean: shape (..., latent_dim).
        log_variance: the same shape.
    """

    def __init__(self, mean: Tensor, log_variance: Tensor) -> None:
        self.mean, self.log_variance = mean, log_variance

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

    def rsample(self, noise: Tensor) -> Tensor:
        """Return the code itself, broadcast to the shape of ``noise``, which is not used."""
        return self.mean.expand(noise.shape)


class Bernoulli:
    """Independent Bernoulli pixels, parametrised by logits of shape (..., C, H, W).

    On grey pixels ``log_prob`` is the expected log-probability of the dynamically binarised
    image (minus the cross-entropy between pixel and probability).
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-probability in nats of images in [0, 1], summed over pixels: shape (...)."""
        return (x * self.logits - softplus(self.logits)).sum(PIXELS)

    @property
    def mean(self) -> Tensor:
        """Expected value per pixel."""
        return self.logits.sigmoid()

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images of zeros and ones."""
        return (_uniform(self.logits, generator) < self.mean).to(self.logits.dtype)


class ContinuousBernoulli:
    """The continuous Bernoulli on [0, 1] (Loaiza-Ganem & Cunningham 2019), by logits η.

    The density is exp(η x) η / (e^η - 1). Everything is computed from η itself, with series near
    η = 0, because probabilities lose the tails.
    """

    SERIES = 0.3  # |η/2| below which the series are used; their error there is under 1e-8

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of images in [0, 1], summed over pixels: shape (...)."""
        return (self.logits * (x - 0.5) - self._log_sinhc()).sum(PIXELS)

    def _log_sinhc(self) -> Tensor:
        """Return log(sinh(a) / a) for a = η/2."""
        a = 0.5 * self.logits.abs()
        small = a < self.SERIES
        s = torch.where(small, a, 0.0).square()
        series = s * (1 / 6 - s * (1 / 180 - s * (1 / 2835 - s / 37800)))
        b = torch.where(small, 1.0, a)
        return torch.where(small, series, b + torch.log1p(-torch.exp(-2 * b)) - torch.log(2 * b))

    @property
    def mean(self) -> Tensor:
        """Expected value per pixel, 1/(1 - e^-η) - 1/η."""
        small = self.logits.abs() < 2 * self.SERIES
        e = torch.where(small, self.logits, 0.0)
        s = e.square()
        series = 0.5 + e * (1 / 12 - s * (1 / 720 - s * (1 / 30240 - s / 1209600)))
        f = torch.where(small, 1.0, self.logits)
        return torch.where(small, series, -1 / torch.expm1(-f) - 1 / f)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images by the inverse of the distribution function."""
        u = _uniform(self.logits, generator)
        a = self.logits.abs().clamp(min=1e-6)
        x = -torch.log1p(u * torch.expm1(-a)) / a  # of logit -a: most mass near 0
        return torch.where(self.logits > 0, 1 - x, x)


class Gaussian:
    """Independent normal pixels of ``mean`` (..., C, H, W); ``log_scale`` broadcasts to it."""

    def __init__(self, mean: Tensor, log_scale: Tensor) -> None:
        self.mean, self.log_scale = mean, log_scale

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of images, summed over pixels: shape (...)."""
        standardised = (x - self.mean) * torch.exp(-self.log_scale)
        per_pixel = 0.5 * standardised.square() + self.log_scale + 0.5 * math.log(2 * math.pi)
        return -per_pixel.sum(PIXELS)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images; pixels may leave [0, 1]."""
        noise = torch.randn(
            self.mean.shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype
        )
        return self.mean + self.log_scale.exp() * noise


class DiscretizedLogistic:
    """A logistic distribution rounded to ``levels`` grey levels (Salimans et al. 2017, eq. 2).

    A level's probability is the logistic mass between the points halfway to its neighbours; the
    two outer levels take the tails, so that the probabilities sum to one.

    Args:
        location: centre of the logistic, on the scale of x in [0, 1], shape (..., C, H, W).
        log_scale: log of its scale, the same shape.
        levels: number of grey levels L; level k sits at x = k / (L - 1).
    """

    def __init__(self, location: Tensor, log_scale: Tensor, levels: int) -> None:
        self.location, self.log_scale, self.levels = location, log_scale, levels

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-probability of images whose pixels are grey levels, summed over pixels."""
        return self._log_mass(x).sum(PIXELS)

    def _log_mass(self, x: Tensor) -> Tensor:
        # With a, b the standardised edges: σ(b) - σ(a) = σ(b) σ(-a) (1 - e^-(b-a)).
        half, inverse_scale = 0.5 / (self.levels - 1), torch.exp(-self.log_scale)
        centred = x - self.location
        below, above = x < half, x > 1 - half  # the outer levels: one edge is infinite
        upper = logsigmoid((centred + half) * inverse_scale)
        lower = logsigmoid((half - centred) * inverse_scale)
        inside = upper + lower + log1mexp(2 * half * inverse_scale)
        return torch.where(below, upper, torch.where(above, lower, inside))

    @property
    def mean(self) -> Tensor:
        """Expected value per pixel: the sum over levels of P(x >= level), scaled to [0, 1]."""
        total = torch.zeros_like(self.location)
        for k in range(1, self.levels):
            edge = (k - 0.5) / (self.levels - 1)
            total += torch.sigmoid((self.location - edge) * torch.exp(-self.log_scale))
        return total / (self.levels - 1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw images of grey levels."""
        noise = torch.logit(_uniform(self.location, generator), eps=1e-7)
        x = self.location + self.log_scale.exp() * noise
        return quantise(x, self.levels)


PixelDistribution = Bernoulli | ContinuousBernoulli | Gaussian | DiscretizedLogistic


def quantise(x: Tensor, levels: int) -> Tensor:
    """Round images to the nearest of ``levels`` grey levels in [0, 1]."""
    return (x.clamp(0, 1) * (levels - 1)).round() / (levels - 1)


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator, device=like.device, dtype=like.dtype)
