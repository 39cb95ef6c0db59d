"""Small made-up tables of results for the interactive page."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from vae.results.comparison import best_betas
from vae.results.table import COLUMNS

SEEDS = (0, 1, 2)
CRITERIA = ("elbo", "fid_prior", "mse")


def write_tables(
    folder: Path,
    likelihoods: Sequence[str],
    betas: Sequence[float],
    latent_dim: int,
    lost: tuple[float, int] | None = None,
) -> None:
    """Write ``metrics.csv`` and ``best_beta.csv`` of one group, digits-mlp.

    Args:
        lost: β and seed of VAEs that diverged.
    """
    random = np.random.default_rng(0)
    rows = [
        ("digits", "mlp", latent_dim, likelihood, *cell, metric, value * noise, abs(value) / 50)
        for likelihood in likelihoods
        for cell in [
            *(("ae", 0.0, seed) for seed in SEEDS),
            *(("vae", beta, seed) for beta in betas for seed in SEEDS),
        ]
        for metric, value in made_up(cell[1], latent_dim).items()
        for noise in [math.nan if cell[1:] == lost else 1 + 0.02 * random.normal()]
    ]
    metrics = pd.DataFrame(rows, columns=COLUMNS)
    metrics.to_csv(folder / "metrics.csv", index=False)
    best_betas(metrics, None, CRITERIA).to_csv(folder / "best_beta.csv", index=False)


def made_up(beta: float, latent_dim: int) -> dict[str, float]:
    """The ELBO is best at β = 1, the FID at 1/2; an autoencoder (β = 0) has few metrics."""
    if beta == 0:
        return {"distortion": 10.0, "mse": 0.01}
    octaves, rate = math.log2(beta), 2 * latent_dim / (1 + beta)
    elbo = -30 - octaves**2
    return {
        "distortion": -elbo - rate,
        "rate": rate,
        "elbo": elbo,
        "fid_prior": 8 + (octaves + 1) ** 2,
        "mse": 0.02 + 0.01 * beta,
        "active_units": float(latent_dim),
    }
