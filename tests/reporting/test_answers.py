"""What the command line and the report print of an answer."""

import json
import math

import pandas as pd
import pytest

from vae.__main__ import main
from vae.reporting.answers import (
    answer,
    answer_table,
    star_cell,
    what_holds,
)
from vae.results.comparison import best_betas
from vae.results.table import COLUMNS

CRITERION = "log_likelihood_binarised"
VALUES = {0.5: [3.0, 3.1, 2.9], 1.0: [5.0, 5.1, 4.9], 2.0: [1.0, 1.1, 0.9]}


def table(values=VALUES, metric=CRITERION, likelihood="bernoulli") -> pd.DataFrame:
    rows = [
        ("digits", "mlp", 10, likelihood, "vae", beta, seed, metric, value, None)
        for beta, per_seed in values.items()
        for seed, value in enumerate(per_seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture
def results(tmp_path):
    parts = [table(), table(metric="fid_prior"), table(metric="kid_prior"), table(metric="rate")]
    metrics = pd.concat([*parts, table(likelihood="gaussian_learned_sigma")])
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    best_betas(metrics).to_csv(tmp_path / "best_beta.csv", index=False)
    return tmp_path


def test_without_filters_the_answers_are_those_of_the_table(results):
    written = pd.read_csv(results / "best_beta.csv")
    answers = answer(results)
    assert list(answers.columns) == list(written.columns)
    keys = ["likelihood", "criterion", "best_beta", "difference_low"]
    pd.testing.assert_frame_equal(
        answers[keys].sort_values(keys).reset_index(drop=True),
        written[keys].sort_values(keys).reset_index(drop=True),
    )


def test_any_metric_with_a_direction_is_a_criterion(results):
    assert answer(results, "kid_prior").best_beta.tolist() == [2.0]


def test_a_subset_of_the_grid_gives_the_best_of_that_subset(results):
    (row,) = answer(results, CRITERION, betas=[0.5, 2], likelihood="bernoulli").itertuples()
    assert (row.best_beta, row.betas) == (0.5, 2)
    (row,) = answer(results, CRITERION, seeds=[0, 2], likelihood="bernoulli").itertuples()
    assert row.seeds == 2 and pd.isna(row.indistinguishable_betas)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--likelihood", "laplace"], "bernoulli, gaussian_learned_sigma"),
        (["--betas", "3"], "0.5, 1, 2"),
        (["--seeds", "7"], "0, 1, 2"),
        (["--criterion", "rate"], f"fid_prior, kid_prior, {CRITERION}"),
        (["--criterion", "no_such"], f"fid_prior, kid_prior, {CRITERION}"),
    ],
)
def test_what_is_not_there_is_refused_with_the_choices(results, options, named, capsys):
    assert main(["best-beta", "--results", str(results), *options]) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: {options[0]} {options[1]}") and named in message


def test_json_has_sets_as_lists_and_null_for_what_is_unknown(results, capsys):
    assert main(["best-beta", "--results", str(results), "--criterion", CRITERION, "--json"]) == 0
    first, _ = json.loads(capsys.readouterr().out)
    assert first["best_beta"] == 1 and first["indistinguishable_betas"] == [1.0]
    assert first["difference_low"] is None


def test_the_terminal_prints_the_same_answer(results, capsys):
    main(["best-beta", "--results", str(results), "--criterion", "fid_prior"])
    assert "2 (edge: extend the grid)" in capsys.readouterr().out


def row_of(values: dict[float, list[float]]) -> pd.Series:
    return best_betas(table(values)).iloc[0]


def test_the_full_answer_says_what_is_not_known():
    cells = answer_table(best_betas(table({0.5: [1.0], 1.0: [0.5]}))).iloc[0]
    assert cells["not distinguishable"] == "unknown: fewer than 3 seeds"
    assert cells["β*"] == "no curve: fewer than 4 βs"
    assert cells["price of β = 1"] == "–"
    assert cells["compared over"] == "1 seed"


CURVED = {0.5: [3.0, 3.1, 2.9], 1.0: [5.0, 5.1, 4.9], 2.0: [4.5, 4.6, 4.4], 4.0: [1.0, 1.1, 0.9]}


def test_the_best_beta_and_the_price_of_another_are_printed(tmp_path, capsys):
    metrics = table({b: [v + 0.03 * i for v in CURVED[b]] for i, b in enumerate(CURVED)})
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    best_betas(metrics).to_csv(tmp_path / "best_beta.csv", index=False)
    command = ["best-beta", "--results", str(tmp_path), "--price", "4", "0.7"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("β*", "price of β = 4", "price of β = 0.7"))
    assert "holds with 95% by itself." in printed
    assert main([*command, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert 1 < row["beta_star"] < 2 and row["price_of_beta_4"] > row["price_of_beta_0.7"] > 0
    assert main([*command, "99"]) == 2
    assert "--price 99: outside the measured range from 0.5 to 4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "1.5 [1.2, 2]"),
        ({"beta_star_low": 0.0}, "1.5 [below the grid, 2]"),
        ({"optimum": "above", "beta_star_high": math.inf}, "≥ 1.5 [1.2, above the grid]"),
        ({"optimum": "none"}, "no optimum: monotone in β"),
        ({"beta_star_low": math.nan}, "1.5 (no interval: fewer than 3 seeds)"),
    ],
)
def test_the_best_beta_in_print(changes, text):
    row = {"optimum": "inside", "beta_star": 1.5, "beta_star_low": 1.2, "beta_star_high": 2.0}
    assert star_cell(pd.Series(row | changes)) == text


def test_what_holds_for_all_rows_together():
    assert "of 20 rows, 1 are expected" in what_holds(20)
    assert what_holds(20, together=True).startswith("All 20 sets and intervals hold at once")


def test_answers_that_hold_together_are_wider(results):
    alone, together = (
        answer(results, "fid_prior", seeds=[0, 1, 2], together=t) for t in (False, True)
    )
    assert len(alone) == len(together) == 1
    both = [answer(results, together=t).difference_high.max() for t in (False, True)]
    assert both[1] > both[0]
