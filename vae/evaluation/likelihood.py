"""How probable are unseen images? The ELBO and the importance-weighted log-likelihood."""

import math
from collections.abc import Callable, Iterator, Sequence
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

DECODED_FLOATS = 2**17  # decoder outputs at once: few enough to stay in a CPU core's cache
GPU_FACTOR = 2**9  # as many times more on a GPU: 256 MB in a tensor of outputs
LEAST_CODES = 64  # decoded at once: with fewer, reading the weights takes longest
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

    @classmethod
    def none(cls, n: int, device: torch.device) -> "ImportanceWeights":
        """The sums over no samples of ``n`` images."""
        zero = torch.zeros(n, dtype=torch.float64, device=device)
        return cls(zero, *(torch.full_like(zero, -torch.inf) for _ in range(3)))

    def add(self, part: slice, log_p: Tensor, log_ratio: Tensor) -> None:
        """Add samples of the images of ``part``: log p(x|z) and log p(z) - log q(z|x), (K, B)."""
        log_w = (log_p + log_ratio).double()
        self.distortion[part] -= log_p.sum(0, dtype=torch.float64)
        self.log_sum[part] = torch.logaddexp(self.log_sum[part], log_w.logsumexp(0))
        squares = (2 * log_w).logsumexp(0)
        self.log_sum_squares[part] = torch.logaddexp(self.log_sum_squares[part], squares)

    def log_likelihood(self, samples: int) -> Tensor:
        """L_K = log (1/K) Σ_k w_k per image, in nats (Burda et al. 2016, eq. 8)."""
        return self.log_sum - math.log(samples)

    def effective_sample_size(self) -> Tensor:
        """(Σ w)² / Σ w², between 1 and K (Kong 1992)."""
        return torch.exp(2 * self.log_sum - self.log_sum_squares)


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
    return scored_weights(model, x, samples, seed, [score])[0]


@torch.no_grad()
def scored_weights(
    model: VAE, x: Tensor, samples: int, seed: int, scores: Sequence[Score]
) -> list[ImportanceWeights]:
    """The ``importance_weights`` of every score, all from the same decoded codes."""
    n = len(x)
    q = encode(model, x)
    decoded_at_once = _decoded_at_once(model, x.device)
    stream = generator(x.device, seed, "importance samples")
    totals = [ImportanceWeights.none(n, x.device) for _ in scores]
    for first, count in _cuts(samples, max(1, decoded_at_once // n)):
        noise = torch.stack([_noise(n, model.latent_dim, stream) for _ in range(count)])
        for start in range(0, n, decoded_at_once):
            part = slice(start, start + decoded_at_once)
            p, log_ratio = _decode(model, q.mean[part], q.log_variance[part], noise[:, part])
            for total, score in zip(totals, scores, strict=True):
                total.add(part, score(p, x[part]), log_ratio)
        if first + count == samples // 2:
            for total in totals:
                total.log_sum_first_half = total.log_sum.clone()
    for total in totals:
        total.distortion /= samples
    return totals


def _decoded_at_once(model: VAE, device: torch.device) -> int:
    """How many codes to decode at once, from the number of outputs that each has."""
    floats = DECODED_FLOATS * (1 if device.type == "cpu" else GPU_FACTOR)
    return max(LEAST_CODES, floats // model.decoder.bias.numel())


def _cuts(samples: int, at_once: int) -> Iterator[tuple[int, int]]:
    """First sample and number of samples of every piece; one piece ends at the half."""
    for begin, end in ((0, samples // 2), (samples // 2, samples)):
        for first in range(begin, end, at_once):
            yield first, min(at_once, end - first)


def encode(model: VAE, x: Tensor) -> DiagonalGaussian:
    parts = [model.encode(part) for part in x.split(1000)]
    return DiagonalGaussian(
        torch.cat([q.mean for q in parts]), torch.cat([q.log_variance for q in parts])
    )


def _noise(n: int, latent_dim: int, stream: torch.Generator) -> Tensor:
    return torch.randn(n, latent_dim, generator=stream, device=stream.device)


def _decode(
    model: VAE, mean: Tensor, log_variance: Tensor, noise: Tensor
) -> tuple[PixelDistribution, Tensor]:
    """p(x|z) of codes z (K, B, d) drawn from q(z|x), and log p(z) - log q(z|x), (K, B)."""
    z = DiagonalGaussian(mean, log_variance).rsample(noise)
    # (z - mean)² / variance is the noise squared, and log 2π cancels.
    log_ratio = 0.5 * (noise.square() - z.square() + log_variance).sum(-1)
    return model.decode(z), log_ratio


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
    scores = [density]
    discrete = _example(model).discrete
    if has_mass(model, levels) and not discrete:
        scores.append(lambda p, images: p.log_mass(images, levels))
    weights, *mass = scored_weights(model, x, samples, seed, scores)
    effective = weights.effective_sample_size()
    estimates = {
        "elbo_refit": average(-(weights.distortion + rate(encode(model, x)))),
        "log_likelihood_refit": average(weights.log_likelihood(samples)),
        "ess_mean_refit": average(effective),
        "ess_low_share_refit": average((effective < LOW_ESS).double()),
    }
    for nats in (m.log_likelihood(samples) for m in ([weights] if discrete else mass)):
        estimates["bits_per_dim"] = average(-nats / (math.log(2) * x[0].numel()))
    return estimates


def has_mass(model: VAE, levels: int) -> bool:
    """Whether the likelihood is a distribution over numbers with ``levels`` grey levels."""
    p = _example(model)
    try:
        p.log_mass(torch.zeros_like(p.mean), levels)
    except NotImplementedError:
        return False
    return True


def _example(model: VAE) -> PixelDistribution:
    """p(x|z) of one code."""
    parameter = next(model.parameters())
    return model.decode(torch.zeros(1, model.latent_dim, device=parameter.device))


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
