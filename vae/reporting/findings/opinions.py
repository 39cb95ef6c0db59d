"""What other features and other measures of samples say: does the answer depend on the judge?"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from vae.metrics import METRICS, SPACES
from vae.reporting.findings.near import apart
from vae.reporting.findings.rules import found
from vae.reporting.group import Group
from vae.reporting.names import likelihood_name, rounded
from vae.reporting.uses import interval
from vae.reporting.words import beta_star, families, listed
from vae.results.statistics import mean_interval

PREFIXES = {"": "classifier"} | {prefix: label for prefix, (label, _) in SPACES.items()}
DRAWN, EXPECTED = "fid_prior_drawn", "fid_prior"


def opinions(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    return found(group, drawn_or_expected, winners_drawn, winners_expected, spaces, wider)


def best_values(group: Group, metric: str) -> dict[str, pd.Series]:
    """By likelihood, a value per seed at the β whose mean is best; of those measured."""
    found = {slug: group.values(slug, metric) for slug in group.likelihoods}
    at = {slug: group.best_mean(slug, metric) for slug in found}
    return {slug: values[at[slug]] for slug, values in found.items() if at[slug] is not None}


def surely_lower(a: pd.Series, b: pd.Series) -> bool:
    """Whether the mean of a - b over seeds lies surely below 0; not with too few seeds."""
    bounds = mean_interval((a - b).dropna())
    return bounds is not None and bounds[1] < 0


@dataclass(frozen=True)
class DrawnOrExpected:
    """Which images have surely the lower FID at their own best β, by the name of the features.

    Attributes:
        drawn, expected: likelihoods, of all that have both.
        every: those that have both in some space.
    """

    drawn: dict[str, tuple[str, ...]]
    expected: dict[str, tuple[str, ...]]
    every: tuple[str, ...]

    def __str__(self) -> str:
        said = []
        for space in self.drawn:
            kinds = {"drawn": self.drawn[space], "expected": self.expected[space]}
            parts = [f"{k} ones with {families(s, self.every)}" for k, s in kinds.items() if s]
            said.append(f"in {space} features {', '.join(parts) or 'neither'}")
        return (
            "Which are closer to real images by FID, drawn or expected ones, each at their best "
            f"β? Surely {'; '.join(said)}."
        )


def drawn_or_expected(group: Group) -> DrawnOrExpected | None:
    """Every likelihood that has both, in every space."""
    drawn, expected, every = {}, {}, {}
    for prefix, label in PREFIXES.items():
        a, b = (best_values(group, prefix + metric) for metric in (DRAWN, EXPECTED))
        both = [slug for slug in group.likelihoods if slug in a and slug in b]
        if both:
            drawn[label] = tuple(slug for slug in both if surely_lower(a[slug], b[slug]))
            expected[label] = tuple(slug for slug in both if surely_lower(b[slug], a[slug]))
            every |= dict.fromkeys(both)
    return DrawnOrExpected(drawn, expected, tuple(every)) if every else None


@dataclass(frozen=True)
class Winners:
    """Which likelihood's images have the lowest FID, each at its best β, in every space.

    Attributes:
        name: of the metric.
        best: likelihood and its mean FID, by the name of the features.
        differ: the spaces in which the first space's winner surely has not the lowest.
    """

    name: str
    best: dict[str, tuple[str, float]]
    differ: tuple[str, ...]

    def __str__(self) -> str:
        told = [
            f"{likelihood_name(slug)} in {space} features ({rounded(value)})"
            for space, (slug, value) in self.best.items()
        ]
        if not self.differ:
            slug, value = next(iter(self.best.values()))
            return (
                f"By {self.name}, that {likelihood_name(slug)} is best ({rounded(value)}) is "
                f"surely denied in no other feature space ({listed(list(self.best)[1:])})."
            )
        return (
            f"Which likelihood has the lowest {self.name} depends on whose features one trusts: "
            f"{listed(told)}."
        )


def winners(group: Group, metric: str) -> Winners | None:
    """Where several likelihoods were measured in several spaces."""
    values = {label: best_values(group, p + metric) for p, label in PREFIXES.items()}
    values = {label: by_slug for label, by_slug in values.items() if len(by_slug) > 1}
    if len(values) < 2:
        return None
    best = {label: min(of, key=lambda slug: of[slug].mean()) for label, of in values.items()}
    first = next(iter(best.values()))
    differ = tuple(
        label
        for label, slug in best.items()
        if first in values[label] and surely_lower(values[label][slug], values[label][first])
    )
    shown = {label: (slug, values[label][slug].mean()) for label, slug in best.items()}
    return Winners(METRICS[metric].label, shown, differ)


def winners_drawn(group: Group) -> Winners | None:
    """Of drawn images."""
    return winners(group, DRAWN)


def winners_expected(group: Group) -> Winners | None:
    """Of expected images."""
    return winners(group, EXPECTED)


@dataclass(frozen=True)
class Spaces:
    """Whether the best β by FID is the same in every feature space, by likelihood.

    Attributes:
        apart: likelihood -> β* by space, where two intervals share no β.
        agree: likelihoods where all intervals overlap pairwise.
    """

    names: tuple[str, ...]
    agree: tuple[str, ...]
    apart: dict[str, dict[str, str]]

    def __str__(self) -> str:
        spaces = listed(self.names)
        if not self.apart:
            return (
                f"Intervals of β\\* by FID of expected images overlap in all feature spaces "
                f"({spaces})."
            )
        parts = [
            f"{likelihood_name(slug)}: " + ", ".join(f"{n} {b}" for n, b in found.items())
            for slug, found in self.apart.items()
        ]
        agree = (
            f"; they overlap with {families(self.agree, [*self.agree, *self.apart])}"
            if self.agree
            else ""
        )
        return (
            f"The best β by FID of expected images depends on whose features one trusts "
            f"({spaces}) with {'; '.join(parts)}{agree}."
        )


def spaces(group: Group, metric: str = EXPECTED) -> Spaces | None:
    """Every likelihood with intervals in two spaces or more."""
    rows_of: dict[str, dict[str, pd.Series]] = {}
    for prefix, label in PREFIXES.items():
        rows = group.best[(group.best.criterion == prefix + metric) & (group.best.betas > 1)]
        for _, row in rows.iterrows():
            if interval(row) is not None:
                rows_of.setdefault(row.likelihood, {})[label] = row
    rows_of = {slug: rows for slug, rows in rows_of.items() if len(rows) > 1}
    differ = {
        slug: {label: beta_star(row) for label, row in rows.items()}
        for slug, rows in rows_of.items()
        if any(apart(interval(a), interval(b)) for a in rows.values() for b in rows.values())
    }
    names = tuple(dict.fromkeys(label for rows in rows_of.values() for label in rows))
    agree = tuple(slug for slug in rows_of if slug not in differ)
    return Spaces(names, agree, differ) if rows_of else None


@dataclass(frozen=True)
class Wider:
    """Where coverage, which asks how many real images have a sample nearby, wants another β.

    Attributes:
        stars: likelihood -> β* by coverage and by FID, where their intervals share no β.
        of: likelihoods with both.
    """

    stars: dict[str, tuple[str, str]]
    of: tuple[str, ...]

    def __str__(self) -> str:
        name = METRICS["coverage_prior"].label
        if not self.stars:
            return (
                f"Intervals of β\\* by {name}, and by FID of expected images overlap with "
                f"{families(self.of, self.of)}."
            )
        parts = [
            f"{likelihood_name(slug)} {wide} instead of {fid}"
            for slug, (wide, fid) in self.stars.items()
        ]
        return (
            f"By {name}, which asks for how many real images a sample lies nearby, another β is "
            f"best than by FID of the same expected images: {'; '.join(parts)}."
        )


def wider(group: Group) -> Wider | None:
    """Every likelihood with both intervals."""
    by_coverage, by_fid = group.answers("coverage_prior"), group.answers(EXPECTED)
    pairs = {
        slug: (by_coverage[slug], by_fid[slug])
        for slug in group.likelihoods
        if slug in by_coverage and slug in by_fid
    }
    pairs = {s: rows for s, rows in pairs.items() if None not in map(interval, rows)}
    differ = {
        slug: tuple(map(beta_star, rows))
        for slug, rows in pairs.items()
        if apart(*map(interval, rows))
    }
    return Wider(differ, tuple(pairs)) if pairs else None
