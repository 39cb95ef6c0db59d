"""How accurate the likelihood is: what annealed importance sampling found."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vae.metrics import LIKELIHOOD_CRITERIA
from vae.reporting.findings.committed import TABLES, committed
from vae.reporting.group import Group
from vae.reporting.names import (
    Choice,
    beta_name,
    likelihood_name,
    with_error,
)
from vae.reporting.words import families

CLOSE = 0.1  # nats: what the near-exact log p(x) is meant to be within


@dataclass(frozen=True)
class Agreement:
    """How far the near-exact log p(x) is from annealed importance sampling.

    Attributes:
        likelihoods: those compared, of ``every`` one.
        cells, close: models compared, and those of them with at most ``CLOSE`` nats between.
        nats, se: the largest difference, near-exact minus annealed, and its standard error over
            images; ``worst`` says of which model.
        short: models whose near-exact estimate is lower by more than two standard errors.
        doubtful: likelihoods whose best β, by what judges a likelihood, could be another if all
            other βs were underestimated by as much as the worst of their models here may be: by
            its shortfall and two standard errors.
    """

    likelihoods: tuple[str, ...]
    every: tuple[str, ...]
    cells: int
    close: int
    nats: float
    se: float
    worst: Choice
    short: int
    doubtful: tuple[str, ...]

    def __str__(self) -> str:
        side = "above" if self.nats > 0 else "below"
        short = f"{self.short} of {self.cells} models" if self.short else "no model"
        best = "could be another with" if self.doubtful else "would stay the same with"
        changed = families(self.doubtful or self.likelihoods, self.every)
        return (
            f"Checked by annealed importance sampling ({families(self.likelihoods, self.every)}, "
            f"`benchmarks/results/annealing*.csv`, a few test images): the near-exact log p(x) is "
            f"lower by more than two standard errors in {short}, within {CLOSE:g} nats in "
            f"{self.close}; the largest difference is {with_error(abs(self.nats), self.se)} nats "
            f"{side} ({self.worst}). If every other β fell as far short as the worst model of its "
            f"likelihood may (two standard errors included), the best β by likelihood {best} "
            f"{changed}."
        )


def agreement(group: Group, tables: Path = TABLES) -> Agreement | None:
    """Where some were compared on this group's dataset and likelihoods."""
    table = committed(group, tables, "annealing*.csv")
    if table.empty:
        return None
    difference = table.near_exact_minus_annealed
    worst = table.loc[difference.abs().idxmax()]
    return Agreement(
        tuple(table.likelihood.unique()),
        tuple(group.likelihoods),
        len(table),
        int((difference.abs() <= CLOSE).sum()),
        worst.near_exact_minus_annealed,
        worst.near_exact_minus_annealed_se,
        Choice(worst.likelihood, worst.beta),
        int((difference < -2 * table.near_exact_minus_annealed_se).sum()),
        tuple(s for s, rows in table.groupby("likelihood", sort=False) if _doubtful(group, rows)),
    )


def _doubtful(group: Group, rows: pd.DataFrame) -> bool:
    """Whether the models compared, all of one likelihood, may be short by more than decides."""
    most = 2 * rows.near_exact_minus_annealed_se - rows.near_exact_minus_annealed
    shortfall = max(0.0, most.max())
    nats = {"bits_per_dim": math.log(2) * rows.dimensions.iloc[0]}
    measured = [c for c in LIKELIHOOD_CRITERIA if len(group.means(rows.likelihood.iloc[0], c))]
    for criterion in measured[:1]:
        means = group.means(rows.likelihood.iloc[0], criterion) * nats.get(criterion, 1.0)
        best = means[group.best_mean(rows.likelihood.iloc[0], criterion)]
        return int(((means - best).abs() < shortfall).sum()) > 1
    return False


def agreement_table(group: Group, tables: Path = TABLES) -> pd.DataFrame:
    """A row per model compared: both estimates, and the sandwich on simulated images."""
    return pd.DataFrame(
        {
            "likelihood": likelihood_name(row.likelihood),
            "β": beta_name(row.beta),
            "through the encoder": f"{row.through_encoder:.2f}",
            "near-exact": f"{row.near_exact:.2f}",
            "annealed": f"{row.annealed:.2f}",
            "near-exact − annealed": _plus_minus(row, "near_exact_minus_annealed"),
            "simulated: near-exact − below": _plus_minus(row, "near_exact_minus_below"),
            "simulated: above − near-exact": _plus_minus(row, "above_minus_near_exact"),
        }
        for row in committed(group, tables, "annealing*.csv").itertuples()
    )


def _plus_minus(row, name: str) -> str:
    return with_error(getattr(row, name), getattr(row, f"{name}_se"))
