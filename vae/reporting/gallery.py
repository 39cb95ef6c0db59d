"""Pictures that need the trained models: what they reconstruct, generate and encode, across β."""

import math
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from vae.data import Dataset, load_dataset, spaced
from vae.evaluation.images import reconstructions
from vae.models import TrainedSweep
from vae.randomness import generator
from vae.reporting import style
from vae.reporting.code_figures import draw_codes, ranked_dimensions
from vae.reporting.names import beta_name
from vae.reporting.picture_grid import GAP, draw_grid, heading, paper, show_strips, strip
from vae.sweep import Cell

COLUMNS = 8
STEPS = 12
TRAVERSED = 6  # latent dimensions, at most
REACH = 3  # standard deviations of the prior


def draw_gallery(models: Path, data: Path, output: Path, seed: int, device: torch.device) -> None:
    """Write every picture of ``catalogue.GALLERY`` for the sweep in ``models`` to ``output``."""
    style.apply()
    trained, dataset = TrainedSweep(models), load_dataset(data)
    trained.expect(dataset)
    cells = shown_cells(trained)
    few = few_betas(cells)
    test = dataset.unit("test")[distinct_images(dataset)].to(device)
    x = spaced(dataset.unit("test")).to(device)
    labels = spaced(dataset.labels["test"])
    figures = {
        "images": draw_images(trained, cells, test, seed, device) if cells else None,
        "interpolations": draw_interpolations(trained, cells, test, device) if cells else None,
        "traversals": draw_traversals(trained, few, test[0], x) if few else None,
        "aggregate_posterior": draw_codes(trained, few, x, labels, seed) if few else None,
    }
    for name, figure in figures.items():
        style.save(
            figure or style.notice("Every model diverged: nothing to show."),
            output / f"{name}.png",
        )


def shown_cells(trained: TrainedSweep) -> list[Cell]:
    """The cells of the first seed, without those that diverged."""
    first_seed = trained.sweep.seeds[0]
    return [c for c in trained.cells if c.seed == first_seed and not trained.diverged(c)]


def few_betas(cells: list[Cell]) -> list[Cell]:
    """The VAEs with the smallest β, the β nearest to 1 and the largest, without repetition."""
    vaes = sorted((c for c in cells if c.model == "vae"), key=lambda c: c.beta)
    if not vaes:
        return []
    nearest = min(vaes, key=lambda c: abs(math.log(c.beta)))
    return list(dict.fromkeys([vaes[0], nearest, vaes[-1]]))


def distinct_images(dataset: Dataset) -> list[int]:
    """Indices of test images to show: the first of every class, then the first ones."""
    labels = dataset.labels["test"].tolist()
    firsts = [labels.index(label) for label in sorted(set(labels))]
    return (firsts + [i for i in range(len(labels)) if i not in firsts])[:COLUMNS]


def draw_images(
    trained: TrainedSweep, cells: list[Cell], test: Tensor, seed: int, device: torch.device
) -> Figure:
    """Originals on top, then a row per cell: reconstructions left, prior samples right."""
    stream = generator(device, seed, "gallery")
    z = torch.randn(COLUMNS, trained.sweep.latent_dim, generator=stream, device=device)
    rows = [("test images", [test, None])]
    for cell in cells:
        model = trained.model(cell, device)
        samples = model.decode(z).mean if cell.model == "vae" else None
        rows.append((_row_name(cell), [reconstructions(model, test, seed), samples]))
    figure = draw_grid(rows, columns=2 * COLUMNS)
    centre = COLUMNS / (2 * COLUMNS + GAP)
    heading(figure.axes[0], centre / 2, "reconstructions")
    heading(figure.axes[0], (1 + centre) / 2, "samples from the prior")
    return figure


def draw_interpolations(
    trained: TrainedSweep, cells: list[Cell], test: Tensor, device: torch.device
) -> Figure:
    """A row per cell: the straight line between the codes (posterior means) of two test images."""
    steps = torch.linspace(0, 1, STEPS, device=device)[:, None]
    first, last = test[1], test[2]
    ends = torch.full((STEPS, *test.shape[1:]), paper(test))
    ends[0], ends[-1] = first, last
    rows = [("test images", [ends])]
    for cell in cells:
        model = trained.model(cell, device)
        start, end = model.encode(torch.stack([first, last])).mean
        rows.append((_row_name(cell), [model.decode(start + steps * (end - start)).mean]))
    return draw_grid(rows, columns=STEPS)


def draw_traversals(trained: TrainedSweep, cells: list[Cell], image: Tensor, x: Tensor) -> Figure:
    """A panel per cell, a row per latent dimension: decoded while that dimension alone moves.

    The others keep the posterior mean of ``image`` (C, H, W). Shown are the dimensions that carry
    the most nats over the images ``x``.
    """
    count = min(TRAVERSED, trained.sweep.latent_dim)
    steps = torch.arange(-REACH, REACH + 1, device=x.device)
    height = 0.75 + count * style.WIDTH * 0.8 / (len(cells) * len(steps))
    figure, axes = plt.subplots(1, len(cells), figsize=(style.WIDTH, height), squeeze=False)
    for cell, ax in zip(cells, axes.flat, strict=True):
        model = trained.model(cell, x.device)
        strips, names = [], []
        for dimension, kl in ranked_dimensions(model, x)[:count]:
            z = model.encode(image[None]).mean.repeat(len(steps), 1)
            z[:, dimension] = steps.to(z)
            strips.append(strip(model.decode(z).mean))
            names.append(f"$z_{{{dimension + 1}}}$  {kl:.1f}")
        show_strips(ax, strips, names)
        width = strips[0].shape[1] / len(steps)
        ax.set_xticks(
            [(i + 0.5) * width - 0.5 for i in range(len(steps))],
            [f"{step}".replace("-", "−") for step in steps.tolist()],
        )
        ax.set_title(_row_name(cell))
    figure.supxlabel("value of that dimension (standard deviations of the prior)", fontsize=10)
    figure.supylabel("dimension and its KL (nats)", fontsize=10)
    return figure


def _row_name(cell: Cell) -> str:
    return "autoencoder" if cell.model == "ae" else f"β = {beta_name(cell.beta)}"
