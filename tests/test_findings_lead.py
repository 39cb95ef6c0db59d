"""The first sentences say what the answers say, in few words."""

import pytest
from made_up import JUDGED, answer, group, rows

from vae.reporting.findings import lead


def elbo(likelihood: str, beta: float, **others: object) -> dict:
    return answer(JUDGED, beta, f"{beta:g}", likelihood, **{"at_edge": False} | others)


@pytest.mark.parametrize(
    ("betas", "text"),
    [
        ([1.0], "By log-likelihood **β = 1** is best."),
        ([1.0, 1.0, 1.0], "**β = 1** is best with every likelihood."),
        (
            [1.0, 1.0, 0.5],
            "is best with two of three likelihoods; the best go from 1/2 to 1.",
        ),
        ([1.0, 2.0, 0.5], "depends on the likelihood** and goes from 1/2 to 2."),
    ],
)
def test_the_usual_best_beta(betas, text):
    slugs = ("bernoulli", "beta", "categorical")
    answers = [elbo(slug, beta) for slug, beta in zip(slugs, betas, strict=False)]
    assert text in lead(group(answers=answers))


def test_an_edge_is_no_optimum():
    assert "may lie beyond" in lead(group(answers=[elbo("bernoulli", 0.5, at_edge=True)]))
    assert "beyond" not in lead(group(answers=[elbo("bernoulli", 1.0)]))


@pytest.mark.parametrize(("seeds", "guess"), [(1, True), (2, True), (3, False)])
def test_few_seeds_give_a_first_guess(seeds, guess):
    table = rows(JUDGED, {1.0: [0.0] * seeds})
    text = lead(group(table, answers=[elbo("bernoulli", 1.0)]))
    assert ("first guess" in text) is guess


def test_a_single_beta_is_no_answer():
    assert "nothing is best" in lead(group(answers=[elbo("bernoulli", 1.0, betas=1)]))
