"""The registry of metrics, and the shipped configurations."""

import pytest

from vae.configuration.benchmark import load_benchmark
from vae.metrics import COMPARABLE, CRITERIA, LIKELIHOOD_CRITERIA, METRICS
from vae.reporting.uses import JUDGE


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_explained(name):
    metric = METRICS[name]
    assert metric.label and metric.definition
    assert metric.better in ("higher", "lower", "")


def test_every_criterion_has_a_direction():
    assert all(METRICS[name].better for name in CRITERIA)


@pytest.mark.parametrize(
    ("name", "cells"), [("config", 189), ("mnist-quick", 25), ("benchmark", 840)]
)
def test_shipped_configurations_hold_the_number_of_models_that_the_readme_names(
    request, name, cells
):
    root = request.config.rootpath
    benchmark = load_benchmark(root / "config" / f"{name}.yaml")
    assert sum(len(sweep.cells) for sweep in benchmark.sweeps.values()) == cells
    (row,) = [
        r for r in (root / "README.md").read_text().splitlines() if f"`config/{name}.yaml`" in r
    ]
    assert f"{cells} models" in row


def test_what_likelihoods_are_judged_by():
    assert LIKELIHOOD_CRITERIA == ("bits_per_dim", "log_likelihood_binarised") == JUDGE.criteria
    assert CRITERIA[:2] == ("bits_per_dim", "log_likelihood_binarised")
    assert not {"elbo", "log_likelihood", "importance_bound", "mse"} & set(CRITERIA)
    assert "log_likelihood_binarised" not in COMPARABLE
