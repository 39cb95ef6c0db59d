"""How close are reconstructions to the images, and how blurred?"""

import pandas as pd
import torch
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.data.datasets import Dataset
from vae.distributions import PIXELS
from vae.evaluation.cells import Estimate, Measurements, average, measure_cells
from vae.evaluation.spectra import high_frequency_energy, mean_spectrum
from vae.models import VAE, TrainedSweep
from vae.randomness import generator
from vae.results.table import cell_columns


@torch.no_grad()
def reconstructions(model: VAE, x: Tensor, seed: int) -> Tensor:
    """Expected images E[x|z] for one code z per image: drawn from q(z|x), or the autoencoder's.

    Args:
        x: images in [0, 1], (N, C, H, W), which is also the shape of the result.
    """
    noise = torch.randn(
        len(x),
        model.latent_dim,
        generator=generator(x.device, seed, "reconstructions"),
        device=x.device,
    )
    return model.decode_all(model.encode_all(x).rsample(noise), lambda p: p.mean)


@torch.no_grad()
def mean_reconstructions(model: VAE, x: Tensor) -> Tensor:
    """Expected images E[x|z] at the posterior's mean, or at the autoencoder's code: as ``x``."""
    return model.decode_all(model.encode_all(x).mean, lambda p: p.mean)


def measure_images(model: VAE, x: Tensor, seed: int) -> tuple[dict[str, Estimate], pd.DataFrame]:
    """Image metrics of one cell, and the power spectrum of its reconstructions."""
    reconstructed = reconstructions(model, x, seed)
    metrics = {
        "mse": average((reconstructed - x).square().mean(PIXELS)),
        "mse_mean": average((mean_reconstructions(model, x) - x).square().mean(PIXELS)),
        "high_frequency_energy": high_frequency_energy(reconstructed, x),
    }
    return metrics, mean_spectrum(reconstructed)


def evaluate(
    trained: TrainedSweep, dataset: Dataset, device: torch.device, seed: int
) -> Measurements:
    """Image metrics of every cell on the test split, and a table of power ``spectra``.

    The spectra start with that of the test images, as the model ``data``.
    """
    x = dataset.unit("test").to(device)
    spectra = {Cell("data", 0.0, 0): mean_spectrum(x)}

    def measure(model: VAE, cell: Cell) -> dict[str, Estimate]:
        metrics, spectra[cell] = measure_images(model, x, seed)
        return metrics

    measurements = measure_cells(trained, measure, device)
    rows = [
        pd.DataFrame({**cell_columns(trained.sweep, cell), **spectrum.to_dict("list")})
        for cell, spectrum in spectra.items()
    ]
    return measurements._replace(tables={"spectra": pd.concat(rows)})
