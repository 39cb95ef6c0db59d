"""Is the best β near 1, larger or smaller, and what does it cost to follow one criterion?"""

from collections.abc import Iterator
from dataclasses import dataclass

from vae.metrics import METRICS
from vae.reporting.group import Group
from vae.reporting.names import Choice, beta_name, likelihood_name, rounded
from vae.reporting.uses import (
    ENCODE,
    ENCODE_FEW,
    JUDGE,
    RECONSTRUCT,
    WITH_OPTIMUM,
    Interval,
    Sides,
    Use,
    answers,
    interval,
    sides,
    worsens_throughout,
)
from vae.reporting.words import families, listed, number


def near_one(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    if group.best.empty or group.best.betas.max() <= 1:
        yield OneBetaOnly()
        return
    for use in (*WITH_OPTIMUM, ENCODE_FEW):
        if found := answers(group, use):
            yield Side(group, use, sides(found))
    if found := pixels(group):
        yield found
    if worsens_throughout(group, RECONSTRUCT):
        yield Throughout(METRICS[RECONSTRUCT.criteria[0]].label)
    for quality in ("fid_prior_drawn", "fid_prior"):
        if found := costliest(group, quality):
            yield found


@dataclass(frozen=True)
class OneBetaOnly:
    """Nothing to compare."""

    def __str__(self) -> str:
        return "No likelihood has two βs to choose between, so nothing here says which is best."


@dataclass(frozen=True)
class Side:
    """On which side of 1 the β* of every likelihood lies, by one criterion."""

    group: Group
    use: Use
    sides: Sides

    def __str__(self) -> str:
        found, every = answers(self.group, self.use), self.group.likelihoods
        decided = [
            f"{kind} than 1 with {families(slugs, every)}"
            for kind in ("larger", "smaller")
            if (slugs := getattr(self.sides, kind))
        ]
        parts = [f"β\\* is {' and '.join(decided)}"] if decided else []
        if self.sides.around:
            parts.append(f"with {self._around()} 1 is not excluded")
        if self.sides.unknown:
            parts.append(f"with {families(self.sides.unknown)} there is no interval")
        criteria = dict.fromkeys(METRICS[row.criterion].label for row in found.values())
        return f"By {listed(criteria, 'or')}, {'; '.join(parts)}."

    def _around(self) -> str:
        """By name where they are few, or where the others are not named beside them."""
        around, decided = self.sides.around, self.sides.larger or self.sides.smaller
        if len(around) > 2 and decided and not self.sides.unknown:
            return f"the other {number(len(around))} likelihoods"
        return families(around, self.group.likelihoods)


@dataclass(frozen=True)
class Throughout:
    """A criterion without an optimum."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} has no optimum: it grows with β throughout."


@dataclass(frozen=True)
class Pixels:
    """What classifying by codes reaches where it is best, and by the pixels themselves.

    Attributes:
        rows: a metric's name, its best mean over seeds and of which model, and that of pixels.
    """

    rows: tuple[tuple[str, float, Choice, float], ...]

    def __str__(self) -> str:
        parts = [
            f"{name} of codes reaches {rounded(value)} ({of}), of raw pixels {rounded(bar)}"
            for name, value, of, bar in self.rows
        ]
        return f"The {'; '.join(parts)}."


def pixels(group: Group) -> Pixels | None:
    """Where both were measured."""
    rows = []
    for (metric,) in (ENCODE.criteria, ENCODE_FEW.criteria):
        bar = group.references.get(f"{metric}_pixels")
        means = {
            Choice(slug, beta): value
            for slug in group.likelihoods
            for beta, value in group.means(slug, metric).items()
        }
        if bar is not None and means:
            best = max(means, key=means.get)
            rows.append((METRICS[metric].label, means[best], best, bar))
    return Pixels(tuple(rows)) if rows else None


@dataclass(frozen=True)
class Tradeoff:
    """What the β that is best by likelihood costs in FID, where no β is best by both.

    Attributes:
        likelihood: where it costs most, of ``every`` one whose intervals are apart.
        of: all likelihoods.
        betas, fid: best by likelihood and by FID, and the FID of either.
    """

    likelihood: str
    every: tuple[str, ...]
    of: tuple[str, ...]
    betas: tuple[float, float]
    fid: tuple[float, float]
    fid_name: str

    def __str__(self) -> str:
        most = f" with {likelihood_name(self.likelihood)}, which loses most," * (
            len(self.every) > 1
        )
        return (
            f"Likelihood and {self.fid_name} want different βs with "
            f"{families(self.every, self.of)} (intervals apart):{most} the β of the grid that is "
            f"best by likelihood, {beta_name(self.betas[0])}, has {rounded(self.fid[0])} instead "
            f"of {rounded(self.fid[1])} at {beta_name(self.betas[1])}."
        )


def costliest(group: Group, quality: str = "fid_prior") -> Tradeoff | None:
    """The trade-off with the largest ratio of FIDs, over likelihoods whose intervals are apart."""
    by_likelihood, by_quality = answers(group, JUDGE), group.answers(quality)
    found = []
    for slug in by_likelihood.keys() & by_quality.keys():
        a, b = by_likelihood[slug], by_quality[slug]
        fid = group.means(slug, quality)
        if apart(interval(a), interval(b)) and a.best_beta in fid and b.best_beta in fid:
            pair = (float(a.best_beta), float(b.best_beta))
            found.append((fid[pair[0]] / fid[pair[1]], slug, pair, (fid[pair[0]], fid[pair[1]])))
    if not found:
        return None
    _, slug, betas, values = max(found)
    every = tuple(s for s in group.likelihoods if s in {row[1] for row in found})
    name = METRICS[group.metric(quality)].label
    return Tradeoff(slug, every, tuple(group.likelihoods), betas, values, name)


def apart(a: Interval | None, b: Interval | None) -> bool:
    """Whether two intervals are known and share no β."""
    return a is not None and b is not None and (a[1] < b[0] or b[1] < a[0])
