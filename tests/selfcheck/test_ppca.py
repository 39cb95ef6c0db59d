import math
import os

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

from vae.configuration.sweep import Likelihood, Network
from vae.data.datasets import load_dataset, prepare
from vae.models import initial_model
from vae.selfcheck.ppca import (
    LinearDecoder,
    Moments,
    active_units,
    fixed_variance,
    maximum_likelihood,
    optimum,
)

PIXELS = 6
GRID = [(variance, beta) for variance in (0.05, 0.3) for beta in (0.3, 1.0, 2.5, 8.0)]
EIGENVALUES = {  # /255, all 60,000 training images
    "mnist": ([5.117, 3.741, 3.253, 2.842, 2.567, 2.274, 1.725], 52.73),
    "fashion_mnist": ([19.81, 12.11, 4.106, 3.382], 68.22),
}


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    """Correlated images (N, D) that are not normally distributed."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, 1, (400, PIXELS)) @ rng.normal(size=(PIXELS, PIXELS)) + 3


@pytest.fixture(scope="module")
def moments(x) -> Moments:
    return Moments.of(x)


@pytest.fixture
def decoder() -> LinearDecoder:
    rng = np.random.default_rng(1)
    return LinearDecoder(rng.normal(size=(PIXELS, 3)), rng.normal(size=PIXELS), 0.4)


def covariance(decoder: LinearDecoder) -> np.ndarray:
    return decoder.weight @ decoder.weight.T + decoder.variance * np.eye(PIXELS)


def test_moments_put_the_covariance_together(x, moments):
    vectors = moments.eigenvectors
    centred = x - x.mean(0)
    np.testing.assert_allclose(
        vectors @ np.diag(moments.eigenvalues) @ vectors.T, centred.T @ centred / len(x)
    )
    np.testing.assert_allclose(moments.mean, x.mean(0))
    assert (np.diff(moments.eigenvalues) <= 0).all()


def test_moments_take_images_of_any_shape(x, moments):
    images = torch.from_numpy(x).reshape(-1, 1, 2, 3)
    np.testing.assert_allclose(Moments.of(images).eigenvalues, moments.eigenvalues)


def test_log_prob_is_that_of_the_normal_distribution(x, decoder):
    expected = multivariate_normal(decoder.mean, covariance(decoder)).logpdf(x)
    np.testing.assert_allclose(decoder.log_prob(x), expected)


def test_log_prob_is_the_integral_over_codes(x):
    decoder = LinearDecoder(np.linspace(-1, 1, PIXELS)[:, None], x.mean(0), 0.5)
    for image in x[:5]:

        def joint(z, image=image):
            mean = decoder.weight[:, 0] * z + decoder.mean
            return norm.pdf(z) * norm(mean, math.sqrt(decoder.variance)).pdf(image).prod()

        integral, _ = quad(joint, -10, 10, epsabs=0, epsrel=1e-10)
        assert decoder.log_prob(image[None])[0] == pytest.approx(math.log(integral), rel=1e-8)


def test_posterior_obeys_bayes(x, decoder):
    means, cov = decoder.posterior(x)
    for z in np.random.default_rng(2).normal(size=(3, 3)):
        noise = norm(decoder.weight @ z + decoder.mean, math.sqrt(decoder.variance))
        joint = noise.logpdf(x).sum(1) + norm.logpdf(z).sum()
        posterior = [multivariate_normal(mean, cov).logpdf(z) for mean in means]
        np.testing.assert_allclose(joint - posterior, decoder.log_prob(x))


def test_rotation_keeps_the_images_and_separates_the_codes(x, decoder):
    rotated = decoder.rotated()
    np.testing.assert_allclose(rotated.log_prob(x), decoder.log_prob(x))
    _, cov = rotated.posterior(x)
    np.testing.assert_allclose(cov, np.diag(np.diag(cov)), atol=1e-14)


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_maximum_likelihood_cannot_be_improved(x, moments, latent_dim):
    best = maximum_likelihood(moments, latent_dim)
    rng = np.random.default_rng(3)
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(20):
            other = LinearDecoder(
                best.weight + size * rng.normal(size=best.weight.shape),
                best.mean + size * rng.normal(size=PIXELS),
                best.variance * math.exp(size * rng.normal()),
            )
            assert other.log_prob(x).mean() < best.log_prob(x).mean()


def test_maximum_likelihood_recovers_what_made_the_images(decoder):
    rng = np.random.default_rng(4)
    x = rng.multivariate_normal(decoder.mean, covariance(decoder), 100_000)
    found = maximum_likelihood(Moments.of(x), 3)
    np.testing.assert_allclose(covariance(found), covariance(decoder), atol=0.1)
    assert found.variance == pytest.approx(decoder.variance, rel=0.02)


class LinearVAE:
    """distortion and rate of any linear VAE with diagonal posterior, from the moments alone."""

    def __init__(self, parameters: np.ndarray, latent_dim: int) -> None:
        sizes = PIXELS * latent_dim
        w, v, self.log_variance = np.split(parameters, [sizes, 2 * sizes])
        self.w, self.v = w.reshape(PIXELS, latent_dim), v.reshape(latent_dim, PIXELS)

    def terms(self, s: np.ndarray, variance: float) -> tuple[float, float]:
        residual = np.eye(PIXELS) - self.w @ self.v
        variances = np.exp(self.log_variance)
        error = np.trace(residual @ s @ residual.T) + ((self.w**2) @ variances).sum()
        means = np.trace(self.v @ s @ self.v.T)
        rate = 0.5 * (means + (variances - 1 - self.log_variance).sum())
        return PIXELS / 2 * math.log(2 * math.pi * variance) + error / (2 * variance), rate


@pytest.mark.parametrize(("variance", "beta"), GRID)
@pytest.mark.parametrize("latent_dim", [1, 3])
def test_optimum_is_what_minimisation_finds(x, moments, latent_dim, variance, beta):
    s = np.cov(x, rowvar=False, bias=True)

    def objective(parameters):
        distortion, rate = LinearVAE(parameters, latent_dim).terms(s, variance)
        return distortion + beta * rate

    start = np.random.default_rng(6).normal(size=2 * PIXELS * latent_dim + latent_dim) * 0.3
    found = minimize(objective, start, method="L-BFGS-B", options={"maxfun": 10**5, "ftol": 1e-13})
    best = optimum(moments, latent_dim, variance, beta)
    assert found.fun == pytest.approx(best.objective(beta), abs=2e-4)
    distortion, rate = LinearVAE(found.x, latent_dim).terms(s, variance)
    assert distortion == pytest.approx(best.distortion, abs=0.02)
    assert rate == pytest.approx(best.rate, abs=0.02)


@pytest.mark.parametrize(("variance", "beta"), GRID)
def test_the_objective_is_beta_times_that_of_the_scaled_variance(moments, variance, beta):
    def constant(v):
        return PIXELS / 2 * math.log(2 * math.pi * v)

    scaled = optimum(moments, 2, beta * variance, 1.0)
    here = optimum(moments, 2, variance, beta).objective(beta) - constant(variance)
    there = scaled.objective(1.0) - constant(beta * variance)
    assert here == pytest.approx(beta * there)
    assert optimum(moments, 2, variance, beta).rate == pytest.approx(scaled.rate)


@pytest.mark.parametrize("variance", [0.01, 0.1, 0.5])
def test_at_beta_1_the_best_elbo_is_the_log_likelihood(x, moments, variance):
    exact = fixed_variance(moments, 3, variance).log_prob(x).mean()
    assert optimum(moments, 3, variance, 1.0).elbo == pytest.approx(exact)


@pytest.mark.parametrize(("variance", "beta"), GRID)
def test_no_beta_has_a_higher_elbo_than_1(moments, variance, beta):
    ours, best = (optimum(moments, 2, variance, b).elbo for b in (beta, 1.0))
    assert ours == best if beta == 1 else ours < best


def test_active_units_are_the_eigenvalues_above_the_scaled_variance(moments):
    values = moments.eigenvalues
    for i, value in enumerate(values):
        assert active_units(moments, PIXELS, value * 0.999 / 2, 2.0) == i + 1
        assert active_units(moments, PIXELS, value * 1.001 / 2, 2.0) == i
    assert active_units(moments, 2, values[-1] / 2, 1.0) == 2


@pytest.mark.parametrize("variance", [0.01, 0.1, 0.5, 5.0])
def test_active_units_are_the_columns_in_use(moments, variance):
    used = np.any(fixed_variance(moments, 4, variance).weight, axis=0).sum()
    assert active_units(moments, 4, variance / 4, 4.0) == used


def model(make_sweep, likelihood: Likelihood, network: Network):
    sweep = make_sweep(likelihood=likelihood, network=network)
    stream = torch.Generator().manual_seed(0)
    mean = torch.rand(1, 8, 8, generator=stream)
    return initial_model(sweep, mean, 17, stream).requires_grad_(False)


LINEAR = Network("linear", ())


@pytest.mark.parametrize(
    "likelihood", [Likelihood("gaussian_fixed_sigma", 0.3), Likelihood("gaussian_learned_sigma")]
)
def test_a_models_decoder_is_read_exactly(make_sweep, likelihood):
    vae = model(make_sweep, likelihood, LINEAR)
    decoder, z = LinearDecoder.of(vae), torch.randn(5, 3)
    p = vae.decode(z)
    means = (z.numpy() @ decoder.weight.T + decoder.mean).reshape(5, 1, 8, 8)
    np.testing.assert_allclose(p.mean, means, atol=1e-6)
    assert decoder.variance == pytest.approx(math.exp(2 * p.log_scale.item()))
    assert next(vae.parameters()).dtype == torch.float32


@pytest.mark.parametrize(
    ("likelihood", "network", "message"),
    [
        (Likelihood("gaussian_learned_sigma"), Network("mlp", (4,)), "linear decoder"),
        (Likelihood("bernoulli"), LINEAR, "Gaussian"),
        (Likelihood("laplace_learned_scale"), LINEAR, "Gaussian"),
        (Likelihood("gaussian_dimension_sigma"), LINEAR, "single σ"),
        (Likelihood("gaussian_pixel_sigma"), LINEAR, "single σ"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_other_models_are_refused(make_sweep, likelihood, network, message):
    with pytest.raises(ValueError, match=message):
        LinearDecoder.of(model(make_sweep, likelihood, network))


@pytest.mark.slow
@pytest.mark.parametrize("name", EIGENVALUES)
def test_eigenvalues_of_the_real_images(tmp_path, name):
    if "VAE_DATASET_MIRROR" not in os.environ:
        pytest.skip("VAE_DATASET_MIRROR names no mirror of the datasets")
    prepare(name, tmp_path / "data.npz", os.environ["VAE_DATASET_MIRROR"])
    dataset = load_dataset(tmp_path / "data.npz")
    moments = Moments.of(torch.cat([dataset.unit("train"), dataset.unit("validation")]))
    largest, total = EIGENVALUES[name]
    for value, expected in zip(moments.eigenvalues, largest, strict=False):
        assert value == pytest.approx(expected, rel=5e-4)
    assert moments.eigenvalues.sum() == pytest.approx(total, abs=0.005)
    if name == "mnist":
        assert [active_units(moments, 10, 1.0, beta) for beta in (4.0, 5.2)] == [1, 0]
