"""Does FID notice what the eye does? Its value for real images with growing faults."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from torch import Tensor

from vae.evaluation.corruptions import CORRUPTIONS
from vae.metrics import available
from vae.reporting.figures import style
from vae.reporting.figures.fid import FLOOR, fid_name
from vae.reporting.figures.panels import (
    label_rows,
    log_axis,
    panel_grid,
    plain_numbers,
    shared_legend,
    wrapped,
)
from vae.reporting.figures.picture_grid import strip
from vae.reporting.group import Group

PANEL_HEIGHT = 2.7
THUMBNAIL = 0.36  # inches
TICK_ROOM = 0.17  # of a panel's width, between numbers
UNITS = {
    "blur": "blur: σ, as a share of the image's side",
    "noise": "noise: its standard deviation",
    "crop": "border cut off, as a share of the side",
    "dropped classes": "share of the classes left out",
    "missing mode": "share left out: one end of the data",
    "duplicates": "share that are duplicates",
    "memorised": "share that are training images",
    "crowding": "way towards one single image",
}


def draw_fid_check(group: Group, image: Tensor, seed: int) -> Figure:
    """FID against the strength of every fault, a panel each.

    Args:
        image: one of the dataset's images (C, H, W), shown as each fault of images leaves it.
        seed: of the noise.
    """
    table = group.table("corruptions", ["corruption", "strength", "fid"])
    column = available("fid", table.columns)
    kinds = list(table.corruption.unique())
    if not kinds:
        return style.notice("FID was not measured for images with known faults.")
    figure, axes = panel_grid(len(kinds), PANEL_HEIGHT, sharey=True)
    for kind, ax in zip(kinds, axes, strict=True):
        rows = table[table.corruption == kind]
        _line(ax, group, rows.set_index("strength")[column])
        ax.set_xlabel(wrapped(ax, UNITS.get(kind, kind)), fontsize=9)
        if kind in CORRUPTIONS:
            _thumbnails(ax, kind, list(rows.strength), image[None], seed)
    for ax in axes:
        log_axis(ax.yaxis)
    label_rows(dict(zip(kinds, axes, strict=True)), fid_name(group))
    shared_legend(figure)
    return figure


def _line(ax: Axes, group: Group, values: pd.Series) -> None:
    ax.plot(values, "o-", color=style.hues()[0], zorder=3)
    ax.set_xticks(spread(list(values.index)))
    plain_numbers(ax.xaxis)
    ax.margins(x=0.12)
    references = {"fid_floor": (FLOOR, "-"), "fid_noise": ("uniform noise", "--")}
    for name, (label, line) in references.items():
        if (value := group.reference(name)) is not None:
            ax.axhline(value, color=style.GREY, linestyle=line, linewidth=1, label=label)


def spread(places: list[float]) -> list[float]:
    """Those of ascending ``places`` whose numbers have room beside one another, the last first."""
    kept = places[-1:]
    for place in reversed(places):
        if kept[0] - place > TICK_ROOM * (places[-1] - places[0]):
            kept.insert(0, place)
    return kept


def _thumbnails(ax: Axes, kind: str, strengths: Sequence[float], image: Tensor, seed: int) -> None:
    """The image above every strength, as that strength leaves it."""
    corrupt, _ = CORRUPTIONS[kind]
    for strength in strengths:
        picture = strip(corrupt(image, strength, seed))
        zoom = THUMBNAIL * 72 / picture.shape[1]
        shown = OffsetImage(picture, zoom=zoom, cmap="gray_r", norm=style.FULL_RANGE)
        shown.image.axes = ax
        place = {"xycoords": ("data", "axes fraction"), "box_alignment": (0.5, 0)}
        ax.add_artist(AnnotationBbox(shown, (strength, 1.03), frameon=False, pad=0, **place))
