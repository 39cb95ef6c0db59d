"""A published run: the tables of its finished sweeps, small enough to be kept with the code.

A folder of published tables holds what a report is made of: the tables of all sweeps together,
each sweep's training record, and of single images, or of blocks of them, what paired comparisons
need. No data and no models: whoever continues on another machine trains what the folder lacks.
What its FIDs were measured in, the feature spaces, it has: those of another machine differ.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from vae.checkout import commit, commit_date
from vae.checks import require
from vae.configuration.benchmark import Benchmark
from vae.configuration.jobs import JOBS, configured
from vae.configuration.sweep import Sweep
from vae.errors import InputError
from vae.files import read_json, reading, replacing, sha256, write_json, write_text
from vae.metrics import COMPARABLE
from vae.results import collection
from vae.results.comparison import compare
from vae.results.origin import made_so, origin_of
from vae.results.per_image import PerImage
from vae.results.status import stage
from vae.results.table import SWEEP, cell_columns, read_table

ORIGINS = "origins.json"
BLOCKS = 500  # of test images: values of 10,000 would take 10 MB a sweep
MEASUREMENTS = tuple(job.name for job in JOBS)
DETAILS = tuple(table for job in JOBS for table in job.tables)
SPACES = "features/{}/spaces.safetensors"
OF_A_DATASET = (
    "features/{}/references.csv",
    "features/{}/corruptions.csv",
    "mistakes/{}/mean_reduction.csv",
    "mistakes/{}/free_density.csv",
)


def finished(benchmark: Benchmark, results: Path) -> dict[str, Sweep]:
    """The sweeps of a run that are trained and measured as configured, as are their datasets."""
    datasets = [name for name in benchmark.dataset_names if _referred(benchmark, results, name)]
    return {
        slug: sweep
        for slug, sweep in benchmark.sweeps.items()
        if sweep.dataset in datasets
        and stage(results, sweep).name == "measured"
        and _up_to_date(benchmark, results, sweep)
    }


def _referred(benchmark: Benchmark, results: Path, dataset: str) -> bool:
    """Whether all tables of a dataset are there, measured as configured."""
    tables = [results / path.format(dataset) for path in OF_A_DATASET]
    wanted = configured(benchmark.evaluation, "features")
    return all(table.is_file() for table in tables) and made_so(tables[0], wanted)


def _up_to_date(benchmark: Benchmark, results: Path, sweep: Sweep) -> bool:
    """Whether a sweep was measured as configured, the models and spaces being those of now."""
    weights = read_json(results / "models" / sweep.slug / "sweep.json").get("weights")
    spaces = results / SPACES.format(sweep.dataset)
    return all(
        made_so(
            results / "metrics" / sweep.slug / f"{job.name}.csv",
            configured(benchmark.evaluation, job.name),
            weights=weights,
            **({"spaces": sha256(spaces)} if job.spaces and spaces.is_file() else {}),
        )
        for job in JOBS
    )


def published(benchmark: Benchmark, folder: Path) -> dict[str, Sweep]:
    """The sweeps that ``folder`` has as ``benchmark`` trains and measures them, by slug.

    Raises:
        InputError: if it has sweeps of another configuration.
    """
    known, measured = origins(folder), _measured(benchmark)
    foreign = [slug for slug in known if slug not in benchmark.sweeps]
    require(
        not foreign,
        f"{folder} has sweeps that this configuration lacks, such as {', '.join(foreign[:2])}: "
        f"name a folder of its own, as in {folder}/mine",
    )
    return {
        slug: sweep
        for slug, sweep in benchmark.sweeps.items()
        if known.get(slug, {}).get("evaluation") == measured
        and Sweep.from_dict(read_json(folder / "models" / slug / "sweep.json")["sweep"]) == sweep
    }


def unpublished(benchmark: Benchmark, folder: Path) -> dict[str, list[str]]:
    """The files that the workflow must make for every sweep that ``folder`` lacks, by slug.

    Raises:
        InputError: as ``published``, or if the run would measure in other spaces than ``folder``.
    """
    known = published(benchmark, folder)
    for dataset in dict.fromkeys(s.dataset for k, s in benchmark.sweeps.items() if k not in known):
        expect_spaces(benchmark, benchmark.results, folder, dataset)
    return {
        slug: [f"{benchmark.results}/{path}" for path in (*_tables(sweep), *_shared(sweep))]
        for slug, sweep in benchmark.sweeps.items()
        if slug not in known
    }


def origins(folder: Path) -> dict[str, dict]:
    """Which commits made what a folder of published tables has of each sweep, by slug.

    Raises:
        InputError: if that cannot be read.
    """
    path, remedy = folder / ORIGINS, "take it from git again"
    found = read_json(path, remedy) if path.is_file() else {}
    kinds = {"commits": list, "date": str, "evaluation": dict}
    for origin in found.values():
        with reading(path, remedy):
            if not all(isinstance(origin[key], kind) for key, kind in kinds.items()):
                raise TypeError(f"{', '.join(kinds)} of every sweep are wanted")
    return found


def in_other_spaces(folder: Path, sweeps: Mapping[str, Sweep]) -> list[str]:
    """The slugs of published sweeps whose FIDs are not of the feature spaces in ``folder``."""
    known = origins(folder)
    spaces = {slug: folder / SPACES.format(sweeps[slug].dataset) for slug in known}
    return [
        slug
        for slug, path in spaces.items()
        if path.is_file() and known[slug].get("spaces") != sha256(path)
    ]


def publish(benchmark: Benchmark, root: Path, folder: Path) -> dict[str, Sweep]:
    """Take over every sweep that the run has finished, and answer anew.

    One that is published from a later commit than the run's stays as it is.

    Args:
        root: the project's folder in which the benchmark ran; its commit is noted where tables
            do not say which one measured them.
        folder: of published tables; what it has of other sweeps stays.

    Returns:
        the sweeps that were taken over, by slug.

    Raises:
        InputError: if there is nothing to publish, or ``folder`` is another configuration's, or
            measured in other feature spaces.
    """
    results, kept = root / benchmark.results, published(benchmark, folder)
    taken, known = finished(benchmark, results), origins(folder)
    if not taken and not kept:
        raise InputError(f"{results} has no finished sweep of this configuration: run it first")
    taken = {
        slug: sweep
        for slug, sweep in taken.items()
        if slug not in kept
        or _origin(root, results, slug, {"date": ""})["date"] >= known[slug]["date"]
    }
    datasets = dict.fromkeys(sweep.dataset for sweep in taken.values())
    for dataset in datasets:
        expect_spaces(benchmark, results, folder, dataset)
        _copy_spaces(results, folder, dataset)
    order = [slug for slug in benchmark.sweeps if slug in {*kept, *taken}]
    with TemporaryDirectory() as collected:
        collect(results, taken, Path(collected))
        for path in sorted(Path(collected).glob("*.csv")):
            merge(path, folder / path.name, [benchmark.sweeps[slug] for slug in order])
    for slug in taken:
        _copy_sweep(results, folder, slug, {*benchmark.criteria, *COMPARABLE})
    _copy_times(results, folder, set(taken), set(datasets))
    compare(folder, benchmark.criteria)
    known, evaluation = origins(folder), {"evaluation": _measured(benchmark)}
    known = {slug: known[slug] for slug in kept}
    known |= {slug: _origin(root, results, slug, known.get(slug)) | evaluation for slug in taken}
    write_json(folder / ORIGINS, {slug: known[slug] for slug in order})  # last: it ends here
    return taken


def collect(results: Path, sweeps: Mapping[str, Sweep], output: Path) -> None:
    """Write the tables of some sweeps of a run together, a file for each."""
    if not sweeps:
        return
    models = [results / "models" / slug for slug in sweeps]
    metrics = [results / "metrics" / slug for slug in sweeps]
    measured = [folder / f"{job.name}.csv" for job in JOBS for folder in metrics]
    collection.collect(models, measured, output / "metrics.csv")
    collection.collect_history(models, output / "history.csv")
    datasets = dict.fromkeys(sweep.dataset for sweep in sweeps.values())
    others = [folder / f"{name}.csv" for name in DETAILS for folder in metrics]
    others += [results / path.format(name) for path in OF_A_DATASET for name in datasets]
    collection.collect_others(others, output)


def merge(new: Path, old: Path, sweeps: Iterable[Sweep]) -> None:
    """Put the rows of ``new`` in the place of those that ``old`` has of the same sweep or dataset.

    Args:
        sweeps: those that stay, in order; a table without sweeps is of their datasets.
    """
    rows = read_table(new)
    key = SWEEP if set(SWEEP) <= set(rows) else ["dataset"]
    if old.is_file():
        before = read_table(old)
        again = set(rows[key].itertuples(index=False, name=None))
        kept = [k not in again for k in before[key].itertuples(index=False, name=None)]
        rows = pd.concat([before[kept], rows])
    columns = [cell_columns(sweep, sweep.cells[0]) for sweep in sweeps]
    order = {tuple(c[name] for name in key): i for i, c in enumerate(columns)}
    places = [order.get(k, -1) for k in rows[key].itertuples(index=False, name=None)]
    rows = rows.assign(place=places).query("place >= 0").sort_values("place", kind="stable")
    write_text(old, rows.drop(columns="place").to_csv(index=False))


def _tables(sweep: Sweep) -> list[str]:
    names = (*MEASUREMENTS, *DETAILS)
    return [f"metrics/{sweep.slug}/{name}.csv" for name in names]


def _shared(sweep: Sweep) -> list[str]:
    return [path.format(sweep.dataset) for path in OF_A_DATASET]


def _measured(benchmark: Benchmark) -> dict:
    """The settings of the evaluation, as JSON has them."""
    return json.loads(json.dumps(asdict(benchmark.evaluation)))


def _origin(root: Path, results: Path, slug: str, before: dict | None) -> dict:
    """Which commits measured a sweep, in which feature spaces, as far as its tables note it.

    What they do not is as published before, or the commit that is checked out.
    """
    tables = [results / "metrics" / slug / f"{name}.csv" for name in MEASUREMENTS]
    noted = [origin for origin in map(origin_of, tables) if origin]
    if noted:
        commits = dict.fromkeys(origin["commit"] for origin in noted)
        spaces = [o["parts"]["spaces"] for o in noted if "spaces" in o["parts"]]
        made = {"commits": list(commits), "date": max(o["date"] for o in noted)}
        return made | ({"spaces": spaces[0]} if spaces else {})
    return before or {"commits": [commit(root)], "date": commit_date(root)}


def blocks(values: np.ndarray) -> np.ndarray:
    """``values`` (images,), or their means over ``BLOCKS`` blocks of neighbours if that is less.

    Images are independent, so the mean and its standard error, from either, estimate the same.
    """
    if len(values) <= BLOCKS:
        return values
    parts = np.array_split(values.astype(float), BLOCKS)
    return np.array([part.mean() for part in parts], dtype=values.dtype)


def _copy_sweep(results: Path, folder: Path, slug: str, wanted: set[str]) -> None:
    """The training record, and of single images the metrics that are ``wanted``."""
    _copy(results / "models" / slug / "sweep.json", folder / "models" / slug / "sweep.json")
    kept: dict[str, np.ndarray] = {}
    for path in sorted((results / "metrics" / slug).glob("*.npz")):
        with reading(path), np.load(path) as arrays:
            for key in arrays:
                if (metric := key.split("/")[1]) in wanted:
                    kept[key] = blocks(arrays[key])
                    kept[PerImage.count_key(metric)] = np.array(len(arrays[key]))
    with replacing(folder / "metrics" / slug / "per_image.npz") as temporary:
        np.savez_compressed(temporary, **kept)


def expect_spaces(benchmark: Benchmark, results: Path | str, folder: Path, dataset: str) -> None:
    """Check that a run measures, or would, in the feature spaces that ``folder`` has.

    Raises:
        InputError: if they are others.
    """
    published, own = (Path(where) / SPACES.format(dataset) for where in (folder, results))
    if not published.is_file():
        return
    spaces = Path(benchmark.feature_spaces or "") / dataset / own.name
    used = own if own.is_file() else spaces
    require(
        used.is_file() and sha256(used) == sha256(published),
        f"{results} has, or would learn, other feature spaces of {dataset} than {folder} has, so "
        f"that FIDs of the two differ: set feature_spaces to {folder}/features"
        + (f", delete {own.parent} and run again" if own.is_file() else ""),
    )


def _copy_spaces(results: Path, folder: Path, dataset: str) -> None:
    """What FIDs were measured in, and the note of how it was learned."""
    for path in (SPACES.format(dataset), f"features/{dataset}/references.json"):
        if (results / path).is_file():
            _copy(results / path, folder / path)


def _copy_times(results: Path, folder: Path, sweeps: set[str], datasets: set[str]) -> None:
    """How long Snakemake's jobs took: of a dataset the first ones, which learned its features."""
    for path in sorted((results / "benchmarks").glob("*/*.tsv")):
        target = folder / path.relative_to(results)
        if path.stem in sweeps or (path.stem in datasets and not target.exists()):
            _copy(path, target)


def _copy(source: Path, target: Path) -> None:
    with reading(source), replacing(target) as temporary:
        temporary.write_bytes(source.read_bytes())
