"""Pictures taken while training."""

from pathlib import Path

import torch
from torch import Tensor

from vae.data.datasets import SPLITS, Dataset, spaced
from vae.files import replacing
from vae.models import VAE

SHEET_COLUMNS = 20


def preview_epochs(epochs: int, previews: int) -> list[int]:
    """After which of ``epochs`` pictures are taken: at the start, then in equal ratios.

    The last of the ``previews`` shows the weights that are kept, whichever epoch they are from.
    """
    points = previews - 1
    return sorted({0, *(round(epochs ** (i / points)) for i in range(1, points))})


def pictures_of(model: VAE, x: Tensor, noise: Tensor, stochastic: Tensor) -> Tensor:
    """Reconstructions of ``x`` (n, C, H, W), then n decoded prior samples: uint8 (2 n, C, H, W).

    Args:
        noise: standard normal, (2 n, d): of the codes of ``x``, then the prior samples.
        stochastic: 0 for an autoencoder, whose codes have no noise, else 1.
    """
    codes = model.encode(x).rsample(stochastic * noise[: len(x)])
    p = model.decode(torch.cat([codes, noise[len(x) :]]))
    return p.mean.nan_to_num().clamp(0, 1).mul(255).round().byte().cpu()


def save_contact_sheet(path: Path, dataset: Dataset) -> None:
    """Write a picture of evenly spaced images, a block of rows for each split."""
    from torchvision.utils import make_grid, save_image

    blocks = [spaced(dataset.unit(split), SHEET_COLUMNS * 4) for split in SPLITS]
    scale = max(1, 32 // blocks[0].shape[-1])
    grids = [
        make_grid(
            x.repeat_interleave(scale, -1).repeat_interleave(scale, -2),
            nrow=SHEET_COLUMNS,
            pad_value=0.5,
        )
        for x in blocks
    ]
    gap = torch.ones(3, 8, grids[0].shape[2])
    with replacing(path) as temporary:
        save_image(torch.cat([grids[0], gap, grids[1], gap, grids[2]], dim=1), temporary)


def save_filmstrip(path: Path, originals: Tensor, frames: Tensor) -> None:
    """Write one picture of how a cell's output changes while it trains.

    The top row shows the original images; each row below one point of training, from before the
    first epoch to the end: reconstructions on the left, decoded prior samples on the right.

    Args:
        originals: images in [0, 1], (n, C, H, W).
        frames: uint8 (points, 2 n, C, H, W).
    """
    from torchvision.utils import make_grid, save_image  # imports as slowly as torch itself

    columns = len(originals)
    top = torch.cat([originals, torch.ones_like(originals)])
    images = torch.cat([top, frames.float().flatten(0, 1) / 255])
    scale = max(1, 32 // images.shape[-1])
    images = images.repeat_interleave(scale, -1).repeat_interleave(scale, -2)
    halves = images.unflatten(0, (-1, 2 * columns))
    grids = [
        make_grid(half.flatten(0, 1), nrow=columns, pad_value=0.5)
        for half in halves.split(columns, 1)
    ]
    with replacing(path) as temporary:
        save_image(
            torch.cat([grids[0], torch.ones(3, grids[0].shape[1], 12), grids[1]], dim=2), temporary
        )
