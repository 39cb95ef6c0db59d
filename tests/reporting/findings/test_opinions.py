"""Other judges of samples: what decides what is said."""

import pandas as pd
import pytest
from synthetic_results import answer, make_group

from vae.reporting.findings.opinions import drawn_or_expected, spaces, wider, winners

ONE = ("gaussian_learned_sigma",)


def test_drawn_images_against_expected_ones():
    changes = {
        "bernoulli/fid_prior": {b: [1 + b, 2 + b, 3 + b] for b in (1.0, 2.0)},
        "bernoulli/fid_prior_drawn": {b: [9 + b, 10 + b, 11 + b] for b in (1.0, 2.0)},
        f"{ONE[0]}/fid_prior": {b: [20 + b, 20.1 + b, 20.2 + b] for b in (1.0, 2.0)},
        f"{ONE[0]}/fid_prior_drawn": {b: [10 + b, 20.1 + b, 29 + b] for b in (1.0, 2.0)},
    }
    found = drawn_or_expected(make_group(("bernoulli", *ONE), (1.0, 2.0), changes=changes))
    assert found.drawn["classifier"] == (), "seeds do not tell 19.7 from 20.1"
    assert found.expected["classifier"] == ("bernoulli",)


@pytest.mark.parametrize(("other", "denied"), [(4.0, True), (9.95, False), (20.0, False)])
def test_the_best_likelihood_is_denied_where_another_is_surely_better(other, denied):
    seeds = {b: [10.0, 10.1, 9.9] for b in (1.0, 2.0)}
    changes = {
        "bernoulli/fid_prior": seeds,
        f"{ONE[0]}/fid_prior": {b: [2 * v for v in values] for b, values in seeds.items()},
        "bernoulli/selfsupervised_fid_prior": seeds,
        f"{ONE[0]}/selfsupervised_fid_prior": {b: [other, other + 0.2, other] for b in seeds},
    }
    found = winners(make_group(("bernoulli", *ONE), (1.0, 2.0), changes=changes), "fid_prior")
    assert found.best["classifier"] == ("bernoulli", pytest.approx(10))
    assert ("self-supervised" in found.differ) == denied


@pytest.mark.parametrize(("low", "differs"), [(1.0, False), (4.0, True)])
def test_coverage_wants_another_beta_where_its_interval_is_apart(low, differs):
    rows = [answer(ONE[0], "fid_prior", 1.5, 3), answer(ONE[0], "coverage_prior", low, low + 3)]
    found = wider(make_group(ONE, answers=rows))
    assert found.of == ONE and bool(found.stars) == differs


@pytest.mark.parametrize(("low", "agree"), [(1.0, True), (4.0, False)])
def test_feature_spaces_disagree_where_intervals_are_apart(low, agree):
    group = make_group(ONE)
    row = group.best[group.best.criterion == "fid_prior"]
    other = row.assign(
        criterion="selfsupervised_fid_prior", beta_star_low=low, beta_star_high=low + 3
    )
    table = pd.concat([group.best, other])
    found = spaces(make_group(ONE, answers=[answer(ONE[0], "fid_prior", 1.5, 3)], best_beta=table))
    assert (found.agree == ONE) == agree
    assert (ONE[0] in found.apart) == (not agree)
