"""Does the best β differ by likelihood: decisions on made-up intervals."""

import pytest
from synthetic_results import answer, make_group

from vae.reporting.findings.likelihoods import (
    BestLikelihood,
    ContinuousBernoulli,
    Histogram,
    Masses,
    OneBeta,
    likelihoods,
)

PAIR = ("continuous_bernoulli", "continuous_bernoulli_discretized")


def only(group, kind: type) -> list:
    return [found for found in likelihoods(group) if isinstance(found, kind)]


@pytest.mark.parametrize(("low", "common"), [(0.5, (0.6, 0.9)), (1.5, None)])
def test_one_beta_for_all_needs_a_common_part_of_every_interval(low, common):
    slugs = ("bernoulli", "continuous_bernoulli")
    answers = [
        answer(slugs[0], "fid_prior_drawn", low, low + 1),
        answer(slugs[1], "fid_prior_drawn", 0.6, 0.9),
    ]
    found = [one for one in only(make_group(slugs, answers=answers), OneBeta) if "FID" in one.name]
    assert [one.common for one in found] == [common]


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(2, 4, "larger"), (0.1, 0.3, "smaller"), (0.5, 2, "open")]
)
def test_the_continuous_bernoulli_against_the_bernoulli(low, high, verdict):
    slugs = ("bernoulli", "continuous_bernoulli")
    answers = [
        answer(slugs[0], "fid_prior_drawn", 0.7, 1.5),
        answer(slugs[1], "fid_prior_drawn", low, high),
    ]
    found = only(make_group(slugs, answers=answers), ContinuousBernoulli)
    assert [one.verdict for one in found if "FID" in one.name] == [verdict]


def test_masses_against_densities():
    answers = [
        answer(PAIR[0], "bits_per_dim", 1.5, 3, value=2.4),
        answer(PAIR[1], "bits_per_dim", 0.7, 1.5, value=1.9),
        answer(PAIR[0], "fid_prior", 1.5, 3, value=12.0),
        answer(PAIR[1], "fid_prior", 1.5, 3, value=6.0),
    ]
    (found,) = only(make_group(PAIR, answers=answers), Masses)
    assert (found.likelihood, found.bits, found.fid) == (PAIR[0], (2.4, 1.9), (12.0, 6.0))
    assert found.better and found.now_one
    assert not only(make_group(PAIR[:1]), Masses)


def test_likelihoods_that_lose_to_the_histogram_code_are_said_to_lose():
    changes = {"continuous_bernoulli/bits_per_dim": lambda beta: 3 + beta}
    group = make_group(("continuous_bernoulli", "gaussian_learned_sigma"), changes=changes)
    (found,) = only(group, Histogram)
    assert found.losing == ("continuous_bernoulli",)
    assert found.winning == ("gaussian_learned_sigma",)
    assert not only(make_group(("bernoulli",)), Histogram)


@pytest.mark.parametrize(("seeds", "known"), [([0], False), ([0, 1, 2], True)])
def test_what_is_not_excluded_beside_the_best_likelihood_need_seeds(seeds, known):
    found = only(make_group(PAIR, seeds=seeds), BestLikelihood)
    assert found and all((one.not_excluded is not None) == known for one in found)
