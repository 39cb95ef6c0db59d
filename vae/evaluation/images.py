"""How close are reconstructions to the images?"""

import pandas as pd
import torch
from torch import Tensor

from vae.config import Cell
from vae.data import Dataset
from vae.distributions import PIXELS
from vae.evaluation.cells import Estimate, average, measure_cells
from vae.models import VAE, TrainedSweep
from vae.randomness import generator


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
    pairs = zip(x.split(1000), noise.split(1000), strict=True)
    return torch.cat([model.decode(model.encode(part).rsample(e)).mean for part, e in pairs])


def evaluate(
    trained: TrainedSweep, dataset: Dataset, seed: int, device: torch.device
) -> pd.DataFrame:
    """Image metrics of every cell on the test split."""
    x = dataset.unit("test").to(device)

    def measure(model: VAE, cell: Cell) -> dict[str, Estimate]:
        squared_error = (reconstructions(model, x, seed) - x).square()
        return {"mse": average(squared_error.mean(PIXELS))}

    return measure_cells(trained, measure, device)
