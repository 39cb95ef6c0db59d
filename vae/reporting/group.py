"""What figures, tables and sentences show: the results of one dataset, network and latent size."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from vae.configuration.sweep import group_name
from vae.errors import InputError
from vae.metrics import METRICS, available
from vae.reporting.names import Choice
from vae.results.scores import by_beta, by_metric
from vae.results.table import GROUP, SWEEP, read_table

REQUIRED = ("metrics", "best_beta")


@dataclass(frozen=True)
class Group:
    """One group's rows of every table of results.

    Attributes:
        name: of its folder of figures, such as ``digits-mlp-10d``.
        tables: table -> the rows of ``<table>.csv`` that belong to it; those of its dataset where
            the table knows no more. ``metrics`` and ``best_beta`` are always there.
        siblings: the groups that differ in the latent size alone.
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    siblings: Sequence["Group"] = field(default=(), repr=False)

    @property
    def leads(self) -> bool:
        """Whether this is the smallest of its latent sizes, which speaks for all of them."""
        return all(self.latent_dim < one.latent_dim for one in self.siblings)

    def table(self, name: str, columns: Collection[str] = ()) -> pd.DataFrame:
        """Rows of one table; empty, with these columns, if the run has no such table."""
        return self.tables.get(name, pd.DataFrame(columns=list(columns)))

    @property
    def metrics(self) -> pd.DataFrame:
        """Rows of ``metrics.csv``."""
        return self.tables["metrics"]

    @property
    def best(self) -> pd.DataFrame:
        """Rows of ``best_beta.csv``."""
        return self.tables["best_beta"]

    @cached_property
    def references(self) -> dict[str, float]:
        """The dataset's values of ``references.csv`` by name."""
        table = self.table("references", ["reference", "value"])
        return dict(zip(table.reference, table.value.astype(float), strict=True))

    @cached_property
    def likelihoods(self) -> list[str]:
        """The slugs, in the order of the configuration."""
        return list(self.metrics.likelihood.unique())

    @cached_property
    def trained(self) -> list[str]:
        """The likelihoods of which at least one VAE did not diverge."""
        rows = self.metrics[(self.metrics.model == "vae") & (self.metrics.metric != "diverged")]
        alive = set(rows.dropna(subset="value").likelihood)
        return [slug for slug in self.likelihoods if slug in alive]

    @cached_property
    def sweeps(self) -> list[tuple]:
        """The values of the columns ``SWEEP`` for every likelihood."""
        return list(self.metrics[SWEEP].drop_duplicates().itertuples(index=False, name=None))

    @cached_property
    def latent_dim(self) -> int:
        """The size of the latent space."""
        return int(self.metrics.latent_dim.iloc[0])

    @cached_property
    def seeds(self) -> int:
        """How many seeds every model was trained with."""
        return self.metrics.seed.nunique()

    @cached_property
    def betas(self) -> list[float]:
        """Every β that VAEs were trained with, ascending."""
        return sorted(self.metrics.beta[self.metrics.model == "vae"].unique())

    def betas_of(self, likelihood: str) -> list[float]:
        """The βs of one likelihood's own grid, ascending."""
        rows = self.metrics[self.metrics.likelihood == likelihood]
        return sorted(rows.beta[rows.model == "vae"].unique())

    @cached_property
    def metric_names(self) -> set[str]:
        """The names of all metrics that the run has."""
        return set(self.metrics.metric)

    def metric(self, name: str) -> str:
        """``name``, or its counterpart in Inception features if only that was measured."""
        return available(name, self.metric_names)

    def reference(self, name: str) -> float | None:
        """A reference value, in whichever features it was measured; None if it was not."""
        return self.references.get(available(name, self.references))

    def rows(self, metric: str, model: str = "vae", likelihood: str | None = None) -> pd.DataFrame:
        """Rows of one metric without diverged cells, of one likelihood or of all."""
        rows = self.metrics[(self.metrics.metric == metric) & (self.metrics.model == model)]
        rows = rows if likelihood is None else rows[rows.likelihood == likelihood]
        return rows.dropna(subset="value")

    def values(self, likelihood: str, metric: str) -> pd.DataFrame:
        """Of the VAEs: a row per seed, a column per β that no seed lost; empty if not measured."""
        key = likelihood, self.metric(metric)
        if key not in self._values:
            self._values[key] = by_beta(self._by_metric.get(likelihood, pd.DataFrame()), key[1])
        return self._values[key]

    @cached_property
    def _values(self) -> dict[tuple[str, str], pd.DataFrame]:
        """What ``values`` has given: the page asks for the same many times."""
        return {}

    @cached_property
    def _by_metric(self) -> dict[str, pd.DataFrame]:
        return {slug: by_metric(rows) for slug, rows in self.metrics.groupby("likelihood")}

    def means(self, likelihood: str, metric: str) -> pd.Series:
        """Of the VAEs: a mean over seeds per β; empty if not measured."""
        return self.values(likelihood, metric).mean()

    def mean(self, likelihood: str, beta: float, metric: str) -> float | None:
        """Of the VAEs at one β, over seeds; None if not measured there."""
        means = self.means(likelihood, metric)
        return float(means[beta]) if beta in means else None

    def best_mean(self, likelihood: str, metric: str) -> float | None:
        """The β of the grid whose mean over seeds is best; None if not measured."""
        means = self.means(likelihood, metric)
        if means.empty:
            return None
        higher = METRICS[self.metric(metric)].better == "higher"
        return float(means.idxmax() if higher else means.idxmin())

    def partly_collapsed(self, likelihood: str, beta: float) -> str:
        """``1 of 3 collapsed`` where some seeds did and others did not: means are of no model."""
        collapsed = self.values(likelihood, "collapsed").get(beta, pd.Series(dtype=float))
        some = 0 < collapsed.mean() < 1
        return f"{collapsed.sum():.0f} of {len(collapsed)} collapsed" if some else ""

    def onset(self, likelihood: str) -> float | None:
        """The first β of the grid from which on every model has collapsed; inf where none has.

        Collapsed is what the metric of that name says: no active unit, or reconstructions that
        keep less than 1 % of the variance. None where it was not measured.
        """
        collapsed = self.values(likelihood, "collapsed")
        if collapsed.empty:
            return None
        first = math.inf
        for beta in reversed(collapsed.columns):
            if not (collapsed[beta] == 1).all():
                break
            first = float(beta)
        return first

    def autoencoder(self, likelihood: str, metric: str) -> pd.Series:
        """Of the autoencoders: a value per seed; empty if there is none."""
        key = likelihood, self.metric(metric)
        values = self._autoencoders
        return values[key].dropna() if key in values else pd.Series(dtype=float)

    @cached_property
    def _autoencoders(self) -> pd.DataFrame:
        rows = self.metrics[self.metrics.model == "ae"]
        return rows.pivot(index="seed", columns=["likelihood", "metric"], values="value")

    def answers(self, criterion: str) -> dict[str, pd.Series]:
        """Rows of ``best`` by likelihood, where there was more than one β to choose from."""
        return {slug: row for slug, row in self.best_rows(criterion).items() if row.betas > 1}

    def best_rows(self, criterion: str) -> dict[str, pd.Series]:
        """Rows of ``best`` by likelihood."""
        rows = self.best[self.best.criterion == self.metric(criterion)]
        return {row.likelihood: row for _, row in rows.iterrows()}

    @cached_property
    def featured(self) -> str:
        """The likelihood that stands as the example: the best by bits/dim, else the first."""
        return self.best_likelihood or next(iter([*self.trained, *self.likelihoods]))

    @cached_property
    def best_likelihood(self) -> str | None:
        """The likelihood with the fewest bits/dim; None where not several have any."""
        table = self.table("best_likelihood", ["criterion", "best_likelihood"])
        return next(iter(table.best_likelihood[table.criterion == "bits_per_dim"]), None)

    def example(self, metric: str, likelihoods: Sequence[str] | None = None) -> Choice | None:
        """Where a number of this run is quoted.

        The featured likelihood or the first that has the metric, at the β nearest to 1; None if
        none has.
        """
        for likelihood in likelihoods or [self.featured, *self.likelihoods]:
            betas = self.values(likelihood, metric).columns
            if len(betas):
                return Choice(likelihood, min(betas, key=lambda beta: abs(math.log(beta))))
        return None


def read_groups(results: Path) -> list[Group]:
    """All groups of a run, in the order of the configuration, with every table there is.

    Args:
        results: the folder of the tables.

    Raises:
        InputError: if a required table is missing.
    """
    for name in REQUIRED:
        if not (results / f"{name}.csv").is_file():
            raise InputError(f"{results / name}.csv does not exist: run 'snakemake -- all' first")
    tables = {path.stem: read_table(path) for path in sorted(results.glob("*.csv"))}
    return groups_of(tables)


def groups_of(tables: Mapping[str, pd.DataFrame]) -> list[Group]:
    """Every group of a run with its rows of ``tables``; those without a dataset belong to none."""
    keys = tables["metrics"][GROUP].drop_duplicates().itertuples(index=False, name=None)
    found = [
        Group(
            group_name(*key),
            {name: _rows_of(table, key) for name, table in tables.items() if "dataset" in table},
        )
        for key in keys
    ]
    return [replace(group, siblings=_siblings(group, found)) for group in found]


def _rows_of(table: pd.DataFrame, key: tuple) -> pd.DataFrame:
    for column, value in zip(GROUP, key, strict=True):
        if column in table:
            table = table[table[column] == value]
    if "sweep" in table:  # what was trained once a dataset, in one of its groups
        table = table[table.sweep.str.startswith(f"{group_name(*key)}-")]
    return table


def _siblings(group: Group, found: Sequence[Group]) -> list[Group]:
    stem = group.name.rpartition("-")[0]
    return [g for g in found if g.name.rpartition("-")[0] == stem and g.name != group.name]
