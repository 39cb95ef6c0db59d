"""The decoder likelihoods p(x|z): how a network's output becomes a distribution.

Each is a module that owns the parameters shared by all images (such as a trained σ). Called with
the raw output it returns a distribution. Which there are, and by which names: ``vae.families``.
"""

import math
from operator import attrgetter

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from vae import distributions
from vae.configuration.sweep import Likelihood
from vae.distributions import (
    PIXELS,
    Bernoulli,
    Beta,
    Categorical,
    ContinuousBernoulli,
    Discretized,
    DiscretizedLogistic,
    Gaussian,
    OptimalGaussian,
    PixelDistribution,
)
from vae.networks import Shape

INITIAL_LOG_SCALE = -1.5  # σ of about 0.22, near the spread of grey images around their mean
BETA_LIMITS = (0.01, 1000.0)
MEAN_MARGIN = 0.01  # keeps the logit of a constant pixel's mean finite
MOST_FLOOR = 0.05  # of a trained σ: between few levels half a step is all that a σ can want
LOG_SCALE_LIMIT = 7.0  # of decoder outputs that are log scales; Salimans et al. (2017) use -7


class LikelihoodFamily(nn.Module):
    """Base of all likelihoods.

    Calling it maps raw decoder output of shape (..., outputs * C, H, W) to a distribution over
    images of shape (..., C, H, W).

    Args:
        chosen: its name, σ and form.
        shape: channels, height and width of an image.
        levels: number of grey levels of the images.

    Attributes:
        outputs: network outputs per pixel.
    """

    def __init__(self, chosen: Likelihood, shape: Shape, levels: int) -> None:
        super().__init__()
        self.chosen, self.levels = chosen, levels
        self.outputs = chosen.family.outputs or levels

    def initial_output(self, mean_image: Tensor) -> Tensor:
        """Raw output (outputs * C, H, W) whose distribution has about the mean ``mean_image``."""
        raise NotImplementedError

    def forward(self, output: Tensor) -> PixelDistribution:
        """Return p(x|z)."""
        raise NotImplementedError


class BernoulliFamily(LikelihoodFamily):
    """One logit per pixel."""

    def initial_output(self, mean_image: Tensor) -> Tensor:
        return torch.logit(mean_image, eps=MEAN_MARGIN)

    def forward(self, output: Tensor) -> Bernoulli:
        return Bernoulli(output)


class ContinuousBernoulliFamily(LikelihoodFamily):
    """One logit per pixel; beyond ``limit`` its density says no more."""

    def __init__(self, chosen: Likelihood, shape: Shape, levels: int) -> None:
        super().__init__(chosen, shape, levels)
        self.limit = math.inf if chosen.discretized else ContinuousBernoulli.LIMIT

    def initial_output(self, mean_image: Tensor) -> Tensor:
        """Invert the mean by bisection on the logit, well inside the limit: there it can move."""
        target, limit = mean_image.double(), 0.75 * ContinuousBernoulli.LIMIT
        low, high = torch.full_like(target, -limit), torch.full_like(target, limit)
        for _ in range(60):
            middle = (low + high) / 2
            below = ContinuousBernoulli(middle).mean < target
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return middle.to(mean_image.dtype)

    def forward(self, output: Tensor) -> ContinuousBernoulli:
        return ContinuousBernoulli(output, self.limit)


class LocationFamily(LikelihoodFamily):
    """A location per pixel as the first output; subclasses add a scale."""

    initial_log_scale = INITIAL_LOG_SCALE

    def initial_output(self, mean_image: Tensor) -> Tensor:
        scales = torch.full_like(mean_image, self.initial_log_scale).repeat(self.outputs - 1, 1, 1)
        return torch.cat([mean_image, scales])

    def distribution(self, location: Tensor, log_scale: Tensor) -> PixelDistribution:
        """The family's distribution with these parameters."""
        return attrgetter(self.chosen.family.distribution)(distributions)(location, log_scale)


class FixedScale(LocationFamily):
    """σ is a constant on the scale of pixels in [0, 1]."""

    def __init__(self, chosen: Likelihood, shape: Shape, levels: int) -> None:
        super().__init__(chosen, shape, levels)
        self.register_buffer("log_sigma", torch.tensor(math.log(chosen.sigma)))

    def forward(self, output: Tensor) -> PixelDistribution:
        return self.distribution(output, self.log_sigma)


class SharedScale(LocationFamily):
    """One trained scale for all pixels and images (of a Gaussian: Rybkin et al. 2021).

    It is bounded below by a floor, or the density of images that are all alike would have none.
    """

    def __init__(self, chosen: Likelihood, shape: Shape, levels: int) -> None:
        super().__init__(chosen, shape, levels)
        self.log_sigma = nn.Parameter(torch.full(self._sharing(shape), INITIAL_LOG_SCALE))
        self.floor = least_log_sigma(levels)

    def _sharing(self, shape: Shape) -> tuple[int, ...]:
        return ()

    def forward(self, output: Tensor) -> PixelDistribution:
        return self.distribution(output, above(self.floor, self.log_sigma))


class PositionScale(SharedScale):
    """One trained scale for each pixel position, bounded below by a floor."""

    def _sharing(self, shape: Shape) -> tuple[int, ...]:
        return shape


class PixelScale(LocationFamily):
    """A scale for every pixel of every image as the second output, bounded below by a floor.

    Without the floor the density of constant pixels has no bound.
    """

    def __init__(self, chosen: Likelihood, shape: Shape, levels: int) -> None:
        super().__init__(chosen, shape, levels)
        self.floor = least_log_sigma(levels)

    def forward(self, output: Tensor) -> PixelDistribution:
        location, log_scale = output.chunk(2, dim=-3)
        log_scale = self._pooled(log_scale).clamp(self.floor, LOG_SCALE_LIMIT)
        return self.distribution(location, log_scale)

    def _pooled(self, log_scale: Tensor) -> Tensor:
        return log_scale


class ImageScale(PixelScale):
    """One scale per image: the average of the decoder's second output."""

    def _pooled(self, log_scale: Tensor) -> Tensor:
        return log_scale.mean(PIXELS, keepdim=True)


class OptimalScale(LocationFamily):
    """A Gaussian trained with the best σ for each image (Rybkin et al. 2021).

    In evaluation mode it is a density with one σ, ``log_sigma``, which training estimates on the
    training images at its end.
    """

    def __init__(self, chosen: Likelihood, shape: Shape, levels: int) -> None:
        super().__init__(chosen, shape, levels)
        self.register_buffer("log_sigma", torch.tensor(INITIAL_LOG_SCALE))

    def forward(self, output: Tensor) -> PixelDistribution:
        return OptimalGaussian(output) if self.training else Gaussian(output, self.log_sigma)


class BetaFamily(LikelihoodFamily):
    """Two positive parameters per pixel: the softplus of two outputs, between 0.01 and 1,000."""

    def initial_output(self, mean_image: Tensor) -> Tensor:
        """α = 2 m and β = 2 (1 - m), through the inverse of softplus."""
        mean = mean_image.clamp(MEAN_MARGIN, 1 - MEAN_MARGIN)
        return torch.log(torch.expm1(2 * torch.cat([mean, 1 - mean])))

    def forward(self, output: Tensor) -> Beta:
        alpha, beta = softplus(output).clamp(*BETA_LIMITS).chunk(2, dim=-3)
        return Beta(alpha, beta, self.levels)


class DiscretizedLogisticFamily(LocationFamily):
    """A location and a log scale per pixel."""

    initial_log_scale = -2.0  # a logistic's σ is 1.8 times its scale

    def forward(self, output: Tensor) -> DiscretizedLogistic:
        location, log_scale = output.chunk(2, dim=-3)
        log_scale = log_scale.clamp(-LOG_SCALE_LIMIT, LOG_SCALE_LIMIT)
        return DiscretizedLogistic(location, log_scale, self.levels)


class CategoricalFamily(LikelihoodFamily):
    """A logit for each of the grey levels of each pixel."""

    def initial_output(self, mean_image: Tensor) -> Tensor:
        """The logits of a binomial distribution with the right mean."""
        n = self.levels - 1
        k = torch.arange(self.levels).to(mean_image)[:, None, None, None]
        choose = math.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
        return (k * torch.logit(mean_image, eps=MEAN_MARGIN) + choose).flatten(0, 1)

    def forward(self, output: Tensor) -> Categorical:
        return Categorical(output.unflatten(-3, (self.levels, -1)))


class DiscretizedFamily(LikelihoodFamily):
    """A family of densities, trained on and scored by the probability of grey levels."""

    def __init__(self, density: LikelihoodFamily, shape: Shape) -> None:
        super().__init__(density.chosen, shape, density.levels)
        self.density = density

    def initial_output(self, mean_image: Tensor) -> Tensor:
        return self.density.initial_output(mean_image)

    def forward(self, output: Tensor) -> Discretized:
        return Discretized(self.density(output), self.levels)


def least_log_sigma(levels: int) -> float:
    """The floor of trained σs: half the distance between two grey levels, at most 0.05."""
    return math.log(min(0.5 / (levels - 1), MOST_FLOOR))


def above(floor: float, log_sigma: Tensor) -> Tensor:
    """A smooth lower bound, whose gradient brings a σ back that has sunk too low."""
    return floor + softplus(log_sigma - floor)


SCALES = {
    "fixed": FixedScale,
    "shared": SharedScale,
    "position": PositionScale,
    "image": ImageScale,
    "pixel": PixelScale,
    "optimal": OptimalScale,
}
WITHOUT_SCALE = {
    "discrete.Bernoulli": BernoulliFamily,
    "interval.ContinuousBernoulli": ContinuousBernoulliFamily,
    "interval.Beta": BetaFamily,
    "discrete.DiscretizedLogistic": DiscretizedLogisticFamily,
    "discrete.Categorical": CategoricalFamily,
}


def make_likelihood(chosen: Likelihood, shape: Shape, levels: int) -> LikelihoodFamily:
    """Make the module of a likelihood.

    Args:
        shape: channels, height and width of an image.
        levels: number of grey levels of the images.
    """
    family = chosen.family
    make = SCALES[family.scale] if family.scale else WITHOUT_SCALE[family.distribution]
    made = make(chosen, shape, levels)
    return DiscretizedFamily(made, shape) if chosen.discretized else made
