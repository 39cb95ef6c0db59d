"""What trained models generate for pictures: which cell, which codes, which images."""

import torch
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.models import TrainedSweep
from vae.randomness import generator


def first_seed(sweep: TrainedSweep, beta: float) -> Cell | None:
    """The VAE of one β with the first seed; None if there is none or it diverged."""
    cell = Cell("vae", beta, sweep.sweep.seeds[0])
    return cell if cell in sweep.cells and not sweep.diverged(cell) else None


def prior_codes(trained: TrainedSweep, count: int, seed: int, device: torch.device) -> Tensor:
    """Codes z ~ p(z), the same for every model of that size: (count, latent_dim)."""
    stream = generator(device, seed, "gallery")
    return torch.randn(count, trained.sweep.latent_dim, generator=stream, device=device)


@torch.no_grad()
def decoded(
    trained: TrainedSweep, cell: Cell, z: Tensor, seed: int
) -> tuple[Tensor, Tensor | None]:
    """Expected images of codes, and images drawn from p(x|z) where the family can draw."""
    images = trained.model(cell, z.device).decode(z)
    try:
        return images.mean, images.sample(generator(z.device, seed, "gallery pixels"))
    except NotImplementedError:  # a σ that is read off each image is none before there is one
        return images.mean, None
