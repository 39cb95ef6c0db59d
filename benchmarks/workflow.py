"""Where the time of a whole run goes, from what Snakemake measured of every job.

Reads ``results/benchmarks/**/*.tsv`` of a finished run. Imports are measured here, one process
per verb, and counted once per job; Snakemake's own share is the time of a dry run.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from measuring import parser, publish

TRAINING = ("train", "features", "mistakes")
EVALUATION = ("evaluate_likelihood", "evaluate_latents")
EVALUATION += ("evaluate_images", "evaluate_samples")
MODULES = {
    "train": "vae.training.loop",
    "features": "vae.features.spaces, vae.evaluation.references, vae.evaluation.corruptions",
    "mistakes": "vae.selfcheck.mistakes",
    "prepare": "vae.data.datasets",
    "evaluate_likelihood": "vae.evaluation.likelihood",
    "evaluate_latents": "vae.evaluation.latents",
    "evaluate_images": "vae.evaluation.images",
    "evaluate_samples": "vae.evaluation.samples, vae.features.spaces",
    "gallery": "vae.reporting.figures.gallery",
    "sheets": "vae.reporting.figures.sheets",
    "figures": "vae.reporting.figures.charts",
    "report": "vae.reporting.page.render",
}


def main(arguments: list[str] | None = None) -> None:
    """Print a row per rule, then one per kind of work."""
    options = parser(__doc__)
    options.add_argument("--results", type=Path, default=Path("results"))
    options = options.parse_args(arguments)
    jobs = read_jobs(options.results)
    rules = by_rule(jobs)
    rules["import_seconds"] = [
        imports(rule, options.repetitions) * row.jobs for rule, row in rules.iterrows()
    ]
    how = dict.fromkeys(rules.columns, "sum") | {"peak_memory_mb": "max"}
    groups = {kind: rules.loc[names].agg(how) for kind, names in kinds(rules).items()}
    summary = pd.concat([rules, pd.DataFrame(groups).T])
    summary["share_of_cpu"] = summary.cpu_seconds / rules.cpu_seconds.sum()
    summary.index.name = "rule"
    publish(summary.reset_index().to_dict("records"), "workflow", options)
    print(f"Snakemake's own dry run: {dry_run(options):.1f} s")


def read_jobs(results: Path) -> pd.DataFrame:
    """A row per job: rule, wall and CPU seconds, peak memory in MB."""
    folder = results / "benchmarks"
    files = sorted(folder.rglob("*.tsv"))
    if not files:
        sys.exit(f"{folder} holds no measurements: run the benchmark first (make report)")
    jobs = pd.concat([pd.read_csv(file, sep="\t", na_values="-") for file in files])
    rules = [file.relative_to(folder).parts[0].removesuffix(".tsv") for file in files]
    return jobs.assign(rule=rules)


def by_rule(jobs: pd.DataFrame) -> pd.DataFrame:
    """Number of jobs, sums of their times and their highest memory, by rule."""
    groups = jobs.groupby("rule")
    return pd.DataFrame(
        {
            "jobs": groups.size(),
            "wall_seconds": groups.s.sum(),
            "cpu_seconds": groups.cpu_time.sum(),
            "peak_memory_mb": groups.max_rss.max(),
        }
    )


def kinds(rules: pd.DataFrame) -> dict[str, list[str]]:
    """The rules that train, those that evaluate, and everything else."""
    named = {"all training": TRAINING, "all evaluation": EVALUATION}
    groups = {kind: [r for r in rules.index if r in names] for kind, names in named.items()}
    groups["everything else"] = [r for r in rules.index if r not in TRAINING + EVALUATION]
    return groups


def imports(rule: str, repetitions: int) -> float:
    """Median seconds that a process of ``rule`` takes to start and import what it needs."""
    if rule not in MODULES:
        return 0.0
    return timed([sys.executable, "-c", f"import {MODULES[rule]}"], repetitions)


def dry_run(options: argparse.Namespace) -> float:
    """Median seconds in which Snakemake finds that nothing is left to do."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "--nolock", "all"]
    return timed(command, options.repetitions)


def timed(command: list[str], repetitions: int) -> float:
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
