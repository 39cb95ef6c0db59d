"""What sentences are computed from: the results of one dataset, network and latent size."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from vae.metrics import available, likelihood_criterion
from vae.scores import by_beta
from vae.table import GROUP, SWEEP, read_table


@dataclass(frozen=True)
class Group:
    """One group's rows of every table of results.

    Attributes:
        name: of its folder of figures, such as ``digits-mlp-10d``.
        metrics: of ``metrics.csv``.
        best: of ``best_beta.csv``.
        best_likelihood: of ``best_likelihood.csv``.
        references: the dataset's values of ``references.csv`` by name.
        corruptions: the dataset's rows of ``corruptions.csv``.
        mean_loss: the dataset's rows of ``mean_loss.csv``.
        siblings: the groups that differ in the latent size alone.
    """

    name: str
    metrics: pd.DataFrame
    best: pd.DataFrame
    best_likelihood: pd.DataFrame
    references: Mapping[str, float]
    corruptions: pd.DataFrame
    mean_loss: pd.DataFrame
    siblings: Sequence["Group"] = ()

    @cached_property
    def likelihoods(self) -> list[str]:
        """The slugs, in the order of the configuration."""
        return list(self.metrics.likelihood.unique())

    @cached_property
    def sweeps(self) -> list[tuple]:
        """The values of the columns ``SWEEP`` for every likelihood."""
        return list(self.metrics[SWEEP].drop_duplicates().itertuples(index=False, name=None))

    @cached_property
    def measured(self) -> set[str]:
        """The names of all metrics that the run has."""
        return set(self.metrics.metric)

    def metric(self, name: str) -> str:
        """``name``, or its counterpart in Inception features if only that was measured."""
        return available(name, self.measured)

    def reference(self, name: str) -> float | None:
        """A reference value, in whichever features it was measured; None if it was not."""
        return self.references.get(available(name, self.references))

    def values(self, likelihood: str, metric: str) -> pd.DataFrame:
        """Of the VAEs: a row per seed, a column per β; empty if not measured."""
        rows = self.metrics[self.metrics.likelihood == likelihood]
        return by_beta(rows, self.metric(metric))

    def mean(self, likelihood: str, beta: float, metric: str) -> float | None:
        """Of the VAEs at one β, over seeds; None if not measured there."""
        values = self.values(likelihood, metric)
        return float(values[beta].mean()) if beta in values.columns else None

    def autoencoder(self, likelihood: str, metric: str) -> pd.Series:
        """Of the autoencoders: a value per seed; empty if there is none."""
        rows = self.metrics[self.metrics.likelihood == likelihood]
        rows = rows[(rows.model == "ae") & (rows.metric == self.metric(metric))]
        return rows.set_index("seed").value.dropna()

    def answers(self, criterion: str) -> dict[str, pd.Series]:
        """Rows of ``best`` by likelihood, where there was more than one β to choose from."""
        rows = self.best[(self.best.criterion == self.metric(criterion)) & (self.best.betas > 1)]
        return {row.likelihood: row for _, row in rows.iterrows()}

    def betas(self, likelihood: str) -> list[float]:
        """The βs that VAEs were trained with."""
        rows = self.metrics
        rows = rows[(rows.likelihood == likelihood) & (rows.model == "vae")]
        return sorted(rows.beta.unique())

    @cached_property
    def likelihood_criterion(self) -> str:
        """What likelihoods are judged by here, of what was sought."""
        return likelihood_criterion(set(self.best.criterion))

    @cached_property
    def latent_dim(self) -> int:
        """The size of the latent space."""
        return int(self.metrics.latent_dim.iloc[0])

    def example(
        self, metric: str, likelihoods: Sequence[str] | None = None
    ) -> tuple[str, float] | None:
        """The likelihood and β at which a number of this run is quoted.

        The first of the likelihoods that has the metric, at the β nearest to 1; None if none has.
        """
        for likelihood in likelihoods or self.likelihoods:
            betas = self.values(likelihood, metric).columns
            if len(betas):
                return likelihood, min(betas, key=lambda beta: abs(math.log(beta)))
        return None

    @cached_property
    def seeds(self) -> int:
        """How many seeds every model was trained with."""
        return self.metrics.seed.nunique()

    @cached_property
    def fixed_sigmas(self) -> dict[str, float]:
        """σ of every Gaussian with a fixed one, by slug."""
        found = {
            slug: re.fullmatch(r"gaussian_fixed_sigma_(.+)", slug) for slug in self.likelihoods
        }
        return {slug: float(match[1]) for slug, match in found.items() if match}


def group_tables(
    results: Path, own: Sequence[str], shared: Sequence[str]
) -> Iterator[tuple[str, dict[str, pd.DataFrame]]]:
    """Every group below ``results`` by name (such as ``digits-mlp-10d``) with its tables.

    Args:
        own: tables with the columns ``GROUP``, of which it gets its rows; the first one's order
            is that of the groups.
        shared: tables with a column ``dataset``, of which it gets its dataset's rows.

    Raises:
        InputError: if a table is missing.
    """
    tables = {name: read_table(results / f"{name}.csv") for name in (*own, *shared)}
    for key in tables[own[0]].groupby(GROUP, sort=False).groups:
        dataset, network, latent_dim = key
        chosen = {n: tables[n][(tables[n][GROUP] == list(key)).all(axis=1)] for n in own}
        chosen |= {n: tables[n][tables[n].dataset == dataset] for n in shared}
        yield f"{dataset}-{network}-{latent_dim}d", chosen


def read_groups(results: Path) -> list[Group]:
    """All groups below ``results``, in the order of the configuration.

    Raises:
        InputError: if a table is missing.
    """
    own, shared = (
        ("metrics", "best_beta", "best_likelihood"),
        ("references", "corruptions", "mean_loss"),
    )
    found = []
    for name, tables in group_tables(results, own, shared):
        references = tables.pop("references").set_index("reference").value.to_dict()
        best = tables.pop("best_beta")
        found.append(Group(name=name, best=best, references=references, **tables))
    return [replace(group, siblings=_siblings(group, found)) for group in found]


def _siblings(group: Group, found: Sequence[Group]) -> list[Group]:
    stem = group.name.rpartition("-")[0]
    return [g for g in found if g.name.rpartition("-")[0] == stem and g.name != group.name]
