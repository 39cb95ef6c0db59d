"""Images in rows, pixel by pixel: what all galleries are made of."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from vae.reporting.figures import style

LEAST_SIDE = 32  # pixels to which small images are enlarged
MARGIN = 2  # pixels around every image
GAP = 0.5  # of a picture's width, between blocks
NUMBERS = 1.7  # the same where a number stands behind each block
LABELS = 0.14  # of the page's width, for the names of the rows


def draw_grid(
    rows: list[tuple[str, list[Tensor | None]]], columns: int, gap: float = GAP
) -> Figure:
    """A page of rows, each a name and blocks of images (n, C, H, W), a gap behind each.

    Args:
        columns: how many images fill a row; a block that is None stays white.
        gap: in widths of a picture.
    """
    height = len(rows) * style.WIDTH * (1 - LABELS) / (columns + gap * len(rows[0][1])) + 0.45
    figure, ax = plt.subplots(figsize=(style.WIDTH, height))
    figure.get_layout_engine().set(w_pad=0.15)
    strips = [np.concatenate(_with_gaps(blocks, gap), axis=1) for _, blocks in rows]
    show_strips(ax, strips, [name for name, _ in rows])
    return figure


def show_strips(ax: Axes, strips: list[np.ndarray], names: list[str]) -> None:
    """Strips of equal size below one another, named on the left."""
    picture = np.concatenate(strips, axis=0)
    grey = "gray_r" if picture.ndim == 2 else None
    ax.imshow(picture, cmap=grey, vmin=0, vmax=1, interpolation="nearest")
    size = len(picture) / len(strips)
    ax.set_yticks([(i + 0.5) * size - 0.5 for i in range(len(strips))], names)
    ax.set_xticks([])
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def heading(ax: Axes, x: float, text: str) -> None:
    """``text`` above the axes, centred at ``x`` as a share of their width."""
    ax.annotate(
        text, (x, 1), (0, 6), "axes fraction", textcoords="offset points", ha="center", fontsize=11
    )


def strip(images: Tensor) -> np.ndarray:
    """(n, C, H, W) -> (h, n w), or (h, n w, 3) for colour: enlarged whole pixels, set apart."""
    factor = max(1, LEAST_SIDE // images.shape[-1])
    large = images.clamp(0, 1).cpu().repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    framed = torch.nn.functional.pad(large, (MARGIN,) * 4, value=paper(images))
    row = torch.cat(list(framed), dim=-1).numpy()
    return row[0] if len(row) == 1 else row.transpose(1, 2, 0)


def paper(images: Tensor) -> float:
    """The intensity that prints white: grey images are shown as ink on paper."""
    return 0.0 if images.shape[1] == 1 else 1.0


def write_numbers(ax: Axes, numbers: list[list[str]], columns: int) -> None:
    """Write a number into the gap behind every block, a row of them per row of pictures.

    Args:
        columns: images in a block; the gaps are ``NUMBERS`` wide.
    """
    blocks = len(numbers[0])
    place = {"xycoords": "axes fraction", "ha": "center", "va": "center", "fontsize": 9}
    for i, row in enumerate(numbers):
        for block, text in enumerate(row):
            x = ((block + 1) * (columns + NUMBERS) - NUMBERS / 2) / (blocks * (columns + NUMBERS))
            ax.annotate(text, (x, 1 - (i + 0.5) / len(numbers)), **place)


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


def _with_gaps(blocks: list[Tensor | None], gap: float) -> list[np.ndarray]:
    """Every block with white behind it; a single one fills its row."""
    shown = next(block for block in blocks if block is not None)
    white = np.full_like(strip(shown), paper(shown))
    strips: list[np.ndarray] = []
    for block in blocks:
        strips.append(white if block is None else strip(block))
        if len(blocks) > 1:
            strips.append(white[:, : round(gap * len(white))])
    return strips
