"""Do the codes of test images fill the prior? Scatter plots of the aggregate posterior."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import chi2
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.data.datasets import spaced
from vae.evaluation.latents import code_statistics
from vae.models import VAE, TrainedSweep
from vae.randomness import generator
from vae.reporting.figures import style
from vae.reporting.figures.panels import shared_legend
from vae.reporting.names import beta_equals

MOST_CODES = 400  # that remain legible in one panel
REACHES = (1, 2, 3)  # standard deviations of the prior
LEAST_LIMIT = 3.4
BINS = 24


def ranked_dimensions(model: VAE, x: Tensor) -> list[tuple[int, float]]:
    """Latent dimensions with their KL in nats, averaged over images ``x``: the largest first."""
    kl = code_statistics(model, x)["kl"].tolist()
    return sorted(enumerate(kl), key=lambda pair: -pair[1])


@torch.no_grad()
def draw_codes(
    trained: TrainedSweep, cells: list[Cell], x: Tensor, labels: Tensor, seed: int
) -> Figure:
    """A column per cell: codes in the two dimensions of largest KL, and their squared lengths.

    Args:
        x: images in [0, 1], (N, C, H, W), with their classes ``labels`` (N,), which are shown as
            the marks. With a single latent dimension the classes lie above one another.
    """
    columns = max(2, len(cells))
    size = (style.WIDTH, 2.6 + 0.95 * style.WIDTH / columns)
    heights = {"height_ratios": (0.95 * style.WIDTH / columns, 1.7)}
    figure, axes = plt.subplots(2, len(cells), figsize=size, squeeze=False, **heights)
    classes = spaced(labels, MOST_CODES).numpy()
    for ax in axes[1, 1:]:
        ax.sharey(axes[1, 0])
    for cell, above, below in zip(cells, *axes, strict=True):
        model = trained.model(cell, x.device)
        first, *others = ranked = ranked_dimensions(model, x)[: model.latent_dim]
        z = _codes(model, x, seed)
        shown = z[spaced(torch.arange(len(z)), MOST_CODES).numpy()]
        rate = sum(kl for _, kl in ranked)
        above.set_title(f"{beta_equals(cell.beta)}: rate {rate:.1f} nats")
        above.set_xlabel(_axis_name(*first))
        if others:
            _plane(above, shown[:, first[0]], shown[:, others[0][0]], classes)
            above.set_ylabel(_axis_name(*others[0]))
        else:
            _line(above, shown[:, 0], classes)
        _lengths(below, np.square(z).sum(1), model.latent_dim)
    axes[1, 0].set_ylabel("share of the codes")
    shared_legend(figure)
    return figure


def _lengths(ax: Axes, lengths: np.ndarray, latent_dim: int) -> None:
    """Histogram of squared lengths, on the χ² density that codes of the prior have."""
    law = chi2(latent_dim)
    reach = max(law.ppf(0.999), np.quantile(lengths, 0.99))
    edges = np.linspace(0, reach, BINS + 1)
    counts, _ = np.histogram(lengths, edges)
    look = {"color": style.hues()[0], "alpha": 0.55, "label": "codes of test images"}
    ax.stairs(counts / len(lengths), edges, fill=True, **look)
    expected = np.diff(law.cdf(edges))
    ax.stairs(expected, edges, color=style.BLACK, linewidth=1.5, label="prior: χ²")
    ax.set_xlabel("|z|²")


def _codes(model: VAE, x: Tensor, seed: int) -> np.ndarray:
    """One draw from every posterior, (N, latent_dim)."""
    q = model.encode_all(x).double()
    stream = generator(x.device, seed, "gallery codes")
    noise = torch.randn(q.mean.shape, generator=stream, device=x.device, dtype=q.mean.dtype)
    return q.rsample(noise).cpu().numpy()


def _axis_name(dimension: int, kl: float) -> str:
    return f"$z_{{{dimension + 1}}}$ (KL {kl:.1f} nats)"


def _plane(ax: Axes, horizontal: np.ndarray, vertical: np.ndarray, classes: np.ndarray) -> None:
    for reach in REACHES:
        ax.add_patch(plt.Circle((0, 0), reach, fill=False, color=style.GREY, linewidth=1))
    _scatter(ax, horizontal, vertical, classes)
    limit = _limit(horizontal, vertical)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")


def _line(ax: Axes, codes: np.ndarray, classes: np.ndarray) -> None:
    for reach in REACHES:
        for place in (-reach, reach):
            ax.axvline(place, color=style.GREY, linewidth=1)
    _scatter(ax, codes, classes, classes)
    limit = _limit(codes)
    ax.set(xlim=(-limit, limit), ylabel="class")


def _limit(*codes: np.ndarray) -> float:
    """How far the axes reach: past every code and past the prior."""
    return max(LEAST_LIMIT, 1.07 * np.abs(codes).max())


def _scatter(ax: Axes, x: np.ndarray, y: np.ndarray, classes: np.ndarray) -> None:
    """Every code as the name of its class, in the colour of its class."""
    colours = style.hues()
    for i, label in enumerate(sorted(set(classes.tolist()))):
        of = classes == label
        look = {"color": colours[i % len(colours)], "marker": f"${label}$", "linewidths": 0.3}
        ax.scatter(x[of], y[of], s=30, **look)
