"""Near 1, larger or smaller: what intervals decide, before it is a sentence."""

import math

import pandas as pd
import pytest
from synthetic_results import make_group

from vae.metrics import METRICS
from vae.reporting.findings.near import (
    OneBetaOnly,
    Side,
    Throughout,
    apart,
    costliest,
    near_one,
    pixels,
)
from vae.reporting.uses import JUDGE, answers, overlap, quoted, side, sides

ONE, TWO = "bernoulli", "gaussian_learned_sigma"


def star(low: float, high: float, best: float = 1.0) -> pd.Series:
    return pd.Series({"beta_star": best, "beta_star_low": low, "beta_star_high": high})


@pytest.mark.parametrize(
    ("low", "high", "where"),
    [
        (1.1, 2.0, "larger"),
        (1.1, math.inf, "larger"),
        (0.0, 0.9, "smaller"),
        (0.9, 1.1, "around"),
        (1.0, 1.5, "around"),
        (0.0, math.inf, "around"),
        (math.nan, math.nan, "unknown"),
    ],
)
def test_the_interval_decides_the_side(low, high, where):
    assert side(star(low, high)) == where


def test_sides_of_several_likelihoods():
    larger, smaller, around = star(2, 3), star(0.1, 0.2), star(0.5, 2)
    assert sides({"a": larger, "b": around}).verdict == "mixed"
    assert sides({"a": larger, "b": larger}).verdict == "larger"
    assert sides({"a": around}).verdict == "around"
    assert sides({"a": larger, "b": smaller}).verdict == "mixed"
    assert sides({"a": star(math.nan, math.nan)}).verdict == "unknown"


def test_what_all_intervals_hold():
    assert overlap({"a": star(0.5, 2), "b": star(1, 4)}) == (1, 2)
    assert overlap({"a": star(0.5, 0.9), "b": star(1, 4)}) is None
    assert overlap({"a": star(0.5, 2), "b": star(math.nan, math.nan)}) is None
    assert apart((0.5, 0.9), (1, 4)) and not apart((0.5, 1), (1, 4)) and not apart(None, (1, 4))


def test_every_likelihood_is_judged_in_its_own_currency():
    group = make_group()
    criteria = {slug: row.criterion for slug, row in answers(group, JUDGE).items()}
    assert criteria == {ONE: "log_likelihood_binarised", TWO: "bits_per_dim"}
    assert quoted(group, JUDGE) in group.likelihoods


def interval(criterion: str, low: float, high: float, likelihood: str = TWO) -> dict:
    columns = {"beta_star": (low + high) / 2, "beta_star_low": low, "beta_star_high": high}
    return {"likelihood": likelihood, "criterion": criterion} | columns


def test_codes_are_read_against_pixels():
    changes = {"probe_accuracy": {0.5: 0.8, 1.0: 0.9, 2.0: 0.7}}
    group = make_group(("bernoulli",), (0.5, 1.0, 2.0), changes=changes)
    (row,) = [row for row in pixels(group).rows if row[0] == METRICS["probe_accuracy"].label]
    assert row[1:] == (0.9, ("bernoulli", 1.0), group.references["probe_accuracy_pixels"])


def test_the_costliest_tradeoff_is_the_one_whose_intervals_are_apart():
    pair = [interval("bits_per_dim", 0.4, 0.9), interval("fid_prior", 1.5, 3)]
    near = interval("fid_prior", 0.1, 3, ONE)
    group = make_group(answers=[*pair, near])
    found = costliest(group)
    assert (found.likelihood, found.every) == (TWO, (TWO,))
    assert found.fid[0] == pytest.approx(group.mean(TWO, found.betas[0], "fid_prior"))
    assert found.fid[0] > found.fid[1]


def test_a_single_beta_answers_nothing_and_reconstruction_has_no_optimum():
    assert list(near_one(make_group(betas=[1.0]))) == [OneBetaOnly()]
    found = list(near_one(make_group()))
    assert {type(one) for one in found} >= {Side, Throughout}
    best_at_1 = make_group(changes={"mse": lambda beta: 1 + (beta - 1) ** 2})
    assert Throughout not in {type(one) for one in near_one(best_at_1)}
    dead = {"mse": lambda beta: min(beta, 3.9) - beta / 1e9, "collapsed": lambda b: float(b >= 4)}
    assert Throughout in {type(one) for one in near_one(make_group(changes=dead))}
