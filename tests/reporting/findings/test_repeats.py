"""What repeating a run changed, where that was done for what a run trained."""

import pandas as pd
import pytest
from synthetic_results import make_group, with_budget, with_tables

from vae.reporting.findings.repeats import (
    bottoms,
    longer,
    longer_table,
    redrawn,
    resplit,
    twice,
)

DIGITS = {"dataset": "digits", "network": "mlp", "latent_dim": 10}
BUDGET = 100  # epochs of the synthetic cells


@pytest.fixture
def tables(tmp_path):
    rows = [("bernoulli", 0.5, -0.3), ("bernoulli", 1.0, 0.2), ("beta", 1.0, 9.0)]
    table = pd.DataFrame(rows, columns=["likelihood", "beta", "change"])
    table.assign(**DIGITS).to_csv(tmp_path / "twice_elbo.csv")
    rows = [("bernoulli", True, False), ("bernoulli", False, True), ("bernoulli", None, True)]
    rows += [("beta", False, False)]
    table = pd.DataFrame(rows, columns=["likelihood", "beta_star_agrees", "value_agrees"])
    table.assign(**DIGITS, same_set=True).to_csv(tmp_path / "twice.csv")
    return tmp_path


def test_twice_the_training_is_judged_by_the_likelihoods_trained(tables):
    found = twice(make_group(), tables)
    assert (found.likelihoods, found.answers, found.inside) == (("bernoulli",), 2, 1)
    assert (found.same, found.moved) == (2, 1)
    assert (found.nats, found.worst) == (0.3, ("bernoulli", 0.5))


@pytest.mark.parametrize("find", [redrawn, resplit])
def test_what_was_measured_anew_is_told_by_the_answers_that_stay(tables, find):
    rows = [
        ("bernoulli", "fid_prior", True, False, False),
        ("bernoulli", "probe_accuracy", False, True, True),
        ("bernoulli", "coverage_prior", None, True, True),
        ("beta", "fid_prior", False, False, False),
    ]
    columns = ["likelihood", "criterion", "beta_star_agrees", "same_set", "value_agrees"]
    table = pd.DataFrame(rows, columns=columns).assign(value=2.0, value_second=3.0, **DIGITS)
    table.to_csv(tables / f"{find.__name__}_digits.csv")
    found = find(make_group(), tables)
    assert (found.likelihoods, found.answers, found.inside) == (("bernoulli",), 2, 1)
    assert (found.same, found.outside) == (1, (("bernoulli", "probe_accuracy"),))
    assert found.moved == (("bernoulli", "fid_prior", 2.0, 3.0),)
    (tables / f"{find.__name__}_digits.csv").unlink()
    assert find(make_group(), tables) is None


@pytest.fixture
def trained_on(tmp_path):
    rows = [
        *((0.5, BUDGET // 2, 9.0), (0.5, BUDGET, 5.0), (0.5, 2 * BUDGET, 4.5)),
        *((1.0, BUDGET // 2, 9.0), (1.0, BUDGET, 8.0), (1.0, 2 * BUDGET, 6.0)),
    ]
    table = pd.DataFrame(rows, columns=["beta", "epochs", "objective"])
    table.assign(likelihood="bernoulli", **DIGITS).to_csv(tmp_path / "longer_digits.csv")
    return tmp_path


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


def test_nothing_is_said_of_other_data_or_without_the_check(tables, tmp_path):
    group = make_group()
    other = {name: table.assign(dataset="mnist") for name, table in group.tables.items()}
    assert twice(with_tables(group, **other), tables) is None
    assert twice(make_group(["categorical"]), tables) is None
    assert twice(group, tmp_path / "elsewhere") is None
