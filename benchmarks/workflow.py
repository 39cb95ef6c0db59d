"""Where the time of a whole run goes, from what Snakemake measured of every job.

Reads ``results/benchmarks/**/*.tsv`` of a finished run, and in its logs how long each process
imported, if it ran with ``PYTHONPATH=benchmarks/counting``. Snakemake's own share is the time of
a dry run.
"""

import argparse
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from measuring import parser, publish

from vae.checks import require
from vae.command import run
from vae.configuration.jobs import JOBS

TRAINING = ("train", "features", "mistakes")
IMPORTED = re.compile(r"^imported for ([\d.]+) s$", re.M)


def main(arguments: list[str] | None = None) -> None:
    """Print a row per rule, then one per kind of work."""
    options = parser(__doc__)
    options.add_argument("--results", type=Path, default=Path("results"))
    options = options.parse_args(arguments)
    jobs = read_jobs(options.results)
    rules = by_rule(jobs)
    rules["import_seconds"] = [import_seconds(options.results, rule) for rule in rules.index]
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
    require(bool(files), f"{folder} holds no measurements: run the benchmark first (make report)")
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
    evaluation = tuple(f"evaluate_{job.name}" for job in JOBS)
    named = {"all training": TRAINING, "all evaluation": evaluation}
    groups = {kind: [r for r in rules.index if r in names] for kind, names in named.items()}
    groups["everything else"] = [r for r in rules.index if r not in TRAINING + evaluation]
    return groups


def import_seconds(results: Path, rule: str) -> float:
    """CPU seconds in which the processes of ``rule`` imported, by what they said at their ends."""
    folder = results / "logs"
    logs = [*(folder / rule).rglob("*.log"), *folder.glob(f"{rule}.log")]
    return sum(float(n) for log in logs for n in IMPORTED.findall(log.read_text("utf-8")))


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
    sys.exit(run(main))
