"""A whole results folder without training: smooth made-up functions of β, and seeded noise."""

import math
import zlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from vae import collection
from vae.comparison import best_betas, best_likelihoods
from vae.config import Benchmark
from vae.evaluation.corruptions import CORRUPTIONS
from vae.files import write_json, write_text
from vae.metrics import COMPARABLE, INCEPTION, METRICS
from vae.sweep import Cell, Sweep
from vae.table import CELL, COLUMNS, cell_columns, read_table

Diverged = Callable[[Sweep, Cell], bool]

EXACT = ("active_units", "collapsed", "mutual_information_ceiling", "mutual_information_saturated")
OF_AUTOENCODERS = (
    "distortion",
    *(
        "active_units",
        "reconstruction_variance",
        "collapsed",
        "mse",
        "mse_mean",
        "high_frequency_energy",
    ),
    *("fid_reconstruction", "fid_gaussian", "fid_gmm", "kid_gmm"),
)
FREQUENCIES = np.linspace(0, 0.5, 5)
RULES = ("train", "evaluate_likelihood")


def benchmark(**changes: object) -> Benchmark:
    """A grid as the default one, but small; keyword arguments replace keys of the file."""
    config = {
        "datasets": ["digits"],
        "networks": [{"name": "mlp", "hidden": [16]}],
        "latent_dims": [4],
        "likelihoods": [
            "bernoulli",
            {"name": "gaussian_fixed_sigma", "sigma": 0.1},
            {"name": "gaussian_fixed_sigma", "sigma": 0.2},
            "discretized_logistic",
        ],
        "betas": [0.25, 0.5, 1, 2, 8],
        "seeds": [0, 1, 2],
        "training": {"epochs": 4, "batch_size": 100, "learning_rate": 0.001},
        "evaluation": {"importance_samples": 50},
    }
    return Benchmark.from_dict(config | changes)


def build_results(
    benchmark: Benchmark, results: Path, diverged: Diverged = lambda sweep, cell: False
) -> None:
    """Write every table and record below ``results`` that a run of ``benchmark`` leaves there."""
    write_json(results / "config.json", asdict(benchmark))
    for sweep in benchmark.sweeps.values():
        random = np.random.default_rng(zlib.crc32(sweep.slug.encode()))
        lost = {cell for cell in sweep.cells if diverged(sweep, cell)}
        models, metrics = results / "models" / sweep.slug, results / "metrics" / sweep.slug
        write_json(models / "sweep.json", _record(sweep, lost))
        _write(models / "history.csv", _history(sweep, lost))
        _write(metrics / "metrics.csv", _metrics(sweep, lost, benchmark.evaluation, random))
        _write(metrics / "dimensions.csv", _dimensions(sweep, lost))
        _write(metrics / "spectra.csv", _spectra(sweep, lost))
        for i, rule in enumerate(RULES):
            write_text(results / "benchmarks" / rule / f"{sweep.slug}.tsv", benchmark_file(60 + i))
    write_text(results / "benchmarks" / "collect.tsv", benchmark_file(1, measured=False))
    prefix = INCEPTION if benchmark.evaluation.features == ("inception",) else ""
    for dataset in benchmark.datasets:
        _write(results / "features" / f"{dataset}.csv", _references(dataset, prefix))
        _write(results / "features" / f"{dataset}.corruptions.csv", _corruptions(dataset, prefix))
        first = next(s for s in benchmark.sweeps.values() if s.dataset == dataset)
        _write(results / "mean_loss" / f"{dataset}.csv", _mean_loss(first))
    _collect(benchmark, results)


def _collect(benchmark: Benchmark, results: Path) -> None:
    models = [results / "models" / slug for slug in benchmark.sweeps]
    metrics = [results / "metrics" / slug for slug in benchmark.sweeps]
    collection.collect(models, [m / "metrics.csv" for m in metrics], results / "metrics.csv")
    collection.collect_history(models, results / "history.csv")
    tables = {
        "dimensions": [m / "dimensions.csv" for m in metrics],
        "spectra": [m / "spectra.csv" for m in metrics],
        "references": [results / "features" / f"{d}.csv" for d in benchmark.datasets],
        "corruptions": [results / "features" / f"{d}.corruptions.csv" for d in benchmark.datasets],
        "mean_loss": [results / "mean_loss" / f"{d}.csv" for d in benchmark.datasets],
    }
    for name, parts in tables.items():
        collection.concatenate(parts, results / f"{name}.csv")
    metrics = read_table(results / "metrics.csv")
    comparable = [name for name in benchmark.criteria if name in COMPARABLE]
    _write(results / "best_beta.csv", best_betas(metrics, None, benchmark.criteria))
    _write(results / "best_likelihood.csv", best_likelihoods(metrics, None, comparable))


def _binarised(dataset: str) -> bool:
    return dataset.endswith(("_static", "_dynamic"))


def _write(path: Path, table: pd.DataFrame) -> None:
    write_text(path, table.to_csv(index=False))


def made_up(beta: float, latent_dim: int) -> dict[str, float]:
    """Every metric of a VAE: the ELBO is best at β = 1, the FID at 1/2, and β = 8 collapses."""
    octaves = math.log2(beta)
    kept = max(0.0, 1 - beta / 8)  # share of the information that gets through
    elbo, rate, ceiling = -30 - octaves**2, 2 * latent_dim * kept, math.log(382)
    fid = {
        "fid_prior": 8 + (octaves + 1) ** 2,
        "fid_reconstruction": 2 + beta,
        "fid_gaussian": 7 + (octaves + 1) ** 2,
        "fid_gmm": 5 + (octaves + 1) ** 2,
        "kid_prior": 80 + octaves,
        "kid_gmm": 40 + octaves,
    }
    information = min(rate, ceiling) * 0.9
    return fid | {
        "distortion": -elbo - rate,
        "rate": rate,
        "elbo": elbo,
        "log_likelihood": elbo + 0.5,
        "importance_bound": elbo + 0.4,
        "log_likelihood_binarised": elbo + octaves**2 / 2 + 0.5,
        "approximation_gap": 0.2 + octaves**2 / 10,
        "amortisation_gap": 0.3 + octaves**2 / 10,
        "monte_carlo_error": 0.01,
        "bits_per_dim": 2.5 + 0.05 * octaves**2,
        "ess_mean": 5 + 40 * (1 - kept),
        "ess_min": 1 + 40 * (1 - kept),
        "ess_low_share": kept / 2,
        "active_units": float(math.ceil(latent_dim * kept)),
        "mutual_information": information,
        "mutual_information_ceiling": ceiling,
        "mutual_information_saturated": float(information > ceiling - 2),
        "marginal_kl": rate - information,
        "dimensions_unlike_prior": kept / 3,
        "ablation_change": 0.001 * octaves,
        "reconstruction_variance": kept,
        "collapsed": float(kept == 0),
        "mse": 0.07 - 0.06 * kept,
        "mse_mean": 0.06 - 0.055 * kept,
        "high_frequency_energy": 0.1 + 0.8 * kept,
    }


def _metrics(sweep: Sweep, lost: set[Cell], evaluation, random) -> pd.DataFrame:
    """As ``measure_cells`` leaves it: a diverged cell has the metrics of those like it, empty."""
    inception = evaluation.features == ("inception",)
    uncountable = sweep.likelihood.name == "bernoulli" and not _binarised(sweep.dataset)
    rows = []
    for cell in sweep.cells:
        if all(c in lost for c in sweep.cells if c.model == cell.model):
            continue
        values = made_up(cell.beta or 0.01, sweep.latent_dim)
        if cell.model == "ae":
            values = {name: values[name] for name in OF_AUTOENCODERS}
        if uncountable:
            values.pop("bits_per_dim", None)
        for name, value in values.items():
            noise = 1 if name in EXACT else 1 + 0.02 * random.normal()
            prefix = INCEPTION if inception and name.startswith(("fid_", "kid_")) else ""
            value = math.nan if cell in lost else value * noise
            se = abs(value) / 50 if METRICS[name].unit else None
            rows.append(
                {
                    **cell_columns(sweep, cell),
                    "metric": prefix + name,
                    "value": value,
                    "se": se,
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _dimensions(sweep: Sweep, lost: set[Cell]) -> pd.DataFrame:
    tables = []
    for cell in (cell for cell in sweep.cells if cell not in lost):
        rate = made_up(cell.beta or 0.01, sweep.latent_dim)["rate"]
        kl = rate * 2.0 ** -np.arange(1, sweep.latent_dim + 1) if cell.model == "vae" else None
        dimensions = {"dimension": range(sweep.latent_dim), "variance": 1.0, "kl": kl}
        tables.append(pd.DataFrame(cell_columns(sweep, cell) | dimensions))
    return pd.concat(tables) if tables else pd.DataFrame(columns=CELL)


def _spectra(sweep: Sweep, lost: set[Cell]) -> pd.DataFrame:
    kept = {Cell("data", 0.0, 0): 1.0}
    for cell in (cell for cell in sweep.cells if cell not in lost):
        kept[cell] = made_up(cell.beta or 0.01, sweep.latent_dim)["high_frequency_energy"]
    tables = [
        cell_columns(sweep, cell)
        | {"frequency": FREQUENCIES, "power": 6 * np.exp(-10 * FREQUENCIES / share)}
        for cell, share in kept.items()
    ]
    return pd.concat([pd.DataFrame(table) for table in tables])


def _history(sweep: Sweep, lost: set[Cell]) -> pd.DataFrame:
    rows = []
    for cell in sweep.cells:
        end = made_up(cell.beta or 0.01, sweep.latent_dim)
        for epoch in range(sweep.training.epochs + 1):
            distortion = (
                math.nan if cell in lost and epoch > 1 else end["distortion"] + 30 / (epoch + 1)
            )
            rate = end["rate"] if cell.model == "vae" else None
            for split in ("train", "validation"):
                rows.append((cell.model, cell.beta, cell.seed, epoch, split, distortion, rate))
    columns = ["model", "beta", "seed", "epoch", "split", "distortion", "rate"]
    return pd.DataFrame(rows, columns=columns)


def _record(sweep: Sweep, lost: set[Cell]) -> dict:
    epochs = sweep.training.epochs
    return {
        "sweep": sweep.to_dict(),
        "levels": 17,
        "shape": [1, 8, 8],
        "parameters": 1234,
        "cells": [
            {
                "model": cell.model,
                "beta": cell.beta,
                "seed": cell.seed,
                "status": "diverged" if cell in lost else "trained",
                "diverged_at_epoch": 2 if cell in lost else None,
                "converged": cell not in lost,
                "epochs": 2 if cell in lost else epochs,
                "best_epoch": 1 if cell in lost else epochs,
                "validation_objective": 30.0,
            }
            for cell in sweep.cells
        ],
        "data": {"source": "made up", "sha256": {"train": "0", "validation": "1", "test": "2"}},
        "device": "a made-up processor (2 cores)",
        "stack_size": len(sweep.cells),
        "versions": {"python": "3.11.7", "torch": "2.15.0", "numpy": "2.4.6"},
    }


def _references(dataset: str, prefix: str) -> pd.DataFrame:
    values = {
        "classifier_accuracy": 0.977,
        "feature_count": 39.0,
        "fid_images": 382.0,
        "histogram_bits_per_dim": 2.98,
        "bernoulli_floor": 0.0 if _binarised(dataset) else 13.7,
        "pixels": 64.0,
        "largest_eigenvalue": 0.7,
        "total_variance": 4.7,
        "bernoulli_collapse_beta": 4.0,
        f"{prefix}fid_floor": 0.8,
        f"{prefix}fid_noise": 83.8,
        f"{prefix}kid_floor": -0.5,
    }
    rows = [{"dataset": dataset, "reference": name, "value": v} for name, v in values.items()]
    return pd.DataFrame(rows)


def _corruptions(dataset: str, prefix: str) -> pd.DataFrame:
    rows = [
        (dataset, name, strength, 0.8 + 100 * strength)
        for name, (_, strengths) in CORRUPTIONS.items()
        for strength in (0.0, *strengths)
    ]
    columns = ["dataset", "corruption", "strength", f"{prefix}fid"]
    return pd.DataFrame(rows, columns=columns).assign(kind="image")


def _mean_loss(sweep: Sweep) -> pd.DataFrame:
    trainings = [("sum", 1.0, 23.2, 2.1, 4), ("mean", 1.0, 27.1, 0.001, 0)]
    trainings.append(("sum", 64.0, 27.1, 0.001, 0))
    columns = ["reduction", "beta", "distortion", "rate", "active_units"]
    table = pd.DataFrame(trainings, columns=columns).assign(mse=0.07)
    return pd.concat(
        [pd.DataFrame([{"dataset": sweep.dataset, "sweep": sweep.slug}] * 3), table], axis=1
    )


def benchmark_file(seconds: float, measured: bool = True) -> str:
    """What Snakemake writes about a job; one too short to be measured has a time alone."""
    header = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"
    values = [f"{512 + seconds:g}"] * 7 + [f"{seconds / 2:g}"] if measured else ["NA"] * 8
    return "\n".join([header, "\t".join([f"{seconds:g}", "0:00:00", *values]), ""])
