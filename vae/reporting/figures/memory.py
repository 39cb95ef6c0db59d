"""Do models copy training images? Samples above the training images that they are closest to."""

import math
from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from vae.data.datasets import spaced
from vae.models import TrainedSweep
from vae.reporting.figures.generated import decoded, first_seed, prior_codes
from vae.reporting.figures.picture_grid import Sheet
from vae.reporting.group import Group
from vae.reporting.names import beta_equals, likelihood_name, percent

PICTURES = 9
CANDIDATES = 400  # prior samples among which those nearest to training images are shown


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
        beta = group.best_mean(likelihood, "fid_prior")
        if beta is not None and (cell := first_seed(trained, beta)):
            z = prior_codes(trained, CANDIDATES, seed, train.device)
            share = group.mean(likelihood, beta, "authentic_share")
            authentic = "" if share is None else f": {percent(share)} authentic"
            name = f"{likelihood_name(likelihood)}, {beta_equals(beta)}{authentic}"
            blocks[name] = decoded(trained, cell, z, seed)[0]
    width, step = PICTURES + 0.8, 3.1
    sheet = Sheet.of(2 * width, math.ceil(len(blocks) / 2) * step)
    for i, (name, images) in enumerate(blocks.items()):
        x, y = (i % 2) * width + 0.3, (i // 2) * step
        sheet.text(x, y + 0.45, name, fontsize=9.5)
        for row, pictures in enumerate(nearest_pairs(images, train, PICTURES)):
            sheet.pictures(x, y + 0.8 + row, pictures)
    return sheet.ax.figure


def nearest_pairs(images: Tensor, train: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The ``count`` images that lie closest to a training image, and those training images."""
    distances, nearest = torch.cdist(images.flatten(1), train.flatten(1)).min(1)
    closest = distances.argsort()[:count]
    return images[closest], train[nearest[closest]]
