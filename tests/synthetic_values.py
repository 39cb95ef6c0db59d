"""Made-up values of every metric: smooth functions of β, and their noise from seed to seed."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from vae.metrics import METRICS

LATENT_DIM = 10
NOISE = 0.01  # of a value, from seed to seed
EPOCHS = 4
IN_FEATURES = ("fid_", "kid_", "precision_", "recall_", "density_", "coverage_")
BERNOULLI_ONLY = ("log_likelihood_binarised",)
SCALES = ("scale_factor", "scale_gain", "scale_factor_mass", "scale_gain_mass")
NOT_BERNOULLI = ("bits_per_dim", *SCALES)
NUMBERS = ("active_units", "collapsed", "converged", "diverged", "best_epoch", "epochs")
OF_AUTOENCODERS = (
    *("active_units", "reconstruction_variance", "collapsed", "mse", "mse_mean", "distortion"),
    *("high_frequency_energy", "fid_reconstruction", "fid_gaussian", "fid_gmm"),
    *("probe_accuracy", "probe_accuracy_10_labels", "best_epoch", "converged", "diverged"),
    *("epochs", "knn_accuracy"),
)
Change = Callable[[float], float] | Mapping[float, object] | None


def made_up(beta: float, latent_dim: int = LATENT_DIM) -> dict[str, float]:
    """Every metric of a VAE: likelihood is best at β = 1, FID at 2, and β = 8 collapses."""
    octaves = math.log2(beta)
    kept = max(0.0, 1 - beta / 8)  # share of the information that gets through
    off, spoilt = octaves**2, (octaves - 1) ** 2
    log_likelihood, ceiling = -30 - off, math.log(382)
    rate = 2 * latent_dim * kept
    information = 0.9 * min(rate, ceiling)
    fid = {"prior": 8, "prior_drawn": 7, "gaussian": 7, "gmm": 5, "reconstruction": 3}
    realism = {f"fid_{name}": level + spoilt for name, level in fid.items()}
    for source in ("prior", "gmm"):
        realism |= {
            f"precision_{source}": 0.95 - 0.5 * kept,
            f"recall_{source}": 0.9 * kept,
            f"density_{source}": 1.5 - kept,
            f"coverage_{source}": 0.8 * kept,
        }
    return realism | {
        "kid_prior": 0.1 + spoilt,
        "distortion": -log_likelihood + 1 - rate,
        "rate": rate,
        "elbo": log_likelihood - 1 - 0.2 * off,
        "log_likelihood": log_likelihood,
        "importance_bound": log_likelihood - 0.5 - 0.1 * off,
        "approximation_gap": 0.4 + 0.1 * off,
        "amortisation_gap": 0.6 + 0.1 * off,
        "log_likelihood_binarised": log_likelihood + 5,
        "bits_per_dim": 2 + 0.1 * off,
        "active_units": float(math.ceil(latent_dim * kept)),
        "mutual_information": information,
        "mutual_information_ceiling": ceiling,
        "mutual_information_saturated": float(information > ceiling - 2),
        "marginal_kl": rate - information,
        "dimensions_unlike_prior": kept / 3,
        "ablation_change": 0.001,
        "reconstruction_variance": kept,
        "collapsed": float(kept == 0),
        "mse": 0.07 - 0.06 * kept,
        "mse_mean": 0.06 - 0.055 * kept,
        "high_frequency_energy": 0.1 + 0.8 * kept,
        "marginal_kl_lower": 0.5 * (rate - information),
        "ess_mean": 200 - 20 * off,
        "ess_min": 20 - off,
        "ess_low_share": 0.05 * kept,
        "monte_carlo_error": 0.01,
        "heavy_tail_share": 0.1 * kept,
        "scale_factor": 1.1,
        "scale_gain": 0.2,
        "scale_factor_mass": 1.2,
        "scale_gain_mass": 0.3,
        "knn_accuracy": 0.96 - 0.02 * off,
        "selfsupervised_fid_prior": 9 + spoilt,
        "pixels_fid_prior": 4 + spoilt,
        "probe_accuracy": 0.95 - 0.02 * off,
        "probe_accuracy_10_labels": 0.85 - 0.02 * off,
        "authentic_share": 0.5,
        "data_copying": 2.0,
        "converged": 1.0,
        "diverged": 0.0,
        "best_epoch": float(EPOCHS),
        "epochs": float(EPOCHS),
    }


def cell_metrics(
    cell: dict, lost: bool, all_lost: bool, inception: bool, changes: Mapping[str, Change]
) -> Iterator[dict]:
    """Rows of one cell: a diverged one has the metrics of those like it, without values."""
    yield {**cell, "metric": "diverged", "value": float(lost), "se": None}
    if all_lost:
        return
    values = made_up(cell["beta"] or 0.05, cell["latent_dim"])
    slug, beta, seed = cell["likelihood"], cell["beta"], cell["seed"]
    names = {k.rpartition("/")[2]: k for k in changes if k.rpartition("/")[0] in ("", slug)}
    for name in dict.fromkeys([*values, *names]):
        if name == "diverged" or not _measured(name, cell):
            continue
        change = changes[names[name]] if name in names else values[name] * _noise(name, cell)
        value = _changed(change, beta, seed)
        if value is not None:
            prefix = "inception_" if inception and name.startswith(IN_FEATURES) else ""
            se = abs(value) / 50 if METRICS[name].unit else None
            value = math.nan if lost else value
            yield {**cell, "metric": prefix + name, "value": value, "se": se}


def _measured(name: str, cell: dict) -> bool:
    plain = cell["likelihood"] == "bernoulli"
    known = name in METRICS and (cell["model"] == "vae" or name in OF_AUTOENCODERS)
    return known and name not in (NOT_BERNOULLI if plain else BERNOULLI_ONLY)


def _noise(name: str, cell: dict) -> float:
    """1, or nearly: the same for all βs and seeds of a folder, whoever asks."""
    exact = name in NUMBERS or (METRICS[name].unit == "" and name.startswith("mutual"))
    key = [ord(c) for c in f"{name}{cell['likelihood']}{cell['beta']}{cell['seed']}"]
    return 1.0 if exact else 1 + NOISE * np.random.default_rng(key).normal()


def _changed(change: object, beta: float, seed: int) -> float | None:
    if callable(change):
        return change(beta)
    if isinstance(change, Mapping):
        change = change.get(beta)
    return float(change[seed]) if isinstance(change, Sequence) else change
