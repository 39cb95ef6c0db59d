"""Tables as a run writes them, made up: tiny, of any shape, for tests of the report."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from vae.comparison import best_betas
from vae.reporting.panels import Tables
from vae.table import COLUMNS

BETAS = (0.25, 0.5, 1.0, 2.0, 4.0)
GROUP = {"dataset": "digits", "network": "mlp", "latent_dim": 3}
FID = ("fid_prior", "fid_gaussian", "fid_gmm", "fid_reconstruction")
LIKELIHOOD = ("elbo", "importance_bound", "log_likelihood", "log_likelihood_binarised")
OF_AUTOENCODER = ("mse", "high_frequency_energy", "fid_gmm")


def values(beta: float, seed: int) -> dict[str, float]:
    """What a model of this β and seed scores: best at β = 1 by likelihood, at β = 1/2 by FID."""
    off = abs(np.log2(beta)) if beta else 0.0
    metrics = {name: -30.0 - 5 * off + 0.1 * seed for name in LIKELIHOOD}
    metrics |= {name: 10 + 3 * abs(np.log2(2 * beta or 1)) + 0.1 * seed for name in FID}
    metrics |= {"bits_per_dim": 2.0 + 0.1 * off + 0.01 * seed}
    metrics |= {"mse": 0.01 * (1 + beta) + 0.001 * seed, "high_frequency_energy": 0.9 / (1 + beta)}
    metrics |= {
        "active_units": max(0.0, 3 - beta),
        "rate": 8 / (1 + beta),
        "distortion": 20 + beta,
    }
    metrics |= {"mutual_information": 5 / (1 + beta), "marginal_kl": 3 / (1 + beta)}
    return metrics | {"mutual_information_ceiling": 6.0}


def make_tables(
    likelihoods: Sequence[str] = ("bernoulli", "gaussian_learned_sigma"),
    betas: Sequence[float] = BETAS,
    seeds: Sequence[int] = (0, 1, 2),
    autoencoder: bool = True,
    inception: bool = False,
    diverged: Sequence[tuple[str, float]] = (),
) -> Tables:
    """All tables of one group.

    Args:
        inception: whether FID was measured in Inception's features only.
        diverged: likelihoods and βs whose models have no values.
    """
    prefix = "inception_" if inception else ""
    cells = [(k, "vae", beta, seed) for k in likelihoods for beta in betas for seed in seeds]
    cells += [(k, "ae", 0.0, seed) for k in likelihoods for seed in seeds if autoencoder]
    metrics, dimensions, history, spectra = [], [], [], []
    for likelihood, model, beta, seed in cells:
        cell = GROUP | {"likelihood": likelihood, "model": model, "beta": beta, "seed": seed}
        lost = np.nan if (likelihood, beta) in diverged else 1.0
        for name, value in values(beta, seed).items():
            if model == "ae" and name not in OF_AUTOENCODER:
                continue
            if name == "bits_per_dim" and likelihood == "bernoulli":
                continue
            named = prefix + name if name in FID else name
            metrics.append(cell | {"metric": named, "value": value * lost, "se": np.nan})
        for i in range(3):
            kl = lost * (i + 1) / (1 + beta) if model == "vae" else np.nan
            dimensions.append(cell | {"dimension": i, "kl": kl})
        for epoch in range(3):
            losses = {"distortion": lost * (30 - epoch), "rate": lost * (5 + beta)}
            history.append(cell | {"split": "validation", "epoch": epoch} | losses)
        power = pd.DataFrame({"frequency": np.arange(5) / 8, "power": lost / (1 + beta)})
        spectra.append(power.assign(**cell))
    data = pd.DataFrame({"frequency": np.arange(5) / 8, "power": 1.0})
    for likelihood in likelihoods:
        cell = GROUP | {"likelihood": likelihood, "model": "data", "beta": 0.0, "seed": 0}
        spectra.append(data.assign(**cell))
    table = pd.DataFrame(metrics, columns=COLUMNS)
    return Tables(
        metrics=table,
        best=best_betas(table),
        dimensions=pd.DataFrame(dimensions),
        history=pd.DataFrame(history),
        spectra=pd.concat(spectra),
        references={
            "histogram_bits_per_dim": 3.0,
            f"{prefix}fid_floor": 1.0,
            f"{prefix}fid_noise": 90.0,
        },
        corruptions=pd.DataFrame(
            [("blur", 0.0, 1.0), ("blur", 0.1, 5.0), ("crop", 0.0, 1.0), ("crop", 0.2, 9.0)],
            columns=["corruption", "strength", f"{prefix}fid"],
        ).assign(kind="image"),
    )
