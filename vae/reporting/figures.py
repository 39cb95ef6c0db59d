"""The figures that are drawn from tables alone, one function per entry of ``catalogue.CHARTS``."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from vae.reporting import style
from vae.reporting.answer_figure import draw_answer
from vae.reporting.catalogue import charts_for
from vae.reporting.latent_figures import draw_aggregate_posterior
from vae.reporting.likelihood_figures import (
    draw_beta_sigma,
    draw_log_likelihood,
    draw_refit,
)
from vae.reporting.metric_figures import draw_metrics
from vae.reporting.names import beta_name
from vae.reporting.panels import (
    Tables,
    label_rows,
    panels,
    read_groups,
    shared_legend,
)
from vae.reporting.sample_figures import draw_fid, draw_fid_check
from vae.reporting.spectrum_figures import draw_spectra

LEAST_NATS = 0.01  # a dimension below carries nothing worth a colour


def draw_rate_distortion(tables: Tables) -> Figure:
    """The rate-distortion plane (Alemi et al. 2018) with lines of equal ELBO."""
    figure, axes = panels(tables)
    palette = style.beta_palette(tables.betas)
    wide = tables.metrics[tables.metrics.model == "vae"].pivot_table(
        index=["likelihood", "beta"], columns="metric", values="value"
    )
    for likelihood, ax in axes.items():
        points = wide.loc[likelihood]
        ax.plot(points.rate, points.distortion, color=style.GREY, linewidth=1, zorder=1)
        for beta, point in points.iterrows():
            label = f"β = {beta_name(beta)}"
            ax.scatter(
                point.rate, point.distortion, color=palette[beta], s=45, zorder=2, label=label
            )
        _elbo_lines(ax)
        ax.set_xlabel("rate (nats/image)")
    label_rows(axes, "distortion (nats/image)")
    shared_legend(figure)
    return figure


def _elbo_lines(ax: Axes) -> None:
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for total in np.linspace(left + bottom, right + top, 9)[1:-1]:
        ax.axline((left, total - left), slope=-1, color="#d0d0d0", linewidth=0.8, zorder=0)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.grid(visible=False)


def draw_dimensions(tables: Tables) -> Figure:
    """KL per latent dimension, sorted within each cell."""
    figure, axes = panels(tables, sharey=True)
    rows = tables.dimensions[tables.dimensions.model == "vae"].copy()
    by_cell = rows.groupby(["likelihood", "beta", "seed"])
    rows["rank"] = by_cell.kl.rank(ascending=False, method="first").astype(int)
    norm = LogNorm(LEAST_NATS, max(rows.kl.max(), 10 * LEAST_NATS))
    for likelihood, ax in axes.items():
        chosen = rows[rows.likelihood == likelihood]
        grid = chosen.pivot_table(index="rank", columns="beta", values="kl").clip(LEAST_NATS)
        names = [beta_name(beta) for beta in grid.columns]
        sns.heatmap(grid.set_axis(names, axis=1), ax=ax, norm=norm, cmap="viridis", cbar=False)
        ax.set(xlabel="β", ylabel="")
        ax.tick_params(axis="y", rotation=0)
    label_rows(axes, "latent dimension, by rank")
    colours = ScalarMappable(norm, "viridis")
    figure.colorbar(colours, ax=list(axes.values()), label="nats per image", extend="min")
    return figure


def draw_training(tables: Tables) -> Figure:
    """Validation ELBO against epoch."""
    figure, axes = panels(tables)
    palette = style.beta_palette(tables.betas)
    rows = tables.history
    rows = rows[(rows.split == "validation") & (rows.model == "vae") & (rows.epoch > 0)]
    rows = rows.assign(elbo=-(rows.distortion + rows.rate)).dropna(subset="elbo")
    for likelihood, ax in axes.items():
        mean = rows[rows.likelihood == likelihood].groupby(["beta", "epoch"]).elbo.mean()
        for beta in mean.index.unique("beta"):
            ax.plot(
                mean.loc[beta], color=palette[beta], linewidth=1.3, label=f"β = {beta_name(beta)}"
            )
        low = mean.groupby("beta").last().min()
        ax.set_ylim(bottom=low - 0.25 * abs(mean.max() - low))
        ax.set_xlabel("epoch")
    label_rows(axes, "validation ELBO (nats/image)")
    shared_legend(figure)
    return figure


DRAWERS: dict[str, Callable[[Tables], Figure]] = {
    "answer": draw_answer,
    "metrics": draw_metrics,
    "log_likelihood": draw_log_likelihood,
    "refit": draw_refit,
    "beta_sigma": draw_beta_sigma,
    "fid_check": draw_fid_check,
    "fid": draw_fid,
    "rate_distortion": draw_rate_distortion,
    "dimensions": draw_dimensions,
    "aggregate_posterior": draw_aggregate_posterior,
    "spectra": draw_spectra,
    "training": draw_training,
}


def draw_all(results: Path, output: Path) -> None:
    """Draw every chart of every group to ``output/<group>/<chart>.png``."""
    style.apply()
    for group, tables in read_groups(results).items():
        for name in charts_for(tables.likelihoods):
            style.save(DRAWERS[name](tables), output / group / f"{name}.png")
