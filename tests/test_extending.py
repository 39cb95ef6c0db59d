"""The recipes of docs/extending.md, put into a copy of the project and used; its module, run."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_workflow import ROOT, TINY, copy_project, snakemake

PAGE = ROOT / "docs" / "extending.md"
RECIPE = re.compile(
    r"^`([\w/.]+)`, (?:(at the end)|(after|before|replacing) `([^\n]+)`):\n\n```\w+\n(.*?)^```$",
    re.M | re.S,
)
USED = """
import json
import math
import torch
import pandas as pd
from pathlib import Path
from vae.__main__ import main
from vae.configuration.benchmark import Benchmark
from vae.data.datasets import load_dataset, prepare
from vae.evaluation import images
from vae.configuration.sweep import Likelihood
from vae.likelihoods import make_likelihood
from vae.models import TrainedSweep
from vae.reporting.figures.charts import DRAWERS
from vae.reporting.group import Group
from vae.training.loop import train

# The density of every pixel integrates to 1, and its masses sum to 1.
x = torch.linspace(-5, 6, 200_001).view(-1, 1, 1, 1)
chosen = Likelihood("logistic_learned_scale")
p = make_likelihood(chosen, (1, 1, 1), 17)(torch.full((1, 1, 1, 1), 0.3))
assert abs(torch.trapezoid(p.log_prob(x).exp(), x.flatten()).item() - 1) < 1e-3
levels = torch.arange(17).view(-1, 1, 1, 1) / 16
assert abs(p.log_mass(levels, 17).exp().sum().item() - 1) < 1e-5

(sweep,) = Benchmark.from_dict(json.loads(Path("config.json").read_text())).sweeps.values()
prepare("digits", "digits.npz")
dataset, device = load_dataset("digits.npz"), torch.device("cpu")
train(sweep, dataset, "models", "checkpoints", device)
trained = TrainedSweep("models")
assert any(isinstance(m, torch.nn.GELU) for m in trained.model(sweep.cells[-1]).encoder.network)
measured = images.evaluate(trained, dataset, device, seed=0)
wide = measured.table.pivot(index=["model", "beta", "seed"], columns="metric", values="value")
assert (wide.psnr >= -10 * wide.mse.map(math.log10) - 1e-4).all()  # Jensen
assert "psnr" in "".join(measured.per_image)
tables = {"metrics": measured.table, "best_beta": pd.DataFrame(columns=["criterion"])}
(ax, *_) = DRAWERS["psnr"](Group("digits", tables)).axes
drawn = [line for line in ax.get_lines() if len(line.get_xdata()) == len(sweep.betas)]
assert [line.get_label() for line in drawn] == ["logistic, learned scale"]

verb = ["evaluate-cycles", "models", "digits.npz", "cycles.csv", "--cycled-codes", "50"]
assert main(verb) == 0
cycles = pd.read_csv("cycles.csv")
assert set(cycles.metric) == {"code_error"} and set(cycles.model) == {"vae"}
assert (cycles.value > 0).all() and (cycles.se > 0).all()
"""


def apply(project: Path) -> int:
    """Put every block of the page where it says; return how many."""
    found = RECIPE.findall(PAGE.read_text(encoding="utf-8"))
    for name, end, how, anchor, code in found:
        path = project / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if end:
            text += code
        else:
            line = next((x for x in text.splitlines(keepends=True) if anchor in x), None)
            assert line, f"{name} has no line {anchor}"
            put = {"after": line + code, "before": code + line, "replacing": code}[how]
            text = text.replace(line, put, 1)
        path.write_text(text, encoding="utf-8")
    return len(found)


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> Path:
    """A copy of the project with everything that the page adds."""
    project = copy_project(tmp_path_factory.mktemp("extended"))
    shutil.copytree(
        ROOT / "tests", project / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
    blocks = re.findall(r"^```(?:python|yaml)$", PAGE.read_text(encoding="utf-8"), re.M)
    assert apply(project) == len(blocks) - 1  # the last is of another workflow
    return project


@pytest.mark.slow
def test_the_parts_work(extended):
    config = TINY | {
        "networks": [{"name": "smooth", "hidden": [16]}],
        "likelihoods": ["logistic_learned_scale"],
        "criteria": ["psnr"],
        "evaluation": TINY["evaluation"] | {"cycled_codes": 60},
    }
    (extended / "config.json").write_text(json.dumps(config))
    environment = os.environ | {"PYTHONPATH": str(extended)}
    command = [sys.executable, "-c", USED]
    done = subprocess.run(command, cwd=extended, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (extended / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    result = snakemake(extended, "--dry-run", "--printshellcmds", "all")
    assert result.returncode == 0, result.stderr + result.stdout
    assert "figures/digits-smooth-2d/psnr.png" in result.stdout + result.stderr
    assert "metrics/digits-smooth-2d-logistic_learned_scale/cycles.csv" in result.stdout
    assert "--cycled-codes 60" in result.stdout


@pytest.mark.slow
def test_tests_of_all_likelihoods_are_for_the_new_one_too(extended):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["tests/test_likelihoods.py", "tests/test_families.py", "-k", "logistic_learned"]
    done = subprocess.run(command, cwd=extended, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 50


@pytest.mark.slow
def test_the_workflow_as_a_module_of_another(tmp_path):
    (tmp_path / "vae-benchmark").mkdir()
    copy_project(tmp_path / "vae-benchmark")
    project = tmp_path / "mine"
    (project / "workflow").mkdir(parents=True)
    (project / "config").mkdir()
    text = PAGE.read_text(encoding="utf-8").split("## This workflow as a module")[1]
    (snakefile,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    (project / "workflow" / "Snakefile").write_text(snakefile)
    config = {"vae_benchmark": TINY, "something": "else"}
    (project / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    result = snakemake(project, "results/data/digits.npz", "results/config.json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads((project / "results" / "config.json").read_text()) == TINY
    assert (project / "results" / "data" / "digits.npz").is_file()
    result = snakemake(project, "--dry-run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "rule vae_train" in result.stdout + result.stderr
    assert "report/report.md" in result.stdout + result.stderr
