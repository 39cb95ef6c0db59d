"""The likelihoods in NumPy and SciPy alone, written from their definitions.

``model`` has ``levels``, the number of grey levels, and ``sigma``. ``output`` is a decoder's,
(N, outputs * D), and ``x`` holds images in [0, 1], (N, D).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, ndtr
from scipy.stats import norm

LOG_SCALE_LIMIT = 7.0  # of the discretized logistic


def bernoulli(model, output: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x * log_expit(output) + (1 - x) * log_expit(-output)


def gaussian(model, output: np.ndarray, x: np.ndarray) -> np.ndarray:
    return norm.logpdf(x, output, model.sigma)


def gaussian_mass(model, output: np.ndarray, x: np.ndarray) -> np.ndarray:
    return log_bin_mass(ndtr, output, model.sigma, x, model.levels)


def logistic_mass(model, output: np.ndarray, x: np.ndarray) -> np.ndarray:
    location, log_scale = np.split(output, 2, axis=1)
    scale = np.exp(log_scale.clip(-LOG_SCALE_LIMIT, LOG_SCALE_LIMIT))
    return log_bin_mass(expit, location, scale, x, model.levels)


def log_bin_mass(cdf: Callable, location, scale, x: np.ndarray, levels: int) -> np.ndarray:
    """Mass of a symmetric distribution in the bin around x; outer bins reach to infinity."""
    half = 0.5 / (levels - 1)
    below = np.where(x < half, -np.inf, (x - half - location) / scale)
    above = np.where(x > 1 - half, np.inf, (x + half - location) / scale)
    right = below > 0  # there the upper tail has more digits
    mass = np.where(right, cdf(-below) - cdf(-above), cdf(above) - cdf(below))
    return np.log(mass.clip(min=1e-300))


def logistic_mean(model, output: np.ndarray) -> np.ndarray:
    """The sum over grey levels of level times probability."""
    pixels = output.shape[1] // 2
    total = np.zeros((len(output), pixels))
    for level in np.linspace(0, 1, model.levels):
        total += level * np.exp(logistic_mass(model, output, np.full_like(total, level)))
    return total


@dataclass(frozen=True)
class Family:
    """Per pixel: log p(x|z) and log mass (N, D) of an image, and the expected image (N, D)."""

    log_prob: Callable
    mean: Callable
    log_mass: Callable | None


NORMAL = Family(gaussian, lambda model, output: output, gaussian_mass)
FAMILIES = {
    "bernoulli": Family(bernoulli, lambda model, output: expit(output), None),
    "gaussian_fixed_sigma": NORMAL,
    "gaussian_learned_sigma": NORMAL,
    "discretized_logistic": Family(logistic_mass, logistic_mean, logistic_mass),
}
