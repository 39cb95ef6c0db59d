"""The figures that are drawn from tables alone, one function per entry of ``catalogue.CHARTS``."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vae.reporting import style
from vae.reporting.answer_figure import draw_answer
from vae.reporting.catalogue import charts_for
from vae.reporting.group import Group, read_groups
from vae.reporting.latent_figures import draw_rate_parts
from vae.reporting.likelihood_figures import (
    draw_beta_sigma,
    draw_log_likelihood,
)
from vae.reporting.metric_figures import draw_metrics
from vae.reporting.names import beta_name
from vae.reporting.panels import (
    beta_ticks,
    label_rows,
    panels,
    plain_numbers,
    shared_legend,
)
from vae.reporting.sample_figures import draw_fid, draw_fid_check
from vae.reporting.spectrum_figures import draw_spectra

ELBO_LABEL = "equal ELBO (nats/image)"
LABEL_ROOM = 0.07  # of a panel's width or height, around the middle of a label
LABEL_STEPS = (0, 0.06, -0.06, 0.12, -0.12, 0.18, -0.18)  # along a line, away from the diagonal
LEAST_NATS = 0.01  # a dimension below carries nothing worth a colour


def draw_rate_distortion(group: Group) -> Figure:
    """The rate-distortion plane (Alemi et al. 2018) with lines of equal ELBO."""
    figure, axes = panels(group)
    palette = style.beta_palette(group.betas)
    parts = {metric: group.rows(metric) for metric in ("rate", "distortion")}
    means = {m: rows.groupby(["likelihood", "beta"]).value.mean() for m, rows in parts.items()}
    wide = pd.DataFrame(means)
    for likelihood, ax in axes.items():
        points = wide[wide.index.get_level_values("likelihood") == likelihood].droplevel(0)
        ax.plot(points.rate, points.distortion, color=style.GREY, linewidth=1, zorder=1)
        for beta, point in points.iterrows():
            mark = {"color": palette[beta], "edgecolor": "black", "linewidth": 1.5 * (beta == 1)}
            label = f"β = {beta_name(beta)}"
            ax.scatter(point.rate, point.distortion, s=50, zorder=3, label=label, **mark)
        ax.margins(0.08)
        ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
        _elbo_lines(ax, points)
        ax.set_xlabel("rate (nats/image)")
    label_rows(axes, "distortion (nats/image)")
    shared_legend(figure)
    return figure


def _elbo_lines(ax: Axes, points: pd.DataFrame) -> None:
    """Lines of equal ELBO, each with its value where there is room for it."""
    corner, extent = np.array([ax.get_xlim(), ax.get_ylim()]).T[0], _extent(ax)
    curve = (points[["rate", "distortion"]].to_numpy() - corner) / extent
    curve = np.concatenate([curve, (curve[1:] + curve[:-1]) / 2])
    lowest, highest = -(corner + extent).sum(), -corner.sum()
    for elbo in MaxNLocator(6).tick_values(lowest, highest):
        diagonal = (highest - elbo) / (highest - lowest)
        line = {"color": "#d0d0d0", "linewidth": 0.8, "zorder": 0, "label": ELBO_LABEL}
        ax.axline(corner + diagonal * extent, slope=-1, **line)
        for step in LABEL_STEPS:
            place = diagonal + step * np.array([1, -extent[0] / extent[1]])
            if _is_free(place, curve):
                text = f"{elbo:g}".replace("-", "−")
                ax.text(*(corner + place * extent), text, **_ELBO_TEXT)
                break
    ax.grid(visible=False)


def _extent(ax: Axes) -> np.ndarray:
    return np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])


def _is_free(place: np.ndarray, taken: np.ndarray) -> bool:
    """Whether a label at ``place`` (axes fractions) keeps clear of the frame and of ``taken``."""
    inside = (place > LABEL_ROOM).all() and (place < 1 - LABEL_ROOM).all()
    return inside and (np.linalg.norm(taken - place, axis=1) > 1.3 * LABEL_ROOM).all()


_ELBO_TEXT = {
    "fontsize": 8,
    "color": "#555555",
    "ha": "center",
    "va": "center",
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1},
}


def draw_dimensions(group: Group) -> Figure:
    """KL per latent dimension, sorted within each cell."""
    figure, axes = panels(group)
    rows = group.table("dimensions")[group.table("dimensions").model == "vae"].dropna(subset="kl")
    by_cell = rows.groupby(["likelihood", "beta", "seed"])
    rows = rows.assign(rank=by_cell.kl.rank(ascending=False, method="first").astype(int))
    norm = LogNorm(LEAST_NATS, max([10 * LEAST_NATS, *rows.kl]))
    for likelihood, ax in axes.items():
        chosen = rows[rows.likelihood == likelihood]
        if len(chosen):
            _heat_map(ax, chosen, norm)
        ax.set_xlabel("β")
    label_rows(axes, "latent dimension, by rank")
    colours = ScalarMappable(norm, "viridis")
    bar = figure.colorbar(
        colours, ax=list(figure.axes), label="KL (nats/image)", extend="min", aspect=40
    )
    plain_numbers(bar.ax.yaxis)
    return figure


def _heat_map(ax: Axes, rows: pd.DataFrame, norm: LogNorm) -> None:
    grid = rows.pivot_table(index="rank", columns="beta", values="kl").clip(LEAST_NATS)
    columns, betas = np.arange(len(grid.columns)), list(grid.columns)
    corners = (-0.5, len(columns) - 0.5, len(grid) + 0.5, 0.5)
    ax.imshow(grid, extent=corners, aspect="auto", norm=norm, cmap="viridis")
    named = [c for c in columns if np.isclose(betas[c], beta_ticks(betas, 5)).any()]
    ax.set_xticks(named, [beta_name(betas[c]) for c in named])
    ax.yaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    ax.grid(visible=False)


def draw_training(group: Group) -> Figure:
    """Validation ELBO against epoch."""
    figure, axes = panels(group)
    palette = style.beta_palette(group.betas)
    rows = group.table("history")
    rows = rows[(rows.split == "validation") & (rows.model == "vae") & (rows.epoch > 0)]
    rows = rows.assign(elbo=-(rows.distortion + rows.rate)).dropna(subset="elbo")
    for likelihood, ax in axes.items():
        mean = rows[rows.likelihood == likelihood].groupby(["beta", "epoch"]).elbo.mean()
        for beta in mean.index.unique("beta"):
            line = {"color": palette[beta], "linewidth": 2.2 if beta == 1 else 1.2}
            ax.plot(mean.loc[beta], label=f"β = {beta_name(beta)}", **line)
        if len(mean):
            low = mean.groupby("beta").last().min()
            ax.set_ylim(bottom=low - 0.25 * abs(mean.max() - low))
        ax.set_xlabel("epoch")
    label_rows(axes, "validation ELBO (nats/image)")
    shared_legend(figure)
    return figure


DRAWERS: dict[str, Callable[[Group], Figure]] = {
    "answer": draw_answer,
    "metrics": draw_metrics,
    "log_likelihood": draw_log_likelihood,
    "beta_sigma": draw_beta_sigma,
    "fid_check": draw_fid_check,
    "fid": draw_fid,
    "rate_distortion": draw_rate_distortion,
    "dimensions": draw_dimensions,
    "rate_parts": draw_rate_parts,
    "spectra": draw_spectra,
    "training": draw_training,
}


def draw_all(results: Path, output: Path) -> None:
    """Draw every chart of every group to ``output/<group>/<chart>.png``."""
    style.apply()
    for group in read_groups(results):
        for name in charts_for(group.likelihoods):
            style.save(DRAWERS[name](group), output / group.name / f"{name}.png")
