"""What charts share: a panel per likelihood, the β axis, legends."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    NullFormatter,
    NullLocator,
    SymmetricalLogLocator,
)

from vae.reporting.figures import style
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name

PANEL_HEIGHT = 2.4
CHARACTERS = {1: 80, 2: 48, 3: 34, 4: 24}  # that fit beside or above a panel, by panels in a row
LEGEND_CHARACTERS = 120  # that fit on a line
LEGEND_LINES = 10  # that fit in the place of a panel
LEGEND_IN_PANEL = 19  # characters beside a handle in the place of a panel
LEGEND_HANDLE = 9  # what a handle and its margins take, in characters
MANY_DECADES = 500.0  # from here on, a logarithmic axis names powers of ten only


def panels(group: Group, **options) -> tuple[Figure, dict[str, Axes]]:
    """A panel per likelihood; one without any value says so."""
    figure, axes = panel_grid(len(group.likelihoods), PANEL_HEIGHT, **options)
    named = dict(zip(group.likelihoods, axes, strict=True))
    for likelihood, ax in named.items():
        ax.set_title(wrapped(ax, likelihood_name(likelihood)))
        if likelihood not in group.trained:
            say(ax, "every model diverged")
    return figure, named


def panel_grid(count: int, height: float, **options) -> tuple[Figure, list[Axes]]:
    """``count`` panels of ``height`` inches; unused places are joined for the legend."""
    columns = panel_columns(count)
    rows = -(-count // columns)
    full = rows * columns == count
    size = (style.WIDTH, height * rows + (0.7 if full else 0.2))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, **options)
    for ax in axes.flat[count:]:
        ax.remove()
    if not full:
        figure.add_subplot(axes[0, 0].get_gridspec()[-1, count % columns :]).set_axis_off()
    return figure, list(axes.flat[:count])


def panel_columns(count: int) -> int:
    """How many panels stand in a row: up to four, where three would take more rows."""
    return count if count < 4 else min((3, 4), key=lambda columns: -(-count // columns))


def wrapped(ax: Axes, text: str) -> str:
    """``text`` in as many lines as the width of a panel asks for."""
    columns = ax.get_subplotspec().get_gridspec().ncols
    return wrapped_text(text, CHARACTERS.get(columns, 18))


def wrapped_text(text: str, width: int) -> str:
    """``text`` in lines of ``width`` characters, broken after a comma where that is enough.

    An arrow at its end never stands alone.
    """
    parts = text.replace(" ↑", "\xa0↑").replace(" ↓", "\xa0↓").rsplit(", ", 1)
    if len(parts) == 2 and max(map(len, parts)) < width < len(text):
        return ",\n".join(parts)
    return textwrap.fill(", ".join(parts), width)


def say(ax: Axes, text: str) -> None:
    """``text`` in the middle of a panel: why there is nothing to see."""
    place = {"transform": ax.transAxes, "ha": "center", "va": "center", "color": style.GREY}
    ax.text(0.5, 0.5, text, **place)


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
    """Mean over seeds as a line with dots, and a band from the lowest to the highest seed.

    Of a single dot the band is a bar.
    """
    if len(rows):
        line = {"marker": "o", "markersize": 4.5, "markeredgecolor": "white"}
        line |= {"markeredgewidth": 0.4} | options
        over_seeds = rows.groupby(x).value
        (drawn,) = ax.plot(over_seeds.mean(), **line)
        band = {"color": drawn.get_color(), "alpha": 0.2, "linewidth": 0}
        low, high = over_seeds.min(), over_seeds.max()
        ax.fill_between(*_indexed(low), high, **band)
        if len(low) == 1:
            ax.vlines(*_indexed(low), high, color=drawn.get_color(), alpha=0.4, linewidth=3)
    ax.set_ylabel("")


def _indexed(values: pd.Series) -> tuple[pd.Index, pd.Series]:
    return values.index, values


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
    places = len(free[0].get_subplotspec().colspan) if free else 1
    room = places * (LEGEND_IN_PANEL + LEGEND_HANDLE) - LEGEND_HANDLE
    names = [wrapped_text(label, room) for label in found]
    if free and sum(name.count("\n") + 1 for name in names) <= LEGEND_LINES:
        free[0].legend(found.values(), names, loc="center left").set_in_layout(False)
    elif found:
        widths = [len(label) + LEGEND_HANDLE for label in found]
        fits = sum(widths) <= LEGEND_CHARACTERS
        columns = len(found) if fits else max(1, LEGEND_CHARACTERS // max(widths))
        figure.legend(found.values(), found, loc="outside lower center", ncols=columns)


def log_axis(axis: Axis) -> None:
    """A logarithmic axis that looks it: plain numbers, ticks and faint lines between them.

    Call it when everything is drawn.
    """
    if not np.isfinite(axis.get_minpos()):
        return  # nothing is drawn that has a logarithm
    scale, limits = (
        ("set_yscale", "get_ylim") if axis.axis_name == "y" else ("set_xscale", "get_xlim")
    )
    getattr(axis.axes, scale)("log")
    low, high = getattr(axis.axes, limits)()
    steps = (1, 2, 5) if high / low < MANY_DECADES else (1,)
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_minor_locator(LogLocator(subs=range(2, 10)))
    axis.set_minor_formatter(NullFormatter())
    _ruled(axis)


def symlog_axis(axis: Axis) -> None:
    """An axis that is linear up to 1 and logarithmic above, and looks it."""
    getattr(axis.axes, f"set_{axis.axis_name}scale")("symlog", linthresh=1)
    axis.set_minor_locator(SymmetricalLogLocator(base=10, linthresh=1, subs=range(2, 10)))
    _ruled(axis)


def _ruled(axis: Axis) -> None:
    plain_numbers(axis)
    side = {"left": True} if axis.axis_name == "y" else {"bottom": True}
    ticks = {"axis": axis.axis_name, "color": style.LIGHT_GREY, **side}
    axis.axes.tick_params(which="major", length=4, **ticks)
    axis.axes.tick_params(which="minor", length=2.5, **ticks)
    axis.grid(visible=True, which="minor", linewidth=0.4)


def plain_numbers(axis: Axis) -> None:
    """Tick labels such as 0.01 and −10, without powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))


def label_rows(axes: dict[str, Axes], label: str) -> None:
    """Name the vertical axis once per row of panels."""
    for ax in axes.values():
        ax.set_ylabel(label if ax.get_subplotspec().is_first_col() else "")
