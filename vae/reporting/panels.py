"""What charts share: a panel per likelihood, the β axis, legends."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from vae.reporting import style
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name

PANEL_COLUMNS = 3
PANEL_HEIGHT = 2.9
LEGEND_CHARACTERS = 120  # that fit on a line
LEGEND_HANDLE = 9  # what a handle and its margins take, in characters
MANY_DECADES = 500.0  # from here on, a logarithmic axis names powers of ten only


def panels(group: Group, **options) -> tuple[Figure, dict[str, Axes]]:
    """A panel per likelihood, three in a row; one without any value says so."""
    figure, axes = panel_grid(len(group.likelihoods), PANEL_HEIGHT, **options)
    named = dict(zip(group.likelihoods, axes, strict=True))
    for likelihood, ax in named.items():
        ax.set_title(likelihood_name(likelihood))
        if likelihood not in group.trained:
            ax.text(0.5, 0.5, "every model diverged", transform=ax.transAxes, ha="center")
    return figure, named


def panel_grid(count: int, height: float, **options) -> tuple[Figure, list[Axes]]:
    """``count`` panels of ``height`` inches; the first unused place is kept for the legend."""
    columns = min(PANEL_COLUMNS, count)
    rows = -(-count // columns)
    full = rows * columns == count
    size = (style.WIDTH, height * rows + (0.7 if full else 0.2))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, **options)
    for ax in axes.flat[count + 1 :]:
        ax.remove()
    for ax in axes.flat[count : count + 1]:
        ax.set_axis_off()
    return figure, list(axes.flat[:count])


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


def shared_legend(figure: Figure) -> None:
    """One legend of every label in any panel: in the place left free, or else below all."""
    entries = [dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True)) for ax in figure.axes]
    found: dict[str, Artist] = {}
    for entry in sorted(entries, key=len, reverse=True):
        found |= entry
    for ax in figure.axes:
        if ax.get_legend():
            ax.get_legend().remove()
    free = [ax for ax in figure.axes if not ax.axison]
    if free:
        free[0].legend(found.values(), found, loc="center left").set_in_layout(False)
    elif found:
        widths = [len(label) + LEGEND_HANDLE for label in found]
        fits = sum(widths) <= LEGEND_CHARACTERS
        columns = len(found) if fits else max(1, LEGEND_CHARACTERS // max(widths))
        figure.legend(found.values(), found, loc="outside lower center", ncols=columns)


def plain_log(ax: Axes) -> None:
    """A logarithmic vertical axis with plain numbers; call it when everything is drawn."""
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    steps = (1, 2, 5) if high / low < MANY_DECADES else (1,)
    ax.yaxis.set_major_locator(LogLocator(subs=steps))
    ax.yaxis.set_minor_locator(NullLocator())
    plain_numbers(ax.yaxis)


def plain_numbers(axis: Axis) -> None:
    """Tick labels such as 0.01 and −10, without powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))


def label_rows(axes: dict[str, Axes], label: str) -> None:
    """Name the vertical axis once per row of panels."""
    for i, ax in enumerate(axes.values()):
        ax.set_ylabel(label if i % PANEL_COLUMNS == 0 else "")
