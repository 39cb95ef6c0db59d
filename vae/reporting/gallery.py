"""Pictures that need the trained models: reconstructions, samples and interpolations across β."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from vae.data import Dataset, load_dataset
from vae.evaluation.images import reconstructions
from vae.models import TrainedSweep
from vae.randomness import generator
from vae.reporting import style
from vae.reporting.names import beta_name
from vae.sweep import Cell

COLUMNS = 8
STEPS = 12
LEAST_SIDE = 32  # pixels to which small images are enlarged
MARGIN = 2  # pixels around every image
GAP = 0.5  # of a picture's width, between reconstructions and samples


def draw_gallery(models: Path, data: Path, output: Path, seed: int, device: torch.device) -> None:
    """Write ``<output>/images.png`` and ``interpolations.png`` for the sweep in ``models``."""
    style.apply()
    trained, dataset = TrainedSweep(models), load_dataset(data)
    first_seed = trained.sweep.seeds[0]
    cells = [c for c in trained.cells if c.seed == first_seed and not trained.diverged(c)]
    test = dataset.unit("test")[distinct_images(dataset)].to(device)
    style.save(draw_images(trained, cells, test, seed, device), output / "images.png")
    style.save(draw_interpolations(trained, cells, test, device), output / "interpolations.png")


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
    rows = [("test images", test, None)]
    for cell in cells:
        model = trained.model(cell, device)
        samples = model.decode(z).mean if cell.model == "vae" else None
        rows.append((_row_name(cell), reconstructions(model, test, seed), samples))
    figure = _grid([(name, [left, right]) for name, left, right in rows], columns=2 * COLUMNS)
    centre = COLUMNS / (2 * COLUMNS + GAP)
    for x, title in (
        (centre / 2, "reconstructions"),
        ((1 + centre) / 2, "samples from the prior"),
    ):
        figure.axes[0].annotate(
            title, (x, 1), (0, 6), "axes fraction", textcoords="offset points", ha="center"
        )
    return figure


def draw_interpolations(
    trained: TrainedSweep, cells: list[Cell], test: Tensor, device: torch.device
) -> Figure:
    """A row per cell: the straight line between the codes (posterior means) of two test images."""
    steps = torch.linspace(0, 1, STEPS, device=device)[:, None]
    rows = []
    for cell in cells:
        model = trained.model(cell, device)
        start, end = model.encode(test[1:3]).mean
        rows.append((_row_name(cell), [model.decode(start + steps * (end - start)).mean]))
    return _grid(rows, columns=STEPS)


def _row_name(cell: Cell) -> str:
    return "autoencoder" if cell.model == "ae" else f"β = {beta_name(cell.beta)}"


def _grid(rows: list[tuple[str, list[Tensor | None]]], columns: int) -> Figure:
    """One picture: each row of images side by side, blocks separated by a gap."""
    strips = [np.concatenate(_with_gaps(blocks), axis=1) for _, blocks in rows]
    picture = np.concatenate(strips, axis=0)
    height = len(rows) * style.WIDTH * 0.86 / (columns + GAP) + 0.45
    figure, ax = plt.subplots(figsize=(style.WIDTH, height))
    figure.get_layout_engine().set(w_pad=0.15)
    ax.imshow(
        picture,
        cmap="gray_r" if picture.ndim == 2 else None,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    size = len(picture) / len(rows)
    ax.set_yticks([(i + 0.5) * size - 0.5 for i in range(len(rows))], [name for name, _ in rows])
    ax.set_xticks([])
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return figure


def _with_gaps(blocks: list[Tensor | None]) -> list[np.ndarray]:
    strips: list[np.ndarray] = []
    first = _strip(blocks[0])
    for block in blocks:
        if strips:
            strips.append(np.zeros_like(first[:, : int(GAP * first.shape[0])]))
        strips.append(np.zeros_like(first) if block is None else _strip(block))
    return strips


def _strip(images: Tensor) -> np.ndarray:
    """(n, C, H, W) -> (h, n w), or (h, n w, 3) for colour: enlarged whole pixels, set apart."""
    factor = max(1, LEAST_SIDE // images.shape[-1])
    large = images.clamp(0, 1).cpu().repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    framed = torch.nn.functional.pad(large, (MARGIN,) * 4)
    row = torch.cat(list(framed), dim=-1).numpy()
    return row[0] if len(row) == 1 else row.transpose(1, 2, 0)
