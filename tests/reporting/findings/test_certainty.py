"""How sure is all that: what decides what is said."""

import math

from synthetic_results import BETAS, answer, make_group

from vae.reporting.findings.certainty import beyond, diverged, few_seeds, sets

ONE = ("gaussian_learned_sigma",)


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
    answers = [answer(ONE[0], "fid_prior", 4.0, math.inf), answer(ONE[0], "bits_per_dim", 0.5, 2)]
    found = beyond(make_group(ONE, answers=answers)).likelihoods
    assert found["FID of expected images"] == ONE
    assert "bits/dim" not in found
