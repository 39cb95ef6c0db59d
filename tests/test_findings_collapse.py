"""Where the posterior collapses, and whether theory agrees: each sentence and its opposite."""

import math

import pytest
from made_up import BETAS, JUDGED, about, group, rows

from vae.reporting.findings.collapse import collapse, onset

GAUSSIAN = "gaussian_fixed_sigma_1.0"


def units(*counts: float, likelihood: str = "bernoulli"):
    per_beta = {b: [n] * 3 for b, n in zip(BETAS, counts, strict=True)}
    return rows("active_units", per_beta, likelihood)


def predicted(beta: float) -> dict[str, float]:
    return {
        "pixels": 64.0,
        "bernoulli_collapse_beta": beta,
        "largest_eigenvalue": beta,
        "total_variance": 5.0,
    }


def said(*tables, references=None) -> str:
    return " ".join(collapse(group(*tables, references=references)))


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((4, 2, 0), "from β = 2 on with Bernoulli"),
        ((4, 0, 0), "from β = 1 on"),
        ((0, 0, 0), "from β = 1/2 on"),
        ((4, 2, 1), "at no β of the grid with Bernoulli"),
    ],
)
def test_where_collapse_begins(counts, text):
    assert text in said(units(*counts))


def test_one_dead_beta_between_living_ones_is_no_onset():
    assert said(units(4, 0, 3)) == ""


def test_a_single_living_seed_delays_collapse():
    table = rows("active_units", {0.5: [4, 4], 1.0: [0, 1], 2.0: [0, 0]})
    assert "from β = 2 on" in said(table)


def test_likelihoods_are_grouped_by_onset():
    text = said(units(4, 0, 0), units(4, 0, 0, likelihood=GAUSSIAN))
    assert "from β = 1 on with every likelihood" in text
    text = said(units(4, 0, 0), units(4, 2, 0, likelihood=GAUSSIAN))
    assert "from β = 1 on with Bernoulli; from β = 2 on with Gaussian (σ = 1.0)" in text


def test_no_collapse_at_all():
    text = said(units(4, 2, 1), units(4, 3, 2, likelihood=GAUSSIAN))
    assert text.endswith("at no β of the grid with any likelihood.")


def test_intervals():
    assert onset(group(units(4, 2, 0)), "bernoulli") == (1.0, 2.0)
    assert onset(group(units(0, 0, 0)), "bernoulli") == (0.0, 0.5)
    assert onset(group(units(4, 2, 1)), "bernoulli") == (2.0, math.inf)
    assert onset(group(rows(JUDGED, {1.0: [1.0]})), "bernoulli") is None


@pytest.mark.parametrize(
    ("beta", "counts", "text"),
    [
        (1.5, (4, 2, 0), "agrees with the grid: β = 1.5 (Bernoulli)"),
        (9.0, (4, 2, 1), "shows no collapse, with β = 9 (Bernoulli)"),
        (1.5, (4, 0, 0), "later collapse than the grid shows: β = 1.5 (Bernoulli)"),
        (0.7, (4, 2, 0), "small ones die: β = 0.7 (Bernoulli)"),
        (0.7, (4, 2, 1), "small ones die: β = 0.7 (Bernoulli)"),
    ],
)
def test_theory_against_the_grid(beta, counts, text):
    found = said(units(*counts), references=predicted(beta))
    assert text in found
    assert ("training that got stuck" in found) == ("later" in text)


def test_every_kind_of_outcome_is_named_once():
    tables = [units(4, 2, 0), units(4, 0, 0, likelihood=GAUSSIAN)]
    found = said(*tables, references=predicted(1.5))
    assert "agrees with the grid: β = 1.5 (Bernoulli)" in found
    assert "later collapse than the grid shows: β = 1.5 (Gaussian, σ = 1.0)" in found


def test_no_prediction_no_sentence():
    table = units(4, 2, 0, likelihood="discretized_logistic")
    assert "theory" not in said(table, references=predicted(1.5))
    assert "theory" not in said(units(4, 2, 0))


@pytest.mark.parametrize(("alike", "text"), [((0, 1, 1), "hardly used"), ((0, 0, 1), "")])
def test_codes_that_are_hardly_used(alike, text):
    """Reconstructions may look alike before the last unit dies."""
    tables = [rows("active_units", about(9, 2, 0, spread=0))]
    tables.append(rows("collapsed", about(*alike, spread=0)))
    found = " ".join(collapse(group(*tables)))
    assert ("from β = 1 (Bernoulli) on" in found) is bool(text)
