"""Made-up results: one group of a run, or a whole folder with the records that training leaves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from synthetic_tables import make_tables
from synthetic_values import EPOCHS, LATENT_DIM, Change

from vae.configuration.benchmark import Benchmark
from vae.configuration.sweep import Cell, Sweep
from vae.files import write_json, write_text
from vae.reporting.group import Group, groups_of
from vae.results.table import CELL, cell_columns

BETAS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
LIKELIHOODS = ("bernoulli", "gaussian_learned_sigma")
Diverged = Callable[[Sweep, Cell], bool]
RULES = ("train", "evaluate_likelihood")


def answer(likelihood: str, criterion: str, low: float, high: float, **others: object) -> dict:
    """What ``make_group`` is to put into ``best_beta.csv``: β* in the middle of its interval."""
    columns = {"beta_star": (low + high) / 2, "beta_star_low": low, "beta_star_high": high}
    return {"likelihood": likelihood, "criterion": criterion} | columns | others


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
    grid = (tuple(likelihoods), tuple(betas), tuple(seeds), autoencoder, tuple(diverged))
    if changes:
        found = _tables(*grid, inception, changes)
    else:  # what many tests ask for is made once
        found = {name: table.copy() for name, table in _known_tables(*grid, inception).items()}
    for change in answers:
        best = found["best_beta"]
        of = (best.likelihood == change["likelihood"]) & (best.criterion == change["criterion"])
        for column, value in change.items():
            best.loc[of, column] = value
    (group,) = groups_of(found | {n: t.assign(dataset="digits") for n, t in tables.items()})
    return group


def _tables(
    likelihoods: Sequence[str],
    betas: Sequence[float],
    seeds: Sequence[int],
    autoencoder: bool,
    diverged: Sequence[tuple[str, float]],
    inception: bool,
    changes: Mapping[str, Change] | None = None,
) -> dict[str, pd.DataFrame]:
    one = {"dataset": "digits", "network": "mlp", "latent_dim": LATENT_DIM}
    models = [("vae", beta, seed) for beta in betas for seed in seeds]
    models += [("ae", 0.0, seed) for seed in seeds if autoencoder]
    cells = pd.DataFrame(
        [(*one.values(), slug, *model) for slug in likelihoods for model in models], columns=CELL
    )
    lost = np.array([(c.likelihood, c.beta) in set(diverged) for c in cells.itertuples()])
    return make_tables(cells, lost, inception, changes)


_known_tables = cache(_tables)


def with_tables(group: Group, **tables: pd.DataFrame) -> Group:
    """``group`` with some of its tables replaced."""
    return replace(group, tables={**group.tables, **tables})


def with_budget(group, epochs):
    """``group``, all of whose cells trained for so many epochs."""
    rows = group.metrics[group.metrics.metric == "elbo"].assign(metric="epochs", value=epochs)
    others = group.metrics[group.metrics.metric != "epochs"]
    return with_tables(group, metrics=pd.concat([others, rows], ignore_index=True))


def benchmark(**changes: object) -> Benchmark:
    """A grid as the default one, but small; keyword arguments replace keys of the file."""
    config = {
        "datasets": ["digits"],
        "networks": [{"name": "mlp", "hidden": [16]}],
        "latent_dims": [4],
        "likelihoods": [
            "bernoulli",
            {"name": "gaussian_fixed_sigma", "sigma": 0.1},
            "gaussian_learned_sigma",
            "discretized_logistic",
        ],
        "betas": [0.25, 0.5, 1, 2, 8],
        "seeds": [0, 1, 2],
        "training": {"epochs": EPOCHS, "batch_size": 100, "learning_rate": 0.001},
        "evaluation": {"importance_samples": 50},
    }
    return Benchmark.from_dict(config | changes)


def build_results(
    benchmark: Benchmark, results: Path, diverged: Diverged = lambda sweep, cell: False
) -> None:
    """Write every table and record below ``results`` that a run of ``benchmark`` leaves there."""
    write_json(results / "config.json", asdict(benchmark))
    cells, lost = [], []
    for sweep in benchmark.sweeps.values():
        cells += [tuple(cell_columns(sweep, cell).values()) for cell in sweep.cells]
        lost += [diverged(sweep, cell) for cell in sweep.cells]
        write_json(results / "models" / sweep.slug / "sweep.json", record(sweep, diverged))
        for i, rule in enumerate(RULES):
            write_text(results / "benchmarks" / rule / f"{sweep.slug}.tsv", benchmark_file(60 + i))
    write_text(results / "benchmarks" / "collect.tsv", benchmark_file(1, measured=False))
    inception = benchmark.evaluation.features == ("inception",)
    for name, text in _known_files(tuple(cells), tuple(lost), inception, benchmark.criteria):
        write_text(results / name, text)


@cache
def _known_files(
    cells: tuple[tuple, ...], lost: tuple[bool, ...], inception: bool, criteria: tuple[str, ...]
) -> list[tuple[str, str]]:
    """Names and contents of the tables of these cells: what many tests ask for is made once."""
    frame = pd.DataFrame(cells, columns=CELL)
    tables = make_tables(frame, np.array(lost), inception, criteria=criteria)
    return [(f"{name}.csv", table.to_csv(index=False)) for name, table in tables.items()]


def record(sweep: Sweep, diverged: Diverged) -> dict:
    """What training writes about a sweep."""
    return {
        "sweep": sweep.to_dict(),
        "levels": 17,
        "shape": [1, 8, 8],
        "parameters": 1234,
        "cells": [
            {
                **asdict(cell),
                "status": "diverged" if diverged(sweep, cell) else "trained",
                "diverged_at_epoch": 2 if diverged(sweep, cell) else None,
                "best_epoch": 1 if diverged(sweep, cell) else EPOCHS,
                "converged": not diverged(sweep, cell),
                "epochs": 2 if diverged(sweep, cell) else EPOCHS,
                "validation_objective": 30.0,
            }
            for cell in sweep.cells
        ],
        "data": {"source": "made up", "sha256": {"train": "0", "validation": "1", "test": "2"}},
        "device": "a made-up processor (2 cores)",
        "stack_size": len(sweep.cells),
        "versions": {"python": "3.11.7", "torch": "2.15.0", "numpy": "2.4.6"},
    }


def benchmark_file(seconds: float, measured: bool = True) -> str:
    """What Snakemake writes about a job; one too short to be measured has a time alone."""
    header = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"
    values = [f"{512 + seconds:g}"] * 7 + [f"{seconds / 2:g}"] if measured else ["NA"] * 8
    return "\n".join([header, "\t".join([f"{seconds:g}", "0:00:00", *values]), ""])
