"""What charts share: the tables of a group, a panel per likelihood, the β axis, legends."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from vae.reporting import style
from vae.reporting.names import beta_name, likelihood_name
from vae.table import GROUP, read_table

PANEL_COLUMNS = 3
PANEL_HEIGHT = 2.9
LEGEND_CHARACTERS = 120  # that fit on a line, a label's handle and margins counting as 9


@dataclass(frozen=True)
class Tables:
    """All tables of one group: same dataset, network and latent size."""

    metrics: pd.DataFrame
    best: pd.DataFrame
    dimensions: pd.DataFrame
    history: pd.DataFrame
    spectra: pd.DataFrame
    references: dict[str, float]
    corruptions: pd.DataFrame

    @property
    def likelihoods(self) -> list[str]:
        """Slugs in the order of the table."""
        return list(self.metrics.likelihood.unique())

    @property
    def betas(self) -> list[float]:
        """Every β of the group, ascending."""
        return sorted(self.metrics.beta[self.metrics.model == "vae"].unique())

    def values(self, metric: str, model: str = "vae") -> pd.DataFrame:
        """Rows of one metric without diverged cells."""
        rows = self.metrics[(self.metrics.metric == metric) & (self.metrics.model == model)]
        return rows.dropna(subset="value")


def read_groups(results: Path) -> dict[str, Tables]:
    """All groups below ``results`` by name, such as ``digits-mlp-10d``."""
    own = ("metrics", "best_beta", "dimensions", "history", "spectra")
    tables = {
        name: read_table(results / f"{name}.csv") for name in (*own, "references", "corruptions")
    }
    groups = {}
    for key in tables["metrics"].groupby(GROUP, sort=False).groups:
        dataset, network, latent_dim = key
        same = {name: _select(tables[name], key) for name in own}
        references = tables["references"].set_index("dataset").loc[[dataset]]
        groups[f"{dataset}-{network}-{latent_dim}d"] = Tables(
            best=same.pop("best_beta"),
            references=dict(zip(references.reference, references.value, strict=True)),
            corruptions=tables["corruptions"].query("dataset == @dataset"),
            **same,
        )
    return groups


def _select(table: pd.DataFrame, key: tuple) -> pd.DataFrame:
    chosen = np.logical_and.reduce([table[c] == v for c, v in zip(GROUP, key, strict=True)])
    return table[chosen]


def panels(tables: Tables, **options) -> tuple[Figure, dict[str, Axes]]:
    """A panel per likelihood, three in a row; unused places stay empty."""
    columns = min(PANEL_COLUMNS, len(tables.likelihoods))
    rows = -(-len(tables.likelihoods) // columns)
    size = (style.WIDTH, PANEL_HEIGHT * rows + 0.5)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, **options)
    for ax in axes.flat[len(tables.likelihoods) :]:
        ax.remove()
    named = dict(zip(tables.likelihoods, axes.flat, strict=False))
    for likelihood, ax in named.items():
        ax.set_title(likelihood_name(likelihood))
    return figure, named


def beta_axis(ax: Axes, betas: list[float], labels: int = 8, margin: float = 0.03) -> None:
    """A base-2 logarithmic β axis with a dotted line at β = 1.

    Args:
        labels: about how many βs have room for their name.
        margin: left free on either side, as a share of the grid's extent.
    """
    ax.set_xscale("log", base=2)
    ax.set_xticks(beta_ticks(betas, labels))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda beta, _: beta_name(beta)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.axvline(1, color=style.GREY, linestyle=":", linewidth=1.3, zorder=1)
    free = (max(betas) / min(betas)) ** margin * 1.15
    ax.set_xlim(min(betas) / free, max(betas) * free)
    ax.set_xlabel("β")


def beta_ticks(betas: list[float], most: int) -> list[float]:
    """About ``most`` of ``betas``, evenly spread from the one nearest to 1 outwards."""
    logs = np.log2(betas)
    gap = 0.999 * np.ptp(logs) / most
    kept: list[float] = []
    for log in sorted(logs, key=abs):
        if all(abs(log - other) >= gap for other in kept):
            kept.append(log)
    return sorted(2.0**log for log in kept)


def seed_line(ax: Axes, rows: pd.DataFrame, x: str = "beta", **options) -> None:
    """Mean over seeds as a line with dots, and a band from the lowest to the highest seed."""
    if len(rows):
        style_of = {"marker": "o", "markersize": 4.5, "markeredgewidth": 0.4} | options
        sns.lineplot(rows, x=x, y="value", ax=ax, errorbar=("pi", 100), legend=False, **style_of)
    ax.set_ylabel("")


def shared_legend(figure: Figure, **options) -> None:
    """One legend below all panels, with every label that any of them has."""
    entries = [dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True)) for ax in figure.axes]
    found: dict[str, Artist] = {}
    for entry in sorted(entries, key=len, reverse=True):
        found |= entry
    widths = [len(label) + 9 for label in found]
    if not widths:
        return
    fits = sum(widths) <= LEGEND_CHARACTERS
    columns = len(found) if fits else min(5, max(1, LEGEND_CHARACTERS // max(widths)))
    figure.legend(found.values(), found, loc="outside lower center", ncols=columns, **options)


def label_rows(axes: dict[str, Axes], label: str) -> None:
    """Name the vertical axis once per row of panels."""
    for i, ax in enumerate(axes.values()):
        ax.set_ylabel(label if i % PANEL_COLUMNS == 0 else "")
