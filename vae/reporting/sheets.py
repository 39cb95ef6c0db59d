"""Pictures of a whole group, for which the models of all its likelihoods are loaded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from vae.data import Dataset, load_dataset, spaced
from vae.models import TrainedSweep
from vae.randomness import generator
from vae.reporting import style
from vae.reporting.check_figure import draw_fid_check
from vae.reporting.group import Group, read_groups
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.panels import wrapped_text
from vae.reporting.picture_grid import strip
from vae.sweep import Cell

PICTURES = 4  # in a cell of the matrix
CAPTION_ROOM = 0.55  # of a picture's height, for the number below it
MEMORY_PICTURES = 9
CANDIDATES = 400  # prior samples among which those nearest to training images are shown


def draw_sheets(
    results: Path,
    models: Sequence[Path],
    data: Path,
    output: Path,
    seed: int,
    device: torch.device,
) -> None:
    """Write the charts ``catalogue.FROM_MODELS`` of the group that ``models`` belong to.

    Args:
        results: folder of the tables.
        models: the folders of all trained sweeps of one group.
        data: their dataset.
    """
    style.apply()
    sweeps = [TrainedSweep(folder) for folder in models]
    (group,) = [g for g in read_groups(results) if g.name == sweeps[0].sweep.group]
    dataset = load_dataset(data)
    train, test = (dataset.unit(split).to(device) for split in ("train", "test"))
    figures = {
        "samples_matrix": draw_matrix(group, sweeps, seed, device),
        "fid_check": draw_fid_check(group, example_image(dataset), seed),
        "memory": draw_memory(group, sweeps, train, test, seed),
    }
    for name, figure in figures.items():
        style.save(figure, output / f"{name}.png")


def example_image(dataset: Dataset) -> Tensor:
    """A training image (C, H, W) of the fourth class, a 3 or a dress, or of the last there is."""
    labels = dataset.labels["train"]
    return dataset.unit("train")[(labels == min(3, int(labels.max()))).nonzero()[0, 0]].cpu()


def first_seed(sweep: TrainedSweep, beta: float) -> Cell | None:
    """The VAE of one β with the first seed; None if there is none or it diverged."""
    cell = Cell("vae", beta, sweep.sweep.seeds[0])
    return cell if cell in sweep.cells and not sweep.diverged(cell) else None


def best_by_fid(group: Group, likelihood: str, metric: str = "fid_prior") -> float | None:
    """The β whose mean over seeds is lowest; None if nothing was measured."""
    means = group.values(likelihood, metric).mean()
    return means.idxmin() if len(means) else None


@dataclass(frozen=True)
class Sheet:
    """Axes on which strips of pictures are laid out; a picture is 1 wide, y grows downwards."""

    ax: Axes

    @classmethod
    def of(cls, width: float, height: float) -> "Sheet":
        """An empty page as wide as every figure."""
        figure, ax = plt.subplots(figsize=(style.WIDTH, style.WIDTH * height / width))
        ax.set(xlim=(0, width), ylim=(height, 0))
        ax.set_axis_off()
        figure.get_layout_engine().set(w_pad=0, h_pad=0)
        return cls(ax)

    def pictures(self, x: float, y: float, images: Tensor) -> None:
        """A strip of images (n, C, H, W) whose upper left corner is (x, y)."""
        extent = (x, x + len(images), y + images.shape[-2] / images.shape[-1], y)
        look = {"cmap": "gray_r", "norm": style.FULL_RANGE, "interpolation": "nearest"}
        self.ax.imshow(strip(images), extent=extent, aspect="auto", **look)

    def text(self, x: float, y: float, text: str, **look: object) -> None:
        """Text at (x, y), by default to the right of it and centred on it."""
        self.ax.text(x, y, text, **({"va": "center", "fontsize": 8.5} | look))

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        """Mark what is best."""
        box = {"fill": False, "edgecolor": style.BEST, "linewidth": 2, "clip_on": False}
        self.ax.add_patch(Rectangle((x, y), width, height, zorder=5, **box))


KINDS = {"fid_prior": "E[x|z]", "fid_prior_drawn": "x ~ p(x|z)"}


def draw_matrix(
    group: Group, sweeps: Sequence[TrainedSweep], seed: int, device: torch.device
) -> Figure:
    """Samples of every likelihood (across) at every β (down), with their FID, the best framed.

    Every cell shows the same codes: expected images above, drawn ones below.
    """
    shown = PICTURES if len(sweeps) <= 8 else 2
    left, top, step = 0.85 * shown, 2.2, 2 * (1 + CAPTION_ROOM) + 0.5
    column = shown + 0.6
    sheet = Sheet.of(left + column * len(sweeps), top + step * len(group.betas))
    for row, beta in enumerate(group.betas):
        y = top + row * step
        sheet.text(0.1, y - 0.08, f"β = {beta_name(beta)}", weight="bold", fontsize=9.5)
        for i, kind in enumerate(KINDS.values()):
            place = (left - 0.3, y + 0.5 + i * (1 + CAPTION_ROOM))
            sheet.text(*place, kind, ha="right", color=style.GREY, fontsize=8)
    for i, trained in enumerate(sweeps):
        x = left + i * column
        name = wrapped_text(likelihood_name(trained.sweep.likelihood.slug), 4 * shown)
        sheet.text(x + shown / 2, top - 0.3, name, ha="center", va="bottom", fontsize=9)
        _matrix_column(sheet, group, trained, (x, top, step), shown, seed, device)
    return sheet.ax.figure


def _matrix_column(
    sheet: Sheet,
    group: Group,
    trained: TrainedSweep,
    place: tuple[float, float, float],
    shown: int,
    seed: int,
    device: torch.device,
) -> None:
    """One likelihood; ``place`` is where its column starts and the height of a row."""
    x, top, step = place
    likelihood = trained.sweep.likelihood.slug
    scores = {metric: group.values(likelihood, metric).mean() for metric in KINDS}
    z = prior_codes(trained, shown, seed, device)
    for row, beta in enumerate(group.betas):
        y = top + row * step
        if (cell := first_seed(trained, beta)) is None:
            reason = "diverged" if beta in group.betas_of(likelihood) else "not trained"
            sheet.text(x + shown / 2, y + step / 2 - 0.3, reason, ha="center", color=style.GREY)
            continue
        kinds = decoded(trained, cell, z, seed)
        for i, (metric, images) in enumerate(zip(KINDS, kinds, strict=True)):
            at = y + i * (1 + CAPTION_ROOM)
            _scored(sheet, (x, at), images, beta, scores[metric])


def _scored(
    sheet: Sheet, place: tuple[float, float], images: Tensor | None, beta: float, fid: pd.Series
) -> None:
    """A strip above its FID, framed if that is the best of its column."""
    if images is None:
        return
    x, y = place
    sheet.pictures(x, y, images)
    best = len(fid) > 1 and beta == fid.idxmin()
    text = rounded(fid[beta]) if beta in fid else "n/a"
    look = {"weight": "bold", "color": style.BEST} if best else {}
    sheet.text(x + len(images) / 2, y + 1 + CAPTION_ROOM / 2, text, ha="center", **look)
    if best:
        sheet.frame(x - 0.06, y - 0.06, len(images) + 0.12, 1.08 + CAPTION_ROOM)


def prior_codes(trained: TrainedSweep, count: int, seed: int, device: torch.device) -> Tensor:
    """Codes z ~ p(z), the same for every model of that size: (count, latent_dim)."""
    stream = generator(device, seed, "gallery")
    return torch.randn(count, trained.sweep.latent_dim, generator=stream, device=device)


@torch.no_grad()
def decoded(
    trained: TrainedSweep, cell: Cell, z: Tensor, seed: int
) -> tuple[Tensor, Tensor | None]:
    """Expected images of codes, and images drawn from p(x|z) where the family can draw."""
    images = trained.model(cell, z.device).decode(z)
    try:
        return images.mean, images.sample(generator(z.device, seed, "gallery pixels"))
    except NotImplementedError:  # a σ that is read off each image is none before there is one
        return images.mean, None


def draw_memory(
    group: Group, sweeps: Sequence[TrainedSweep], train: Tensor, test: Tensor, seed: int
) -> Figure:
    """Prior samples that lie nearest to training images, above these; test images first.

    Args:
        train, test: images (N, C, H, W) in [0, 1].
    """
    blocks = {"test images": spaced(test, CANDIDATES)}
    for trained in sweeps:
        likelihood = trained.sweep.likelihood.slug
        beta = best_by_fid(group, likelihood)
        if beta is not None and (cell := first_seed(trained, beta)):
            z = prior_codes(trained, CANDIDATES, seed, train.device)
            name = f"{likelihood_name(likelihood)}, β = {beta_name(beta)}"
            share = group.mean(likelihood, beta, "authentic_share")
            authentic = "" if share is None else f": {100 * share:.0f} % authentic"
            blocks[name + authentic] = decoded(trained, cell, z, seed)[0]
    width, step = MEMORY_PICTURES + 0.8, 3.1
    sheet = Sheet.of(2 * width, math.ceil(len(blocks) / 2) * step)
    for i, (name, images) in enumerate(blocks.items()):
        x, y = (i % 2) * width + 0.3, (i // 2) * step
        sheet.text(x, y + 0.45, name, fontsize=9.5)
        for row, pictures in enumerate(nearest_pairs(images, train, MEMORY_PICTURES)):
            sheet.pictures(x, y + 0.8 + row, pictures)
    return sheet.ax.figure


def nearest_pairs(images: Tensor, train: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The ``count`` images that lie closest to a training image, and those training images."""
    distances, nearest = torch.cdist(images.flatten(1), train.flatten(1)).min(1)
    closest = distances.argsort()[:count]
    return images[closest], train[nearest[closest]]
