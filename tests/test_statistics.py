"""Best β on tables whose answer is known."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vae.statistics import BEST_BETA_COLUMNS, best_betas, indistinguishable, mean_interval
from vae.table import COLUMNS


def table(values: dict[float, list[float]], metric: str = "elbo", model: str = "vae"):
    rows = [
        ("digits", "mlp", 10, "bernoulli", model, beta, seed, metric, value, None)
        for beta, per_seed in values.items()
        for seed, value in enumerate(per_seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_highest_elbo_and_the_lowest_fid_win():
    values = {0.5: [3.0, 3.1, 2.9], 1.0: [5.0, 5.1, 4.9], 2.0: [1.0, 1.1, 0.9]}
    answers = best_betas(pd.concat([table(values, "elbo"), table(values, "fid_prior")]))
    assert list(answers.columns) == BEST_BETA_COLUMNS
    assert dict(zip(answers.criterion, answers.best_beta, strict=True)) == {
        "elbo": 1.0,
        "fid_prior": 2.0,
    }


def test_clear_differences_leave_one_beta_and_a_tie_leaves_two():
    values = {0.5: [1.0, 1.1, 0.9], 1.0: [5.0, 5.1, 4.9], 2.0: [5.01, 5.0, 4.93]}
    row = best_betas(table(values)).iloc[0]
    assert row.indistinguishable_betas == "1 2"


def test_pairing_finds_a_small_difference_under_large_seed_effects():
    seeds = np.array([0.0, 50.0, -70.0, 20.0])
    losses = pd.DataFrame({0.5: seeds + 1 + [0.01, -0.01, 0.02, 0.0], 1.0: seeds})
    assert indistinguishable(losses) == [1.0]


def test_difference_to_one_is_the_paired_t_interval():
    values = {0.5: [6.0, 7.5, 6.5], 1.0: [5.0, 6.0, 5.2]}
    row = best_betas(table(values)).iloc[0]
    expected = stats.ttest_rel(values[0.5], values[1.0]).confidence_interval(0.95)
    assert row.difference_low == pytest.approx(expected.low)
    assert row.difference_high == pytest.approx(expected.high)


def test_one_seed_gives_no_set_and_no_interval():
    row = best_betas(table({0.5: [6.0], 1.0: [5.0]})).iloc[0]
    assert row.best_beta == 0.5
    assert pd.isna(row.indistinguishable_betas)
    assert pd.isna(row.difference_low)
    assert math.isnan(mean_interval(np.array([1.0]))[0])


@pytest.mark.parametrize(("best", "edge"), [(0.5, True), (1.0, False), (2.0, True)])
def test_the_edge_of_the_grid_is_flagged(best, edge):
    values = {beta: [float(beta == best), float(beta == best) + 0.1] for beta in (0.5, 1.0, 2.0)}
    assert bool(best_betas(table(values)).iloc[0].at_edge) is edge


def test_autoencoders_and_diverged_cells_do_not_take_part():
    values = {0.5: [1.0, 1.1], 1.0: [math.nan, math.nan], 2.0: [0.5, 0.6]}
    metrics = pd.concat([table(values), table({0.0: [99.0, 99.0]}, model="ae")])
    row = best_betas(metrics).iloc[0]
    assert (row.best_beta, row.betas) == (0.5, 2)


def test_the_set_holds_the_true_best_at_least_as_often_as_promised():
    rng = np.random.default_rng(0)
    truth = {0.5: 0.3, 1.0: 0.0, 2.0: 0.1, 4.0: 2.0}
    hits = 0
    for _ in range(400):
        seed_effect = rng.normal(0, 3, 5)
        losses = {b: mean + seed_effect + rng.normal(0, 0.5, 5) for b, mean in truth.items()}
        hits += 1.0 in indistinguishable(pd.DataFrame(losses))
    assert hits / 400 >= 0.93
