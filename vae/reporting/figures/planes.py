"""Paths that β draws in a plane of two metrics: what one criterion gains and the other loses."""

import math
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.metrics import METRICS
from vae.reporting.figures import style
from vae.reporting.figures.panels import (
    label_rows,
    log_axis,
    panels,
    say,
    shared_legend,
    symlog_axis,
    wrapped,
)
from vae.reporting.group import Group
from vae.reporting.names import beta_equals, beta_name

OTHERS = "other likelihoods"
REAL = "real images"


@dataclass(frozen=True)
class Plane:
    """Mean over seeds of two metrics, a row per likelihood and β."""

    points: pd.DataFrame

    @classmethod
    def of(cls, group: Group, x: str, y: str) -> "Plane":
        """The VAEs that have both metrics ``x`` and ``y``."""
        means = {
            axis: group.rows(group.metric(metric)).groupby(["likelihood", "beta"]).value.mean()
            for axis, metric in (("x", x), ("y", y))
        }
        return cls(pd.DataFrame(means).dropna())

    def path(self, likelihood: str) -> pd.DataFrame:
        """Columns x and y by β."""
        rows = self.points.index.get_level_values("likelihood") == likelihood
        return self.points[rows].droplevel("likelihood")

    def draw_others(self, ax: Axes, likelihood: str) -> None:
        """The paths of all other likelihoods, in grey."""
        for other in self.points.index.unique("likelihood").drop(likelihood):
            path = self.path(other)
            ax.plot(path.x, path.y, color=style.LIGHT_GREY, linewidth=0.8, label=OTHERS, zorder=1)


def draw_path(ax: Axes, path: pd.DataFrame, palette: dict[float, tuple]) -> None:
    """Columns x and y by β as a path with a dot per β."""
    ax.plot(path.x, path.y, color=style.GREY, linewidth=1.2, zorder=2)
    for beta, point in path.iterrows():
        dot = {"color": palette[beta], "edgecolor": "white", "linewidth": 0.5, "zorder": 3}
        ax.scatter(point.x, point.y, s=38, label=beta_equals(beta), **dot)


def alive(group: Group, likelihood: str, path: pd.DataFrame) -> pd.DataFrame:
    """The βs of ``path`` whose models have not collapsed, unless all have."""
    collapsed = group.means(likelihood, "collapsed").reindex(path.index).fillna(0) > 0.5
    return path if collapsed.all() else path[~collapsed]


def likelihood_metric(group: Group, likelihood: str) -> str:
    """The likelihood criterion of a family: bits/dim, or log p of binarised images."""
    measured = ("bits_per_dim", "log_likelihood_binarised")
    found = [name for name in measured if len(group.rows(name, likelihood=likelihood))]
    return found[0] if found else measured[0]


def draw_criteria(group: Group) -> Figure:
    """FID against what the likelihood criterion loses: where its best β lies, and where FID's."""
    figure, axes = panels(group, sharex=True)
    palette = style.beta_palette(group.betas)
    for likelihood, ax in axes.items():
        metric = likelihood_metric(group, likelihood)
        path = alive(group, likelihood, Plane.of(group, metric, "fid_prior").path(likelihood))
        ax.set_xlabel(wrapped(ax, "nats/image lost to the best β"))
        ax.tick_params(labelbottom=True)
        if path.empty:
            _nothing(ax, group, likelihood)
            continue
        path = path.assign(x=nats_lost(group, metric, path.x))
        draw_path(ax, path, palette)
        _mark_best(ax, path)
    farthest = max([1.0, *(ax.dataLim.x1 for ax in axes.values() if ax.collections)])
    for ax in axes.values():
        ax.set_xlim(-0.6, 2 * farthest)  # room for a name left of a point at 0
        symlog_axis(ax.xaxis)
    label_rows(axes, METRICS[group.metric("fid_prior")].label)
    shared_legend(figure)
    return figure


def nats_lost(group: Group, metric: str, values: pd.Series) -> pd.Series:
    """How far values of a likelihood criterion are from the best of them, in nats per image."""
    if metric == "bits_per_dim":
        values = -values * math.log(2) * group.references["pixels"]
    return values.max() - values


def _mark_best(ax: Axes, path: pd.DataFrame) -> None:
    """Frame the best β of either criterion, on axes where lower left is better."""
    likely, real = path.x.idxmin(), path.y.idxmin()
    _frame(ax, path, real, "best by FID", "D")
    _frame(ax, path, likely, "best by likelihood", "s")
    _write(ax, path, real, below=True)
    if likely != real:
        _write(ax, path, likely, below=False)
    room = path.y.max() / path.y.min()  # more below, for the name of a point
    ax.set_ylim(path.y.min() / (room**0.28 * 1.03), path.y.max() * room**0.18 * 1.02)
    log_axis(ax.yaxis)


def draw_fidelity_diversity(group: Group) -> Figure:
    """Precision against recall of prior samples, with the values of real images."""
    figure, axes = panels(group, sharex=True, sharey=True)
    palette = style.beta_palette(group.betas)
    plane = Plane.of(group, "recall_prior", "precision_prior")
    least = max(0.0, plane.points.y.min() - 0.1) if len(plane.points) else 0.0
    for likelihood, ax in axes.items():
        path = plane.path(likelihood)
        ax.set(xlabel="recall (diversity)", xlim=(-0.06, 1.06))
        ax.set_ylim(least - 0.06 * (1 - least), 1 + 0.06 * (1 - least))
        ax.tick_params(labelbottom=True)
        if path.empty:
            _nothing(ax, group, likelihood)
            continue
        draw_path(ax, path, palette)
        plane.draw_others(ax, likelihood)
        _real(ax, group)
        best = group.best_mean(likelihood, "fid_prior")
        if best in path.index:
            _frame(ax, path, best, "best by FID", "D")
            _write(ax, path, best, below=True)
    label_rows(axes, "precision (fidelity)")
    shared_legend(figure)
    return figure


def _nothing(ax: Axes, group: Group, likelihood: str) -> None:
    if likelihood in group.trained:
        say(ax, "not measured")


def _frame(ax: Axes, path: pd.DataFrame, beta: float, label: str, marker: str) -> None:
    frame = {"s": 95, "facecolor": "none", "edgecolor": style.BLACK, "linewidth": 1.3}
    ax.scatter(*path.loc[beta], marker=marker, label=label, zorder=4, **frame)


def _write(ax: Axes, path: pd.DataFrame, beta: float, below: bool) -> None:
    """Write β below or left of its point."""
    offset = (0, -8) if below else (-9, 2)
    align = {"ha": "center", "va": "top"} if below else {"ha": "right", "va": "bottom"}
    text = {"fontsize": 9, "path_effects": style.HALO, "zorder": 5, "textcoords": "offset points"}
    ax.annotate(beta_name(beta), tuple(path.loc[beta]), offset, **text, **align)


def _real(ax: Axes, group: Group) -> None:
    place = [group.reference(f"{name}_real") for name in ("recall", "precision")]
    if None not in place:
        ax.plot(*place, "*", color=style.BLACK, markersize=11, label=REAL, zorder=2)
