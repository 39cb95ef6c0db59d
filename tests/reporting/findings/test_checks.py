"""What the committed checks say, where they were made on what a run trained."""

import math

import pandas as pd
import pytest
from synthetic_results import make_group, with_tables

from vae.metrics import METRICS
from vae.reporting.findings.checks import (
    agreement,
    agreement_table,
    bottoms,
    longer,
    longer_table,
    twice,
)

DIGITS = {"dataset": "digits", "network": "mlp", "latent_dim": 10}
ANNEALED = ["dataset", "likelihood", "beta"]
ANNEALED += ["near_exact_minus_annealed", "near_exact_minus_annealed_se"]


@pytest.fixture
def tables(tmp_path):
    rows = [("bernoulli", 0.5, -0.3), ("bernoulli", 1.0, 0.2), ("beta", 1.0, 9.0)]
    table = pd.DataFrame(rows, columns=["likelihood", "beta", "change"])
    table.assign(**DIGITS).to_csv(tmp_path / "twice_elbo.csv")
    rows = [("bernoulli", True, False), ("bernoulli", False, True), ("bernoulli", None, True)]
    rows += [("beta", False, False)]
    table = pd.DataFrame(rows, columns=["likelihood", "beta_star_agrees", "value_agrees"])
    table.assign(**DIGITS, same_set=True).to_csv(tmp_path / "twice.csv")
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


def test_twice_the_training_is_judged_by_the_likelihoods_trained(tables):
    found = twice(make_group(), tables)
    assert (found.likelihoods, found.answers, found.inside) == (("bernoulli",), 2, 1)
    assert (found.same, found.moved) == (2, 1)
    assert (found.nats, found.worst) == (0.3, ("bernoulli", 0.5))


BUDGET = 100  # epochs of the synthetic cells


@pytest.fixture
def trained_on(tmp_path):
    rows = [
        *((0.5, BUDGET // 2, 9.0), (0.5, BUDGET, 5.0), (0.5, 2 * BUDGET, 4.5)),
        *((1.0, BUDGET // 2, 9.0), (1.0, BUDGET, 8.0), (1.0, 2 * BUDGET, 6.0)),
    ]
    table = pd.DataFrame(rows, columns=["beta", "epochs", "objective"])
    table.assign(likelihood="bernoulli", **DIGITS).to_csv(tmp_path / "longer_digits.csv")
    return tmp_path


def with_budget(group, epochs):
    """A group all of whose cells trained for so many epochs."""
    rows = group.metrics[group.metrics.metric == "elbo"].assign(metric="epochs", value=epochs)
    others = group.metrics[group.metrics.metric != "epochs"]
    return with_tables(group, metrics=pd.concat([others, rows], ignore_index=True))


def test_what_longer_training_improves_is_read_at_this_budget_and_at_twice_it(trained_on):
    group = with_budget(make_group(), BUDGET)
    found = longer(group, trained_on)
    assert (found.likelihoods, found.betas, found.epochs) == (("bernoulli",), (0.5, 1.0), BUDGET)
    assert found.least == (0.5, ("bernoulli", 0.5)) and found.most == (2.0, ("bernoulli", 1.0))
    (row,) = longer_table(group, trained_on).to_dict("records")
    assert row == {"likelihood": "Bernoulli", "β = 1/2": "0.500", "β = 1": "2.00"}


def test_longer_training_says_nothing_of_another_budget(trained_on):
    for epochs in (BUDGET // 2 - 1, 2 * BUDGET):
        group = with_budget(make_group(), epochs)
        assert longer(group, trained_on) is None and longer_table(group, trained_on).empty


def test_where_fid_is_lowest_is_followed_from_this_budget_on(tmp_path):
    fids = {0.5: (9.0, 8.0, 5.0, 5.0), 1.0: (1.0, 6.0, 6.0, 4.0), 2.0: (9.0, 7.0, 7.0, 7.0)}
    budgets = (BUDGET // 2, BUDGET, 2 * BUDGET, 4 * BUDGET)
    rows = [
        (beta, seed, epochs, fid + (-1) ** seed)
        for beta, values in fids.items()
        for epochs, fid in zip(budgets, values, strict=True)
        for seed in (0, 1)
    ]
    table = pd.DataFrame(rows, columns=["beta", "seed", "epochs", "fid_prior"])
    table["fid_prior_drawn"] = 10 + table.beta
    table.assign(likelihood="bernoulli", **DIGITS).to_csv(tmp_path / "budgets_digits.csv")
    found = bottoms(with_budget(make_group(), BUDGET), tmp_path)
    expected = {"bernoulli": ((1.0, 6.0), (0.5, 5.0), (1.0, 4.0))}
    drawn = {"bernoulli": ((0.5, 10.5),) * 3}
    assert found.paths == {"expected": expected, "drawn": drawn} and not found.moved
    assert (found.betas, found.epochs, found.seeds) == ((0.5, 1.0, 2.0), budgets[1:], 2)
    less = table[table.epochs < 4 * BUDGET].assign(likelihood="continuous_bernoulli", **DIGITS)
    less.to_csv(tmp_path / "budgets_other.csv")
    both = make_group(["bernoulli", "continuous_bernoulli"])
    assert bottoms(with_budget(both, BUDGET), tmp_path).paths == found.paths
    for epochs in (BUDGET + 1, 4 * BUDGET):
        assert bottoms(with_budget(make_group(), epochs), tmp_path) is None


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
    other = {name: table.assign(dataset="mnist") for name, table in group.tables.items()}
    assert twice(with_tables(group, **other), tables) is None
    wider = {name: table.assign(latent_dim=20) for name, table in group.tables.items()}
    assert agreement(with_tables(group, **wider), tables) is None
    assert twice(make_group(["categorical"]), tables) is None
    assert twice(group, tmp_path / "elsewhere") is None
    assert agreement(make_group(["categorical"]), tables) is None
    assert agreement(group, tmp_path / "elsewhere") is None
    assert agreement_table(group, tmp_path / "elsewhere").empty
