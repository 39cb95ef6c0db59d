"""Whether likelihoods differ in their best β: each sentence and its opposite."""

import pytest
from made_up import JUDGED, about, answer, champion, group, rows

from vae.reporting.findings.likelihoods import (
    beta_sigma,
    champions,
    continuous_bernoulli,
    one_beta_for_all,
)

SLUGS = ("bernoulli", "continuous_bernoulli")
TABLES = [rows(JUDGED, about(1, 5, 2), slug) for slug in SLUGS]


def said(rule, *answers, tables=TABLES) -> str:
    return " ".join(rule(group(*tables, answers=answers)))


def pair(first, second, criterion=JUDGED):
    return [
        answer(criterion, *best, likelihood=slug)
        for best, slug in zip((first, second), SLUGS, strict=True)
    ]


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ((1, "1 2"), (2, "2"), "every likelihood can have the same β: β = 2 is among the best"),
        ((0.5, "0.5"), (2, "1 2"), "no single β is among the best with every likelihood"),
        ((0.5, None), (2, None), "three seeds cannot show whether that is real"),
    ],
)
def test_whether_one_beta_serves_all(first, second, text):
    found = said(one_beta_for_all, *pair(first, second))
    assert text in found
    if "the same" not in text:
        assert "from 1/2 (Bernoulli) to 2 (continuous Bernoulli)" in found


def test_one_likelihood_is_not_compared():
    assert not said(one_beta_for_all, answer(JUDGED, 1, "1"))
    assert not said(continuous_bernoulli, answer(JUDGED, 1, "1"))


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ((1, "1"), (2, "2"), "needs a larger β than the Bernoulli, 2 against 1"),
        ((2, "2"), (1, "1"), "needs a smaller β than the Bernoulli, 1 against 2"),
        ((1, "1 2"), (2, "2"), "larger for the continuous Bernoulli (2) than for the Bernoulli"),
        ((1, "1 2"), (2, "2"), "but some β serves both"),
        ((1, None), (2, None), "but so few seeds cannot confirm it"),
        ((1, "1"), (1, "1 2"), "have the same best β, 1"),
    ],
)
def test_whether_the_continuous_bernoulli_needs_a_larger_beta(first, second, text):
    assert text in said(continuous_bernoulli, *pair(first, second))


def test_likelihood_and_fid_are_both_asked():
    best = [*pair((1, "1"), (1, "1")), *pair((1, "1"), (2, "2"), "fid_prior")]
    text = said(continuous_bernoulli, *best, tables=[*TABLES, rows("fid_prior", about(9, 8, 2))])
    assert "By log-likelihood Bernoulli and continuous Bernoulli have the same" in text
    assert "By FID the continuous Bernoulli needs a larger" in text


def gaussians(**best: tuple[float, str]) -> str:
    """What is said of fixed-σ Gaussians on a grid of factors of 2; keys are σ without 0."""
    grid = {2.0**k: [1.0, 1.1, 0.9] for k in range(-6, 4)}
    tables, answers = [], []
    for key, (beta, chosen) in best.items():
        slug = f"gaussian_fixed_sigma_0.{key[1:]}"
        tables.append(rows("bits_per_dim", grid, slug))
        edge = beta in (min(grid), max(grid))
        answers.append(answer("bits_per_dim", beta, chosen, slug, at_edge=edge))
    return said(beta_sigma, *answers, tables=tables)


def test_equal_products_are_explained_by_beta_sigma_squared():
    text = gaussians(s1=(2.0, "2"), s2=(0.5, "0.5"), s4=(0.125, "0.125"))
    assert "βσ² is 0.02 each time" in text and "2, 1/2 and 1/8" in text


def test_a_step_of_the_grid_is_no_contradiction():
    assert "only βσ² counts" in gaussians(s1=(2.0, "2"), s2=(1.0, "1"))


def test_more_than_a_step_is_one_unless_the_sets_meet():
    assert "does not explain" in gaussians(s1=(2.0, "2"), s2=(2.0, "2"))
    assert "only βσ² counts" in gaussians(s1=(2.0, "2 4"), s2=(2.0, "1 2"))
    assert "does not explain" in gaussians(s1=(2.0, None), s2=(2.0, None))


def test_an_edge_says_nothing_about_the_product():
    assert not gaussians(s1=(8.0, "8"), s2=(2.0, "2"))
    assert "σ = 0.1 and 0.2 " in gaussians(s1=(2.0, "2"), s2=(0.5, "0.5"), s4=(8.0, "8"))


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ("bernoulli", "at β = 1, with 1.918, ahead of all others."),
        ("bernoulli continuous_bernoulli", "with 1.918, not told from continuous Bernoulli."),
        (None, "with 1.918; three seeds cannot show whether that lead is real."),
    ],
)
def test_the_best_likelihood(chosen, text):
    best = champion("bits_per_dim", "bernoulli", chosen)
    found = " ".join(champions(group(*TABLES, rows("bits_per_dim", {}), champions=[best])))
    assert found.startswith("By bits/dim the best of three likelihoods is Bernoulli")
    assert found.endswith(text)


def test_one_likelihood_is_no_winner():
    best = champion("bits_per_dim", "bernoulli", "bernoulli", likelihoods=1)
    assert not list(champions(group(*TABLES, champions=[best])))
