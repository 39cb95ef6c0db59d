"""Intervals and confidence sets keep what they promise, on data whose truth is known."""

import math

import numpy as np
import pytest
from scipy import stats

from vae.statistics import not_worse, paired_difference, simultaneous_interval

TRIALS = 1000


def sampling_error(nominal: float) -> float:
    """Three standard errors of a share that is observed in ``TRIALS`` trials."""
    return 3 * math.sqrt(nominal * (1 - nominal) / TRIALS)


def test_over_seeds_it_is_the_paired_t_test():
    a, b = np.random.default_rng(0).normal(size=(2, 6))
    difference = paired_difference(a - b)
    interval = stats.ttest_rel(a, b).confidence_interval(0.9)
    assert difference.interval(0.9) == pytest.approx((interval.low, interval.high))
    p = stats.ttest_rel(a, b, alternative="greater").pvalue
    assert difference.above_zero(p + 1e-6) and not difference.above_zero(p - 1e-6)


def test_with_images_the_standard_error_is_that_of_min_f_prime():
    differences = np.random.default_rng(0).normal(0.3, 1, (4, 30))
    f1 = stats.ttest_1samp(differences.mean(1), 0).statistic ** 2
    f2 = stats.ttest_1samp(differences.mean(0), 0).statistic ** 2
    result = paired_difference(differences)
    assert (result.mean / result.se) ** 2 == pytest.approx(f1 * f2 / (f1 + f2))


def test_images_alike_leave_the_seeds_and_seeds_alike_leave_the_images():
    column = np.array([1.0, 2.0, 4.0])
    over_seeds = paired_difference(np.repeat(column[:, None], 50, axis=1))
    assert over_seeds.interval() == pytest.approx(paired_difference(column).interval())
    row = np.random.default_rng(0).normal(size=50)
    over_images = paired_difference(np.repeat(row[None], 3, axis=0))
    expected = stats.ttest_1samp(row, 0).confidence_interval(0.95)
    assert over_images.interval() == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("difference", "above"), [(0.0, False), (-1.0, False), (1.0, True)])
def test_differences_without_spread(difference, above):
    assert paired_difference(np.full(3, difference)).above_zero(0.01) is above


def test_clear_differences_leave_one_option_and_a_tie_leaves_two():
    losses = np.array([[1.0, 1.1, 0.9], [5.0, 5.1, 4.9], [1.01, 1.0, 0.93]])
    assert not_worse(losses) == [0, 2]


def test_pairing_finds_a_small_difference_under_large_seed_effects():
    seeds = np.array([0.0, 50.0, -70.0, 20.0])
    losses = np.stack([seeds + 1 + [0.01, -0.01, 0.02, 0.0], seeds])
    assert not_worse(losses) == [1]


def test_one_option_is_the_best_of_one():
    assert not_worse(np.array([[1.0, 2.0, 3.0]])) == [0]


def losses_over_seeds(rng, truth, seeds=3):
    """Seed effects that all options share, and noise of a size of its own for every option."""
    noise = np.array([0.1, 0.5, 1.0, 0.3, 2.0])[:, None]
    return truth[:, None] + rng.normal(0, 3, seeds) + noise * rng.normal(size=(5, seeds))


def losses_over_seeds_and_images(rng, truth, seeds=3, images=40):
    """Every option reacts to every seed and to every image in a way of its own."""
    by_seed, by_image = rng.normal(0, 0.3, (5, seeds, 1)), rng.normal(0, 1, (5, 1, images))
    shared = rng.normal(0, 3, (1, seeds, images))
    return truth[:, None, None] + shared + by_seed + by_image + rng.normal(size=shared.shape)


@pytest.mark.parametrize("draw", [losses_over_seeds, losses_over_seeds_and_images])
@pytest.mark.parametrize(
    "truth",
    [[0, 0, 0, 0, 0], [0, 0.01, 0.1, 0.5, 2], [0, 1, 1, 1, 1]],
    ids=["all alike", "growing", "one best"],
)
def test_the_set_holds_the_best_option_as_often_as_promised(draw, truth):
    rng = np.random.default_rng(0)
    hits = sum(0 in not_worse(draw(rng, np.array(truth, float))) for _ in range(TRIALS))
    assert hits / TRIALS >= 0.95 - sampling_error(0.95)


@pytest.mark.parametrize("draw", [losses_over_seeds, losses_over_seeds_and_images])
def test_the_set_is_small_where_the_options_lie_far_apart(draw):
    rng = np.random.default_rng(0)
    truth = np.array([0.0, 30, 60, 90, 120])
    assert np.mean([len(not_worse(draw(rng, truth))) for _ in range(200)]) < 1.2


def test_a_promise_of_less_is_kept_less_often():
    """The count of hits can fall: a set at 50 % leaves the best option out now and then."""
    rng = np.random.default_rng(0)
    draws = [losses_over_seeds(rng, np.zeros(5)) for _ in range(TRIALS)]
    assert sum(0 in not_worse(losses, 0.5) for losses in draws) / TRIALS < 0.9


@pytest.mark.parametrize("draw", [losses_over_seeds, losses_over_seeds_and_images])
def test_simultaneous_intervals_all_hold_as_often_as_promised(draw):
    rng = np.random.default_rng(1)
    truth, hits = np.array([0.0, 0.2, -0.3, 0.1, 1.0]), 0
    for _ in range(TRIALS):
        losses = draw(rng, truth)
        intervals = [simultaneous_interval(losses[i] - losses[0], 4) for i in range(1, 5)]
        hits += all(low <= t <= high for (low, high), t in zip(intervals, truth[1:], strict=True))
    assert hits / TRIALS >= 0.95 - sampling_error(0.95)
