"""What charts share: the tables of a group, a panel per likelihood, the β axis, legends."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from vae.metrics import METRICS
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


def beta_axis(ax: Axes, betas: list[float]) -> None:
    """A base-2 logarithmic β axis with a dotted line at β = 1."""
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda beta, _: beta_name(beta)))
    ax.axvline(1, color=style.GREY, linestyle=":", linewidth=1.5, zorder=1)
    ax.set_xlim(min(betas) / 1.2, max(betas) * 1.2)
    ax.set_xlabel("β")


def seed_line(ax: Axes, rows: pd.DataFrame, **options) -> None:
    """Mean over seeds as a line with dots, and a band from the lowest to the highest seed."""
    sns.lineplot(
        rows, x="beta", y="value", ax=ax, errorbar=("pi", 100), marker="o", markersize=5, **options
    )
    ax.set_ylabel("")


def shared_legend(figure: Figure, ax: Axes, **options) -> None:
    """Move the legend of ``ax`` below the panels."""
    handles, labels = ax.get_legend_handles_labels()
    for legend in list(figure.legends):
        legend.remove()
    for other in figure.axes:
        if other.get_legend():
            other.get_legend().remove()
    widths = [len(label) + 9 for label in labels]
    fits = sum(widths) <= LEGEND_CHARACTERS
    columns = len(labels) if fits else min(5, LEGEND_CHARACTERS // max(widths))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, **options)


def one_panel(tables: Tables, metric: str, autoencoder: bool = False) -> tuple[Figure, Axes]:
    """A metric against β, a line per likelihood; dashed lines for the autoencoders if wanted."""
    figure, ax = plt.subplots(figsize=(style.WIDTH, 4.2))
    colours = style.line_palette(len(tables.likelihoods))
    vae, ae = tables.values(metric), tables.values(metric, "ae")
    for likelihood, colour in zip(tables.likelihoods, colours, strict=True):
        rows = vae[vae.likelihood == likelihood]
        if len(rows):
            seed_line(ax, rows, label=likelihood_name(likelihood), color=colour)
        values = ae.value[ae.likelihood == likelihood]
        if autoencoder and len(values):
            ax.axhline(values.mean(), color=colour, linestyle="--", linewidth=1)
    beta_axis(ax, tables.betas)
    better = METRICS[metric].better
    ax.set_ylabel(METRICS[metric].axis + (f"\n{better} is better" if better else ""))
    shared_legend(figure, ax)
    return figure, ax


def label_rows(axes: dict[str, Axes], label: str) -> None:
    """Name the vertical axis once per row of panels."""
    for i, ax in enumerate(axes.values()):
        ax.set_ylabel(label if i % PANEL_COLUMNS == 0 else "")
