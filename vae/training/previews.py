"""Pictures taken while training."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import pad

from vae.data.datasets import SPLITS, Dataset, spaced
from vae.files import replacing
from vae.models import VAE

SHEET_COLUMNS = 20
LINE = 2  # pixels between images


def preview_epochs(epochs: int, previews: int) -> list[int]:
    """After which of ``epochs`` pictures are taken: at the start, then in equal ratios.

    The last of the ``previews`` shows the weights that are kept, whichever epoch they are from.
    """
    points = previews - 1
    return sorted({0, *(round(epochs ** (i / points)) for i in range(1, points))})


def pictures_of(model: VAE, x: Tensor, noise: Tensor) -> Tensor:
    """Reconstructions of ``x`` (n, C, H, W), then n decoded prior samples: uint8 (2 n, C, H, W).

    Args:
        noise: standard normal, (2 n, d): of the codes of ``x``, then the prior samples.
    """
    codes = model.encode(x).rsample(noise[: len(x)])
    p = model.decode(torch.cat([codes, noise[len(x) :]]))
    return p.mean.nan_to_num().clamp(0, 1).mul(255).round().byte()


def save_contact_sheet(path: Path, dataset: Dataset) -> None:
    """Write a picture of evenly spaced images, a block of rows for each split."""
    blocks = [spaced(dataset.unit(split), SHEET_COLUMNS * 4) for split in SPLITS]
    first, second, third = (_grid(_enlarged(x), SHEET_COLUMNS) for x in blocks)
    gap = torch.ones(3, 8, first.shape[2])
    _save(path, torch.cat([first, gap, second, gap, third], dim=1))


def save_filmstrip(path: Path, originals: Tensor, frames: Tensor) -> None:
    """Write one picture of how a cell's output changes while it trains.

    The top row shows the original images; each row below one point of training, from before the
    first epoch to the end: reconstructions on the left, decoded prior samples on the right.

    Args:
        originals: images in [0, 1], (n, C, H, W).
        frames: uint8 (points, 2 n, C, H, W).
    """
    columns = len(originals)
    top = torch.cat([originals, torch.ones_like(originals)])
    images = _enlarged(torch.cat([top, frames.float().flatten(0, 1) / 255]))
    halves = images.unflatten(0, (-1, 2 * columns)).split(columns, 1)
    left, right = (_grid(half.flatten(0, 1), columns) for half in halves)
    _save(path, torch.cat([left, torch.ones(3, left.shape[1], 12), right], dim=2))


def _enlarged(images: Tensor) -> Tensor:
    """Images (..., H, W), each pixel of small ones repeated until they are 32 wide."""
    scale = max(1, 32 // images.shape[-1])
    return images.repeat_interleave(scale, -1).repeat_interleave(scale, -2)


def _grid(images: Tensor, columns: int) -> Tensor:
    """Images (n, C, H, W) in rows of ``columns``, with grey lines around them: (3, H', W')."""
    missing = -len(images) % columns if len(images) > columns else 0
    framed = pad(images.expand(-1, 3, -1, -1), (LINE, 0, LINE, 0), value=0.5)
    framed = torch.cat([framed, torch.full_like(framed[:missing], 0.5)])
    rows = framed.unflatten(0, (-1, min(columns, len(images)))).permute(2, 0, 3, 1, 4)
    return pad(rows.flatten(1, 2).flatten(2), (0, LINE, 0, LINE), value=0.5)


def _save(path: Path, picture: Tensor) -> None:
    """Write a picture (3, H, W) in [0, 1]."""
    pixels = picture.mul(255).round().clamp(0, 255).byte().permute(1, 2, 0)
    with replacing(path) as temporary:
        Image.fromarray(pixels.numpy()).save(temporary)
