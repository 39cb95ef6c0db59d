"""How well was measured: what decides what is said."""

import pandas as pd
import pytest
from synthetic_results import BETAS, make_group

from vae.reporting.findings import measuring

ONE = ("gaussian_learned_sigma",)


def test_training_that_spent_its_budget_is_named():
    changes = {f"{ONE[0]}/converged": {b: [1, 0, 1] for b in BETAS}}
    found = measuring.training(make_group(("bernoulli", *ONE), changes=changes))
    assert found.of - found.converged == len(BETAS)
    assert found.others == ONE
    assert found.never == ()
    changes = {"converged": lambda beta: float(beta > 1)}
    never = measuring.training(make_group(("bernoulli", *ONE), changes=changes)).never
    assert never == tuple(b for b in BETAS if b <= 1)


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
