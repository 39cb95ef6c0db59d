import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from vae.__main__ import main
from vae.configuration.sweep import Likelihood, Network, Training
from vae.data.datasets import load_dataset, prepare
from vae.distributions import Gaussian
from vae.evaluation.importance import importance_weights
from vae.models import initial_model
from vae.selfcheck.closed_forms import (
    COLUMNS,
    LATENT_DIM,
    SIGMA,
    choose_betas,
    exact_posterior,
    failures,
    selfcheck,
)
from vae.selfcheck.ppca import LinearDecoder, Moments, active_units

CPU = torch.device("cpu")
ONE_EPOCH = (Training(epochs=1, batch_size=200, learning_rate=1e-3),)
GOOD = {
    "beta": [0.5, 1.0, 4.0],
    "sigma": [0.2] * 3,
    "elbo": [6.0, 7.0, 1.0],
    "optimal_elbo": [6.01, 7.01, 1.0],
    "optimum_gap": [0.05, 0.01, -0.01],
    "bound": [7.5, 7.2, 4.0],
    "exact_bound": [7.6, 7.21, 4.3],
    "exact": [7.6, 7.21, 4.3],
    "local": [7.6, 7.21, 4.3],
    "bound_gap": [0.1, 0.01, 0.3],
    "exact_gap": [0.0, 1e-5, -1e-5],
    "local_gap": [0.0, 1e-4, -1e-4],
    "active_units": [10, 10, 5],
    "predicted_units": [10, 10, 5],
}
BAD = [  # row, column, value, what the message must name
    (0, "optimum_gap", 0.11, "optimum"),
    (2, "optimum_gap", -0.11, "optimum"),
    (2, "optimum_gap", np.nan, "optimum"),
    (0, "exact_gap", 0.002, "exact posterior"),
    (1, "exact_gap", -0.002, "exact posterior"),
    (0, "local_gap", 0.006, "the log-likelihood is not log p(x)"),
    (1, "bound_gap", 0.06, "L_K is not log p(x)"),
    (2, "bound_gap", -0.06, "L_K is above log p(x)"),
    (0, "elbo", 7.6, "ELBO is above L_K"),
    (2, "active_units", 6, "active units"),
]


@pytest.fixture
def few(digits):
    """The digits with few training images, which are those that are measured."""
    return replace(digits, images={**digits.images, "train": digits.images["train"][:200]})


@pytest.fixture
def model(make_sweep):
    """A linear VAE with random weights, large enough that codes matter."""

    def make(sigma: float = 0.3):
        sweep = make_sweep(
            network=Network("linear", ()), likelihood=Likelihood("gaussian_fixed_sigma", sigma)
        )
        stream = torch.Generator().manual_seed(0)
        mean = torch.rand(1, 8, 8, generator=stream)
        return initial_model(sweep, mean, 17, stream).requires_grad_(False)

    return make


@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("samples", [1, 7])
def test_through_the_exact_posterior_every_k_gives_log_p(model, digits, sigma, samples):
    x = digits.unit("test")[:50]
    vae = model(sigma)
    expected = LinearDecoder.of(vae).log_prob(x)
    weights = importance_weights(exact_posterior(vae), x, samples, 0)
    np.testing.assert_allclose(weights.log_likelihood(), expected, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(weights.effective_sample_size(), samples, rtol=1e-3)


def test_the_exact_posterior_is_that_of_the_closed_form(model, digits):
    x = digits.unit("test")[:50]
    exact = exact_posterior(model())
    q = exact.encode(x)
    mean, covariance = LinearDecoder.of(exact).posterior(x)
    np.testing.assert_allclose(q.mean, mean, atol=1e-4)
    np.testing.assert_allclose(q.variance[0], np.diag(covariance), rtol=1e-4)


def test_betas_lie_between_eigenvalues_around_and_above_1(digits):
    moments = Moments.of(digits.unit("train"))
    betas = choose_betas(moments)
    assert len(betas) >= 5
    assert {0.5, 1.0} < set(betas)
    predicted = [active_units(moments, LATENT_DIM, SIGMA**2, beta) for beta in betas]
    assert predicted[0] == LATENT_DIM
    assert predicted[-1] == 0
    assert len(set(predicted)) >= 4
    for beta in betas:
        ratio = moments.eigenvalues[:LATENT_DIM] / (beta * SIGMA**2)
        assert np.maximum(ratio, 1 / ratio).min() > 1.1


def test_a_table_without_fault_passes():
    assert failures(pd.DataFrame(GOOD)[COLUMNS]) == []


@pytest.mark.parametrize(("row", "column", "value", "message"), BAD)
def test_every_fault_is_named_with_its_beta(row, column, value, message):
    table = pd.DataFrame(GOOD)[COLUMNS]
    table.loc[row, column] = value
    (failure,) = failures(table)
    assert message in failure
    assert failure.startswith(f"β = {GOOD['beta'][row]:g}:")


def test_untrained_models_fail_but_their_exact_posterior_does_not(few):
    failed = failures(selfcheck(few, 0, CPU, ONE_EPOCH))
    assert any("optimum" in failure for failure in failed)
    assert not any("exact posterior" in failure for failure in failed)


@pytest.mark.parametrize(
    "wrong",
    [lambda log_prob: log_prob / 64, lambda log_prob: log_prob + 64 * 0.919],
    ids=["averaged over pixels", "without its constant"],
)
def test_a_wrong_likelihood_is_found(few, monkeypatch, wrong):
    right = Gaussian.log_prob
    monkeypatch.setattr(Gaussian, "log_prob", lambda self, x: wrong(right(self, x)))
    failed = failures(selfcheck(few, 0, CPU, ONE_EPOCH))
    assert any("exact posterior" in failure for failure in failed)


def test_images_without_fixed_moments_are_refused(digits, input_error):
    with input_error("digits", "binarised"):
        selfcheck(replace(digits, levels=2), 0, CPU, ONE_EPOCH)


def test_a_failed_check_is_a_failed_command(monkeypatch, capsys):
    monkeypatch.setattr(
        "vae.selfcheck.closed_forms.selfcheck",
        lambda *_: pd.DataFrame(GOOD)[COLUMNS].assign(active_units=3),
    )
    with pytest.raises(SystemExit) as caught:
        main(["selfcheck", "--device", "cpu"])
    assert "active units" in caught.value.code  # a message: exit status 1
    assert "log p(x)" in capsys.readouterr().out


@pytest.mark.slow
def test_trained_linear_vaes_are_probabilistic_pca(capsys):
    assert main(["selfcheck", "--device", "cpu"]) == 0
    assert "1157 training images of digits" in capsys.readouterr().out


@pytest.mark.slow
def test_betas_for_real_images_differ_in_active_units(tmp_path):
    if "VAE_DATASET_MIRROR" not in os.environ:
        pytest.skip("VAE_DATASET_MIRROR names no mirror of the datasets")
    prepare("mnist", tmp_path / "mnist.npz", os.environ["VAE_DATASET_MIRROR"])
    moments = Moments.of(load_dataset(tmp_path / "mnist.npz").unit("train")[:2000])
    betas = choose_betas(moments)
    assert len({active_units(moments, LATENT_DIM, SIGMA**2, beta) for beta in betas}) == 4
