"""Was the regularisation successful? What the rate consists of, and which dimensions carry it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vae.reporting.figures import style
from vae.reporting.figures.panels import (
    beta_axis,
    beta_ticks,
    label_rows,
    panels,
    plain_numbers,
    shared_legend,
    symlog_axis,
)
from vae.reporting.group import Group
from vae.reporting.names import beta_name

INFORMATION = "mutual information"
SATURATED = "… near log N, hence too low"
MARGINAL = "marginal KL, within its bounds"
LEAST_NATS = 0.01  # a dimension below carries nothing worth a colour


def draw_rate_parts(group: Group) -> Figure:
    """The rate and its two parts: mutual information, and the marginal KL within its bounds."""
    figure, axes = panels(group, sharey=True)
    for likelihood, ax in axes.items():
        means = {m: group.means(likelihood, m) for m in RATE_METRICS}
        wide = {"color": style.LIGHT_GREY, "linewidth": 5, "zorder": 1}
        ax.plot(means["rate"], label="rate", **wide)
        _information(ax, means["mutual_information"], means["mutual_information_saturated"])
        _marginal(ax, means["marginal_kl"], means["marginal_kl_lower"])
        for ceiling in means["mutual_information_ceiling"][:1]:
            ax.axhline(ceiling, color=style.GREY, linestyle="--", linewidth=1, label="log N")
        beta_axis(ax, group.betas, labels=5)
    for ax in axes.values():
        symlog_axis(ax.yaxis)
        ax.set_ylim(bottom=0)
    label_rows(axes, "nats per image")
    shared_legend(figure)
    return figure


RATE_METRICS = (
    "rate",
    "mutual_information",
    "mutual_information_saturated",
    "mutual_information_ceiling",
    "marginal_kl",
    "marginal_kl_lower",
)


def _information(ax: Axes, values: pd.Series, saturated: pd.Series) -> None:
    """A line whose dots are hollow and grey where the estimate has reached its ceiling."""
    blue = style.hues()[0]
    ax.plot(values, color=blue, zorder=2)
    full = saturated.reindex(values.index).fillna(0) > 0
    ax.plot(values[~full], "o", color=blue, markersize=5, label=INFORMATION)
    if full.any():
        ax.plot(values[full], "o", color=style.GREY, mfc="white", markersize=5, label=SATURATED)


def _marginal(ax: Axes, upper: pd.Series, lower: pd.Series) -> None:
    """A bar at every β from the lower to the upper bound; a dot where there is only one."""
    orange = style.hues()[1]
    lower = lower.reindex(upper.index).fillna(upper)
    ax.fill_between(upper.index, lower.clip(0), upper.clip(0), color=orange, alpha=0.25, lw=0)
    ax.vlines(upper.index, lower.clip(0), upper.clip(0), color=orange, linewidth=2.5)
    ax.plot(upper.clip(0), "_", color=orange, markersize=8, mew=2, label=MARGINAL)
    ax.plot(lower.clip(0), "_", color=orange, markersize=8, mew=2)


def draw_dimensions(group: Group) -> Figure:
    """KL per latent dimension, sorted within each cell, above the line of active units."""
    figure, axes = panels(group)
    columns = ["likelihood", "model", "beta", "seed", "kl"]
    rows = group.table("dimensions", columns).reindex(columns=columns)
    rows = rows[rows.model == "vae"].dropna(subset="kl")
    by_cell = rows.groupby(["likelihood", "beta", "seed"])
    rows = rows.assign(rank=by_cell.kl.rank(ascending=False, method="first").astype(int))
    norm = LogNorm(LEAST_NATS, brightest(rows))
    for likelihood, ax in axes.items():
        chosen = rows[rows.likelihood == likelihood]
        if len(chosen):
            active = group.means(likelihood, "active_units")
            _heat_map(ax, chosen, norm, active)
        ax.set_xlabel("β")
    label_rows(axes, "latent dimension, by rank")
    _colour_bar(figure, norm)
    shared_legend(figure)
    return figure


def _colour_bar(figure: Figure, norm: LogNorm) -> None:
    """In the place that panels leave free, or else beside all."""
    free = [ax for ax in figure.axes if not ax.axison]
    if free:
        where = {"cax": free[0].inset_axes((0.04, 0.2, 0.92, 0.07)), "orientation": "horizontal"}
    else:
        where = {"ax": list(figure.axes), "aspect": 40}
    colours = ScalarMappable(norm, "viridis")
    bar = figure.colorbar(colours, label="KL (nats/image)", extend="both", **where)
    plain_numbers(bar.ax.xaxis if free else bar.ax.yaxis)


def brightest(rows: pd.DataFrame) -> float:
    """Where the scale of colours ends: the median of what likelihoods reach.

    So that one likelihood with a large rate does not leave the others in the dark.
    """
    reached = rows.groupby("likelihood").kl.max()
    return max(10 * LEAST_NATS, reached.median() if len(reached) else 0.0)


def _heat_map(ax: Axes, rows: pd.DataFrame, norm: LogNorm, active: pd.Series) -> None:
    grid = rows.pivot_table(index="rank", columns="beta", values="kl").clip(LEAST_NATS)
    columns, betas = np.arange(len(grid.columns)), list(grid.columns)
    corners = (-0.5, len(columns) - 0.5, len(grid) + 0.5, 0.5)
    ax.imshow(grid, extent=corners, aspect="auto", norm=norm, cmap="viridis")
    steps = active.reindex(betas).to_numpy() + 0.5
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
    ax.stairs(steps, [*(columns - 0.5), len(columns) - 0.5], baseline=None, **_ACTIVE)
    named = [c for c in columns if np.isclose(betas[c], beta_ticks(betas, 5)).any()]
    ax.set_xticks(named, [beta_name(betas[c]) for c in named])
    ax.yaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    ax.grid(visible=False)


_ACTIVE = {
    "color": "#ff5a4f",
    "linewidth": 2.2,
    "clip_on": False,
    "label": "active units end here",
}
