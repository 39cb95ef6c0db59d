"""Likelihoods inside sentences: by name where they are few."""

import pytest

from vae.reporting.words import families

EVERY = ["bernoulli", "beta", "discretized_logistic", "categorical", "gaussian_learned_sigma"]


@pytest.mark.parametrize(
    ("slugs", "every", "text"),
    [
        (EVERY[:2], EVERY, "Bernoulli and beta"),
        (EVERY, EVERY, "every likelihood"),
        (EVERY[1:], EVERY, "every likelihood but Bernoulli"),
        (EVERY[1:], [], "beta, discretized logistic, categorical and Gaussian (learned σ)"),
        (EVERY[:1], EVERY[:1], "Bernoulli"),
        (EVERY[1:3], EVERY[:3], "beta and discretized logistic"),
    ],
)
def test_nearly_all_are_named_by_those_left_out(slugs, every, text):
    assert families(slugs, every) == text


def test_a_family_and_its_variants_are_both_named():
    assert families(["bernoulli", "bernoulli_iwae_5"]) == (
        "Bernoulli and Bernoulli (bound of 5 samples)"
    )
    fixed = ["gaussian_fixed_sigma_0.1", "gaussian_fixed_sigma_0.1_discretized"]
    assert families(fixed) == "Gaussian (σ = 0.1, σ = 0.1 on masses)"


def test_gaussians_share_their_brackets():
    slugs = ["gaussian_fixed_sigma_0.1", "gaussian_fixed_sigma_0.2", "gaussian_learned_sigma"]
    assert families(slugs) == "Gaussian (σ = 0.1 and 0.2, learned σ)"
