"""Samples side by side: β down, likelihoods across, the FID below each, the best framed."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from torch import Tensor

from vae.reporting.figures import style
from vae.reporting.figures.generated import KINDS, SHOWN, Generated
from vae.reporting.figures.panels import wrapped_text
from vae.reporting.figures.picture_grid import Sheet
from vae.reporting.group import Group
from vae.reporting.names import beta_equals, likelihood_name, rounded

NAMES = ("E[x|z]", "x ~ p(x|z)")  # of ``KINDS``
TOP = 2.2  # for the names of likelihoods
GAP = 0.6  # between likelihoods
STRIP = 1.55  # of pictures with the number below
ROW = len(KINDS) * STRIP + 0.5


@dataclass(frozen=True)
class Layout:
    """Places of cells, in widths of a picture; a cell has ``shown`` pictures in a strip."""

    likelihoods: int

    @property
    def shown(self) -> int:
        """More of few likelihoods: the matrix stays about as wide."""
        return max(2, min(SHOWN, 32 // self.likelihoods))

    @property
    def left(self) -> float:
        """Where the first cell starts: room for the names of βs and of kinds of images."""
        return 0.11 * self.likelihoods * (self.shown + GAP)

    @property
    def width(self) -> float:
        """Of the whole matrix."""
        return self.x(self.likelihoods)

    def x(self, column: int) -> float:
        """Where a likelihood starts."""
        return self.left + column * (self.shown + GAP)

    def y(self, row: int) -> float:
        """Where a β starts."""
        return TOP + row * ROW


def draw_matrix(group: Group, generated: Sequence[Generated]) -> Figure:
    """Samples of every likelihood (across) at every β (down), with their FID, the best framed.

    Every cell shows the same codes: expected images above, drawn ones below.
    """
    layout = Layout(len(generated))
    sheet = Sheet.of(layout.width, layout.y(len(group.betas)))
    for row, beta in enumerate(group.betas):
        y = layout.y(row)
        sheet.text(0.1, y - 0.08, beta_equals(beta), weight="bold", fontsize=9.5)
        for i, kind in enumerate(NAMES):
            look = {"ha": "right", "color": style.GREY, "fontsize": 8}
            sheet.text(layout.left - 0.3, y + 0.5 + i * STRIP, kind, **look)
    for column, one in enumerate(generated):
        name = wrapped_text(likelihood_name(one.likelihood), 4 * layout.shown)
        place = (layout.x(column) + layout.shown / 2, TOP - 0.3)
        sheet.text(*place, name, ha="center", va="bottom", fontsize=9)
        _column(sheet, layout, column, group, one)
    return sheet.ax.figure


def _column(sheet: Sheet, layout: Layout, column: int, group: Group, one: Generated) -> None:
    """One likelihood; where a β has no model, the reason."""
    x = layout.x(column)
    scores = {kind: group.means(one.likelihood, kind) for kind in KINDS}
    for row, beta in enumerate(group.betas):
        y, shown = layout.y(row), {kind: one.samples.get((kind, beta)) for kind in KINDS}
        if all(images is None for images in shown.values()):
            reason = "diverged" if beta in group.betas_of(one.likelihood) else "not trained"
            middle = (x + layout.shown / 2, y + ROW / 2 - 0.3)
            sheet.text(*middle, reason, ha="center", color=style.GREY)
            continue
        for i, (kind, images) in enumerate(shown.items()):
            if images is not None:
                place, partly = (x, y + i * STRIP), group.partly_collapsed(one.likelihood, beta)
                _scored(sheet, place, images[: layout.shown], beta, scores[kind], partly)


def _scored(
    sheet: Sheet,
    place: tuple[float, float],
    images: Tensor,
    beta: float,
    fid: pd.Series,
    partly: str,
) -> None:
    """A strip above its FID, framed if that is the best of its column.

    Args:
        partly: what stands there instead, where a mean over seeds is of no model.
    """
    x, y = place
    sheet.pictures(x, y, images)
    best = len(fid) > 1 and beta == fid.idxmin()
    text = partly or (rounded(fid[beta]) if beta in fid else "n/a")
    look = {"weight": "bold", "color": style.BEST} if best else {}
    sheet.text(x + len(images) / 2, y + (1 + STRIP) / 2, text, ha="center", **look)
    if best:
        sheet.frame(x - 0.06, y - 0.06, len(images) + 0.12, STRIP + 0.08)
