"""Blur, samples and certainty: what decides what is said."""

import math

import pandas as pd
import pytest
from synthetic_results import BETAS, make_group

from vae.reporting.findings import measuring
from vae.reporting.findings.blur import TASKS, Pair, against_autoencoder, sharpness
from vae.reporting.findings.certainty import beyond, diverged, few_seeds, sets
from vae.reporting.findings.samples import copies, drawn_or_expected, path, spaces

ONE = ("gaussian_learned_sigma",)


def test_the_autoencoder_is_blurry_already_or_not():
    assert sharpness(make_group(ONE)).already
    sharp = make_group(ONE, changes={"high_frequency_energy": {0.0: 1.2, 1.0: 0.5, 2.0: 0.3}})
    assert not sharpness(sharp).already
    assert sharpness(sharp).blurrier == ONE
    assert sharpness(make_group(ONE, autoencoder=False)).autoencoder is None


@pytest.mark.parametrize(
    ("vae", "who"),
    [([1, 1, 1], "vae"), ([3, 3, 3], "autoencoder"), ([1, 3, 1], "neither"), ([], "neither")],
)
def test_who_is_better_must_be_so_in_every_seed(vae, who):
    values = pd.Series([2.0, 2, 2]), pd.Series(vae, dtype=float)
    assert Pair(ONE[0], "mse_mean", *values, beta=1.0).better == who
    mirrored = {"vae": "autoencoder", "autoencoder": "vae"}.get(who, who)
    assert Pair(ONE[0], "probe_accuracy", *values, beta=1.0).better == mirrored


def test_both_are_compared_at_the_posterior_mean():
    assert TASKS[0].metric == "mse_mean"
    changes = {"mse_mean": {0.0: 0.5, 1.0: 0.4, 2.0: 0.6}}
    found = against_autoencoder(make_group(ONE, changes=changes), TASKS[0])
    assert found.better("vae") == list(ONE)
    (pair,) = found.pairs
    assert (pair.autoencoder.mean(), pair.vae.mean(), pair.beta) == pytest.approx((0.5, 0.4, 1))
    assert against_autoencoder(make_group(ONE, autoencoder=False), TASKS[0]) is None


def test_the_path_of_fidelity_and_diversity_ends_before_collapse():
    found = path(make_group(ONE))
    assert found.trade
    assert max(found.betas) < 8
    flat = {"precision_prior": lambda beta: 0.5}
    assert not path(make_group(ONE, changes=flat)).trade


def test_drawn_images_against_expected_ones():
    group = make_group(("bernoulli", *ONE), changes={"bernoulli/fid_prior": lambda b: 1 + b})
    found = drawn_or_expected(group)
    assert (found.drawn, found.expected) == (ONE, ("bernoulli",))


def star(criterion: str, low: float, high: float) -> dict:
    columns = {"beta_star": (low + high) / 2, "beta_star_low": low, "beta_star_high": high}
    return {"likelihood": ONE[0], "criterion": criterion} | columns


@pytest.mark.parametrize(("low", "agree"), [(1.0, True), (4.0, False)])
def test_feature_spaces_disagree_where_intervals_are_apart(low, agree):
    group = make_group(ONE)
    row = group.best[group.best.criterion == "fid_prior"]
    other = row.assign(
        criterion="selfsupervised_fid_prior", beta_star_low=low, beta_star_high=low + 3
    )
    table = pd.concat([group.best, other])
    found = spaces(make_group(ONE, answers=[star("fid_prior", 1.5, 3)], best_beta=table))
    assert (found.agree == ONE) == agree
    assert (ONE[0] in found.apart) == (not agree)


def test_copies_are_far_below_zero():
    assert copies(make_group(ONE)).copying == ()
    assert copies(make_group(ONE, changes={"data_copying": lambda b: -4.0})).copying == ONE
    assert copies(make_group(ONE, changes={"data_copying": None})) is None


def test_what_diverged_is_counted():
    everything = [(ONE[0], beta) for beta in (0.0, *BETAS)]
    found = diverged(make_group(ONE, diverged=everything))
    assert found.count == found.of
    found = diverged(make_group(ONE, diverged=[(ONE[0], 1.0)]))
    assert (found.count, len(found.cells)) == (3, 1)
    assert diverged(make_group(ONE)) is None


def test_sets_and_intervals_need_seeds():
    assert few_seeds(make_group(ONE, seeds=[0])) is not None
    assert sets(make_group(ONE, seeds=[0])) is None
    found = sets(make_group(ONE))
    assert found.grid == len(BETAS)
    assert all(1 <= one.size <= found.grid for one in found.sizes)


def test_a_one_sided_interval_lies_beyond_the_grid():
    answers = [star("fid_prior", 4.0, math.inf), star("bits_per_dim", 0.5, 2)]
    found = beyond(make_group(ONE, answers=answers)).likelihoods
    assert found["FID of expected images"] == ONE
    assert "bits/dim" not in found


def test_training_that_spent_its_budget_is_named():
    changes = {f"{ONE[0]}/converged": {b: [1, 0, 1] for b in BETAS}}
    found = measuring.training(make_group(("bernoulli", *ONE), changes=changes))
    assert found.of - found.converged == len(BETAS)
    assert found.others == ONE


def test_the_gap_is_the_encoders_by_its_share():
    changes = {"amortisation_gap": lambda b: 3.0, "approximation_gap": lambda b: b}
    found = measuring.gaps(make_group(ONE, changes=changes))
    assert found.near == (1, 4, 0.75)
    assert found.far == (8, 11, pytest.approx(3 / 11))


def test_the_floor_counts_from_twice_its_value():
    changes = {name: (lambda b: 1.0 + b) for name in ("fid_prior", "fid_prior_drawn")}
    assert measuring.floor(make_group(ONE, changes=changes)).near
    assert not measuring.floor(make_group(ONE)).near


def test_a_corruption_that_fid_does_not_follow_is_named():
    values = {"blur": (0.1, 1.0, 2.0), "crop": (0.1, 1.0, 0.9)}
    rows = [(name, i, v) for name, found in values.items() for i, v in enumerate(found)]
    table = pd.DataFrame(rows, columns=["corruption", "strength", "fid"])
    found = measuring.check(make_group(ONE, corruptions=table))
    assert (found.falling, found.rising) == (("crop",), ("blur",))
