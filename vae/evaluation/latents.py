"""What do the codes carry? Active units and the divergence of each latent dimension."""

import pandas as pd
import torch
from torch import Tensor

from vae.config import Cell
from vae.data import Dataset
from vae.evaluation.cells import Estimate, measure_cells
from vae.models import VAE, TrainedSweep
from vae.table import cell_columns

ACTIVE_VARIANCE = 0.01  # Burda et al. (2016), section 5.3


@torch.no_grad()
def code_statistics(model: VAE, x: Tensor) -> dict[str, Tensor]:
    """Per latent dimension over the images ``x``, each of shape (latent_dim,).

    ``mean`` and ``variance`` of the posterior means; ``kl``: average KL(q(z_j|x) || p(z_j)).
    """
    posteriors = [model.encoder(part) for part in x.split(1000)]
    means = torch.cat([q.mean for q in posteriors]).double()
    kl = torch.cat([q.kl_per_dimension() for q in posteriors]).double()
    return {"mean": means.mean(0), "variance": means.var(0), "kl": kl.mean(0)}


def measure_latents(model: VAE, x: Tensor) -> dict[str, Estimate]:
    """Latent metrics of one cell."""
    variance = code_statistics(model, x)["variance"]
    return {"active_units": Estimate(float((variance > ACTIVE_VARIANCE).sum()))}


def evaluate(
    trained: TrainedSweep, dataset: Dataset, device: torch.device
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Latent metrics of every cell on the test split, and a table of every latent dimension.

    The autoencoder's dimensions have no divergence: its ``kl`` is empty.
    """
    x = dataset.unit("test").to(device)
    metrics = measure_cells(trained, lambda model, cell: measure_latents(model, x), device)
    dimensions = [
        pd.DataFrame(
            {
                **cell_columns(trained.sweep, cell),
                **_dimensions(trained.model(cell, device), cell, x),
            }
        )
        for cell in trained.cells
        if not trained.diverged(cell)
    ]
    return metrics, pd.concat(dimensions) if dimensions else pd.DataFrame()


def _dimensions(model: VAE, cell: Cell, x: Tensor) -> dict:
    statistics = {name: values.cpu().numpy() for name, values in code_statistics(model, x).items()}
    if cell.model == "ae":
        statistics["kl"] = None
    return {"dimension": range(model.latent_dim), **statistics}
