"""How sure is all that: what diverged, seeds, sets, edges of the grid."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from vae.metrics import METRICS
from vae.reporting.answers import members
from vae.reporting.findings.checks import agreement
from vae.reporting.findings.measuring import check, estimator, floor, gaps, scales, training
from vae.reporting.findings.networks import networks
from vae.reporting.findings.repeats import bottoms, longer, redrawn, resplit, twice
from vae.reporting.findings.rules import found
from vae.reporting.group import Group
from vae.reporting.names import beta_equals, likelihood_name
from vae.reporting.uses import WITH_OPTIMUM, answers, interval
from vae.reporting.words import counted, families, listed, number
from vae.results.statistics import LEAST_SEEDS


def certainty(group: Group) -> Iterator[object]:
    """All findings on how sure one can be, those on the measuring included."""
    measuring = (training, estimator, scales, gaps, floor, check)
    checks = (longer, bottoms, twice, redrawn, resplit, networks, agreement)
    return found(group, diverged, few_seeds, sets, beyond, *measuring, *checks)


@dataclass(frozen=True)
class Diverged:
    """Cells that left the finite numbers while training: by likelihood, or all of one."""

    count: int
    of: int
    cells: tuple[str, ...]

    def __str__(self) -> str:
        if self.count == self.of:
            return f"All {self.of} cells diverged: this run shows nothing else."
        verb = "cell diverged and is" if self.count == 1 else "cells diverged and are"
        return f"{self.count} of {self.of} {verb} left out: {'; '.join(self.cells)}."


def diverged(group: Group) -> Diverged | None:
    """Every cell that did."""
    rows = group.metrics[group.metrics.metric == "diverged"]
    count = int(rows.value.sum())
    parts = [
        part
        for slug, cells in rows.groupby("likelihood", sort=False)
        for part in _lost(slug, cells)
    ]
    return Diverged(count, len(rows), tuple(parts)) if count else None


def _lost(slug: str, cells: pd.DataFrame) -> Iterator[str]:
    if cells.value.all():
        yield f"all of {likelihood_name(slug)}"
        return
    for (model, beta), same in cells[cells.value > 0].groupby(["model", "beta"], sort=False):
        name = "autoencoder" if model == "ae" else beta_equals(beta)
        yield f"{likelihood_name(slug)}, {name}, seed {listed(map(str, same.seed))}"


@dataclass(frozen=True)
class FewSeeds:
    """Too few seeds for any interval or set."""

    seeds: int

    def __str__(self) -> str:
        return (
            f"{counted(self.seeds, 'seed').capitalize()}: too few for intervals and sets. Every "
            f"best β here is a first guess; train at least {number(LEAST_SEEDS)}."
        )


def few_seeds(group: Group) -> FewSeeds | None:
    """Where a run has fewer than an interval needs."""
    return FewSeeds(group.seeds) if group.seeds < LEAST_SEEDS else None


@dataclass(frozen=True)
class SetSize:
    """How many βs of the grid are not excluded by one criterion, on average over likelihoods."""

    name: str
    size: float


@dataclass(frozen=True)
class Sets:
    """What three seeds can exclude."""

    seeds: int
    grid: int
    sizes: tuple[SetSize, ...]

    def __str__(self) -> str:
        parts = [f"{one.size:.1f} by {one.name}" for one in self.sizes]
        return (
            f"With {self.seeds} seeds and on average over likelihoods, of {self.grid} βs of the "
            f"grid could still be the best {listed(parts)}. Not excluded is not as good: the full "
            f"answers say how much worse each may be."
        )


def sets(group: Group) -> Sets | None:
    """Every criterion of a use, where seeds suffice."""
    counts: dict[str, list[int]] = {}
    for use in WITH_OPTIMUM:
        for row in answers(group, use).values():
            if chosen := members(row):
                counts.setdefault(METRICS[row.criterion].label, []).append(len(chosen))
    if not counts:
        return None
    sizes = tuple(SetSize(name, sum(n) / len(n)) for name, n in counts.items())
    grid = max(len(group.betas_of(slug)) for slug in group.likelihoods)
    return Sets(group.seeds, grid, sizes)


@dataclass(frozen=True)
class Beyond:
    """Criterion -> likelihoods whose interval of β* reaches beyond the grid, of ``every`` one."""

    likelihoods: dict[str, tuple[str, ...]]
    every: tuple[str, ...]

    def __str__(self) -> str:
        named = {name: families(slugs, self.every) for name, slugs in self.likelihoods.items()}
        parts = [f"by {name} with {names}" for name, names in named.items()]
        return (
            f"The grid may end before the optimum {'; '.join(parts)}: intervals are open there, "
            f"and more βs would close them."
        )


def beyond(group: Group) -> Beyond | None:
    """Where an interval is one-sided, or the grid's best β without one lies at its edge."""
    slugs: dict[str, list[str]] = {}
    for use in WITH_OPTIMUM:
        for slug, row in answers(group, use).items():
            ends = interval(row)
            open_ = bool(row.at_edge) if ends is None else ends[0] == 0 or math.isinf(ends[1])
            if open_:
                slugs.setdefault(METRICS[row.criterion].label, []).append(slug)
    found = {name: tuple(of) for name, of in slugs.items()}
    return Beyond(found, tuple(group.likelihoods)) if found else None
