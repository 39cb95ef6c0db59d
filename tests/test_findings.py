"""Sentences appear when the numbers support them, and only then."""

import pandas as pd
import pytest

from vae.comparison import best_betas
from vae.reporting.findings import findings
from vae.table import COLUMNS

BETAS = (0.5, 1.0, 2.0)


def rows(metric: str, per_beta: dict[float, list[float]], model: str = "vae") -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("digits", "mlp", 10, "bernoulli", model, beta, seed, metric, value, None)
            for beta, values in per_beta.items()
            for seed, value in enumerate(values)
        ],
        columns=COLUMNS,
    )


def said(*tables: pd.DataFrame) -> str:
    metrics = pd.concat(tables)
    return " ".join(findings(metrics, best_betas(metrics)))


def values(*means: float) -> dict[float, list[float]]:
    return {b: [m, m + 0.01, m - 0.01] for b, m in zip(BETAS, means, strict=True)}


def test_agreement_of_elbo_and_fid():
    assert "agree on β = 1" in said(
        rows("elbo", values(1, 5, 2)), rows("fid_prior", values(9, 2, 8))
    )


def test_disagreement_without_a_common_beta():
    text = said(rows("elbo", values(1, 5, 2)), rows("fid_prior", values(9, 8, 2)))
    assert "best at β = 1" in text and "no β is among the best by both" in text


def test_disagreement_that_the_seeds_do_not_support():
    fid = {0.5: [9.0, 9.1, 9.2], 1.0: [2.0, 9.0, 4.0], 2.0: [4.0, 2.0, 8.0]}
    text = said(rows("elbo", values(1, 5, 2)), rows("fid_prior", fid))
    assert "cannot be told from the best by either" in text


@pytest.mark.parametrize(
    ("units", "text"),
    [((4, 2, 0), "From β = 2 on"), ((4, 0, 0), "From β = 1 on"), ((4, 2, 1), "No β of the grid")],
)
def test_collapse(units, text):
    table = rows("active_units", {b: [u] * 3 for b, u in zip(BETAS, units, strict=True)})
    assert text in said(table)


def test_one_dead_beta_between_living_ones_is_no_onset():
    table = rows("active_units", {0.5: [4, 4], 1.0: [0, 0], 2.0: [3, 3]})
    assert "collapsed" not in said(table)


@pytest.mark.parametrize(
    ("autoencoder", "text"),
    [
        ([1.0, 1.1, 1.2], "autoencoder generates better"),
        ([7.0, 7.1, 7.2], "VAE at β = 1 generates"),
    ],
)
def test_autoencoder_against_vae(autoencoder, text):
    ae = rows("fid_gmm", {0.0: autoencoder}, "ae")
    assert text in said(rows("fid_gmm", values(5, 3, 4)), ae)


def test_no_sentence_where_seeds_overlap():
    ae = rows("fid_gmm", {0.0: [2.0, 4.0, 3.0]}, "ae")
    assert "generates better" not in said(rows("fid_gmm", values(5, 3, 4)), ae)


def test_few_effective_samples_are_named():
    assert "At β = 1/2 more than a tenth" in said(rows("ess_low_share", values(0.5, 0.05, 0.02)))
    assert "effective" not in said(rows("ess_low_share", values(0.05, 0.05, 0.02)))


def bits(likelihood: str, means: tuple[float, ...], spread: float) -> pd.DataFrame:
    per_beta = {b: [m, m + spread, m - spread] for b, m in zip(BETAS, means, strict=True)}
    return rows("bits_per_dim", per_beta).assign(likelihood=likelihood)


@pytest.mark.parametrize(
    ("spread", "text"), [(0.01, "discretized logistic is best"), (0.9, "no family is best")]
)
def test_families_in_the_common_currency(spread, text):
    logistic = bits("discretized_logistic", (1.5, 1.0, 1.2), spread)
    laplace = bits("laplace_learned_scale", (1.9, 1.4, 1.6), spread)
    assert text in said(logistic, laplace)
    assert "currency" not in said(logistic)


def test_diverged_cells_are_named():
    assert "1 cell" in said(rows("diverged", {0.5: [0.0, 1.0], 1.0: [0.0, 0.0]}))
    assert "diverged" not in said(rows("diverged", {0.5: [0.0, 0.0]}))
