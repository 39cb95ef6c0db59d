"""A criterion as a smooth curve over β: the best β as a number, and what any other β costs."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp, stdtrit
from sklearn.gaussian_process.kernels import Matern

from vae.errors import InputError
from vae.results.statistics import LEVEL, Estimates

LEAST_BETAS = 4
DRAWS = 2000
STEPS_PER_OCTAVE = 16
LENGTHS = np.geomspace(1, 12, 7)  # octaves of β
BEND = 3.0  # medians of the losses above the best one, and
NOISY = 4.0  # standard errors of a difference, up to which losses count linearly
AMPLITUDES = np.geomspace(0.3, 10, 6)  # standard deviations of the means over β


@dataclass(frozen=True)
class Response:
    """Curves that could have given the measured losses, on a fine grid of β.

    Attributes:
        betas: (G,), from the smallest to the largest measured β.
        curves: losses on the criterion's own scale, (draws, G).
    """

    betas: np.ndarray
    curves: np.ndarray

    @cached_property
    def typical(self) -> np.ndarray:
        """The middle of the curves, (G,)."""
        return np.median(self.curves, axis=0)

    @property
    def best_beta(self) -> float:
        """Where the middle curve is lowest; at an end of the grid it may lie beyond."""
        return float(self.betas[self.typical.argmin()])

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Where curves have their lowest point; 0 or inf where that may be beyond the grid."""
        best = self.betas[self.curves.argmin(axis=1)]
        low, high = np.quantile(best, _tails(level), method="nearest")
        low, high = min(low, self.best_beta), max(high, self.best_beta)
        below, above = low == self.betas[0], high == self.betas[-1]
        return 0.0 if below else float(low), math.inf if above else float(high)

    def price(self, beta: float, level: float = LEVEL) -> tuple[float, float, float]:
        """How much worse ``beta`` is than the best β within the grid, with an interval.

        The interval starts at 0 exactly if ``beta`` lies in the interval of the best β.

        Raises:
            InputError: outside the measured range, where the curve says nothing.
        """
        if not self.betas[0] * 0.999 <= beta <= self.betas[-1] * 1.001:
            raise InputError(
                f"--price {beta:g}: outside the measured range from {self.betas[0]:g} to "
                f"{self.betas[-1]:g}; choose a β within it or extend 'betas' in the configuration"
            )
        near = int(np.abs(np.log(self.betas / beta)).argmin())
        price = float(self.typical[near] - self.typical.min())
        prices = self.curves[:, near] - self.curves.min(axis=1)
        low, high = np.quantile(prices, _tails(level))
        first, last = self.interval(level)
        low = 0.0 if first <= beta <= last else min(float(low), price)
        return price, low, max(float(high), price)


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def fit_response(
    betas: np.ndarray, estimates: Estimates, rng: np.random.Generator, log_scale: bool = False
) -> Response:
    """Draw smooth curves through the mean losses of ``betas``, each as likely as the data say.

    A Gaussian process in log β (Matérn 5/2: twice differentiable, no periodicity, free to fall
    off a cliff) with a flat level (Rasmussen & Williams 2006, sections 2.7 and 5.4). Its noise is
    known: the variance over seeds, widened from the normal to Student's t, and the covariance
    over images, which neighbouring βs share. Length scale and amplitude are drawn as well, by
    their marginal likelihood, because a few βs do not determine them. Losses that are no
    logarithms are warped: how high a cliff is must not make what lies beside it unsure.

    Args:
        betas: (B,) ascending.
        estimates: of the same βs, on a logarithmic scale if ``log_scale``.
        rng: the same state gives the same curves.
    """
    x, fine = np.log2(betas), _fine(betas)
    warp, noise = _warped(estimates, linear=log_scale)
    warped = warp(estimates.means)
    y = warped - warped.mean()
    scale = y.std() or 1.0
    noise = noise + 1e-9 * scale**2 * np.eye(len(x))
    processes = [
        _Process(kernel, amplitude * scale, len(x))
        for kernel in _kernels(np.concatenate([x, fine]))
        for amplitude in AMPLITUDES
    ]
    evidence = np.array([process.evidence(y, noise) for process in processes])
    counts = rng.multinomial(DRAWS, np.exp(evidence - logsumexp(evidence)))
    drawn = [
        process.draw(y, noise, count, rng)
        for process, count in zip(processes, counts, strict=True)
        if count
    ]
    curves = warp.inverse(np.concatenate(drawn) + warped.mean())
    return Response(2**fine, np.exp(curves) if log_scale else curves)


@dataclass(frozen=True)
class _Warp:
    """Losses above the lowest one, counted linearly near it and logarithmically far above it.

    A process has one amplitude for all βs. Of plain losses it would take it from the cliff where
    models collapse, and be as unsure near the best β as the cliff is high (a warped process,
    Snelson et al. 2004).

    Attributes:
        best: the lowest loss.
        bend: the loss above it where the logarithm takes over; inf for linear throughout.
    """

    best: float
    bend: float

    def __call__(self, losses: np.ndarray) -> np.ndarray:
        above = losses - self.best
        return above if math.isinf(self.bend) else self.bend * np.log1p(above / self.bend)

    def slope(self, losses: np.ndarray) -> np.ndarray:
        """The derivative."""
        return 1 / (1 + (losses - self.best) / self.bend)

    def inverse(self, warped: np.ndarray) -> np.ndarray:
        """Losses of warped ones."""
        above = warped if math.isinf(self.bend) else self.bend * np.expm1(warped / self.bend)
        return self.best + above


def _warped(estimates: Estimates, linear: bool) -> tuple[_Warp, np.ndarray]:
    """The warp of these means, and the noise of the warped ones against the best, (B, B)."""
    best = int(estimates.means.argmin())
    contrast = np.eye(len(estimates.means))
    contrast[:, best] -= 1  # what all means share says nothing
    noise = contrast @ _noise(estimates) @ contrast.T
    above = np.delete(estimates.means - estimates.means[best], best)
    errors = np.sqrt(np.delete(np.diag(noise), best))
    bend = max(BEND * np.median(above), NOISY * np.median(errors))
    warp = _Warp(float(estimates.means[best]), math.inf if linear or not bend else float(bend))
    slopes = warp.slope(estimates.means)
    return warp, slopes[:, None] * noise * slopes


def _kernels(points: np.ndarray) -> list[np.ndarray]:
    """One covariance of all ``points`` per length scale, of amplitude 1."""
    return [Matern(length, nu=2.5)(points[:, None]) for length in LENGTHS]


def _fine(betas: np.ndarray) -> np.ndarray:
    """log₂ β from the first to the last β, which are on it, as is every power of two between."""
    low, high = np.log2(betas[[0, -1]])
    inner = np.arange(math.ceil(low * STEPS_PER_OCTAVE), high * STEPS_PER_OCTAVE + 1e-9)
    return np.unique(np.concatenate([inner / STEPS_PER_OCTAVE, [low, high]]))


def _noise(estimates: Estimates) -> np.ndarray:
    """The covariance of the means, (B, B), what they share included."""
    widened = 1.0
    if np.isfinite(estimates.seed_freedom) and estimates.seeds > 1:
        widened = (stdtrit(estimates.seed_freedom, 0.975) / 1.96) ** 2
    seeds = np.diag(estimates.seed_variances * widened) + estimates.shared_variance
    return seeds + estimates.image_covariance


@dataclass(frozen=True)
class _Process:
    """A Gaussian process with one length scale and amplitude; the data lie at the first points.

    Attributes:
        kernel: (B + G, B + G) of amplitude 1.
    """

    kernel: np.ndarray
    amplitude: float
    data: int

    def evidence(self, y: np.ndarray, noise: np.ndarray) -> float:
        """The log marginal likelihood, the level integrated out (equation 2.45 of the book)."""
        known = self.kernel[: self.data, : self.data]
        root = np.linalg.cholesky(self.amplitude**2 * known + noise)
        ones, z = np.linalg.solve(root, np.stack([np.ones_like(y), y], axis=1)).T
        weight = ones @ ones
        residual = z - ones * (ones @ z) / weight
        return -residual @ residual / 2 - np.log(np.diag(root)).sum() - math.log(weight) / 2

    def draw(
        self, y: np.ndarray, noise: np.ndarray, count: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Curves at the other points given the data, (count, G)."""
        level = 1e4 * (y.var() + self.amplitude**2)  # as good as flat
        prior = self.amplitude**2 * self.kernel + level
        cross = prior[self.data :, : self.data]
        solved = np.linalg.solve(prior[: self.data, : self.data] + noise, cross.T)
        covariance = prior[self.data :, self.data :] - cross @ solved
        jitter = 1e-9 * self.amplitude**2 * np.eye(len(covariance))
        root = np.linalg.cholesky(covariance + jitter)
        return y @ solved + rng.standard_normal((count, len(root))) @ root.T
