"""Samples: what decides what is said."""

from synthetic_results import make_group

from vae.reporting.findings.samples import Path, copies, path

ONE = ("gaussian_learned_sigma",)


def test_the_path_of_fidelity_and_diversity_ends_before_collapse():
    found = path(make_group(ONE))
    assert found.trade
    assert max(found.betas) < 8
    flat = {"precision_prior": lambda beta: 0.5}
    assert not path(make_group(ONE, changes=flat)).trade
    assert Path(ONE[0], (0.5, 1.0, 2.0), (0.1, 0.2, 0.3), (0.9, 0.8, 0.7)).trade
    assert not Path(ONE[0], (0.5, 1.0, 2.0), (0.1, 0.2, 0.3), (0.7, 0.8, 0.1)).trade


def test_copies_are_far_below_zero():
    assert copies(make_group(ONE)).copying == ()
    assert copies(make_group(ONE, changes={"data_copying": lambda b: -4.0})).copying == ONE
    assert copies(make_group(ONE, changes={"data_copying": None})) is None
    strays = [copies(make_group(ONE, changes={"data_copying": lambda b, c=c: c})) for c in (2, 4)]
    assert ["stray" in str(one) for one in strays] == [False, True]
