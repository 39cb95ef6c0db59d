"""Autoencoder against VAE: each sentence and its opposite."""

import pytest
from made_up import about, group, rows

from vae.reporting.findings.autoencoder import autoencoder

VAE = rows("fid_gmm", about(5, 3, 4))


def ae(*values: float, metric: str = "fid_gmm", likelihood: str = "bernoulli"):
    return rows(metric, {0.0: values}, likelihood, "ae")


def said(*tables) -> str:
    return " ".join(autoencoder(group(*tables)))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((1.0, 1.1, 1.2), "autoencoder generates better than the VAE at its best β in every seed"),
        ((1.0, 1.1, 1.2), "1.10 against 3.00 at β = 1"),
        ((7.0, 7.1, 7.2), "VAE generates better than the autoencoder in every seed"),
        ((7.0, 7.1, 7.2), "3.00 at β = 1 against 7.10"),
        ((2.0, 4.0, 3.0), "With no likelihood does either generate better in every seed."),
    ],
)
def test_who_generates_better(values, text):
    assert text in said(VAE, ae(*values))


@pytest.mark.parametrize("value", [0.01, 0.09])
def test_who_reconstructs_better(value):
    text = said(
        rows("mse_mean", about(0.05, 0.06, 0.07, spread=0.001)), ae(value, metric="mse_mean")
    )
    assert ("autoencoder reconstructs better" in text) == (value < 0.05)
    assert ("VAE reconstructs better" in text) == (value > 0.05)


def test_the_clearest_likelihood_gives_the_numbers():
    other = "discretized_logistic"
    text = said(VAE, VAE.assign(likelihood=other), ae(2, 2, 2), ae(1, 1, 1, likelihood=other))
    assert "most clearly with discretized logistic" in text and "1.00 against 3.00" in text
    assert "Elsewhere" not in text
    text = said(VAE, VAE.assign(likelihood=other), ae(2, 2, 2), ae(2, 3, 4, likelihood=other))
    assert text.endswith("Elsewhere neither wins in every seed.")


def test_no_autoencoder_no_sentence():
    assert not said(VAE)


def test_one_seed_is_not_every_seed():
    text = said(rows("fid_gmm", {1.0: [3.0]}), ae(1.0))
    assert "in the only seed" in text and "every" not in text
