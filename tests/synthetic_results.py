"""The tables of a run without a run: smooth made-up functions of β."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from vae.evaluation.corruptions import CORRUPTIONS
from vae.metrics import COMPARABLE, CRITERIA, METRICS
from vae.reporting.group import Group, groups_of
from vae.results.comparison import best_betas, best_likelihoods
from vae.results.table import CELL, COLUMNS, SWEEP

BETAS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
LIKELIHOODS = ("bernoulli", "gaussian_learned_sigma")
LATENT_DIM = 10
NOISE = 0.01  # of a value, from seed to seed
FREQUENCIES = np.linspace(0, 0.5, 5)
EPOCHS = 4
IN_FEATURES = ("fid_", "kid_", "precision_", "recall_", "density_", "coverage_")
BERNOULLI_ONLY = ("log_likelihood_binarised",)
NOT_BERNOULLI = ("bits_per_dim", "scale_factor_mass", "scale_gain_mass")
NUMBERS = ("active_units", "collapsed", "converged", "diverged", "best_epoch", "epochs")
OF_AUTOENCODERS = (
    *("active_units", "reconstruction_variance", "collapsed", "mse", "mse_mean", "distortion"),
    *("high_frequency_energy", "fid_reconstruction", "fid_gaussian", "fid_gmm", "kid_gmm"),
    *("probe_accuracy", "probe_accuracy_10_labels", "best_epoch", "converged", "diverged"),
    *("epochs", "knn_accuracy"),
)
OF_REAL_IMAGES = {
    "fid_floor": 0.8,
    "fid_noise": 83.8,
    "kid_floor": -0.5,
    "precision_real": 0.9,
    "recall_real": 0.9,
    "coverage_real": 0.95,
    "authentic_share_real": 0.5,
}
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
            f"kid_{source}": 0.1 + spoilt,
            f"precision_{source}": 0.95 - 0.5 * kept,
            f"recall_{source}": 0.9 * kept,
            f"density_{source}": 1.5 - kept,
            f"coverage_{source}": 0.8 * kept,
        }
    return realism | {
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
        "monte_carlo_error": 0.01,
        "heavy_tail_share": 0.1 * kept,
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


def make_group(
    likelihoods: Sequence[str] = LIKELIHOODS,
    betas: Sequence[float] = BETAS,
    seeds: Sequence[int] = (0, 1, 2),
    autoencoder: bool = True,
    inception: bool = False,
    diverged: Sequence[tuple[str, float]] = (),
    changes: Mapping[str, Change] | None = None,
    answers: Sequence[Mapping] = (),
    **tables: pd.DataFrame,
) -> Group:
    """One group of a made-up run.

    Args:
        inception: whether samples were measured in Inception's features only.
        diverged: likelihoods and βs whose models have no values; β = 0 is the autoencoder.
        changes: metric, or likelihood/metric -> its values instead: by β (one value, or one per
            seed), a function of β, or None where it was not measured.
        answers: likelihood, criterion and columns of ``best_beta.csv`` to put there instead.
        tables: to put in place of the made-up ones.
    """
    one = {"dataset": "digits", "network": "mlp", "latent_dim": LATENT_DIM}
    models = [("vae", beta, seed) for beta in betas for seed in seeds]
    models += [("ae", 0.0, seed) for seed in seeds if autoencoder]
    cells = pd.DataFrame(
        [(*one.values(), slug, *model) for slug in likelihoods for model in models], columns=CELL
    )
    lost = np.array([(c.likelihood, c.beta) in set(diverged) for c in cells.itertuples()])
    found = make_tables(cells, lost, inception, changes or {})
    for change in answers:
        best = found["best_beta"]
        of = (best.likelihood == change["likelihood"]) & (best.criterion == change["criterion"])
        for column, value in change.items():
            best.loc[of, column] = value
    (group,) = groups_of(found | {n: t.assign(dataset="digits") for n, t in tables.items()})
    return group


def with_tables(group: Group, **tables: pd.DataFrame) -> Group:
    """``group`` with some of its tables replaced."""
    return replace(group, tables={**group.tables, **tables})


def make_tables(
    cells: pd.DataFrame,
    lost: np.ndarray,
    inception: bool = False,
    changes: Mapping[str, Change] | None = None,
    criteria: Sequence[str] = CRITERIA,
) -> dict[str, pd.DataFrame]:
    """Every table of a run with these ``cells`` (columns ``CELL``), some of them ``lost``."""
    metrics = pd.DataFrame(
        [row for cell in _known(cells, lost) for row in _metrics(*cell, inception, changes or {})],
        columns=COLUMNS,
    )
    comparable = [name for name in criteria if name in COMPARABLE]
    datasets = cells.dataset.unique()
    prefix = "inception_" if inception else ""
    return {
        "metrics": metrics,
        "best_beta": with_intervals(best_betas(metrics, None, criteria, curves=False)),
        "best_likelihood": best_likelihoods(metrics, None, comparable),
        "dimensions": _expanded(cells[~lost], _dimensions),
        "spectra": pd.concat([_expanded(cells[~lost], _spectrum), _data_spectra(cells)]),
        "history": _expanded(cells, _history),
        "references": pd.concat([_references(dataset, prefix) for dataset in datasets]),
        "corruptions": pd.concat([_corruptions(dataset, prefix) for dataset in datasets]),
        "mean_reduction": pd.concat([_mean_reduction(dataset) for dataset in datasets]),
        "free_density": pd.concat([free_density(dataset) for dataset in datasets]),
    }


def with_intervals(best: pd.DataFrame) -> pd.DataFrame:
    """β* at the grid's best β, half an octave known, and the price of β = 1 by half of itself.

    Where seeds allow it, and there are several βs; open where the best lies at the grid's edge.
    """
    known = best.indistinguishable_betas.notna() & (best.betas > 1)
    star = best.best_beta.where(best.betas > 1)
    first, last = best.optimum == "below", best.optimum == "above"
    price = best.difference_to_beta_1.abs().where(best.best_beta != 1, 0.0).where(best.betas > 1)
    near = star.between(1 / 1.5, 1.5)
    return best.assign(
        beta_star=star,
        beta_star_low=(star / 1.5).where(~first, 0.0).where(known),
        beta_star_high=(star * 1.5).where(~last, np.inf).where(known),
        price_of_beta_1=price,
        price_low=(price / 2).where(~near, 0.0).where(known),
        price_high=(price * 1.5).where(known),
    )


def _known(cells: pd.DataFrame, lost: np.ndarray) -> list[tuple]:
    """Every cell with whether it diverged, and whether all models like it did."""
    kinds = cells.assign(lost=lost).groupby([*SWEEP, "model"]).lost.transform("all")
    return list(zip(cells.to_dict("records"), lost, kinds, strict=True))


def _metrics(cell: dict, lost: bool, all_lost: bool, inception: bool, changes: Mapping):
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


def _expanded(cells: pd.DataFrame, part: Callable[[dict], Mapping]) -> pd.DataFrame:
    """What ``part`` says of every cell, in several rows each."""
    tables = [pd.DataFrame(cell | part(cell)) for cell in cells.to_dict("records")]
    return pd.concat(tables) if tables else pd.DataFrame(columns=CELL)


def _dimensions(cell: dict) -> Mapping:
    count = cell["latent_dim"]
    kl = made_up(cell["beta"] or 0.05, cell["latent_dim"])["rate"] * 2.0 ** -np.arange(
        1, count + 1
    )
    kl = kl if cell["model"] == "vae" else np.full(count, np.nan)
    return {"dimension": range(count), "variance": 1.0, "kl": kl}


def _spectrum(cell: dict) -> Mapping:
    kept = made_up(cell["beta"] or 0.05, cell["latent_dim"])["high_frequency_energy"]
    return {"frequency": FREQUENCIES, "power": 6 * np.exp(-10 * FREQUENCIES / kept)}


def _data_spectra(cells: pd.DataFrame) -> pd.DataFrame:
    data = cells[SWEEP].drop_duplicates().assign(model="data", beta=0.0, seed=0)
    power = {"frequency": FREQUENCIES, "power": 6 * np.exp(-10 * FREQUENCIES)}
    return _expanded(data, lambda cell: power)


def _history(cell: dict) -> Mapping:
    end, epochs = made_up(cell["beta"] or 0.05, cell["latent_dim"]), np.arange(EPOCHS + 1)
    rows = {"epoch": [*epochs, *epochs], "split": ["train"] * 5 + ["validation"] * 5}
    rate = end["rate"] if cell["model"] == "vae" else np.nan
    return rows | {"distortion": end["distortion"] + np.tile(30 / (epochs + 1), 2), "rate": rate}


def _references(dataset: str, prefix: str) -> pd.DataFrame:
    binary = dataset.endswith(("_static", "_dynamic"))
    values = {
        "classifier_accuracy": 0.977,
        "feature_count": 39.0,
        "fid_images": 382.0,
        "histogram_bits_per_dim": 2.98,
        "bernoulli_floor": 0.0 if binary else 13.7,
        "pixels": 64.0,
        "largest_eigenvalue": 0.7,
        "total_variance": 4.7,
        "bernoulli_collapse_beta": 6.0,
        **{f"{prefix}{name}": value for name, value in OF_REAL_IMAGES.items()},
        "probe_accuracy_pixels": 0.94,
        "probe_accuracy_pca_10": 0.9,
    }
    return pd.DataFrame(values.items(), columns=["reference", "value"]).assign(dataset=dataset)


def _corruptions(dataset: str, prefix: str) -> pd.DataFrame:
    rows = [
        (dataset, name, strength, 0.8 + 100 * strength)
        for name, (_, strengths) in CORRUPTIONS.items()
        for strength in (0.0, *strengths)
    ]
    columns = ["dataset", "corruption", "strength", f"{prefix}fid"]
    return pd.DataFrame(rows, columns=columns).assign(kind="image")


def _mean_reduction(dataset: str) -> pd.DataFrame:
    trainings = [("sum", 1.0, 23.2, 2.1, 4), ("mean", 1.0, 27.1, 0.001, 0)]
    trainings.append(("sum", 64.0, 27.1, 0.001, 0))
    columns = ["reduction", "beta", "distortion", "rate", "active_units"]
    return pd.DataFrame(trainings, columns=columns).assign(mse=0.07, dataset=dataset)


def free_density(
    dataset: str = "digits",
    free: Sequence[float] = (120.0, 150.0, 180.0),
    limited: Sequence[float] = (80.0, 85.0, 88.0),
    bits: Sequence[float] = (2.8, 2.7, 2.75),
) -> pd.DataFrame:
    """Trained on masses it ends at a density of 140 nats and 2.4 bits/dim."""
    trainings = {
        "free density": (free, bits),
        "limited density": (limited, (2.9, 2.8, 2.7)),
        "masses": ((110.0, 130.0, 140.0), (2.6, 2.5, 2.4)),
    }
    rows = [
        (dataset, name, epoch, density, 0.1 * density, value)
        for name, columns in trainings.items()
        for epoch, density, value in zip((12, 25, 50), *columns, strict=True)
    ]
    columns = ["dataset", "trained_on", "epoch", "log_density", "rate", "bits_per_dim"]
    return pd.DataFrame(rows, columns=columns).assign(outer_pixels=0.58)
