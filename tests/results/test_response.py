"""The best β as a number: curves whose lowest point is known."""

import math

import numpy as np
import pytest

from vae.errors import InputError
from vae.results.response import fit_response
from vae.results.statistics import estimate

BETAS = 2.0 ** np.arange(-4, 4)
X = np.log2(BETAS)
FINE = np.linspace(-4, 3, 1401)
TRIALS = 60


def bend(best: float):
    """Gentle on the left, steep on the right: the curvature doubles with every octave."""
    return lambda x: 0.6 * (np.expm1(0.7 * (x - best)) - 0.7 * (x - best))


def losses(rng, curve, images: int = 0, seeds: int = 3) -> np.ndarray:
    """Seeds shift the curve and tilt it a little, and the βs differ in noise."""
    sizes = 0.08 * np.exp(0.6 * rng.normal(size=8))[:, None]
    by_seed = 0.5 * rng.normal(size=seeds) + 0.01 * rng.normal(size=seeds) * X[:, None]
    found = curve(X)[:, None] + by_seed + sizes * rng.normal(size=(8, seeds))
    if not images:
        return found
    level, slope = rng.normal(size=(2, images))
    by_image = 2 * level + 0.3 * slope * X[:, None] + 0.2 * rng.normal(size=(8, images))
    return found[..., None] + by_image[:, None] + 0.3 * rng.normal(size=(8, seeds, images))


def fitted(values: np.ndarray, betas: np.ndarray = BETAS, seed: int = 0, log_scale=False):
    return fit_response(betas, estimate(values), np.random.default_rng(seed), log_scale)


@pytest.mark.parametrize("images", [0, 100])
@pytest.mark.parametrize("where", [(-3, 2), (-4, -3), (4, 5)], ids=["inside", "low", "beyond"])
def test_intervals_hold_the_best_beta_and_the_price_as_often_as_promised(where, images):
    rng, hits, priced = np.random.default_rng(0), 0, 0
    for _ in range(TRIALS):
        curve = bend(rng.uniform(*where))
        response = fitted(losses(rng, curve, images))
        truth = curve(FINE)
        low, high = response.interval()
        hits += low <= 2 ** FINE[truth.argmin()] <= high
        _, cheapest, dearest = response.price(1.0)
        priced += cheapest - 1e-3 <= curve(0.0) - truth.min() <= dearest + 1e-3
    slack = 3 * math.sqrt(0.95 * 0.05 / TRIALS)
    assert hits / TRIALS >= 0.95 - slack
    assert priced / TRIALS >= 0.95 - slack


def test_a_promise_of_less_is_kept_less_often():
    """The count of hits can fall."""
    rng, hits = np.random.default_rng(0), 0
    for _ in range(60):
        best = rng.uniform(-3, 2)
        low, high = fitted(losses(rng, bend(best))).interval(0.3)
        hits += low <= 2**best <= high
    assert hits / 60 < 0.8


def test_without_noise_the_lowest_point_of_a_lopsided_curve_is_found():
    for best in (-2.4, -0.5, 0.3, 1.7):
        response = fitted(np.repeat(bend(best)(X)[:, None], 3, axis=1))
        assert math.log2(response.best_beta) == pytest.approx(best, abs=math.log2(1.12))


def test_less_noise_gives_a_shorter_interval():
    rng = np.random.default_rng(0)
    noise, truth = rng.normal(size=(8, 3)), bend(0.4)(X)[:, None]
    few, sure = (fitted(truth + size * noise).interval() for size in (0.2, 0.02))
    assert sure[1] / sure[0] < few[1] / few[0]


@pytest.mark.parametrize(("sign", "beyond"), [(1, (0.0, None)), (-1, (None, math.inf))])
def test_a_curve_that_goes_on_falling_has_a_one_sided_interval(sign, beyond):
    noise = 0.01 * np.random.default_rng(0).normal(size=(8, 3))
    response = fitted(sign * X[:, None] + noise)
    assert response.best_beta == BETAS[0 if sign > 0 else -1]
    low, high = response.interval()
    assert (low == 0.0, high == math.inf) == (sign > 0, sign < 0)


def test_the_price_is_free_exactly_where_the_best_beta_may_be():
    response = fitted(losses(np.random.default_rng(3), bend(0.6)))
    low, high = response.interval()
    for beta in BETAS:
        price, cheapest, dearest = response.price(beta)
        assert 0 <= cheapest <= price <= dearest
        assert (cheapest == 0) == (low <= beta <= high)


def test_how_high_the_cliff_is_says_little_about_the_best_beta_and_its_price():
    values = losses(np.random.default_rng(2), bend(-1.0))
    stars, dearest = [], []
    for height in (3.0, 300.0):
        values[-1] = values[:-1].mean() + height
        response = fitted(values)
        stars.append(response.best_beta)
        dearest.append(response.price(0.25)[2])
    assert 0.5 < stars[1] / stars[0] < 2
    assert dearest[1] < 4 * dearest[0]


def test_a_shift_of_all_losses_changes_no_price_and_a_ratio_none_on_the_log_scale():
    values = losses(np.random.default_rng(1), bend(0.6))
    plain, shifted = fitted(values), fitted(values + 50)
    assert shifted.price(0.25) == pytest.approx(plain.price(0.25), rel=1e-3)
    assert shifted.best_beta == plain.best_beta
    once, tenfold = (fitted(values + s, log_scale=True).price(0.25) for s in (0, math.log(10)))
    assert np.divide(tenfold, once) == pytest.approx(10, rel=1e-3)


def test_the_same_state_gives_the_same_curves():
    values = losses(np.random.default_rng(1), bend(0.6))
    assert (fitted(values).curves == fitted(values).curves).all()


def test_another_draw_moves_the_interval_little():
    values = losses(np.random.default_rng(1), bend(0.6))
    ends = np.log2([fitted(values, seed=seed).interval() for seed in range(5)])
    assert np.ptp(ends, axis=0).max() <= 0.25


@pytest.mark.parametrize("beta", [0.01, 9.0, -1.0])
def test_no_price_is_given_outside_the_measured_range(beta):
    with pytest.raises(InputError, match=r"from 0\.0625 to 8"):
        fitted(losses(np.random.default_rng(1), bend(0.6))).price(beta)
