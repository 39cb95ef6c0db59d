"""How sure one can be: each warning, and its absence."""

import pytest
from made_up import JUDGED, about, answer, fid_of_corruptions, group, rows

from vae.reporting.findings.certainty import certainty, diverged, edges, effective_samples, sets
from vae.reporting.findings.certainty import floor as fid_floor

ELBO = rows(JUDGED, about(1, 5, 2))


def said(rule, *tables, **parts) -> str:
    return " ".join(rule(group(*tables, **parts)))


def test_the_sizes_of_the_sets():
    best = [answer(JUDGED, 1, "1"), answer("fid_prior", 1, "1 2")]
    text = said(sets, ELBO, answers=best)
    assert "of 3 and averaged over likelihoods, 1.0 by log-likelihood and 2.0 by FID" in text


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_are_said_plainly(seeds):
    table = rows(JUDGED, {b: [1.0] * seeds for b in (0.5, 1.0, 2.0)})
    text = said(sets, table, answers=[answer(JUDGED, 1, None)])
    assert text.startswith(("", "One seed:", "Two seeds:")[seeds]) and "first guess" in text


@pytest.mark.parametrize(("best", "warned"), [(2, True), (0.5, True), (1, False)])
def test_edges_of_the_grid(best, warned):
    text = said(edges, ELBO, answers=[answer(JUDGED, best, f"{best}")])
    assert ("extend the grid" in text and "by log-likelihood with Bernoulli" in text) == warned
    assert bool(text) == warned


@pytest.mark.parametrize(("best", "warned"), [(0.5, True), (1, False)])
def test_few_effective_samples_at_the_best_beta(best, warned):
    table = rows("ess_low_share", about(0.5, 0.05, 0.6))
    best = answer("bits_per_dim", best, "1")
    text = said(effective_samples, table, rows("bits_per_dim", {}), answers=[best])
    assert ("50 % of the images" in text) == warned == bool(text)


def test_low_effective_samples_of_binarised_images():
    table = rows("ess_low_share", about(0.05, 0.3, 0.05))
    assert "30 %" in said(effective_samples, table, ELBO, answers=[answer(JUDGED, 1, "1")])


@pytest.mark.parametrize(("value", "text"), [(8.0, "8.0 times as far"), (1.5, "mean nothing")])
def test_the_floor_of_fid(value, text):
    references = {"fid_floor": 1.0, "fid_images": 382.0}
    best = answer("fid_prior", 1, "1", value=value)
    table = rows("fid_prior", about(3, 2, 3))
    assert text in said(fid_floor, table, answers=[best], references=references)
    assert not said(fid_floor, table, answers=[best])


def test_diverged_cells_are_named():
    text = said(diverged, rows("diverged", {0.5: [0.0, 1.0], 1.0: [0.0, 0.0]}))
    assert text.startswith("1 cell diverged") and "Bernoulli, β = 1/2, seed 1" in text
    assert not said(diverged, rows("diverged", {0.5: [0.0, 0.0]}))


def test_a_likelihood_that_diverged_as_a_whole_is_named_once():
    text = said(diverged, rows("diverged", {0.5: [1.0, 1.0], 1.0: [1.0, 1.0]}))
    assert text == "4 cells diverged and are left out of every mean: all of Bernoulli."


def test_a_fid_that_fails_its_check_is_reported():
    assert "mistrust" in said(certainty, ELBO, corruptions=fid_of_corruptions(0.1, 2.0, 1.0))
    assert "mistrust" not in said(certainty, ELBO, corruptions=fid_of_corruptions(0.1, 1.0, 2.0))
