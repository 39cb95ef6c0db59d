"""The package's metrics against a script that shares no code with it."""

import ast
import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import independent_check
import numpy as np
import pandas as pd
import pytest
import torch
from independent_check import recompute

from vae.configuration.sweep import Likelihood, Network, Training
from vae.data.datasets import load_dataset, prepare
from vae.evaluation import latents, likelihood, samples
from vae.features.classifier import train_classifier
from vae.features.spaces import save_spaces
from vae.models import TrainedSweep
from vae.training.loop import train

CPU = torch.device("cpu")
SCRIPT = Path(__file__).with_name("independent_check.py")
K = 100
LIKELIHOOD = {"distortion", "rate", "elbo", "importance_bound"}
OTHERS = {"active_units", "fid_reconstruction", "fid_prior"}
NAMES = ["bernoulli", "gaussian_learned_sigma", "discretized_logistic"]
READINGS = dict(zip(NAMES, ["log_variance", "standard_deviation", "precision"], strict=True))


@dataclass
class Results:
    """The files that the script reads."""

    folder: Path
    data: Path
    classifier: Path
    values: dict[str, np.ndarray] | None = None

    def run(self, metrics: Path, monkeypatch: pytest.MonkeyPatch) -> int:
        """The script's exit status; what it has recomputed it keeps for other tables."""
        files = [self.folder / "models", self.data, metrics]
        options = ["--classifier", self.classifier, "--samples", K, "--beta", 0.5]
        monkeypatch.setattr(sys, "argv", list(map(str, [SCRIPT, *files, *options])))
        monkeypatch.setattr(independent_check, "recompute", self.recomputed)
        return independent_check.main()

    def recomputed(self, options: Namespace) -> dict[str, np.ndarray]:
        self.values = self.values or recompute(options)
        return self.values


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The digits and their classifier, with the paths of their files."""
    folder = tmp_path_factory.mktemp("shared")
    data, path = folder / "digits.npz", folder / "digits.safetensors"
    prepare("digits", data)
    digits = load_dataset(data)
    classifier = train_classifier(digits, 10, 0, CPU)
    save_spaces({"classifier": classifier}, digits, path)
    return digits, classifier, data, path


@pytest.fixture(scope="module", params=NAMES)
def results(request, shared, make_sweep, tmp_path_factory) -> Results:
    """A tiny sweep, trained and measured."""
    digits, classifier, data, path = shared
    folder = tmp_path_factory.mktemp(request.param)
    sweep = make_sweep(
        network=Network("mlp", (24, 16)),
        latent_dim=4,
        betas=(0.5,),
        likelihood=Likelihood(request.param),
        training=Training(15, 100, 3e-3, READINGS[request.param], previews=2),
        autoencoder=True,
    )
    train(sweep, digits, folder / "models", folder / "checkpoints", CPU)
    trained = TrainedSweep(folder / "models")
    tables = [
        likelihood.evaluate(trained, digits, CPU, K, 0, seed=0).table,
        latents.evaluate(trained, digits, CPU, seed=0).table,
        samples.evaluate(trained, digits, CPU, [classifier], 0, seed=0).table,
    ]
    pd.concat(tables).to_csv(folder / "metrics.csv", index=False)
    return Results(folder, data, path)


def lines(output: str) -> dict[str, str]:
    return {line.split()[0]: line for line in output.splitlines()[1:]}


@pytest.mark.slow
def test_an_independent_script_finds_the_same(results, monkeypatch, capsys):
    assert results.run(results.folder / "metrics.csv", monkeypatch) == 0
    assert set(lines(capsys.readouterr().out)) == LIKELIHOOD | OTHERS


@pytest.mark.slow
@pytest.mark.parametrize("results", ["discretized_logistic"], indirect=True)
def test_the_script_notices_wrong_values(results, tmp_path, monkeypatch, capsys):
    metrics = pd.read_csv(results.folder / "metrics.csv")
    metrics.loc[metrics.metric.isin(LIKELIHOOD), "value"] += 0.5
    metrics.loc[metrics.metric == "active_units", "value"] += 1
    metrics.loc[metrics.metric.str.startswith("fid_"), "value"] *= 1.5
    metrics.to_csv(tmp_path / "wrong.csv", index=False)
    assert results.run(tmp_path / "wrong.csv", monkeypatch) == 1
    found = lines(capsys.readouterr().out)
    assert set(found) == LIKELIHOOD | OTHERS
    assert all("DIFFERS" in line for line in found.values())


def test_the_script_shares_no_code_with_the_package():
    files = list(SCRIPT.parent.glob("independent_*.py"))
    assert SCRIPT in files
    allowed = {"numpy", "scipy", "safetensors", *(file.stem for file in files)}
    allowed |= sys.stdlib_module_names
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        modules = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
        modules |= {n.module for n in nodes if isinstance(n, ast.ImportFrom)}
        assert {module.split(".")[0] for module in modules} <= allowed
