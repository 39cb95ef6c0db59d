"""Where a report's numbers come from: the code, the machine, the packages, the running times."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from vae.checkout import ROOT, commit, commit_date
from vae.configuration.benchmark import Benchmark, load_benchmark
from vae.data.datasets import SPLITS
from vae.errors import InputError
from vae.files import read_json
from vae.reporting.page.tables import markdown_table
from vae.reporting.words import listed
from vae.results.publication import in_other_spaces, origins

README = "README.md"
UNFINISHED = "report"  # the rule that renders: its time is known only after the page is written


@dataclass(frozen=True)
class Provenance:
    """What a report says about its own making; the same for two renderings of the same state.

    Attributes:
        command: runs the same settings again, typed in the project's folder.
        commit: of the code that rendered the page; of published tables, what measured them.
        date: of that commit, or of the last.
        devices: what trained the models, each once.
        versions: package -> version that trained the models.
        other_spaces: by dataset, the likelihoods whose FIDs are of other spaces than the rest's.
        cost: CPU time of all stages; empty if Snakemake left none.
        stages: running times as a Markdown table; empty if Snakemake left none.
        graph: the workflow's rules in Mermaid's language; empty without the workflow.
    """

    command: str
    commit: str
    date: str
    devices: list[str]
    versions: dict[str, str]
    other_spaces: dict[str, list[str]]
    cost: str
    stages: str
    graph: str


def provenance(
    benchmark: Benchmark, sweeps: Collection[str], results: Path, root: Path = ROOT
) -> Provenance:
    """Gather what is known about the making of ``results``.

    Args:
        sweeps: the slugs of those that ``results`` has.
        root: the project's folder.
    """
    records = [read_json(results / "models" / slug / "sweep.json") for slug in sweeps]
    names = {*sweeps, *benchmark.dataset_names}
    made = origins(results).values() or [{"commits": [commit(root)], "date": commit_date(root)}]
    times = stage_times(results / "benchmarks", names)
    return Provenance(
        command=command(benchmark, root),
        commit=listed(dict.fromkeys(name for one in made for name in one["commits"])),
        date=max(one["date"] for one in made),
        devices=list(dict.fromkeys(record["device"] for record in records)),
        versions=versions(records),
        other_spaces=other_spaces(benchmark, sweeps, results),
        cost=_clock(times.cpu.sum()) if len(times) else "",
        stages=markdown_table(stage_table(times)),
        graph=graph(root),
    )


def graph(root: Path = ROOT) -> str:
    """The workflow's rules in Mermaid's language, as the README draws them; empty without it."""
    readme = root / README
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    _, _, drawn = text.partition("```mermaid\n")
    return drawn.partition("```")[0].strip()


def command(benchmark: Benchmark, root: Path = ROOT) -> str:
    """What to type to run ``benchmark`` again: with a file of ``config/`` if one says the same."""
    file = Path(benchmark.results, "config.json")
    for path in sorted((root / "config").glob("*.yaml")):
        with suppress(InputError):
            if _asks_the_same(load_benchmark(path), benchmark):
                file = path.relative_to(root)
    return f"snakemake --cores 4 --configfile {file.as_posix()} -- all"


def _asks_the_same(one: Benchmark, other: Benchmark) -> bool:
    """Whether both train and measure the same and answer by the same criteria, into one folder."""
    keys = ("sweeps", "evaluation", "criteria", "results")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def split_sizes(results: Path, dataset: str) -> dict[str, int]:
    """How many images each split of a dataset has; empty if its file is not there."""
    path = results / "data" / f"{dataset}.npz"
    if not path.is_file():
        return {}
    with np.load(path) as arrays:
        return {split: len(arrays[f"{split}_labels"]) for split in SPLITS}


def versions(records: Iterable[dict]) -> dict[str, str]:
    """Version of every package, all of them where training records disagree."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for package, number in record["versions"].items():
            found.setdefault(package, {})[number] = None
    return {package: listed(numbers) for package, numbers in found.items()}


def other_spaces(
    benchmark: Benchmark, sweeps: Collection[str], results: Path
) -> dict[str, list[str]]:
    """By dataset, the likelihoods whose FIDs are of other spaces than the published ones."""
    found: dict[str, list[str]] = {}
    for slug in in_other_spaces(results, {slug: benchmark.sweeps[slug] for slug in sweeps}):
        sweep = benchmark.sweeps[slug]
        found.setdefault(sweep.dataset, []).append(sweep.likelihood.title)
    return found


def stage_times(benchmarks: Path, names: Collection[str]) -> pd.DataFrame:
    """Running times per rule from Snakemake's benchmark files, the most CPU time first.

    Args:
        benchmarks: folder with ``<rule>.tsv`` or ``<rule>/<name>.tsv``, a file per job.
        names: what jobs of this configuration are called; files of others are older ones.

    Returns:
        columns ``stage``, ``jobs``, ``cpu`` and ``wall`` (seconds, summed over jobs) and
        ``memory`` (MiB, of the largest job); NaN where all jobs were too short to be measured.
    """
    single = [(path.stem, path) for path in benchmarks.glob("*.tsv") if path.stem != UNFINISHED]
    named = [(p.parent.name, p) for p in benchmarks.glob("*/*.tsv") if p.stem in names]
    jobs = [
        pd.read_csv(path, sep="\t", na_values="-").assign(stage=stage)
        for stage, path in sorted(single + named)
    ]
    if not jobs:
        return pd.DataFrame(columns=["stage", "jobs", "cpu", "wall", "memory"])
    stages = pd.concat(jobs).groupby("stage")
    table = pd.DataFrame(
        {
            "jobs": stages.size(),
            "cpu": stages.cpu_time.sum(min_count=1),
            "wall": stages.s.sum(),
            "memory": stages.max_rss.max(),
        }
    )
    return table.sort_values(["cpu", "wall"], ascending=False).reset_index()


def stage_table(times: pd.DataFrame) -> pd.DataFrame:
    """``stage_times`` in print, with a last row for all stages together."""
    if times.empty:
        return times
    total = {"stage": "all", **times[["jobs", "cpu", "wall"]].sum(), "memory": times.memory.max()}
    rows = pd.concat([times, pd.DataFrame([total])])
    return pd.DataFrame(
        {
            "stage": rows.stage.str.replace("_", " "),
            "jobs": rows.jobs.astype(int),
            "CPU time (h:mm:ss)": rows.cpu.map(_clock),
            "running time (h:mm:ss)": rows.wall.map(_clock),
            "memory of the largest job (GiB)": rows.memory.map(_gibibytes),
        }
    )


def _clock(seconds: float) -> str:
    return "–" if pd.isna(seconds) else str(timedelta(seconds=round(seconds)))


def _gibibytes(mebibytes: float) -> str:
    return "–" if pd.isna(mebibytes) else f"{mebibytes / 1024:.1f}"
