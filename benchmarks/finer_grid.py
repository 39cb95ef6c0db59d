"""Whether the default grid finds the same best β as a grid four times finer, within its interval.

Trains and measures sweeps of a configuration with three more βs between any two, once; the
default grid's answer then comes from every fourth β of it, with the same models and images. With
--results, sweeps that exist are read instead.
"""

import argparse
import dataclasses
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pandas as pd
import yaml
from sweeps import expect

from vae.checks import require
from vae.command import Parser, positive, run
from vae.configuration.benchmark import load_benchmark, read_yaml
from vae.results.comparison import best_betas
from vae.results.per_image import PerImage
from vae.results.table import SWEEP, read_table

RESULTS = Path(__file__).parent / "results"
FINER = 4
KEYS = [*SWEEP, "criterion"]


def main(arguments: list[str] | None = None) -> None:
    """Print and write both answers side by side."""
    options = Parser(description=__doc__)
    options.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    text = "two by default: one that has a fixed scale, and one that learns it"
    default = ["bernoulli", "gaussian_learned_sigma_discretized"]
    options.add_argument("--likelihoods", nargs="+", default=default, help=text)
    options.add_argument("--folder", type=Path, default=Path("results/finer_grid"))
    options.add_argument("--cores", type=positive, default=2)
    options.add_argument("--results", type=Path, help="existing results, instead of training")
    text = "the coarse grid is every so many βs (default: 4)"
    options.add_argument("--every", type=positive, default=FINER, help=text)
    options.add_argument("--output", type=Path, default=RESULTS, help="folder for the table")
    options = options.parse_args(arguments)
    table = agreement(options.results or train(options), options.every)
    print(table.round(3).to_string(index=False))
    print(f"{table.agrees.sum()} of {len(table)} agree")
    options.output.mkdir(parents=True, exist_ok=True)
    table.round(5).to_csv(options.output / "finer_grid.csv", index=False)


def finer(betas: list[float]) -> list[float]:
    """``betas`` with three more between any two, evenly spaced in log β."""
    steps = [
        [float(f"{low * (high / low) ** (k / FINER):.6g}") for k in range(FINER)]
        for low, high in pairwise(betas)
    ]
    return [*(beta for step in steps for beta in step), betas[-1]]


def train(options: argparse.Namespace) -> Path:
    """Run the workflow on the finer grid; the folder with its results."""
    entries = load_benchmark(options.config).likelihoods
    expect(options.likelihoods, [entry.slug for entry in entries], "--likelihoods")
    config = read_yaml(options.config)
    chosen = [dataclasses.asdict(e) for e in entries if e.slug in options.likelihoods]
    wanted = {"likelihoods": chosen, "betas": finer(sorted(config["betas"]))}
    folders = {"results": str(options.folder), "report": str(options.folder / "report")}
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / "config.yaml"
    path.write_text(yaml.safe_dump(config | wanted | folders))
    target = options.folder / "best_beta.csv"
    command = [sys.executable, "-m", "snakemake", "--cores", str(options.cores)]
    done = subprocess.run([*command, "--configfile", str(path), "--", str(target)])
    require(done.returncode == 0, "snakemake failed: correct what it says above and run again")
    return options.folder


def agreement(results: Path, every: int) -> pd.DataFrame:
    """The best β of every ``every``-th β of ``results``, and of all of them."""
    metrics, per_image = read_table(results / "metrics.csv"), PerImage(results / "metrics")
    criteria = read_table(results / "best_beta.csv").criterion.unique()
    parts = []
    for _, sweep in metrics[metrics.model == "vae"].groupby(SWEEP):
        coarse = sweep[sweep.beta.isin(sorted(sweep.beta.unique())[::every])]
        answers = [best_betas(rows, per_image, criteria) for rows in (coarse, sweep)]
        parts.append(answers[0].merge(answers[1], on=KEYS, suffixes=("", "_finer")))
    both = pd.concat(parts).dropna(subset=["beta_star_low", "beta_star_finer"])
    columns = ["beta_star", "beta_star_low", "beta_star_high", "beta_star_finer"]
    low, high, found = both.beta_star_low, both.beta_star_high, both.beta_star_finer
    table = both[["likelihood", "criterion", "betas", "betas_finer", *columns]]
    return table.assign(agrees=(low <= found) & (found <= high))


if __name__ == "__main__":
    sys.exit(run(main))
