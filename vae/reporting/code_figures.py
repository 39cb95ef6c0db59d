"""Do the codes of test images fill the prior? Scatter plots of the aggregate posterior."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from vae.data import spaced
from vae.evaluation.aggregate import posterior
from vae.evaluation.latents import code_statistics
from vae.models import VAE, TrainedSweep
from vae.randomness import generator
from vae.reporting import style
from vae.reporting.names import beta_name
from vae.sweep import Cell

MOST_CODES = 400  # that remain legible in one panel
REACHES = (1, 2, 3)  # standard deviations of the prior
LEAST_LIMIT = 3.4


def ranked_dimensions(model: VAE, x: Tensor) -> list[tuple[int, float]]:
    """Latent dimensions with their KL in nats, averaged over images ``x``: the largest first."""
    kl = code_statistics(model, x)["kl"].tolist()
    return sorted(enumerate(kl), key=lambda pair: -pair[1])


@torch.no_grad()
def draw_codes(
    trained: TrainedSweep, cells: list[Cell], x: Tensor, labels: Tensor, seed: int
) -> Figure:
    """A panel per cell: one code per image in the two dimensions of largest KL.

    Args:
        x: images in [0, 1], (N, C, H, W), with their classes ``labels`` (N,), which are shown as
            the marks. With a single latent dimension the classes lie above one another.
    """
    size = (style.WIDTH, 0.6 + 0.95 * style.WIDTH / max(2, len(cells)))
    figure, axes = plt.subplots(1, len(cells), figsize=size, squeeze=False)
    shown, classes = spaced(x, MOST_CODES), spaced(labels, MOST_CODES).numpy()
    for cell, ax in zip(cells, axes.flat, strict=True):
        model = trained.model(cell, x.device)
        first, *others = ranked_dimensions(model, x)[:2]
        z = _codes(model, shown, seed)
        ax.set_title(f"β = {beta_name(cell.beta)}")
        ax.set_xlabel(_axis_name(*first))
        if others:
            _plane(ax, z[:, first[0]], z[:, others[0][0]], classes)
            ax.set_ylabel(_axis_name(*others[0]))
        else:
            _line(ax, z[:, 0], classes)
    return figure


def _codes(model: VAE, x: Tensor, seed: int) -> np.ndarray:
    """One draw from every posterior, (N, latent_dim)."""
    q = posterior(model, x)
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
    known = sorted(set(classes.tolist()))
    for label, line in zip(known, style.line_styles(len(known)), strict=True):
        of = classes == label
        ax.scatter(x[of], y[of], s=30, color=line["color"], marker=f"${label}$", linewidths=0.3)
