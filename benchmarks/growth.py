"""How run time and memory grow with cells, images, K and latent size, and planning with jobs.

One size is varied at a time, from a small base; every point is a process of its own. Planning is
a dry run of Snakemake over configurations of growing numbers of sweeps.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import yaml
from measuring import (
    in_own_process,
    make_sweep,
    medians,
    mnist,
    parser,
    peak_memory,
    publish,
)

from vae.command import positive, run
from vae.devices import set_up
from vae.evaluation.importance import importance_weights
from vae.models import initial_model
from vae.training.loop import stacks_of

ROOT = Path(__file__).parent.parent
BASE = {"cells": 4, "images": 1024, "samples": 64, "latent_dim": 10}
FACTORS = (1, 2, 4, 8)
SWEEPS = (4, 50, 500)


def main(arguments: list[str] | None = None) -> None:
    """Print seconds and peak memory for every point."""
    options = parser(__doc__)
    options.add_argument("--factors", type=positive, nargs="+", default=FACTORS)
    options.add_argument("--sweeps", type=positive, nargs="*", default=SWEEPS, help="of dry runs")
    for name, value in BASE.items():
        options.add_argument(f"--{name.replace('_', '-')}", type=positive, default=value)
    options = options.parse_args(arguments)
    base = {name: getattr(options, name) for name in BASE}
    points = [(name, {**base, name: base[name] * f}) for name in BASE for f in options.factors]
    rows = [in_own_process(measure, name, point, options) for name, point in points]
    publish(rows, "growth", options)
    if options.sweeps:
        publish([dry_run(sweeps) for sweeps in options.sweeps], "planning", options)


def measure(varied: str, point: dict[str, int], options: argparse.Namespace) -> dict:
    """One epoch of training all cells, and the evaluation of one of them."""
    device = set_up(options.device, options.threads)
    dataset = mnist(options.data, point["images"], test=100).to(device)
    sweep = make_sweep("mlp", point["cells"], latent_dim=point["latent_dim"])
    stacks = list(stacks_of(sweep, dataset, device))
    training = medians({"": lambda: [s.train_epoch() for s in stacks]}, 1, device)[""]
    start = time.perf_counter()
    stream = torch.Generator().manual_seed(0)
    model = initial_model(sweep, dataset.mean_image().cpu(), dataset.levels, stream).to(device)
    importance_weights(model, dataset.unit("test"), point["samples"], 0).log_sum.sum().item()
    return {
        "varied": varied,
        **point,
        "training_seconds": training,
        "evaluation_seconds": time.perf_counter() - start,
        "peak_memory_mb": peak_memory(device),
    }


def dry_run(sweeps: int) -> dict:
    """Seconds that Snakemake needs to plan a configuration of so many sweeps, from nothing."""
    config = {
        "datasets": ["digits"],
        "networks": [{"name": "mlp", "hidden": [8]}],
        "latent_dims": list(range(1, sweeps + 1)),
        "likelihoods": ["bernoulli"],
        "betas": [1],
        "seeds": [0],
        "training": {"epochs": 1, "batch_size": 100, "learning_rate": 0.001},
        "evaluation": {"importance_samples": 1},
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yaml"
        results = {"results": "results/planning", "report": "report/planning"}  # of no run
        file.write_text(yaml.safe_dump(config | results), encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--nolock"]
        start = time.perf_counter()
        done = subprocess.run(
            [*command, "--configfile", str(file), "--", "all"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - start
    total = re.findall(r"^total\s+(\d+)", done.stdout + done.stderr, re.M)
    return {"sweeps": sweeps, "jobs": int(total[0]), "dry_run_seconds": seconds}


if __name__ == "__main__":
    sys.exit(run(main))
