"""Fidelity and diversity, drawn and expected images, copies, and a second opinion on features."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from vae.metrics import SPACES
from vae.reporting.findings.near import apart
from vae.reporting.findings.rules import found
from vae.reporting.group import Group
from vae.reporting.names import Choice, beta_name, likelihood_name, percent, rounded
from vae.reporting.uses import SHOW, interval, quoted
from vae.reporting.words import beta_star, families, listed

COPYING = -3.0  # standard deviations; Meehan et al. (2020) call models below it copiers
STRAYING = 3.0  # above it all samples lie further from the training images than test images do


def samples(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    return found(group, path, drawn_or_expected, spaces, copies)


@dataclass(frozen=True)
class Path:
    """What β buys and costs: precision and recall of prior samples at three βs."""

    likelihood: str
    betas: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]

    @property
    def trade(self) -> bool:
        """Whether precision rises and recall falls with every step of β."""
        rises = all(a < b for a, b in pairwise(self.precision))
        return rises and all(a > b for a, b in pairwise(self.recall))

    def __str__(self) -> str:
        name = likelihood_name(self.likelihood)
        buys = f"A larger β buys fidelity and costs diversity: with {name}"
        start = buys if self.trade else f"With {name}"
        steps = " → ".join(map(beta_name, self.betas))
        values = [" → ".join(f"{x:.2f}" for x in row) for row in (self.precision, self.recall)]
        return (
            f"{start}, β = {steps}, precision (samples that look real) goes {values[0]}, recall "
            f"(test images that are covered) {values[1]}."
        )


def path(group: Group) -> Path | None:
    """Smallest β, best by FID and largest that has not collapsed, of the likelihood quoted."""
    slug = quoted(group, SHOW)
    if slug is None:
        return None
    precision, recall = (group.means(slug, f"{m}_prior") for m in ("precision", "recall"))
    first = group.onset(slug)
    betas = [b for b in precision.index if b in recall and (first is None or b < first)]
    if len(betas) < 2:
        return None
    best = group.answers("fid_prior")[slug].best_beta
    chosen = sorted({betas[0], best if best in betas else betas[0], betas[-1]})
    rows = (tuple(float(table[b]) for b in chosen) for table in (precision, recall))
    return Path(slug, tuple(chosen), *rows)


@dataclass(frozen=True)
class DrawnOrExpected:
    """Which images have the lower FID at their own best β: drawn ones or expected ones."""

    drawn: tuple[str, ...]
    expected: tuple[str, ...]

    def __str__(self) -> str:
        every = (*self.drawn, *self.expected)
        parts = [
            f"{kind} images have the lower FID with {families(slugs, every)}"
            for kind, slugs in (("drawn", self.drawn), ("expected", self.expected))
            if slugs
        ]
        return f"Each at its best β, {'; '.join(parts)}."


def drawn_or_expected(group: Group) -> DrawnOrExpected | None:
    """Every likelihood that has both."""
    drawn, expected = group.answers("fid_prior_drawn"), group.answers("fid_prior")
    both = [slug for slug in group.likelihoods if slug in drawn and slug in expected]
    lower = [slug for slug in both if drawn[slug].value < expected[slug].value]
    rest = [slug for slug in both if slug not in lower]
    return DrawnOrExpected(tuple(lower), tuple(rest)) if both else None


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
            return f"Intervals of β\\* by FID overlap in all feature spaces ({spaces})."
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
            f"The best β by FID depends on whose features one trusts ({spaces}) with "
            f"{'; '.join(parts)}{agree}."
        )


def spaces(group: Group, metric: str = "fid_prior") -> Spaces | None:
    """Every likelihood with intervals in two spaces or more."""
    prefixes = {"": "classifier"} | {prefix: label for prefix, (label, _) in SPACES.items()}
    rows_of: dict[str, dict[str, pd.Series]] = {}
    for prefix, label in prefixes.items():
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
class Copies:
    """Whether any likelihood's samples are closer to training images than unseen images are."""

    least: float
    closest: Choice
    copying: tuple[str, ...]
    authentic: tuple[float, float] | None

    def __str__(self) -> str:
        values = f"C_T ≥ {rounded(self.least)} ({self.closest})"
        if self.copying:
            names = families(self.copying)
            verdict = f"Samples lie closer to training images than test images do with {names}"
        else:
            verdict = "No sign of copied training images"
        share = ""
        if self.authentic:
            share = f"; authentic are {' to '.join(dict.fromkeys(map(percent, self.authentic)))}"
        strays = "; all stray from the data (C_T > 3)" if self.least > STRAYING else ""
        return f"{verdict}, each at its best β by FID: {values}{share}{strays}."


def copies(group: Group) -> Copies | None:
    """At the best β by FID of expected images."""
    best = [Choice(slug, row.best_beta) for slug, row in group.answers("fid_prior").items()]
    values, shares = (
        {choice: value for choice in best if (value := group.mean(*choice, metric)) is not None}
        for metric in ("data_copying", "authentic_share")
    )
    if not values:
        return None
    closest = min(values, key=values.get)
    copying = tuple(choice.likelihood for choice, value in values.items() if value < COPYING)
    authentic = (min(shares.values()), max(shares.values())) if shares else None
    return Copies(values[closest], closest, copying, authentic)
