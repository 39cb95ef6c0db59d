"""The decoder likelihoods p(x|z) by name: how a network's output becomes a distribution.

Each family is a module that owns the parameters shared by all images (such as a trained σ) and
says how many outputs per pixel it needs. Called with the raw output it returns a distribution.
"""

import math

import torch
from torch import Tensor, nn

from vae.distributions import (
    Bernoulli,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    PixelDistribution,
)

MEAN_MARGIN = 0.01  # keeps the logit of a constant pixel's mean finite
LOG_SCALE_FLOOR = -7.0  # of the discretized logistic, as in Salimans et al. (2017)


class LikelihoodFamily(nn.Module):
    """Base of all families.

    Calling it maps raw decoder output of shape (..., outputs * C, H, W) to a distribution over
    images of shape (..., C, H, W).
    """

    outputs = 1  # network outputs per pixel

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
    """One logit per pixel."""

    def initial_output(self, mean_image: Tensor) -> Tensor:
        """Invert the mean by bisection on the logit."""
        target = mean_image.clamp(MEAN_MARGIN, 1 - MEAN_MARGIN).double()
        low, high = torch.full_like(target, -200.0), torch.full_like(target, 200.0)
        for _ in range(60):
            middle = (low + high) / 2
            below = ContinuousBernoulli(middle).mean < target
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return middle.to(mean_image.dtype)

    def forward(self, output: Tensor) -> ContinuousBernoulli:
        return ContinuousBernoulli(output)


class GaussianFixedSigma(LikelihoodFamily):
    """A mean per pixel; σ is a constant on the scale of pixels in [0, 1]."""

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.log_sigma = math.log(sigma)

    def initial_output(self, mean_image: Tensor) -> Tensor:
        return mean_image.clone()

    def forward(self, output: Tensor) -> Gaussian:
        return Gaussian(output, output.new_tensor(self.log_sigma))


class GaussianLearnedSigma(LikelihoodFamily):
    """A mean per pixel and one trained σ for all pixels and images (Rybkin et al. 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.log_sigma = nn.Parameter(torch.tensor(math.log(0.3)))

    def initial_output(self, mean_image: Tensor) -> Tensor:
        return mean_image.clone()

    def forward(self, output: Tensor) -> Gaussian:
        return Gaussian(output, self.log_sigma)


class DiscretizedLogisticFamily(LikelihoodFamily):
    """A location and a log scale per pixel."""

    outputs = 2

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def initial_output(self, mean_image: Tensor) -> Tensor:
        return torch.cat([mean_image, torch.full_like(mean_image, -2.0)])

    def forward(self, output: Tensor) -> DiscretizedLogistic:
        location, log_scale = output.chunk(2, dim=-3)
        return DiscretizedLogistic(location, log_scale.clamp(min=LOG_SCALE_FLOOR), self.levels)


def make_likelihood(name: str, levels: int, sigma: float | None = None) -> LikelihoodFamily:
    """Make the family called ``name`` for images with ``levels`` grey levels."""
    makers = {
        "bernoulli": BernoulliFamily,
        "continuous_bernoulli": ContinuousBernoulliFamily,
        "gaussian_fixed_sigma": lambda: GaussianFixedSigma(sigma),
        "gaussian_learned_sigma": GaussianLearnedSigma,
        "discretized_logistic": lambda: DiscretizedLogisticFamily(levels),
    }
    return makers[name]()
