"""Every metric against β at once: a panel per metric, a line per likelihood."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.metrics import METRICS
from vae.reporting.answers import ordered_criteria
from vae.reporting.figures import style
from vae.reporting.figures.panels import (
    beta_axis,
    log_axis,
    panel_grid,
    seed_line,
    shared_legend,
    symlog_axis,
    wrapped,
)
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded

PANEL_HEIGHT = 2.1
HEADROOM = 0.7  # nats above 0 that are shown of a seed band
BEYOND_CRITERIA = ("mse", "rate", "active_units", "high_frequency_energy")
NOT_OF_AUTOENCODERS = ("active_units", "collapsed")  # without a prior, nothing makes one collapse
ROOM = 0.15  # of a panel's height, for the name of a line
FAR_BELOW = 0.2  # of the least value: a line there would flatten all curves
REFERENCES = {  # metric: reference, what its line is called
    "bits_per_dim": ("histogram_bits_per_dim", "histogram"),
    "fid_prior": ("fid_floor", "real images"),
    "fid_prior_drawn": ("fid_floor", "real images"),
    "inception_fid_prior": ("inception_fid_floor", "real images"),
}


def draw_metrics(group: Group) -> Figure:
    """Criteria, rate, active units and sharpness against β."""
    metrics = [m for m in drawn_metrics(group) if len(group.rows(m))]
    if not metrics:
        return style.notice("No model has a value of any metric.")
    figure, axes = panel_grid(len(metrics), PANEL_HEIGHT)
    for metric, ax in zip(metrics, axes, strict=True):
        _panel(ax, group, metric)
    shared_legend(figure)
    return figure


def drawn_metrics(group: Group) -> list[str]:
    """The criteria of the group, then what explains them."""
    return list(dict.fromkeys([*ordered_criteria(group.best), *BEYOND_CRITERIA]))


def _panel(ax: Axes, group: Group, metric: str) -> None:
    """One metric; the autoencoders, whose β is 0, stand to the left of the grid."""
    vae, ae = group.rows(metric), group.rows(metric, "ae")
    ae = ae[~ae.metric.isin(NOT_OF_AUTOENCODERS)]
    aside = left_of(group.betas)
    for likelihood, line in style.line_styles(group.likelihoods).items():
        rows = vae[vae.likelihood == likelihood]
        shown = gap_to_best(rows) if is_likelihood(metric) else rows
        seed_line(ax, shown, label=likelihood_name(likelihood), **line)
        values = ae.value[ae.likelihood == likelihood]
        if len(values):
            ax.plot(aside, values.mean(), markersize=4.5, markerfacecolor="white", **line)
    beta_axis(ax, group.betas, labels=5)
    if len(ae):
        ticks = list(ax.get_xticks())
        ax.set_xticks([aside, *ticks], ["AE", *map(beta_name, ticks)])
        ax.set_xlim(left=aside / 1.4)
    _reference(ax, group, metric)
    _value_axis(ax, metric)


def left_of(betas: list[float]) -> float:
    """A place on the logarithmic β axis that is clearly off the grid."""
    return min(betas) / (2 * (max(betas) / min(betas)) ** 0.1)


def is_likelihood(metric: str) -> bool:
    """Whether likelihood families measure ``metric`` in different currencies."""
    return METRICS[metric].unit == "nats/image" and METRICS[metric].better == "higher"


def gap_to_best(rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` of one sweep minus, within each seed, the value at the best β: at most about 0."""
    values = rows.pivot_table(index="seed", columns="beta", values="value")
    if values.empty:
        return rows
    gaps = values.sub(values[values.mean().idxmax()], axis="index")
    return gaps.melt(ignore_index=False).dropna().reset_index()


def _value_axis(ax: Axes, metric: str) -> None:
    about = METRICS[metric]
    ax.set_title(wrapped(ax, about.header))
    ax.set_ylabel(about.unit or ax.get_ylabel())
    if is_likelihood(metric):
        ax.set_ylabel("nats below best β")
        symlog_axis(ax.yaxis)
        ax.set_ylim(1.4 * min(-1, ax.dataLim.y0), HEADROOM)
    elif about.log_scale:
        log_axis(ax.yaxis)


def _reference(ax: Axes, group: Group, metric: str) -> None:
    """What a model should beat, or can at best reach, as a line with its name."""
    name, label = REFERENCES.get(metric, ("", ""))
    if name not in group.references:
        return
    value, rows = group.references[name], group.rows(metric)
    if METRICS[metric].log_scale and value < FAR_BELOW * rows.value.min():
        ax.set_ylabel(f"{label}: {rounded(value)}", fontsize=8)
        return
    ax.axhline(value, color="black", linestyle="--", linewidth=1, zorder=1)
    below = value > sum(ax.get_ylim()) / 2
    if _just_under(value, rows.value) and not METRICS[metric].log_scale:
        low, high = ax.get_ylim()
        ax.set_ylim(low - ROOM * (high - low), high)
        below = True
    left = _clear(rows, value, below, min(group.betas)) >= _clear(
        rows, value, below, max(group.betas)
    )
    place = {"xy": (0.02 if left else 0.98, value), "xycoords": ("axes fraction", "data")}
    offset = {"xytext": (0, -3 if below else 2), "textcoords": "offset points"}
    align = {"ha": "left" if left else "right", "va": "top" if below else "bottom"}
    ax.annotate(label, **place, **offset, **align, fontsize=8, path_effects=style.HALO)


def _clear(rows: pd.DataFrame, line: float, below: bool, beta: float) -> float:
    """How far from a line, on one side of it, the values of one β begin."""
    values = rows.value[rows.beta == beta]
    beyond = line - values if below else values - line
    return beyond[beyond > 0].min() if (beyond > 0).any() else float("inf")


def _just_under(line: float, values: pd.Series) -> bool:
    """Whether a name written above the line would hide values."""
    return bool(0 < values.min() - line < ROOM * (values.max() - line))
