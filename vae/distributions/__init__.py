"""Probability distributions over images and codes, in nats and in logits."""

from vae.distributions.codes import DiagonalGaussian, PointMass
from vae.distributions.continuous import Gaussian, Laplace, OptimalGaussian
from vae.distributions.discrete import Bernoulli, Categorical, Discretized, DiscretizedLogistic
from vae.distributions.interval import Beta, ContinuousBernoulli
from vae.distributions.pixels import PIXELS, PixelDistribution, log1mexp, quantise

__all__ = [
    "PIXELS",
    "Bernoulli",
    "Beta",
    "Categorical",
    "ContinuousBernoulli",
    "DiagonalGaussian",
    "Discretized",
    "DiscretizedLogistic",
    "Gaussian",
    "Laplace",
    "OptimalGaussian",
    "PixelDistribution",
    "PointMass",
    "log1mexp",
    "quantise",
]
