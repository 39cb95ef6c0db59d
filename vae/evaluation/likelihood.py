"""How probable are unseen images? The ELBO and the importance-weighted log-likelihood."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vae.data import Dataset
from vae.distributions import DiagonalGaussian, PixelDistribution
from vae.evaluation.cells import Estimate, Measurements, average, measure_cells
from vae.models import VAE, TrainedSweep
from vae.objectives import rate
from vae.randomness import generator
from vae.sweep import Cell

DECODED_FLOATS = 2**18  # pixels decoded at once: little enough to stay in a CPU core's cache
LOW_ESS = 10
Score = Callable[[PixelDistribution, Tensor], Tensor]


def density(p: PixelDistribution, x: Tensor) -> Tensor:
    """log p(x|z) as the family defines it, (...)."""
    return p.log_prob(x)


@dataclass
class ImportanceWeights:
    """Running sums over importance samples; every tensor is (N,), whatever their number K."""

    distortion: Tensor
    log_sum: Tensor
    log_sum_squares: Tensor
    log_sum_first_half: Tensor

    def log_likelihood(self, samples: int) -> Tensor:
        """L_K = log (1/K) Σ_k w_k per image, in nats (Burda et al. 2016, eq. 8)."""
        return self.log_sum - math.log(samples)

    def effective_sample_size(self) -> Tensor:
        """(Σ w)² / Σ w², between 1 and K (Kong 1992)."""
        return torch.exp(2 * self.log_sum - self.log_sum_squares)


@torch.no_grad()
def importance_weights(
    model: VAE, x: Tensor, samples: int, seed: int, score: Score = density
) -> ImportanceWeights:
    """Draw ``samples`` codes per image from q(z|x) and sum up their importance weights.

    w_k = p(x|z_k) p(z_k) / q(z_k|x). The noise of sample k depends on ``seed`` and k alone, so
    the result does not depend on how the work is cut, and memory does not grow with ``samples``.

    Args:
        x: images in [0, 1], (N, C, H, W).
        samples: K >= 1.
        score: log p(x|z) of a decoded distribution and images; a density by default.
    """
    n = len(x)
    q = encode(model, x)
    images_at_once = max(1, min(n, DECODED_FLOATS // x[0].numel()))
    samples_at_once = max(1, DECODED_FLOATS // x.numel())
    stream = generator(x.device, seed, "importance samples")
    sums = ImportanceWeights(*torch.full((4, n), -torch.inf, dtype=torch.float64, device=x.device))
    sums.distortion = torch.zeros_like(sums.log_sum)
    for first in range(0, samples, samples_at_once):
        count = min(samples_at_once, samples - first)
        noise = torch.stack([_noise(n, model.latent_dim, stream) for _ in range(count)])
        for start in range(0, n, images_at_once):
            part = slice(start, start + images_at_once)
            in_first_half = torch.arange(first, first + count, device=x.device) < samples // 2
            _add(sums, part, in_first_half, *_log_weights(model, q, x, noise, part, score))
    return ImportanceWeights(sums.distortion / samples, *list(vars(sums).values())[1:])


def encode(model: VAE, x: Tensor) -> DiagonalGaussian:
    parts = [model.encode(part) for part in x.split(1000)]
    return DiagonalGaussian(
        torch.cat([q.mean for q in parts]), torch.cat([q.log_variance for q in parts])
    )


def _noise(n: int, latent_dim: int, stream: torch.Generator) -> Tensor:
    return torch.randn(n, latent_dim, generator=stream, device=stream.device)


def _log_weights(model, q, x, noise, part: slice, score: Score) -> tuple[Tensor, Tensor]:
    """log p(x|z) and log w, each (K, B), for the images of ``part``."""
    posterior = DiagonalGaussian(q.mean[part], q.log_variance[part])
    z = posterior.rsample(noise[:, part])  # (K, B, d)
    prior = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z))
    log_p = score(model.decode(z), x[part])
    log_w = log_p + prior.log_prob(z) - posterior.log_prob(z)
    return log_p.double(), log_w.double()


def _add(
    sums: ImportanceWeights, part: slice, in_first_half: Tensor, log_p: Tensor, log_w: Tensor
) -> None:
    sums.distortion[part] -= log_p.sum(0)
    sums.log_sum[part] = torch.logaddexp(sums.log_sum[part], log_w.logsumexp(0))
    sums.log_sum_squares[part] = torch.logaddexp(
        sums.log_sum_squares[part], (2 * log_w).logsumexp(0)
    )
    if in_first_half.any():
        half = log_w[in_first_half].logsumexp(0)
        sums.log_sum_first_half[part] = torch.logaddexp(sums.log_sum_first_half[part], half)


def measure_likelihood(
    model: VAE, cell: Cell, x: Tensor, samples: int, seed: int
) -> dict[str, Estimate]:
    """Likelihood metrics of one cell; an autoencoder has a distortion only."""
    if cell.model == "ae":
        with torch.no_grad():
            distortion = [
                -model.decode(model.encode(part).mean).log_prob(part) for part in x.split(1000)
            ]
        return {"distortion": average(torch.cat(distortion))}
    weights = importance_weights(model, x, samples, seed)
    divergence = rate(encode(model, x))
    effective = weights.effective_sample_size()
    estimates = {
        "distortion": average(weights.distortion),
        "rate": average(divergence),
        "elbo": average(-(weights.distortion + divergence)),
        "log_likelihood": average(weights.log_likelihood(samples)),
        "ess_mean": average(effective),
        "ess_min": Estimate(effective.min().item()),
        "ess_low_share": average((effective < LOW_ESS).double()),
    }
    if samples > 1:
        half = weights.log_sum_first_half - math.log(samples // 2)
        estimates["log_likelihood_half"] = average(half)
    return estimates


def measure_refit(
    model: VAE, x: Tensor, samples: int, seed: int, levels: int
) -> dict[str, Estimate]:
    """Likelihood metrics of one cell whose encoder was refitted at β = 1.

    ``bits_per_dim`` is there for families that are distributions over ``levels`` grey levels.
    """
    weights = importance_weights(model, x, samples, seed)
    effective = weights.effective_sample_size()
    estimates = {
        "elbo_refit": average(-(weights.distortion + rate(encode(model, x)))),
        "log_likelihood_refit": average(weights.log_likelihood(samples)),
        "ess_mean_refit": average(effective),
        "ess_low_share_refit": average((effective < LOW_ESS).double()),
    }
    if has_mass(model, levels):
        nats = importance_weights(
            model, x, samples, seed, lambda p, images: p.log_mass(images, levels)
        ).log_likelihood(samples)
        estimates["bits_per_dim"] = average(-nats / (math.log(2) * x[0].numel()))
    return estimates


def has_mass(model: VAE, levels: int) -> bool:
    """Whether the likelihood is a distribution over numbers with ``levels`` grey levels."""
    parameter = next(model.parameters())
    p = model.decode(torch.zeros(1, model.latent_dim, device=parameter.device))
    try:
        p.log_mass(torch.zeros_like(p.mean), levels)
    except NotImplementedError:
        return False
    return True


def evaluate(
    trained: TrainedSweep,
    dataset: Dataset,
    samples: int,
    images: int,
    seed: int,
    device: torch.device,
) -> Measurements:
    """Likelihood metrics of every cell on the test split.

    Args:
        samples: importance samples K per image.
        images: how many test images, from the first; 0 for all.
    """
    x = dataset.unit("test")[: images or None].to(device)
    return measure_cells(trained, lambda m, c: measure_likelihood(m, c, x, samples, seed), device)


def evaluate_refit(
    refitted: TrainedSweep,
    dataset: Dataset,
    samples: int,
    images: int,
    seed: int,
    device: torch.device,
) -> Measurements:
    """The same for the cells of a refitted sweep, under names of their own."""
    x = dataset.unit("test")[: images or None].to(device)
    return measure_cells(
        refitted, lambda m, _: measure_refit(m, x, samples, seed, dataset.levels), device
    )
