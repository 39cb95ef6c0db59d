"""Which of several options is best, which cannot be told from it, and how sure that is.

The options (βs, or pairs of a likelihood and a β) are compared on the same seeds and, where a
value per image is known, on the same test images. Losses are compared: smaller is better.
Shapes: O options, S seeds, N images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import polygamma, stdtrit

LEVEL = 0.95
LEAST_SEEDS = 3  # two seeds leave one degree of freedom: an interval 13 standard errors wide
POWER = 0.8
MOST_SEEDS = 100
MOST_SHRINKAGE = 4  # degrees of freedom: a few variances cannot show that they agree


@dataclass(frozen=True)
class Estimates:
    """Mean losses of options and how far they may be off.

    Seeds and images are crossed random effects, and the variances of a mean over either are
    added, as in min F′ (Clark 1973, "The language-as-fixed-effect fallacy"); the variation of
    single values counts in both.

    Attributes:
        means: (O,).
        seed_variances: (O,) of each mean over seeds, without what all options share in a seed.
        seed_freedom: the degrees of freedom of ``seed_variances``.
        shared_variance: of a mean over what all options share in a seed; differences have none.
        image_covariance: (O, O) of the means over test images; zero where none are known.
        images: N, or 0.
    """

    means: np.ndarray
    seed_variances: np.ndarray
    seed_freedom: float
    shared_variance: float
    image_covariance: np.ndarray
    images: int
    seeds: int

    @property
    def differences(self) -> np.ndarray:
        """By how much the row's option loses more than the column's, (O, O)."""
        return self.means[:, None] - self.means

    def margins(self, tail: float) -> np.ndarray:
        """By how much each difference exceeds the truth with a probability of at most ``tail``.

        The quantiles of Student's t for seeds and images are weighted by their variances, which
        errs on the careful side (Cochran & Cox 1957, "Experimental Designs", section 4.14).
        """
        by_seed = self.seed_variances[:, None] + self.seed_variances
        own = np.diag(self.image_covariance)
        by_image = np.clip(own[:, None] + own - 2 * self.image_covariance, 0, None)
        weighted = -by_seed * stdtrit(self.seed_freedom, tail)
        if self.images:
            weighted -= by_image * stdtrit(self.images - 1, tail)
        se = np.sqrt(by_seed + by_image)
        return np.divide(weighted, se, out=np.zeros_like(se), where=se > 0)

    def of(self, chosen: np.ndarray) -> "Estimates":
        """Some of the options, (O,) whether each is among them."""
        return replace(
            self,
            means=self.means[chosen],
            seed_variances=self.seed_variances[chosen],
            image_covariance=self.image_covariance[np.ix_(chosen, chosen)],
        )

    def with_seeds(self, seeds: int) -> "Estimates":
        """The same means, as sure as they would be with another number of seeds."""
        more = (seeds - 1) / (self.seeds - 1)
        return replace(
            self,
            seed_variances=self.seed_variances * self.seeds / seeds,
            seed_freedom=self.seed_freedom * more,
            seeds=seeds,
        )


def estimate(
    losses: np.ndarray, ordinary: np.ndarray | None = None, sources: int | None = None
) -> Estimates:
    """Estimate mean losses and their uncertainty for new seeds and new images.

    Args:
        losses: (O, S) or (O, S, N), at least two options and images; a single seed has no errors.
        ordinary: (O,) whether an option takes part in what is pooled, by default all. The others
            get the pooled variance, or their own if it is larger: collapsed models hardly vary,
            an option with which some seeds collapse varies wildly.
        sources: how many of the options vary independently (default: all that are ordinary).
    """
    means = losses if losses.ndim == 2 else losses.mean(axis=2)
    options, seeds = means.shape
    ordinary = np.ones(options, bool) if ordinary is None else ordinary
    ordinary = ordinary if ordinary.sum() > 1 else np.ones(options, bool)
    if seeds == 1:
        return Estimates(
            means[:, 0], np.zeros(options), np.inf, 0.0, np.zeros((options, options)), 0, 1
        )
    variances, freedom = moderated_variances(means[ordinary], sources)
    shared = means[ordinary].mean(axis=0)
    pooled = np.maximum(variances.mean(), (means - shared).var(axis=1, ddof=1))
    pooled[ordinary] = variances
    covariance, images = np.zeros((options, options)), 0
    if losses.ndim == 3:
        images = losses.shape[2]
        covariance = np.cov(losses.mean(axis=1)) / images
    return Estimates(
        means.mean(axis=1),
        pooled / seeds,
        freedom,
        float(shared.var(ddof=1) / seeds),
        covariance,
        images,
        seeds,
    )


def moderated_variances(
    values: np.ndarray, sources: int | None = None
) -> tuple[np.ndarray, float]:
    """The variance of each option over seeds, shrunk towards what all have in common.

    What the options share in a seed is removed first. Then every variance is averaged with the
    common one, weighted by how much the variances differ between options more than chance makes
    them (empirical Bayes: Smyth 2004, "Linear models and empirical Bayes methods for assessing
    differential expression", sections 3 and 6.2): where they agree they are pooled, where they
    do not each option keeps its own. So a few seeds carry more degrees of freedom.

    Args:
        values: (O, S).
        sources: how many options vary independently: bounds the degrees of freedom.

    Returns:
        variances (O,) and their degrees of freedom.
    """
    options, seeds = values.shape
    if options == 1:  # nothing to compare with
        return np.zeros(1), float(seeds - 1)
    residuals = values - values.mean(axis=1, keepdims=True)
    residuals = residuals - residuals.mean(axis=0)
    freedom = (seeds - 1) * (options - 1) / options
    most = float((seeds - 1) * ((sources or options) - 1))
    raw = (residuals**2).sum(axis=1) / freedom
    if np.median(raw) <= 1e-20 * np.square(values).max():
        return raw, most
    logarithms = np.log(np.maximum(raw, 1e-5 * np.median(raw)))
    scatter = logarithms.var(ddof=1) - polygamma(1, freedom / 2)
    prior = MOST_SHRINKAGE
    if scatter > polygamma(1, MOST_SHRINKAGE / 2):
        prior = 2 * brentq(lambda half: polygamma(1, half) - scatter, 1e-4, MOST_SHRINKAGE)
    shrunk = (prior * raw.mean() + freedom * raw) / (prior + freedom)
    return shrunk, min(prior + freedom, most)


def not_worse(
    estimates: Estimates, level: float = LEVEL, compared: np.ndarray | None = None
) -> list[int]:
    """The options that no other is significantly better than: a confidence set.

    Hsu's multiple comparisons with the best (Hsu 1981, "Simultaneous confidence intervals for all
    distances from the best"): every option in turn is compared with each other one by a one-sided
    paired test. The truly best option fails one of its comparisons with a probability of at most
    1 - level (Bonferroni), whichever it is, so the set holds it with probability ``level``.

    Args:
        compared: (O, O) whether the row's option is compared with the column's (default: all are).

    Returns:
        positions, ascending; never empty.
    """
    tail = (1 - level) / comparisons(estimates, compared)
    worse = estimates.differences > estimates.margins(tail)
    if compared is not None:
        worse &= compared
    return [int(i) for i in np.flatnonzero(~worse.any(axis=1))]


def comparisons(estimates: Estimates, compared: np.ndarray | None = None) -> int:
    """With how many others an option is compared at most."""
    count = len(estimates.means) - 1 if compared is None else int(compared.sum(axis=1).max())
    return max(1, count)


def worst_regret(estimates: Estimates, level: float = LEVEL) -> tuple[float, float]:
    """How much worse than the best the worst option of the set is: on average, and at most.

    The bound is Hsu's: it holds with probability ``level``, whichever option of the set is taken.
    """
    members = not_worse(estimates, level)
    upper = estimates.differences + estimates.margins((1 - level) / comparisons(estimates))
    np.fill_diagonal(upper, 0)
    regrets = estimates.means[members] - estimates.means.min()
    return float(regrets.max()), float(upper[members].max())


def detectable_difference(estimates: Estimates, level: float = LEVEL) -> float:
    """The true difference from the best that the set would notice in four of five repetitions.

    For the median of the other options: their errors differ.
    """
    best = int(estimates.means.argmin())
    tail = (1 - level) / comparisons(estimates)
    needed = estimates.margins(tail)[best] + estimates.margins(1 - POWER)[best]
    return float(np.median(np.delete(needed, best)))


def seeds_to_halve(estimates: Estimates, level: float = LEVEL) -> float:
    """How many seeds would leave half of the set if the means stayed as they are.

    Returns:
        nan for a set of one; inf if not even a hundred seeds would do, as images limit it.
    """
    size = len(not_worse(estimates, level))
    if size == 1:
        return math.nan
    for seeds in range(estimates.seeds + 1, MOST_SEEDS + 1):
        if 2 * len(not_worse(estimates.with_seeds(seeds), level)) <= size:
            return float(seeds)
    return math.inf


def mean_interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
    """Student's interval of the mean of values over seeds; None with too few of them."""
    values = np.asarray(values, float)
    if len(values) < LEAST_SEEDS:
        return None
    margin = (
        stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / math.sqrt(len(values))
    )
    return float(values.mean() - margin), float(values.mean() + margin)


def level_for_all(rows: int, level: float = LEVEL) -> float:
    """The level that each of several answers needs for all to hold together (Bonferroni)."""
    return 1 - (1 - level) / max(1, rows)
