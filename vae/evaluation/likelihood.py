"""How probable are unseen images? Metrics from log p(x) to the ELBO and its gaps."""

import math

import torch
from torch import Tensor

from vae.configuration.sweep import Cell, Likelihood
from vae.data.datasets import Dataset, spaced
from vae.distributions import DiagonalGaussian, PixelDistribution
from vae.evaluation.cells import Estimate, Measurements, average, measure_cells
from vae.evaluation.gaps import best_factorised, measured_elbo
from vae.evaluation.importance import (
    LOW_ESS,
    ImportanceWeights,
    density,
    importance_weights,
    local_weights,
)
from vae.evaluation.posterior import Score, local_posterior
from vae.evaluation.scales import IMAGES, best_scale, rescaled
from vae.models import VAE, TrainedSweep
from vae.objectives import rate
from vae.randomness import generator

BINARISED_COPIES = 2  # of every grey image, for Bernoulli
GAP_IMAGES = 32
HEAVY_TAIL = 0.7  # of k̂ (Vehtari et al. 2024)


def evenly(x: Tensor, count: int) -> Tensor:
    """``count`` images spread over all of ``x``, in order; all of them if it is 0."""
    return spaced(x, count or len(x))


def measure_likelihood(
    model: VAE, cell: Cell, x: Tensor, validation: Tensor, samples: int, seed: int, levels: int
) -> dict[str, Estimate]:
    """Likelihood metrics of one cell; an autoencoder has a distortion only.

    Args:
        x: test images in [0, 1], (N, C, H, W).
        validation: images by which a free scale is set.
        samples: K.
        levels: number of grey levels of the images.
    """
    if cell.model == "ae":
        code = model.encode_all(x).mean
        distortion = model.decode_all(code, lambda p, x: -p.log_prob(x), x)
        return {"distortion": average(distortion)}
    return (
        through_the_encoder(model, x, samples, seed)
        | exact_likelihood(model, x, validation, samples, seed, levels)
        | probability_of_levels(model, x, validation, samples, seed, levels)
        | gaps(model, evenly(x, GAP_IMAGES), samples, seed)
    )


def through_the_encoder(model: VAE, x: Tensor, samples: int, seed: int) -> dict[str, Estimate]:
    """ELBO and L_K with the model as trained."""
    weights, divergence = importance_weights(model, x, samples, seed), rate(model.encode_all(x))
    return {
        "distortion": average(weights.distortion),
        "rate": average(divergence),
        "elbo": average(-(weights.distortion + divergence)),
        "importance_bound": average(weights.log_likelihood()),
    }


def exact_likelihood(
    model: VAE, x: Tensor, validation: Tensor, samples: int, seed: int, levels: int
) -> dict[str, Estimate]:
    """log p(x) as the family defines it, how it was got, and bits/dim where that says them."""
    weights, scale = measured(model, x, validation, samples, seed, density)
    bits = bits_per_dim(weights, x) if likelihood_of(model).discrete(levels) else {}
    exact = {"log_likelihood": average(weights.log_likelihood())}
    return exact | diagnostics(weights) | bits | scale


def measured(
    model: VAE,
    x: Tensor,
    validation: Tensor,
    samples: int,
    seed: int,
    score: Score,
    suffix: str = "",
) -> tuple[ImportanceWeights, dict[str, Estimate]]:
    """Local weights of ``x`` after a free scale was set to its best, by ``score``.

    Args:
        suffix: ends the names of the metrics of that scale, the second result.
    """
    if not likelihood_of(model).family.free_scale:
        return local_weights(model, x, samples, seed, score), {}
    scale = best_scale(model, evenly(validation, IMAGES), seed, score)
    weights = local_weights(model, x, samples, seed, rescaled(score, scale.log_factor))
    return weights, {
        f"scale_factor{suffix}": Estimate(math.exp(scale.log_factor)),
        f"scale_gain{suffix}": Estimate(float(scale.gain)),
    }


def bits_per_dim(weights: ImportanceWeights, x: Tensor) -> dict[str, Estimate]:
    """-log2 of the probability of grey levels, per pixel and channel of images ``x``."""
    nats_per_bit = math.log(2) * x[0].numel()
    return {"bits_per_dim": average(-weights.log_likelihood() / nats_per_bit)}


def diagnostics(weights: ImportanceWeights) -> dict[str, Estimate]:
    """How far the estimates of log p(x) can be trusted."""
    effective, variance = weights.effective_sample_size(), weights.variance()
    estimates = {
        "ess_mean": average(effective),
        "ess_min": Estimate(effective.min().item()),
        "ess_low_share": average((effective < LOW_ESS).double()),
        "monte_carlo_error": Estimate(variance.sum().sqrt().item() / len(variance)),
    }
    if (shape := weights.tail_shape()) is not None:
        estimates["heavy_tail_share"] = average((shape > HEAVY_TAIL).double())
    return estimates


def probability_of_levels(
    model: VAE, x: Tensor, validation: Tensor, samples: int, seed: int, levels: int
) -> dict[str, Estimate]:
    """bits/dim where the density does not say them; of Bernoulli, log p of binarised copies."""
    likelihood = likelihood_of(model)
    if likelihood.discrete(levels):
        return {}
    if not likelihood.over_numbers(levels):
        copies = binarised(x, seed)
        nats = local_weights(model, copies, samples, seed).log_likelihood()
        return {"log_likelihood_binarised": average(nats.unflatten(0, (-1, len(x))).mean(0))}

    def mass(p: PixelDistribution, images: Tensor) -> Tensor:
        return p.log_mass(images, levels)

    weights, scale = measured(model, x, validation, samples, seed, mass, "_mass")
    return bits_per_dim(weights, x) | scale


def binarised(x: Tensor, seed: int) -> Tensor:
    """Black and white copies of grey images, pixels white with their grey: (copies * N, ...)."""
    stream = generator(x.device, seed, "binarised copies")
    shape = (BINARISED_COPIES, *x.shape)
    u = torch.rand(shape, generator=stream, device=x.device)
    return (u < x).to(x.dtype).flatten(0, 1)


def gaps(model: VAE, x: Tensor, samples: int, seed: int) -> dict[str, Estimate]:
    """log p(x) minus the best factorised ELBO, and that minus the encoder's, as trained."""
    q = model.encode_all(x)
    mode, precision = local_posterior(model, x, q.mean, density)
    local = DiagonalGaussian(mode, -precision.diagonal(dim1=-2, dim2=-1).clamp(min=1).log())
    best = best_factorised(model, x, [q, local], seed, density)
    best_elbo, own_elbo = (measured_elbo(model, x, r, seed, density) for r in (best, q))
    exact = local_weights(model, x, samples, seed).log_likelihood()
    return {
        "approximation_gap": average(exact - best_elbo),
        "amortisation_gap": average(best_elbo - own_elbo),
    }


def likelihood_of(model: VAE) -> Likelihood:
    """What is known of the model's likelihood."""
    return model.decoder.likelihood.chosen


def evaluate(
    trained: TrainedSweep,
    dataset: Dataset,
    device: torch.device,
    importance_samples: int,
    likelihood_images: int,
    seed: int,
) -> Measurements:
    """Likelihood metrics of every cell on the test split.

    Args:
        importance_samples: K, codes per image.
        likelihood_images: how many test images, spread evenly; 0 for all.
    """
    x = evenly(dataset.unit("test"), likelihood_images).to(device)
    validation = evenly(dataset.unit("validation"), IMAGES).to(device)
    return measure_cells(
        trained,
        lambda m, c: measure_likelihood(
            m, c, x, validation, importance_samples, seed, dataset.levels
        ),
        device,
    )
