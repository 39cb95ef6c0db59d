"""The σ of a Gaussian likelihood, estimated on training images."""

import torch
from torch import Tensor

from vae.models import VAE

LOG_SIGMA = "decoder.likelihood.log_sigma"


@torch.no_grad()
def calibrated_log_sigma(model: VAE, x: Tensor, stream: torch.Generator) -> Tensor:
    """Log of the maximum-likelihood σ: the root mean squared error of reconstructions.

    Args:
        x: training images in [0, 1], (N, C, H, W).
        stream: for one code per image from q(z|x).

    Returns:
        a tensor without dimensions.
    """
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for part in x.split(1000):
        noise = torch.randn(len(part), model.latent_dim, generator=stream, device=x.device)
        p = model.decode(model.encode(part).rsample(noise))
        total += (p.mean - part).square().sum(dtype=torch.float64)
    return 0.5 * torch.log(total / x.numel()).float()
