"""How numbers and slugs are printed."""

import math

import pytest
from every_likelihood import SLUGS

from vae.reporting.names import beta_name, likelihood_name, rounded, with_error


@pytest.mark.parametrize(
    ("value", "se", "text"),
    [
        (-24.0412, 0.0053, "-24.041"),
        (203.7, 1.04, "203.7"),
        (21.3, 3.2, "21"),
        (0.01082, 0.00012, "0.01082"),
        (1234.0, 37.0, "1230"),
        (-0.04, 3.0, "0"),
        (7.43, None, "7.43"),
        (7.43, 0.0, "7.43"),
        (math.nan, 1.0, "–"),
    ],
)
def test_a_value_has_the_digits_its_error_supports(value, se, text):
    assert rounded(value, se) == text


def test_an_error_that_rounds_up_to_the_next_power_of_ten():
    assert with_error(5.0, 0.0996) == "5.00 ± 0.10"


@pytest.mark.parametrize(
    ("beta", "text"), [(0.125, "1/8"), (0.3, "0.3"), (1.0, "1"), (12.0, "12")]
)
def test_beta(beta, text):
    assert beta_name(beta) == text


def test_every_likelihood_has_a_name_without_underscores():
    names = [likelihood_name(slug) for slug in SLUGS]
    assert not any("_" in name for name in names)
    assert len(set(names)) == len(names)
    assert likelihood_name("gaussian_fixed_sigma_0.1") == "Gaussian, σ = 0.1"
    on_masses = likelihood_name("gaussian_learned_sigma_discretized")
    assert on_masses == "Gaussian, learned σ on masses"
