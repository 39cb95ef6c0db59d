"""Which of several options is best, which cannot be told from it, and how sure that is.

The options (βs, or likelihoods) are compared on the same seeds and, where a value per image is
known, on the same test images. Shapes: O options, S seeds, N images.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

LEVEL = 0.95
LEAST_SEEDS = 3  # two seeds leave one degree of freedom: an interval 13 standard errors wide


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences and what it varies with.

    Attributes:
        parts: pairs of the mean's variance over one source (seeds, images) and its degrees of
            freedom.
    """

    mean: float
    parts: tuple[tuple[float, int], ...]

    @property
    def se(self) -> float:
        """The standard error for new seeds and new images: the variances add up."""
        return math.sqrt(sum(variance for variance, _ in self.parts))

    def margin(self, tail: float) -> float:
        """By how much the mean exceeds the truth with a probability of at most ``tail``.

        The quantiles of Student's t for the sources are weighted by their variances, which errs
        on the careful side (Cochran & Cox 1957, "Experimental Designs", section 4.14).
        """
        if self.se == 0:
            return 0.0
        weighted = sum(v * -stdtrit(freedom, tail) for v, freedom in self.parts)
        return float(weighted / self.se)

    def above_zero(self, tail: float) -> bool:
        """Whether the mean is significantly above zero, one-sided at ``tail``."""
        return self.mean > self.margin(tail)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """A two-sided interval for the true mean."""
        margin = self.margin((1 - level) / 2)
        return self.mean - margin, self.mean + margin


def paired_difference(differences: np.ndarray) -> Difference:
    """How far the mean of paired differences is from zero, for new seeds and new images.

    Over seeds alone this gives the paired t-test. With a value per image, seeds and images are
    crossed random effects, and the variances of the mean over either are added, as in min F′
    (Clark 1973, "The language-as-fixed-effect fallacy"); the variation of single values counts
    in both. The degrees of freedom of min F′ (Satterthwaite's) are not used: with three seeds
    intervals that rest on them hold less often than promised.

    Args:
        differences: (S,) or (S, N), at least two seeds and two images.
    """
    sources = [differences if differences.ndim == 1 else differences.mean(axis=1)]
    if differences.ndim == 2:
        sources.append(differences.mean(axis=0))
    parts = tuple((float(d.var(ddof=1) / len(d)), len(d) - 1) for d in sources)
    return Difference(float(sources[0].mean()), parts)


def not_worse(losses: np.ndarray, level: float = LEVEL) -> list[int]:
    """The options that no other option is significantly better than: a confidence set.

    Hsu's multiple comparisons with the best (Hsu 1981, "Simultaneous confidence intervals for all
    distances from the best"): every option in turn is compared with each other one by a one-sided
    paired test. The truly best option fails one of its comparisons with a probability of at most
    1 - level (Bonferroni), whichever it is, so the set holds it with probability ``level``.

    Args:
        losses: smaller is better, (O, S) or (O, S, N).

    Returns:
        positions along the first axis, ascending; never empty.
    """
    options = range(len(losses))
    tail = (1 - level) / max(1, len(losses) - 1)
    return [
        i
        for i in options
        if all(
            not paired_difference(losses[i] - losses[j]).above_zero(tail)
            for j in options
            if j != i
        )
    ]


def simultaneous_interval(
    differences: np.ndarray, comparisons: int, level: float = LEVEL
) -> tuple[float, float]:
    """An interval for one of several mean differences that still holds if the data chose which.

    Args:
        differences: paired, (S,) or (S, N).
        comparisons: how many differences it could have been (Bonferroni).
    """
    return paired_difference(differences).interval(1 - (1 - level) / comparisons)
