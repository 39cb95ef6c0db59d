"""What one sweep's models reconstruct, invent and encode, as data for the page."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.data.datasets import Dataset, load_dataset, spaced
from vae.distributions import PixelDistribution
from vae.evaluation.images import reconstructions
from vae.evaluation.latents import code_statistics
from vae.explorer.decoders import as_text, decoder_data
from vae.files import write_text
from vae.models import VAE, TrainedSweep
from vae.randomness import generator
from vae.reporting.figures.codes import MOST_CODES
from vae.reporting.figures.gallery import COLUMNS, STEPS, distinct_images, shown_cells


def write_pictures(
    models: Sequence[Path], data: Sequence[Path], output: Path, seed: int, device: torch.device
) -> None:
    """Write ``sweep_data`` of every sweep, of those in ``models``, as JSON to folder ``output``.

    Args:
        data: the datasets of the sweeps.
    """
    datasets = [load_dataset(path) for path in data]
    for trained in map(TrainedSweep, models):
        content = sweep_data(trained, trained.its_own(datasets), seed, device)
        write_text(output / f"{trained.sweep.slug}.json", json.dumps(content))


def sweep_data(trained: TrainedSweep, dataset: Dataset, seed: int, device: torch.device) -> dict:
    """Pictures, codes and decoders of the cells of the first seed, those that diverged left out.

    Images are bytes, 0 to 255, in base64; the codes of one draw from every posterior (N, 2) are
    those of the two dimensions with the largest KL.
    """
    test = dataset.unit("test")[distinct_images(dataset)].to(device)
    x = spaced(dataset.unit("test")).to(device)
    return {
        "group": trained.sweep.group,
        "likelihood": trained.sweep.likelihood.slug,
        "latent_dim": trained.sweep.latent_dim,
        "shape": list(dataset.shape),
        "seed": trained.sweep.seeds[0],
        "test": pixels(test),
        "labels": spaced(dataset.labels["test"], MOST_CODES).tolist(),
        "cells": [
            cell_data(cell, trained.model(cell, device), dataset, test, x, seed)
            for cell in shown_cells(trained)
        ],
    }


@torch.no_grad()
def cell_data(
    cell: Cell, model: VAE, dataset: Dataset, test: Tensor, x: Tensor, seed: int
) -> dict:
    """What the page shows of one model.

    Args:
        test: the images that are reconstructed, (n, C, H, W) in [0, 1].
        x: the images whose codes are shown and rank the dimensions.
    """
    statistics = code_statistics(model, x)
    nats = statistics["kl"] if cell.model == "vae" else statistics["variance"]
    order = nats.argsort(descending=True, stable=True).tolist()
    starts = model.encode(test).mean
    return {
        "model": cell.model,
        "beta": cell.beta,
        "order": order,
        "kl": nats.tolist() if cell.model == "vae" else None,
        "starts": as_text(starts.cpu().float().numpy()),
        "codes": as_text(_codes(model, x, order, seed)),
        "reconstructions": pixels(reconstructions(model, test, seed)),
        "interpolation": pixels(_interpolation(model, starts)),
        **(_samples(model, dataset, seed, test.device) if cell.model == "vae" else {}),
        "decoder": decoder_data(model, dataset.levels, seed),
    }


def pixels(images: Tensor) -> str:
    """Images in [0, 1] as bytes in base64."""
    levels = (255 * images.clamp(0, 1)).round().to(torch.uint8)
    return as_text(levels.cpu().numpy())


def _codes(model: VAE, x: Tensor, order: list[int], seed: int) -> np.ndarray:
    q = model.encode_all(spaced(x, MOST_CODES)).double()
    stream = generator(x.device, seed, "gallery codes")
    noise = torch.randn(q.mean.shape, generator=stream, device=x.device, dtype=q.mean.dtype)
    return q.rsample(noise)[:, order[:2]].cpu().numpy().astype(np.float16)


def _interpolation(model: VAE, starts: Tensor) -> Tensor:
    """The straight line between the codes of the second and the third image."""
    steps = torch.linspace(0, 1, STEPS, device=starts.device)[:, None]
    return model.decode(starts[1] + steps * (starts[2] - starts[1])).mean


def _samples(model: VAE, dataset: Dataset, seed: int, device: torch.device) -> dict:
    """Expected and drawn images of the same codes, and the training images nearest to them."""
    stream = generator(device, seed, "gallery")
    z = torch.randn(COLUMNS, model.latent_dim, generator=stream, device=device)
    p: PixelDistribution = model.decode(z)
    training = dataset.training_images(generator("cpu", seed, "gallery neighbours"))
    return {
        "samples": pixels(p.mean),
        "drawn": pixels(p.sample(stream)),
        "nearest": pixels(nearest(p.mean, training.to(device))),
    }


def nearest(images: Tensor, among: Tensor) -> Tensor:
    """Of ``among`` (M, C, H, W) the image nearest to each of ``images``, by squared error."""
    distances = torch.cdist(images.clamp(0, 1).flatten(1), among.flatten(1))
    return among[distances.argmin(1)]
