"""Best β and best likelihood on tables whose answer is known."""

import math

import numpy as np
import pandas as pd
import pytest

from vae.configuration.sweep import Cell
from vae.errors import InputError
from vae.results.comparison import (
    BEST_BETA_COLUMNS,
    BEST_LIKELIHOOD_COLUMNS,
    best_betas,
    best_likelihoods,
)
from vae.results.per_image import PerImage, save_per_image
from vae.results.scores import by_beta, by_metric
from vae.results.statistics import estimate
from vae.results.table import COLUMNS


def table(
    values: dict[float, list[float]],
    metric="log_likelihood_binarised",
    model="vae",
    likelihood="bernoulli",
) -> pd.DataFrame:
    rows = [
        ("digits", "mlp", 10, likelihood, model, beta, seed, metric, value, None)
        for beta, per_seed in values.items()
        for seed, value in enumerate(per_seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_highest_likelihood_and_the_lowest_fid_win():
    values = {0.5: [3.0, 3.1, 2.9], 1.0: [5.0, 5.1, 4.9], 2.0: [1.0, 1.1, 0.9]}
    answers = best_betas(
        pd.concat([table(values, "log_likelihood_binarised"), table(values, "fid_prior")])
    )
    assert list(answers.columns) == BEST_BETA_COLUMNS
    best = dict(zip(answers.criterion, answers.best_beta, strict=True))
    assert best == {"log_likelihood_binarised": 1.0, "fid_prior": 2.0}
    assert set(answers.images) == {0} and set(answers.seeds) == {3}


def test_the_set_is_listed_and_the_best_is_in_it():
    values = {0.5: [1.0, 1.1, 0.9], 1.0: [5.0, 5.1, 4.9], 2.0: [5.01, 5.0, 4.93]}
    assert best_betas(table(values)).iloc[0].indistinguishable_betas == "1 2"


def test_the_difference_to_one_allows_for_choosing_the_best():
    values = {0.5: [6.0, 7.5, 6.5], 1.0: [5.0, 6.0, 5.2], 2.0: [0.0, 0.1, 0.2]}
    row = best_betas(table(values)).iloc[0]
    middle = np.subtract(values[0.5], values[1.0]).mean()
    margin = estimate(np.array(list(values.values()))).margins(0.025 / 2)[0, 1]
    assert row.difference_to_beta_1 == pytest.approx(middle)
    assert (row.difference_low, row.difference_high) == pytest.approx(
        (middle - margin, middle + margin)
    )


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
    assert list(by_beta(by_metric(metrics), "log_likelihood_binarised").columns) == [0.5, 2.0]


def test_a_sweep_without_any_value_has_no_answer():
    assert best_betas(table({0.5: [math.nan], 1.0: [math.nan]})).empty


def per_image(
    folder, values: dict[float, np.ndarray], metric="log_likelihood_binarised"
) -> PerImage:
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
    middle = (values[0.5] - values[1.0]).mean()
    margin = estimate(np.stack(list(values.values()))).margins(0.025)[0, 1]
    interval = (middle - margin, middle + margin)
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
            table(two, "log_likelihood_binarised"),
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


def test_a_beta_with_which_some_seeds_collapse_is_no_candidate():
    """Its mean over seeds could be anything, so nothing would ever exclude it."""
    good, live = [20.0, 21.0, 19.5], [35.0, 36.0, 34.5]
    values = {0.5: [30.0, 31.0, 29.5], 1.0: good, 2.0: live, 4.0: [30.0, 900.0, 32.0]}
    lost = table(values | {8.0: [900.0] * 3}, "fid_prior", likelihood="gaussian_learned_sigma")
    won = table({b: [v / 2 for v in x] for b, x in values.items() if b < 4}, "fid_prior")
    dead = {b: [float(b == 8 or (b, s) == (4, 1)) for s in range(3)] for b in (*values, 8.0)}
    collapsed = table(dead, "collapsed", likelihood="gaussian_learned_sigma")
    row = best_betas(pd.concat([lost, collapsed]), criteria=["fid_prior"]).iloc[0]
    assert row.indistinguishable_betas == "1" and row.worst_regret_high == 0
    assert (row.betas, row.lowest_beta, row.at_edge) == (5, 0.5, False)
    answers = best_likelihoods(pd.concat([lost, won, collapsed]), criteria=["fid_prior"])
    assert answers.iloc[0].indistinguishable_likelihoods == "bernoulli"
    every = table({b: [1.0, 0.0, 0.0] for b in dead}, "collapsed")
    every["likelihood"] = "gaussian_learned_sigma"
    row = best_betas(pd.concat([lost, every]), criteria=["fid_prior"]).iloc[0]
    assert row.best_beta == 1.0, "where none is left all are compared"


def test_one_likelihood_is_compared_with_none():
    assert best_likelihoods(table({1.0: [1.0, 2.0, 3.0]}, "mse")).empty


LOPSIDED = {0.25: 3.0, 0.5: 2.2, 1.0: 1.6, 2.0: 1.5, 4.0: 6.0, 8.0: 40.0}


def sweep(values: dict[float, float], metric="fid_prior", noise=0.02, likelihood="bernoulli"):
    rng = np.random.default_rng(0)
    seeds = {b: list(v * np.exp(noise * rng.normal(size=3))) for b, v in values.items()}
    return table(seeds, metric, likelihood=likelihood)


def test_the_best_beta_is_a_number_with_an_interval_and_beta_1_has_a_price():
    row = best_betas(sweep(LOPSIDED)).iloc[0]
    assert row.optimum == "inside"
    assert row.beta_star_low < row.beta_star < row.beta_star_high
    assert 1 < row.beta_star < 2
    assert 0 <= row.price_low <= row.price_of_beta_1 <= row.price_high < 0.6
    assert (row.price_low == 0) == (row.beta_star_low <= 1)


def test_a_price_is_in_the_units_of_the_metric():
    row = best_betas(sweep(LOPSIDED), prices=[8, 1]).iloc[0]
    assert row.price_of_beta_8 == pytest.approx(38.6, abs=1.5)
    assert row.price_of_beta_8_low < row.price_of_beta_8 < row.price_of_beta_8_high
    negated = sweep({b: 50 - v for b, v in LOPSIDED.items()}, "log_likelihood_binarised", 1e-4)
    assert best_betas(negated, prices=[8]).iloc[0].price_of_beta_8 == pytest.approx(38.6, abs=1.5)


def test_a_price_beyond_the_grid_is_refused():
    with pytest.raises(InputError, match="--price 16"):
        best_betas(sweep(LOPSIDED), prices=[16])


def test_reconstructions_have_no_optimum_unless_the_data_say_so():
    falling = sweep({b: v for b, v in zip(LOPSIDED, [1, 2, 4, 8, 16, 32], strict=True)}, "mse")
    row = best_betas(falling, criteria=["mse"]).iloc[0]
    assert row.optimum == "none" and pd.isna(row.beta_star) and row.best_beta == 0.25
    assert best_betas(sweep(LOPSIDED, "mse"), criteria=["mse"]).iloc[0].optimum == "inside"
    falling["metric"] = "fid_prior"
    row = best_betas(falling).iloc[0]
    assert row.optimum == "below" and row.beta_star_low == 0


def test_two_seeds_give_a_curve_without_an_interval_and_three_betas_none():
    two = sweep(LOPSIDED)
    row = best_betas(two[two.seed < 2]).iloc[0]
    assert 1 < row.beta_star < 2.5 and pd.isna(row.beta_star_low) and pd.isna(row.price_low)
    assert pd.isna(best_betas(two[two.beta < 2]).iloc[0].beta_star)


def test_a_plateau_of_collapsed_models_does_not_bend_the_curve():
    values = LOPSIDED | {16.0: 40.0, 32.0: 40.0}
    collapsed = table({b: [float(b >= 8)] * 3 for b in values}, "collapsed")
    row = best_betas(pd.concat([sweep(values), collapsed]), prices=[32]).iloc[0]
    plain = best_betas(sweep(LOPSIDED)).iloc[0]
    assert row.beta_star == pytest.approx(plain.beta_star, rel=0.15)
    assert row.price_of_beta_32 == pytest.approx(38.6, abs=2)


def test_the_cross_validated_value_pays_for_the_choice():
    """With options alike the best of them looks better than it is."""
    rng, flattered, fair = np.random.default_rng(0), [], []
    for _ in range(50):
        values = {b: list(rng.normal(size=3)) for b in (0.5, 1.0, 2.0, 4.0, 8.0)}
        row = best_betas(table(values), curves=False).iloc[0]
        flattered.append(row.value)
        fair.append(row.cross_validated_value)
    assert np.mean(flattered) > 0.4
    assert abs(np.mean(fair)) < 0.25


def test_fid_is_compared_on_the_logarithmic_scale_with_its_images(tmp_path):
    """Pseudo-values of images, in FID's own units, scale with FID and change nothing else."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 3, (3, 200))
    values = {b: v + shared + rng.normal(0, 1, (3, 200)) for b, v in ((1.0, 9.0), (2.0, 8.8))}
    found = []
    for factor in (1, 10):
        scaled = {b: factor * v for b, v in values.items()}
        metrics = table({b: v.mean(1) for b, v in scaled.items()}, "fid_prior")
        images = per_image(tmp_path / str(factor), scaled, "fid_prior")
        found.append(best_betas(metrics, images).iloc[0])
    assert found[0].images == 200
    assert found[0].indistinguishable_betas == found[1].indistinguishable_betas
    assert found[1].detectable_difference == pytest.approx(10 * found[0].detectable_difference)
