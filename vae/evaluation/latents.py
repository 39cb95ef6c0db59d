"""What do the codes carry, and do they fill the prior?"""

import math

import pandas as pd
import torch
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.data.datasets import Dataset, spaced
from vae.distributions import DiagonalGaussian
from vae.evaluation.aggregate import (
    aggregate_estimate,
    prior_tests,
    standard_noise,
)
from vae.evaluation.cells import Estimate, Measurements, average, measure_cells
from vae.evaluation.mixtures import predictive_mixture, training_codes
from vae.evaluation.probes import Probe
from vae.models import VAE, Autoencoder, TrainedSweep
from vae.results.table import CELL, cell_columns

ACTIVE_VARIANCE = 0.01  # Burda et al. (2016), section 5.3
COLLAPSED_VARIANCE = 0.01  # share of the data's variance below which images look all alike
REJECTION_LEVEL = 0.01  # of the tests against the prior, shared by all dimensions (Bonferroni)
# Nats below log N. There an image's own posterior is e^-2 of q(z) at its codes; for jointly
# Gaussian x and z in 1 to 20 dimensions the estimate is 0.1 to 0.6 nats too low, further down
# less. The error grows without bound towards log N.
SATURATION_GAP = 2.0
DIMENSION = [
    "dimension",
    "mean",
    "variance",
    "kl",
    "aggregate_mean",
    "aggregate_variance",
    "ks_statistic",
    "ks_p_value",
]


@torch.no_grad()
def code_statistics(model: VAE, x: Tensor) -> dict[str, Tensor]:
    """Per latent dimension over the images ``x``, each of shape (latent_dim,).

    ``mean`` and ``variance`` of the posterior means; of a VAE also ``kl``, the average
    KL(q(z_j|x) || p(z_j)).
    """
    q = model.encode_all(x)
    means = q.mean.double()
    statistics = {"mean": means.mean(0), "variance": means.var(0)}
    if isinstance(q, DiagonalGaussian):
        statistics["kl"] = q.kl_per_dimension().double().mean(0)
    return statistics


def latent_dimensions(model: VAE, x: Tensor, seed: int) -> pd.DataFrame:
    """A row per latent dimension: the code statistics, and codes against the prior.

    ``aggregate_mean`` and ``aggregate_variance`` are of codes drawn from q(z); ``ks_statistic``
    and ``ks_p_value`` test one code per image against N(0, 1). Nothing compares the codes of an
    autoencoder with a prior: its ``kl`` and tests are empty.
    """
    statistics = {name: values.cpu().numpy() for name, values in code_statistics(model, x).items()}
    q = model.encode_all(spaced(x)).double()
    codes = q.rsample(standard_noise(q, seed))  # (S, N, d)
    flat = codes.flatten(0, 1)
    statistics["aggregate_mean"] = flat.mean(0).cpu().numpy()
    statistics["aggregate_variance"] = flat.var(0).cpu().numpy()
    tests = prior_tests(codes[0])
    if isinstance(model, Autoencoder):
        statistics["kl"], tests = None, (None, None)
    statistics["ks_statistic"], statistics["ks_p_value"] = tests
    return pd.DataFrame({"dimension": range(model.latent_dim), **statistics}, columns=DIMENSION)


def measure_latents(
    model: VAE, x: Tensor, dimensions: pd.DataFrame, seed: int
) -> dict[str, Estimate]:
    """Latent metrics of one cell; those that need a prior only where there is one.

    Args:
        x: images in [0, 1], (N, C, H, W).
        dimensions: what ``latent_dimensions`` says of the same model and images.
    """
    active = torch.tensor((dimensions.variance > ACTIVE_VARIANCE).to_numpy(), device=x.device)
    x = spaced(x)
    q = model.encode_all(x).double()
    share = reconstruction_variance(model, x, q.mean)
    collapsed = not active.any() or share < COLLAPSED_VARIANCE
    metrics = {
        "active_units": Estimate(float(active.sum())),
        "reconstruction_variance": Estimate(share),
        "collapsed": Estimate(float(collapsed)),
    }
    if isinstance(q, DiagonalGaussian):
        metrics |= _against_prior(q, dimensions, seed)
        metrics["ablation_change"] = average(ablation_change(model, x, q, active, seed))
    return metrics


def _against_prior(
    q: DiagonalGaussian, dimensions: pd.DataFrame, seed: int
) -> dict[str, Estimate]:
    estimate, ceiling = aggregate_estimate(q, seed), math.log(len(q.mean))
    information = average(estimate.mutual_information)
    unlike = dimensions.ks_p_value < REJECTION_LEVEL / len(dimensions)
    return {
        "mutual_information": information,
        "mutual_information_ceiling": Estimate(ceiling),
        "mutual_information_saturated": Estimate(
            float(information.value > ceiling - SATURATION_GAP)
        ),
        "marginal_kl": average(estimate.marginal_kl),
        "dimensions_unlike_prior": Estimate(float(unlike.mean())),
    }


def marginal_kl_lower(model: VAE, train: Tensor, test: Tensor, seed: int) -> Estimate:
    """A lower bound on KL(q(z) || p(z)) by a density r fitted on codes of training images.

    KL(q || p) = E_q[log r - log p] + KL(q || r), so that the first term is a lower bound for every
    density r that was fitted on other codes than those of test images, which estimate it. With
    ``marginal_kl``, whose q(z) is that of N images and so on average too far from the prior
    (by convexity), it makes an interval.
    """
    mixture = predictive_mixture(training_codes(model, train, seed), seed)
    q = model.encode_all(spaced(test)).double()
    z = q.rsample(standard_noise(q, seed)).cpu()  # (S, N, d)
    if mixture is None:
        return average(torch.zeros(z.shape[1]))
    log_r = torch.from_numpy(mixture.score_samples(z.flatten(0, 1).numpy())).view(z.shape[:2])
    prior = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z))
    return average((log_r - prior.log_prob(z)).mean(0))


@torch.no_grad()
def ablation_change(
    model: VAE, x: Tensor, q: DiagonalGaussian, active: Tensor, seed: int
) -> Tensor:
    """Change of the distortion per image, (N,), when inactive dimensions are prior noise.

    The noise is the one that the replaced codes were made of: a dimension whose posterior is the
    prior changes nothing at all.

    Args:
        active: which dimensions keep their codes, bool (latent_dim,).
    """
    noise = standard_noise(q, seed)  # (S, N, d)
    z = q.rsample(noise)
    return _distortion(model, x, torch.where(active, z, noise)) - _distortion(model, x, z)


def _distortion(model: VAE, x: Tensor, z: Tensor) -> Tensor:
    """-log p(x|z) per image, (N,), averaged over codes (S, N, d)."""
    return model.decode_all(z.float(), lambda p, x: -p.log_prob(x).mean(0), x)


@torch.no_grad()
def reconstruction_variance(model: VAE, x: Tensor, codes: Tensor) -> float:
    """Variance of E[x|z] across images, summed over pixels, as a share of the images' own.

    Args:
        codes: one per image, (N, latent_dim).
    """
    means = model.decode_all(codes.float(), lambda p: p.mean)
    return float(means.double().var(0).sum() / x.double().var(0).sum())


def evaluate(
    trained: TrainedSweep, dataset: Dataset, device: torch.device, seed: int
) -> Measurements:
    """Latent metrics of every cell on the test split, and a table of all latent ``dimensions``."""
    x = dataset.unit("test").to(device)
    probe = Probe(dataset, seed, device)
    dimensions = {}

    def measure(model: VAE, cell: Cell) -> dict[str, Estimate]:
        dimensions[cell] = latent_dimensions(model, x, seed)
        metrics = measure_latents(model, x, dimensions[cell], seed) | probe.of_model(model)
        if cell.model == "vae":
            metrics["marginal_kl_lower"] = marginal_kl_lower(model, probe.train, x, seed)
        return metrics

    measurements = measure_cells(trained, measure, device)
    columns = {cell: cell_columns(trained.sweep, cell) for cell in dimensions}
    rows = [pd.DataFrame({**columns[c], **dimensions[c].to_dict("list")}) for c in dimensions]
    table = pd.concat(rows) if rows else pd.DataFrame(columns=[*CELL, *DIMENSION])
    return measurements._replace(tables={"dimensions": table})
