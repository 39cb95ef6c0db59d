"""Do models copy training images? Samples above the training images that they are closest to."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from vae.data.datasets import spaced
from vae.reporting.figures.generated import CANDIDATES, NEAREST, Generated, nearest_pairs
from vae.reporting.figures.picture_grid import Sheet
from vae.reporting.group import Group
from vae.reporting.names import beta_equals, likelihood_name, percent


def draw_memory(
    group: Group, generated: Sequence[Generated], train: Tensor, test: Tensor
) -> Figure:
    """Prior samples that lie nearest to training images, above these; test images first.

    Args:
        train, test: images (N, C, H, W) in [0, 1].
    """
    blocks = {"test images": nearest_pairs(spaced(test, CANDIDATES), train, NEAREST)}
    for one in generated:
        if one.nearest:
            share = group.mean(one.likelihood, one.nearest_beta, "authentic_share")
            authentic = "" if share is None else f": {percent(share)} authentic"
            name = f"{likelihood_name(one.likelihood)}, {beta_equals(one.nearest_beta)}{authentic}"
            blocks[name] = one.nearest
    width, step = NEAREST + 0.8, 3.1
    sheet = Sheet.of(2 * width, math.ceil(len(blocks) / 2) * step)
    for i, (name, pair) in enumerate(blocks.items()):
        x, y = (i % 2) * width + 0.3, (i // 2) * step
        sheet.text(x, y + 0.45, name, fontsize=9.5)
        for row, pictures in enumerate(pair):
            sheet.pictures(x, y + 0.8 + row, pictures)
    return sheet.ax.figure
