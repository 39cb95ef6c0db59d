"""Best β and best likelihood on tables whose answer is known."""

import math

import numpy as np
import pandas as pd
import pytest

from vae.comparison import (
    BEST_BETA_COLUMNS,
    BEST_LIKELIHOOD_COLUMNS,
    best_betas,
    best_likelihoods,
)
from vae.per_image import PerImage, save_per_image
from vae.scores import by_beta
from vae.statistics import estimate
from vae.sweep import Cell
from vae.table import COLUMNS


def table(
    values: dict[float, list[float]], metric="elbo", model="vae", likelihood="bernoulli"
) -> pd.DataFrame:
    rows = [
        ("digits", "mlp", 10, likelihood, model, beta, seed, metric, value, None)
        for beta, per_seed in values.items()
        for seed, value in enumerate(per_seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_highest_elbo_and_the_lowest_fid_win():
    values = {0.5: [3.0, 3.1, 2.9], 1.0: [5.0, 5.1, 4.9], 2.0: [1.0, 1.1, 0.9]}
    answers = best_betas(pd.concat([table(values, "elbo"), table(values, "fid_prior")]))
    assert list(answers.columns) == BEST_BETA_COLUMNS
    best = dict(zip(answers.criterion, answers.best_beta, strict=True))
    assert best == {"elbo": 1.0, "fid_prior": 2.0}
    assert set(answers.images) == {0} and set(answers.seeds) == {3}


def test_the_set_is_listed_and_the_best_is_in_it():
    values = {0.5: [1.0, 1.1, 0.9], 1.0: [5.0, 5.1, 4.9], 2.0: [5.01, 5.0, 4.93]}
    assert best_betas(table(values)).iloc[0].indistinguishable_betas == "1 2"


def test_the_difference_to_one_allows_for_choosing_the_best():
    values = {0.5: [6.0, 7.5, 6.5], 1.0: [5.0, 6.0, 5.2], 2.0: [0.0, 0.1, 0.2]}
    row = best_betas(table(values)).iloc[0]
    difference = paired_difference(np.subtract(values[0.5], values[1.0]))
    assert row.difference_to_beta_1 == pytest.approx(difference.mean)
    assert (row.difference_low, row.difference_high) == pytest.approx(difference.interval(0.975))


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_give_no_set_and_no_interval(seeds):
    row = best_betas(table({0.5: [6.0, 6.2][:seeds], 1.0: [5.0, 5.1][:seeds]})).iloc[0]
    assert row.best_beta == 0.5
    assert row.difference_to_beta_1 > 0
    assert pd.isna(row.indistinguishable_betas)
    assert pd.isna(row.difference_low)


@pytest.mark.parametrize(("best", "edge"), [(0.5, True), (1.0, False), (2.0, True)])
def test_the_edge_of_the_grid_is_flagged(best, edge):
    values = {beta: [float(beta == best), float(beta == best) + 0.1] for beta in (0.5, 1.0, 2.0)}
    assert bool(best_betas(table(values)).iloc[0].at_edge) is edge


def test_autoencoders_and_betas_that_diverged_do_not_take_part():
    values = {0.5: [1.0, 1.1], 1.0: [9.0, math.nan], 2.0: [0.5, 0.6]}
    metrics = pd.concat([table(values), table({0.0: [99.0, 99.0]}, model="ae")])
    row = best_betas(metrics).iloc[0]
    assert (row.best_beta, row.betas, row.seeds) == (0.5, 2, 2)
    assert list(by_beta(metrics, "elbo").columns) == [0.5, 2.0]


def test_a_sweep_without_any_value_has_no_answer():
    assert best_betas(table({0.5: [math.nan], 1.0: [math.nan]})).empty


def per_image(folder, values: dict[float, np.ndarray], metric="elbo") -> PerImage:
    """``values`` of shape (seeds, images) for every β, as the evaluations write them."""
    arrays = {
        PerImage.key(Cell("vae", beta, seed), metric): row
        for beta, rows in values.items()
        for seed, row in enumerate(rows)
    }
    save_per_image(folder / "digits-mlp-10d-bernoulli" / "likelihood.npz", arrays)
    return PerImage(folder)


def test_images_are_compared_as_well_where_they_are_known(tmp_path):
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 5, (3, 200))
    values = {0.5: shared + rng.normal(0.2, 1, (3, 200)), 1.0: shared}
    metrics = table({beta: rows.mean(1) for beta, rows in values.items()})
    row = best_betas(metrics, per_image(tmp_path, values)).iloc[0]
    interval = paired_difference(values[0.5] - values[1.0]).interval()
    assert row.images == 200
    assert (row.difference_low, row.difference_high) == pytest.approx(interval, abs=1e-6)


def test_the_same_data_give_the_same_answers(tmp_path):
    values = {b: np.random.default_rng(0).normal(b, 1, (3, 50)) for b in (0.5, 1.0)}
    metrics, images = table({b: v.mean(1) for b, v in values.items()}), per_image(tmp_path, values)
    pd.testing.assert_frame_equal(best_betas(metrics, images), best_betas(metrics, images))


def test_the_best_likelihood_is_sought_at_the_best_beta_of_each():
    one = {0.5: [3.0, 3.1, 2.9], 1.0: [2.0, 2.1, 1.9]}
    two = {0.5: [1.0, 1.1, 0.95], 1.0: [9.0, 9.1, 8.9]}
    metrics = pd.concat(
        [
            table(one, "bits_per_dim", likelihood="gaussian_learned_sigma"),
            table(two, "bits_per_dim", likelihood="discretized_logistic"),
            table(two, "elbo"),
        ]
    )
    answers = best_likelihoods(metrics)
    assert list(answers.columns) == BEST_LIKELIHOOD_COLUMNS
    (row,) = answers.itertuples()
    assert (row.criterion, row.best_likelihood, row.best_beta) == (
        "bits_per_dim",
        "discretized_logistic",
        0.5,
    )
    assert row.indistinguishable_likelihoods == "discretized_logistic"
    assert row.likelihoods == 2


def test_one_likelihood_has_no_rival():
    assert best_likelihoods(table({1.0: [1.0, 2.0, 3.0]}, "mse")).empty
