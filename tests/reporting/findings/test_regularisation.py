"""Did the regularisation work: what decides that codes fill the prior, or have collapsed."""

import math

import pytest
from synthetic_results import BETAS, make_group

from vae.reporting.findings.collapse import collapse, stuck, theory
from vae.reporting.findings.regularisation import matching, rate_split, unlike_prior

ONE = ("gaussian_fixed_sigma_0.1",)


def steps(first: float, low: float = 0.0, high: float = 1.0) -> dict[float, float]:
    return {beta: high if beta >= first else low for beta in BETAS}


def test_collapse_is_what_the_metric_says_not_the_count_of_units():
    group = make_group(ONE, changes={"collapsed": steps(4), "active_units": lambda beta: 10.0})
    assert group.onset(ONE[0]) == 4
    assert collapse(group).onsets == {ONE[0]: 4}
    assert make_group(ONE, changes={"collapsed": lambda beta: 0.0}).onset(ONE[0]) == math.inf


def test_collapse_must_hold_in_every_seed_and_at_every_larger_beta():
    some = steps(4) | {4.0: [1, 0, 1]}
    assert make_group(ONE, changes={"collapsed": some}).onset(ONE[0]) == 8
    gap = steps(2) | {4.0: 0.0}
    assert make_group(ONE, changes={"collapsed": gap}).onset(ONE[0]) == 8


def dead_from(first: float, rate: float = 100.0) -> dict[str, dict[float, float]]:
    """Collapsed from a β on at 60 nats: rightly, where that is less than 40 + β times rate."""
    return {
        "rate": steps(first, rate, 0.0),
        "distortion": steps(first, 40.0, 60.0),
        "collapsed": steps(first),
    }


def test_a_collapse_that_another_model_beats_by_its_own_objective_is_a_failure_of_training():
    assert stuck(make_group(ONE, changes=dead_from(4, 10))) is None
    found = stuck(make_group(ONE, changes=dead_from(4, 2)))
    assert found.betas == {ONE[0]: (4, 8)}
    assert found.most == pytest.approx(60 - (40 + 4 * 2))
    alive = dead_from(4, 2) | {"collapsed": steps(99)}
    assert stuck(make_group(ONE, changes=alive)) is None


def test_theory_is_not_held_against_training_that_got_stuck(monkeypatch):
    monkeypatch.setattr("vae.reporting.findings.collapse.collapse_beta", lambda *_: 9.0)
    assert theory(make_group(ONE, changes=dead_from(4, 10))).early == ONE
    assert theory(make_group(ONE, changes=dead_from(4, 2))) is None


def test_the_prior_matches_where_a_mixture_no_longer_surely_wins():
    prior = {beta: [10.0, 10.0, 10.0] for beta in BETAS}
    mixture = {b: [5, 5, 5] if b < 4 else [9.9, 5, 5] for b in BETAS}
    changes = {"fid_prior": prior, "fid_gmm": mixture, "collapsed": lambda beta: 0.0}
    found = matching(make_group(ONE, changes=changes))
    assert not found.worked
    assert found.example == (ONE[0], 10, 5)
    assert found.matched == {ONE[0]: 4}
    dead = changes | {"collapsed": lambda beta: float(beta >= 4)}
    assert matching(make_group(ONE, changes=dead)).matched == {}, "collapse is no cure"
    dead["collapsed"] = {beta: [0.0, 0.0, float(beta >= 4)] for beta in BETAS}
    assert matching(make_group(ONE, changes=dead)).matched == {}, "nor is that of one seed"
    assert matching(make_group(ONE, changes=changes, seeds=[0])) is None
    assert matching(make_group(ONE, changes={"fid_gmm": lambda beta: 99.0})).worked


def test_the_marginal_divergence_is_an_interval_above_zero():
    changes = {"marginal_kl": lambda beta: 3.0, "marginal_kl_lower": lambda beta: 1.0}
    found = rate_split(make_group(ONE, changes=changes))
    assert (found.lower, found.upper) == (1, 3)
    changes["marginal_kl_lower"] = lambda beta: -2.0
    assert rate_split(make_group(ONE, changes=changes)).lower == 0


def test_a_likelihood_whose_information_is_not_saturated_is_shown_first():
    slugs = ("bernoulli", *ONE)
    saturated = {"bernoulli/mutual_information_saturated": lambda beta: 1.0}
    free = {f"{ONE[0]}/mutual_information_saturated": lambda beta: 0.0}
    assert rate_split(make_group(slugs, changes=saturated | free)).choice.likelihood == ONE[0]
    assert rate_split(make_group(slugs[:1], changes=saturated)).saturated


def test_the_furthest_from_the_prior_is_ranked_by_tests_of_dimensions():
    slugs = ("bernoulli", "continuous_bernoulli")
    names = [f"{slug}/dimensions_unlike_prior" for slug in slugs]
    shares = {names[0]: lambda beta: 0.1, names[1]: lambda beta: 0.9}
    found = unlike_prior(make_group(slugs, changes=shares)).over
    assert found.least == (slugs[0], pytest.approx(0.1))
    assert found.most == (slugs[1], pytest.approx(0.9))


@pytest.mark.parametrize(
    ("first", "predicted", "kind"),
    [
        (4, 3.0, "agree"),
        (4, 5.0, "early"),
        (4, 4.3, "agree"),
        (4, 1.9, "agree"),
        (4, 1.5, "late"),
        (99, 9.0, "unseen"),
        (99, 7.5, "unseen"),
        (99, 5.0, "late"),
    ],
)
def test_linear_theory_agrees_only_where_the_grid_can_tell(first, predicted, kind, monkeypatch):
    monkeypatch.setattr("vae.reporting.findings.collapse.collapse_beta", lambda *_: predicted)
    found = theory(make_group(ONE, changes=dead_from(first)))
    assert getattr(found, kind) == ONE
    assert sum(len(getattr(found, k)) for k in ("agree", "early", "late", "unseen")) == 1
