"""Why an ELBO falls short of log p(x): the family of q(z|x), the encoder (Cremer et al. 2018)."""

import torch
from torch import Tensor

from vae.adam import Adam
from vae.distributions import DiagonalGaussian
from vae.evaluation.importance import slices
from vae.evaluation.posterior import Score
from vae.models import VAE
from vae.objectives import rate
from vae.randomness import generator

STEPS, CODES, LEARNING_RATE = 60, 32, 0.03
FALL = 0.95  # of the learning rate, linear over all steps
MEASURED = 100  # codes per image for the ELBO of what was found


def elbo(model: VAE, x: Tensor, q: DiagonalGaussian, noise: Tensor, score: Score) -> Tensor:
    """The ELBO of images (N, C, H, W) under ``q``, over noise (K, N, d): shape (N,)."""
    return score(model.decode(q.rsample(noise)), x).mean(0) - rate(q)


def best_factorised(
    model: VAE, x: Tensor, starts: list[DiagonalGaussian], seed: int, score: Score
) -> DiagonalGaussian:
    """For each image the diagonal Gaussian with the highest ELBO, from the best of ``starts``.

    Adam with the noise of all steps in common, half of it mirrored.
    """
    stream = generator(x.device, seed, "factorised")
    half = torch.randn(CODES // 2, len(x), model.latent_dim, generator=stream, device=x.device)
    noise = torch.cat([half, -half])
    found = [
        _fitted(model, x[part], [q[part] for q in starts], noise[:, part], score)
        for part in _parts(model, x, CODES)
    ]
    return DiagonalGaussian.joined(found)


def _fitted(
    model: VAE, x: Tensor, starts: list[DiagonalGaussian], noise: Tensor, score: Score
) -> DiagonalGaussian:
    """The same over noise (K, N, d)."""
    elbos = torch.stack([elbo(model, x, q, noise, score) for q in starts])
    chosen = elbos.nan_to_num(nan=-torch.inf).argmax(0), torch.arange(len(x), device=x.device)
    mean, log_variance = (
        torch.stack([getattr(q, name) for q in starts])[chosen].detach().requires_grad_()
        for name in ("mean", "log_variance")
    )
    optimiser = Adam([mean, log_variance], LEARNING_RATE)
    with torch.enable_grad():
        for step in range(STEPS):
            optimiser.zero_grad()
            loss = -elbo(model, x, DiagonalGaussian(mean, log_variance), noise, score).sum()
            loss.backward()
            optimiser.step()
            optimiser.learning_rate *= 1 - FALL / (STEPS - step * FALL)
    return DiagonalGaussian(mean.detach(), log_variance.detach())


@torch.no_grad()
def measured_elbo(model: VAE, x: Tensor, q: DiagonalGaussian, seed: int, score: Score) -> Tensor:
    """The ELBO under ``q`` with codes of their own, (N,)."""
    stream = generator(x.device, seed, "measured ELBO")
    noise = torch.randn(MEASURED, len(x), model.latent_dim, generator=stream, device=x.device)
    parts = _parts(model, x, MEASURED)
    return torch.cat([elbo(model, x[p], q[p], noise[:, p], score) for p in parts])


def _parts(model: VAE, x: Tensor, codes: int) -> list[slice]:
    """The images in pieces of which so many ``codes`` each can be decoded at once."""
    return slices(len(x), max(1, model.decoded_at_once(x.device) // codes))
