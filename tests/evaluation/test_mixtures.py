"""Densities fitted on codes against codes whose density is known."""

import numpy as np
import pytest

from vae.configuration.sweep import Cell
from vae.evaluation.mixtures import fitted_codes, predictive_mixture, training_codes

AUTOENCODER, VAE_CELL = Cell("ae", 0.0, 0), Cell("vae", 0.5, 0)


@pytest.mark.parametrize("seed", [0, 1])
def test_one_component_recovers_mean_and_covariance(seed):
    rng = np.random.default_rng(seed)
    covariance = np.array([[2.0, 0.8, 0.0], [0.8, 1.0, -0.3], [0.0, -0.3, 0.5]])
    codes = rng.multivariate_normal([1.0, -2.0, 0.5], covariance, size=2000)
    drawn = fitted_codes(codes, 1, 100_000, seed)
    np.testing.assert_allclose(drawn.mean(0), codes.mean(0), atol=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.04)


def test_a_mixture_recovers_separate_clusters_and_mixes_their_order():
    rng = np.random.default_rng(0)
    centres = np.array([[-6.0, 0.0], [0.0, 6.0], [6.0, 0.0]])
    codes = np.concatenate([rng.normal(centre, 0.5, size=(400, 2)) for centre in centres])
    drawn = fitted_codes(codes, 3, 3000, 0)
    nearest = np.linalg.norm(drawn[:, None] - centres, axis=2).argmin(1)
    np.testing.assert_allclose(np.bincount(nearest) / 3000, 1 / 3, atol=0.04)
    np.testing.assert_allclose(np.bincount(nearest[:300]) / 300, 1 / 3, atol=0.1)
    for i, centre in enumerate(centres):
        np.testing.assert_allclose(drawn[nearest == i].mean(0), centre, atol=0.1)
        np.testing.assert_allclose(drawn[nearest == i].std(0), 0.5, atol=0.05)


@pytest.mark.parametrize("components", [1, 10])
def test_drawn_codes_depend_on_the_seed_alone(components):
    codes = np.random.default_rng(0).normal(size=(500, 3))
    a, b, c = (fitted_codes(codes, components, 50, seed) for seed in (0, 0, 1))
    assert a.shape == (50, 3)
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_training_codes_are_samples_of_the_posteriors(trained, digits):
    x = digits.unit("train")
    model = trained.model(VAE_CELL)
    q = model.encode(x)
    standardised = (training_codes(model, x, 0) - q.mean.numpy()) / q.std.numpy()
    np.testing.assert_allclose(standardised.mean(0), 0, atol=0.12)
    np.testing.assert_allclose(np.cov(standardised.T), np.eye(3), atol=0.2)
    autoencoder = trained.model(AUTOENCODER)
    np.testing.assert_allclose(
        training_codes(autoencoder, x, 0), autoencoder.encode(x).mean, atol=1e-5
    )


def test_the_prior_predicts_its_own_codes_best_and_clusters_do_not_pass_for_it():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(600, 3))
    assert predictive_mixture(codes, 0) is None
    assert predictive_mixture(1.3 * codes, 0).n_components == 1
    clusters = 0.2 * codes + rng.choice([-1.0, 0.0, 1.0], size=(600, 3))
    assert predictive_mixture(clusters, 0).n_components == 10
