"""A published run: the tables of its finished sweeps, small enough to be kept with the code.

A folder of published tables has the form of a results folder without data and weights, so that
whatever reads tables reads it too. Whoever continues on another machine trains what it lacks.
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from vae import collection
from vae.comparison import best_betas, best_likelihoods
from vae.config import Benchmark
from vae.files import read_json, reading, replacing, write_json, write_text
from vae.metrics import COMPARABLE
from vae.per_image import PerImage
from vae.sources import commit, commit_date
from vae.status import MEASUREMENTS, stage
from vae.sweep import Sweep
from vae.table import read_table

OF_TRAINING = ("sweep.json", "history.csv")
OF_A_SWEEP = (*(f"{name}.csv" for name in MEASUREMENTS), "dimensions.csv", "spectra.csv")
OF_A_DATASET = {
    "references": "features/{}.csv",
    "corruptions": "features/{}.corruptions.csv",
    "mean_reduction": "mistakes/{}.mean_reduction.csv",
    "free_density": "mistakes/{}.free_density.csv",
}
COMMITS = "commits.json"


def is_finished(results: Path, sweep: Sweep) -> bool:
    """Whether ``results`` holds every measurement of ``sweep``, and of its dataset."""
    shared = [results / pattern.format(sweep.dataset) for pattern in OF_A_DATASET.values()]
    return stage(results, sweep).name == "measured" and all(path.is_file() for path in shared)


def published(benchmark: Benchmark, folder: Path) -> dict[str, Sweep]:
    """The sweeps of ``benchmark`` whose tables lie in ``folder``, by slug."""
    return {slug: s for slug, s in benchmark.sweeps.items() if is_finished(folder, s)}


def missing(benchmark: Benchmark, folder: Path) -> dict[str, list[str]]:
    """What the workflow must make of every sweep that ``folder`` lacks, by slug."""
    lacking = [s for s in benchmark.sweeps.values() if not is_finished(folder, s)]
    return {sweep.slug: files_of(benchmark, sweep) for sweep in lacking}


def files_of(benchmark: Benchmark, sweep: Sweep) -> list[str]:
    """The files of a finished sweep in a run of ``benchmark``."""
    measured = [f"metrics/{sweep.slug}/{name}" for name in OF_A_SWEEP]
    shared = [pattern.format(sweep.dataset) for pattern in OF_A_DATASET.values()]
    return [f"{benchmark.results}/{name}" for name in (*measured, *shared)]


def take(benchmark: Benchmark, run: Path, folder: Path) -> list[str]:
    """Copy the tables of every sweep that ``run`` has finished into ``folder``.

    Args:
        run: the project's folder in which the benchmark ran; its commit is noted.

    Returns:
        the slugs of the sweeps that were taken.
    """
    results = run / benchmark.results
    taken = published(benchmark, results)
    names = {*taken, *(sweep.dataset for sweep in taken.values())}
    for sweep in taken.values():
        _take_sweep(benchmark, sweep, results, folder)
    for path in sorted((results / "benchmarks").glob("*/*.tsv")):
        if path.stem in names:
            _copy(path, folder / path.relative_to(results))
    origin = {"commit": commit(run), "date": commit_date(run)}
    known = read_json(folder / COMMITS) if (folder / COMMITS).is_file() else {}
    if taken:
        write_json(folder / COMMITS, known | dict.fromkeys(taken, origin))
    return list(taken)


def _take_sweep(benchmark: Benchmark, sweep: Sweep, results: Path, folder: Path) -> None:
    models, metrics = Path("models", sweep.slug), Path("metrics", sweep.slug)
    names = [pattern.format(sweep.dataset) for pattern in OF_A_DATASET.values()]
    names += [models / name for name in OF_TRAINING] + [metrics / name for name in OF_A_SWEEP]
    for name in names:
        _copy(results / name, folder / name)
    wanted = {*benchmark.criteria, *COMPARABLE}
    kept: dict[str, np.ndarray] = {}
    for path in sorted((results / metrics).glob("*.npz")):
        with reading(path), np.load(path) as arrays:
            kept |= {key: arrays[key] for key in arrays if key.split("/")[1] in wanted}
    with replacing(folder / metrics / "per_image.npz") as temporary:
        np.savez_compressed(temporary, **kept)


def _copy(source: Path, target: Path) -> None:
    with reading(source), replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def tabulate(benchmark: Benchmark, folder: Path) -> None:
    """Write the tables of all published sweeps together, and the answers."""
    sweeps = published(benchmark, folder)
    models = [folder / "models" / slug for slug in sweeps]
    datasets = dict.fromkeys(sweep.dataset for sweep in sweeps.values())

    def per_sweep(name: str) -> Iterable[Path]:
        return [folder / "metrics" / slug / f"{name}.csv" for slug in sweeps]

    measured = [path for name in MEASUREMENTS for path in per_sweep(name)]
    collection.collect(models, measured, folder / "metrics.csv")
    for name in ("dimensions", "spectra"):
        collection.concatenate(per_sweep(name), folder / f"{name}.csv")
    for name, pattern in OF_A_DATASET.items():
        paths = [folder / pattern.format(dataset) for dataset in datasets]
        collection.concatenate(paths, folder / f"{name}.csv")
    collection.collect_history(models, folder / "history.csv")
    write_json(folder / "config.json", json.loads(json.dumps(asdict(benchmark))))
    compare(folder, benchmark.criteria)


def compare(folder: Path, criteria: Iterable[str]) -> None:
    """Write the best β of every sweep and the best likelihood of every group."""
    metrics, per_image = read_table(folder / "metrics.csv"), PerImage(folder / "metrics")
    comparable = [name for name in criteria if name in COMPARABLE]
    for name, answers in (
        ("best_beta", best_betas(metrics, per_image, criteria)),
        ("best_likelihood", best_likelihoods(metrics, per_image, comparable)),
    ):
        write_text(folder / f"{name}.csv", answers.to_csv(index=False))
