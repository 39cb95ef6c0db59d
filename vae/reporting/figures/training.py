"""Charts of training: what every model traded, and whether it was trained for long enough."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vae.configuration.sweep import IWAE
from vae.reporting.figures import style
from vae.reporting.figures.panels import label_rows, log_axis, panels, shared_legend
from vae.reporting.group import Group
from vae.reporting.names import beta_equals

ELBO_LABEL = "equal ELBO (nats/image)"
LABEL_ROOM = 0.07  # of a panel's width or height, around the middle of a label
EPOCHS_SHOWN = 32  # times the first one that is shown
EARLY = 8  # the first eighth of training may lie below the panel
LABEL_STEPS = (0, 0.06, -0.06, 0.12, -0.12, 0.18, -0.18)  # along a line, away from the diagonal


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
            label = beta_equals(beta)
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


def draw_training(group: Group, warmup_epochs: int = 0) -> Figure:
    """Validation ELBO of the first seed against epoch, with the epochs whose weights were kept."""
    figure, axes = panels(group)
    palette = style.beta_palette(group.betas)
    seed = group.metrics.seed.iloc[0]
    curves = validation_elbo(group.table("history", HISTORY))
    curves = curves[curves.seed == seed].set_index(["likelihood", "beta", "epoch"]).elbo
    kept = group.rows("best_epoch")
    kept = kept[kept.seed == seed].set_index(["likelihood", "beta"]).value
    for likelihood, ax in axes.items():
        if likelihood in curves:
            _training_panel(ax, curves[likelihood], kept.get(likelihood, pd.Series()), palette)
        if warmup_epochs and IWAE not in likelihood:  # whose β never grows
            ax.axvline(warmup_epochs, color=style.GREY, linestyle=":", label="end of warm-up")
        log_axis(ax.xaxis)
        ax.set_xlabel("epoch")
    several = any(IWAE in likelihood for likelihood in axes)
    label_rows(axes, f"validation {'bound' if several else 'ELBO'} (nats/image)")
    shared_legend(figure)
    return figure


def _training_panel(
    ax: Axes, elbo: pd.Series, kept: pd.Series, palette: dict[float, tuple]
) -> None:
    """One likelihood: a line per β, a dot where its weights were kept."""
    for beta in elbo.index.unique("beta"):
        curve, width = elbo[beta], 2.2 if beta == 1 else 1.2
        ax.plot(curve, color=palette[beta], linewidth=width, label=beta_equals(beta))
        if beta in kept:
            dot = {"markeredgecolor": style.BLACK, "markersize": 5, "zorder": 4}
            ax.plot(kept[beta], curve.get(kept[beta], np.nan), "o", color=palette[beta], **dot)
    low = elbo.groupby("beta").apply(lambda curve: curve.iloc[len(curve) // EARLY :].min()).min()
    ax.set_ylim(bottom=low - 0.05 * abs(elbo.max() - low))
    ax.set_xlim(left=max(0.9, elbo.index.unique("epoch").max() / EPOCHS_SHOWN))


HISTORY = ("likelihood", "model", "beta", "seed", "epoch", "split", "distortion", "rate")


def validation_elbo(history: pd.DataFrame) -> pd.DataFrame:
    """Rows of trained VAEs after their first epoch, with a column ``elbo``: β = 1 always."""
    rows = history[(history.split == "validation") & (history.model == "vae")]
    rows = rows[rows.epoch > 0]
    return rows.assign(elbo=-(rows.distortion + rows.rate)).dropna(subset="elbo")
