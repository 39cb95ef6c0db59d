"""What annealed importance sampling says of a run's likelihoods, and of whose."""

import math

import pandas as pd
import pytest
from synthetic_results import make_group, with_budget, with_tables

from vae.metrics import METRICS
from vae.reporting.findings.checks import agreement, agreement_table

DIGITS = {"network": "mlp", "latent_dim": 10}
ANNEALED = ["dataset", "likelihood", "beta"]
ANNEALED += ["near_exact_minus_annealed", "near_exact_minus_annealed_se"]
BUDGET = 100  # epochs of the synthetic cells


@pytest.fixture
def tables(tmp_path):
    rows = [
        ("digits", "bernoulli", 0.125, -0.1, 0.3),
        ("digits", "bernoulli", 8.0, -0.4, 0.01),
        ("digits", "beta", 1.0, 5.0, 1.0),
        ("mnist", "bernoulli", 1.0, 7.0, 1.0),
    ]
    table = pd.DataFrame(rows, columns=ANNEALED)
    others = ("through_encoder", "near_exact", "annealed", "near_exact_minus_below")
    others += ("above_minus_near_exact", "near_exact_minus_below_se", "above_minus_near_exact_se")
    table = table.assign(network="mlp", latent_dim=10, dimensions=64)
    table.assign(**dict.fromkeys(others, 0.25)).to_csv(tmp_path / "annealing.csv")
    return tmp_path


def test_agreement_is_of_models_with_this_budget(tables):
    path = tables / "annealing.csv"
    pd.read_csv(path).assign(budget=BUDGET).to_csv(path)
    assert agreement(with_budget(make_group(), BUDGET), tables).cells == 2
    assert agreement(with_budget(make_group(), 2 * BUDGET), tables) is None


def test_agreement_is_judged_by_the_largest_difference_on_either_side(tables):
    found = agreement(make_group(), tables)
    assert (found.close, found.cells) == (1, 2)
    assert (found.nats, found.worst) == (-0.4, ("bernoulli", 8.0))
    assert "0.400 ± 0.010 nats below (Bernoulli at β = 8)" in str(found)
    assert "by more than two standard errors in 1 of 2 models" in str(found)
    shown = agreement_table(make_group(), tables)
    assert shown["β"].tolist() == ["1/8", "8"]
    assert shown["near-exact − annealed"].tolist() == ["-0.1 ± 0.3", "-0.400 ± 0.010"]


@pytest.mark.parametrize(
    ("criterion", "gap", "doubtful"),
    [
        ("log_likelihood_binarised", 0.69, ("bernoulli",)),
        ("log_likelihood_binarised", 0.71, ()),
        ("bits_per_dim", 0.69 / (64 * math.log(2)), ("bernoulli",)),
        ("bits_per_dim", 0.71 / (64 * math.log(2)), ()),
    ],
)
def test_a_best_beta_is_doubtful_if_the_shortfall_could_change_it(
    tables, criterion, gap, doubtful
):
    group = make_group()
    rows = group.metrics[(group.metrics.metric == "elbo") & (group.metrics.model == "vae")]
    sign = 1 if METRICS[criterion].better == "lower" else -1
    steps = rows.beta.rank(method="dense") - 1
    rows = rows.assign(metric=criterion, value=sign * gap * steps)
    group = with_tables(group, metrics=rows.reset_index(drop=True))
    assert agreement(group, tables).doubtful == doubtful


def test_nothing_is_said_of_other_data_or_without_the_check(tables, tmp_path):
    group = make_group()
    wider = {name: table.assign(latent_dim=20) for name, table in group.tables.items()}
    assert agreement(with_tables(group, **wider), tables) is None
    assert agreement(make_group(["categorical"]), tables) is None
    assert agreement(group, tmp_path / "elsewhere") is None
    assert agreement_table(group, tmp_path / "elsewhere").empty
