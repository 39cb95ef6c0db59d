"""Samples: what decides what is said."""

import pandas as pd
import pytest
from synthetic_results import answer, make_group

from vae.reporting.findings.samples import Path, copies, drawn_or_expected, path, spaces

ONE = ("gaussian_learned_sigma",)


def test_the_path_of_fidelity_and_diversity_ends_before_collapse():
    found = path(make_group(ONE))
    assert found.trade
    assert max(found.betas) < 8
    flat = {"precision_prior": lambda beta: 0.5}
    assert not path(make_group(ONE, changes=flat)).trade
    assert Path(ONE[0], (0.5, 1.0, 2.0), (0.1, 0.2, 0.3), (0.9, 0.8, 0.7)).trade
    assert not Path(ONE[0], (0.5, 1.0, 2.0), (0.1, 0.2, 0.3), (0.7, 0.8, 0.1)).trade


def test_drawn_images_against_expected_ones():
    group = make_group(("bernoulli", *ONE), changes={"bernoulli/fid_prior": lambda b: 1 + b})
    found = drawn_or_expected(group)
    assert (found.drawn, found.expected) == (ONE, ("bernoulli",))


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


def test_copies_are_far_below_zero():
    assert copies(make_group(ONE)).copying == ()
    assert copies(make_group(ONE, changes={"data_copying": lambda b: -4.0})).copying == ONE
    assert copies(make_group(ONE, changes={"data_copying": None})) is None
    strays = [copies(make_group(ONE, changes={"data_copying": lambda b, c=c: c})) for c in (2, 4)]
    assert ["stray" in str(one) for one in strays] == [False, True]
