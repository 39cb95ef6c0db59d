"""Every table of a run without a run, from made-up values."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from synthetic_values import EPOCHS, Change, cell_metrics, made_up

from vae.evaluation.corruptions import CORRUPTIONS
from vae.metrics import COMPARABLE, CRITERIA
from vae.results.comparison import best_betas, best_likelihoods
from vae.results.table import CELL, COLUMNS, SWEEP

FREQUENCIES = np.linspace(0, 0.5, 5)
OF_REAL_IMAGES = {
    "fid_floor": 0.8,
    "fid_noise": 83.8,
    "kid_floor": -0.5,
    "precision_real": 0.9,
    "recall_real": 0.9,
    "coverage_real": 0.95,
    "authentic_share_real": 0.5,
}


def make_tables(
    cells: pd.DataFrame,
    lost: np.ndarray,
    inception: bool = False,
    changes: Mapping[str, Change] | None = None,
    criteria: Sequence[str] = CRITERIA,
) -> dict[str, pd.DataFrame]:
    """Every table of a run with these ``cells`` (columns ``CELL``), some of them ``lost``."""
    metrics = pd.DataFrame(
        [
            row
            for cell in _known(cells, lost)
            for row in cell_metrics(*cell, inception, changes or {})
        ],
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
