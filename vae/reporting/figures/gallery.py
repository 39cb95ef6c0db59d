"""Pictures that need the trained models: what they reconstruct, generate and encode, across β."""

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.data.datasets import Dataset, spaced
from vae.evaluation.images import reconstructions
from vae.evaluation.mixtures import MIXTURE_COMPONENTS, fitted_codes, training_codes
from vae.evaluation.real_images import training_images
from vae.models import TrainedSweep
from vae.reporting.figures import style
from vae.reporting.figures.codes import draw_codes, ranked_dimensions
from vae.reporting.figures.generated import prior_codes
from vae.reporting.figures.picture_grid import (
    NUMBERS,
    draw_grid,
    heading,
    paper,
    show_strips,
    strip,
    write_numbers,
)
from vae.reporting.group import Group
from vae.reporting.names import beta_equals, rounded

COLUMNS = 6
STEPS = 9
TRAVERSED = 6  # latent dimensions, at most
REACH = 3  # standard deviations of the prior
MOST_CODES = 2_000  # training codes that the ex-post mixture is fitted on, for pictures alone
BLOCKS = {
    "reconstructions": "mse",
    "samples from the prior": "fid_prior",
    "ex-post mixture": "fid_gmm",
}


def draw_gallery(
    trained: TrainedSweep,
    dataset: Dataset,
    group: Group,
    output: Path,
    seed: int,
    device: torch.device,
) -> None:
    """Write every picture of ``catalogue.GALLERY`` for the sweep ``trained`` to ``output``.

    Args:
        group: the tables of its group, which name the βs and numbers to show.
    """
    cells = shown_cells(trained)
    few = few_betas(cells, group.best_mean(trained.sweep.likelihood.slug, "fid_prior"))
    test = dataset.unit("test")[distinct_images(dataset)].to(device)
    train = training_images(dataset, MOST_CODES, seed).to(device)
    x = spaced(dataset.unit("test")).to(device)
    labels = spaced(dataset.labels["test"])
    figures = {
        "images": draw_images(trained, cells, group, test, train, seed) if cells else None,
        "interpolations": draw_interpolations(trained, cells, test) if cells else None,
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


def few_betas(cells: list[Cell], best: float | None) -> list[Cell]:
    """The VAEs with the smallest β, the ``best`` one and the largest, without repetition."""
    vaes = sorted((c for c in cells if c.model == "vae"), key=lambda c: c.beta)
    chosen = [c for c in vaes if c.beta == best]
    return list(dict.fromkeys([*vaes[:1], *chosen, *vaes[-1:]]))


def distinct_images(dataset: Dataset) -> list[int]:
    """Indices of test images to show: the first of every class, then the first ones."""
    labels = dataset.labels["test"].tolist()
    firsts = [labels.index(label) for label in sorted(set(labels))]
    return (firsts + [i for i in range(len(labels)) if i not in firsts])[:COLUMNS]


@torch.no_grad()
def draw_images(
    trained: TrainedSweep,
    cells: list[Cell],
    group: Group,
    test: Tensor,
    train: Tensor,
    seed: int,
) -> Figure:
    """Originals on top, then a row per cell: reconstructions, prior samples, ex-post samples.

    Args:
        test: the images to reconstruct, ``COLUMNS`` of them.
        train: those whose codes the ex-post mixture is fitted on.
    """
    z = prior_codes(trained, COLUMNS, seed, test.device)
    rows: list[tuple[str, list[Tensor | None]]] = [("test images", [test, None, None])]
    for cell in cells:
        model = trained.model(cell, test.device)
        codes = training_codes(model, train, seed)
        fitted = fitted_codes(codes, min(MIXTURE_COMPONENTS, len(codes)), COLUMNS, seed)
        samples = model.decode(z).mean if cell.model == "vae" else None
        again = model.decode(torch.from_numpy(fitted).to(z)).mean
        rows.append((_row_name(cell), [reconstructions(model, test, seed), samples, again]))
    figure = draw_grid(rows, len(BLOCKS) * COLUMNS, NUMBERS)
    ax, width = figure.axes[0], COLUMNS + NUMBERS
    for i, (name, metric) in enumerate(BLOCKS.items()):
        heading(ax, (i + COLUMNS / width / 2) / len(BLOCKS), name)
        heading(ax, (i + 1 - NUMBERS / width / 2) / len(BLOCKS), metric.split("_")[0].upper())
    blank = [""] * len(BLOCKS)
    write_numbers(ax, [blank, *(_numbers(group, trained, cell) for cell in cells)], COLUMNS)
    return figure


def _numbers(group: Group, trained: TrainedSweep, cell: Cell) -> list[str]:
    """MSE and FIDs of a cell, means over seeds; empty where there is none."""
    likelihood = trained.sweep.likelihood.slug
    rows = [group.rows(group.metric(m), cell.model, likelihood) for m in BLOCKS.values()]
    means = [r.value[r.beta == cell.beta].mean() for r in rows]
    return ["" if mean != mean else rounded(mean) for mean in means]


@torch.no_grad()
def draw_interpolations(trained: TrainedSweep, cells: list[Cell], test: Tensor) -> Figure:
    """A row per cell: straight lines between the codes (posterior means) of pairs of images."""
    ends = [test[[1, 2]], test[[3, 4]]]
    between = torch.full((STEPS - 2, *test.shape[1:]), paper(test), device=test.device)
    rows: list[tuple[str, list[Tensor | None]]] = [
        ("test images", [torch.cat([pair[:1], between, pair[1:]]) for pair in ends])
    ]
    steps = torch.linspace(0, 1, STEPS, device=test.device)[:, None]
    for cell in cells:
        model = trained.model(cell, test.device)
        codes = [model.encode(pair).mean for pair in ends]
        lines = [model.decode(torch.lerp(z[:1], z[1:], steps)).mean for z in codes]
        rows.append((_row_name(cell), lines))
    return draw_grid(rows, columns=len(ends) * STEPS)


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
    return "autoencoder" if cell.model == "ae" else beta_equals(cell.beta)
