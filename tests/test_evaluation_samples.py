"""FID and KID against closed forms and brute force, ex-post densities against known codes."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vae.evaluation import distances, samples
from vae.evaluation.distances import (
    FeatureStatistics,
    extract,
    fid,
    frechet_distance,
    kid,
    sample_count,
    squared_mmd,
)
from vae.evaluation.samples import SampleMeasure, evaluate, fitted_codes, training_codes
from vae.features import train_classifier
from vae.likelihoods import GaussianFixedSigma
from vae.metrics import METRICS
from vae.models import VAE, Autoencoder, Decoder, Encoder
from vae.sweep import Cell

CPU = torch.device("cpu")
AUTOENCODER, VAE_CELL = Cell("ae", 0.0, 0), Cell("vae", 0.5, 0)


@pytest.fixture(scope="module")
def classifier(digits):
    return train_classifier(digits, epochs=10, seed=0, device=CPU)


def random_statistics(seed: int, size: int = 5) -> FeatureStatistics:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(size, size))
    return FeatureStatistics(rng.normal(size=size), factor @ factor.T + 0.1 * np.eye(size))


def gaussian_features(count: int, seed: int, size: int) -> Tensor:
    stream = torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=stream, dtype=torch.float64)


def root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def frechet(a: FeatureStatistics, b: FeatureStatistics) -> float:
    """Squared 2-Wasserstein distance of two Gaussians (Dowson & Landau 1982)."""
    half = root(a.covariance)
    cross = np.trace(root(half @ b.covariance @ half))
    traces = np.trace(a.covariance) + np.trace(b.covariance)
    return float(((a.mean - b.mean) ** 2).sum() + traces - 2 * cross)


def identity(kind: type[VAE] = VAE) -> VAE:
    """Codes are the 64 pixels, all but noiseless; decoding returns them."""
    encoder, decoder = nn.Linear(64, 128), nn.Linear(64, 64, bias=False)
    encoder.weight.data = torch.cat([torch.eye(64), torch.zeros(64, 64)])
    encoder.bias.data = torch.cat([torch.zeros(64), torch.full((64,), -30.0)])
    decoder.weight.data = torch.eye(64)
    decoder = nn.Sequential(decoder, nn.Unflatten(1, (1, 8, 8)))
    return kind(
        Encoder(nn.Sequential(nn.Flatten(), encoder), "log_variance"),
        Decoder(decoder, GaussianFixedSigma(0.1), torch.zeros(1, 8, 8)),
        latent_dim=64,
    ).requires_grad_(False)


def test_fid_of_gaussians_on_one_axis_system():
    a = FeatureStatistics(np.array([0.0, 1.0, 2.0]), np.diag([1.0, 4.0, 0.25]))
    b = FeatureStatistics(np.array([3.0, 1.0, 0.0]), np.diag([9.0, 1.0, 0.25]))
    assert frechet_distance(a, b) == pytest.approx(
        (9 + 0 + 4) + (1 - 3) ** 2 + (2 - 1) ** 2, rel=1e-6
    )


@pytest.mark.parametrize("seed", range(3))
def test_fid_is_the_closed_form_and_symmetric(seed):
    a, b = random_statistics(2 * seed), random_statistics(2 * seed + 1)
    assert frechet_distance(a, b) == pytest.approx(frechet(a, b), rel=1e-6)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-6)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_statistics_are_those_of_the_features_of_all_images(classifier, digits):
    x = digits.unit("train")  # more than one batch
    statistics = FeatureStatistics.of(extract(classifier, x, digits.levels))
    features = classifier.features(x).double().numpy()
    np.testing.assert_allclose(statistics.mean, features.mean(0), rtol=1e-4, atol=1e-5)
    centred = features - features.mean(0)
    covariance = centred.T @ centred / (len(x) - 1)
    np.testing.assert_allclose(statistics.covariance, covariance, rtol=1e-3, atol=1e-4)


def test_images_are_rounded_to_grey_levels_first(classifier, digits):
    x = digits.unit("test")
    noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) - 0.5
    near = x + 0.9 * noise / (digits.levels - 1)
    a, b = (extract(classifier, images, digits.levels) for images in (x, near))
    assert fid(a, b) == pytest.approx(0, abs=1e-6)
    finer = (extract(classifier, images, 256) for images in (x, near))
    assert fid(*finer) > 1e-4


def test_fid_of_identical_images_is_zero(classifier, digits):
    features = extract(classifier, digits.unit("test"), digits.levels)
    assert fid(features, features) == pytest.approx(0, abs=1e-6)


def test_fid_of_collapsed_samples_is_large_and_finite(classifier, digits):
    reference = extract(classifier, digits.unit("test"), digits.levels)
    constant = digits.mean_image().expand(382, 1, 8, 8)
    value = fid(extract(classifier, constant, digits.levels), reference)
    assert reference.T.cov().trace() * 0.9 < value < np.inf


@pytest.mark.parametrize(("n", "m"), [(6, 9), (9, 6), (6, 400), (12, 12)])
def test_fid_of_few_images_is_the_closed_form(n, m):
    x, y = gaussian_features(n, 0, 12), 0.5 * gaussian_features(m, 1, 12) + 1
    expected = frechet(FeatureStatistics.of(x), FeatureStatistics.of(y))
    assert fid(x, y) == pytest.approx(expected, rel=1e-6)


def test_fid_does_not_jump_where_the_images_outnumber_the_features():
    x, y = gaussian_features(40, 0, 8), gaussian_features(40, 1, 8) + 0.3
    assert distances._low_rank_fid(x, y) == pytest.approx(fid(x, y), rel=1e-9)


def kernel(a: Tensor, b: Tensor) -> float:
    return (sum(float(s * t) for s, t in zip(a, b, strict=True)) / len(a) + 1) ** 3


def brute_force_mmd(x: Tensor, y: Tensor) -> float:
    """The unbiased estimate, pair by pair (Bińkowski et al. 2018, eq. 4)."""
    n, m, total = len(x), len(y), 0.0
    for sign, a, b, pairs in ((1, x, x, n * (n - 1)), (1, y, y, m * (m - 1)), (-2, x, y, n * m)):
        for i in range(len(a)):
            for j in range(len(b)):
                if a is not b or i != j:
                    total += sign * kernel(a[i], b[j]) / pairs
    return total


@pytest.mark.parametrize(("n", "m"), [(2, 2), (7, 7), (5, 11)])
def test_kid_is_the_double_loop(n, m):
    x, y = gaussian_features(n, 0, 6), 2 * gaussian_features(m, 1, 6) + 0.5
    assert squared_mmd(x, y) == pytest.approx(brute_force_mmd(x, y), rel=1e-12)
    assert squared_mmd(x, y) == pytest.approx(squared_mmd(y, x), rel=1e-12)


def test_kid_uses_every_image_once():
    x, y = gaussian_features(43, 0, 6), gaussian_features(43, 1, 6) + 0.2
    values = [brute_force_mmd(x[i::10], y[i::10]) for i in range(10)]
    assert kid(x, y).value == pytest.approx(np.mean(values), rel=1e-12)
    assert kid(x, y).se == pytest.approx(np.std(values, ddof=1) / np.sqrt(10), rel=1e-12)


def kids(shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Values and errors of KID between two halves of one sample, one half moved by ``shift``."""
    estimates = []
    for seed in range(300):
        a, b = gaussian_features(400, seed, 5).chunk(2)
        estimates.append(kid(a + shift, b)[:2])
    return tuple(np.array(estimates).T)


def test_kid_of_two_halves_of_one_distribution_has_mean_zero():
    values, _ = kids(shift=0)
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(300)
    assert (values < 0).any() and (values > 0).any()


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_the_error_of_kid_is_the_spread_of_its_values(shift):
    values, errors = kids(shift)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.15)


@pytest.mark.parametrize(("count", "has_error"), [(2, False), (3, False), (4, True), (19, True)])
def test_kid_of_very_few_images_is_finite(count, has_error):
    estimate = kid(gaussian_features(count, 0, 3), gaussian_features(count, 1, 3))
    assert np.isfinite(estimate.value)
    assert (estimate.se is not None) == has_error


def test_sample_count_is_what_was_asked_for_or_all_there_is(digits):
    assert [sample_count(digits, n) for n in (0, 1, 100, 382, 1000)] == [382, 1, 100, 382, 382]


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
    drawn = fitted_codes(codes, 3, 3000, seed=0)
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
    standardised = (training_codes(model, x, seed=0) - q.mean.numpy()) / q.std.numpy()
    np.testing.assert_allclose(standardised.mean(0), 0, atol=0.12)
    np.testing.assert_allclose(np.cov(standardised.T), np.eye(3), atol=0.2)
    autoencoder = trained.model(AUTOENCODER)
    np.testing.assert_allclose(
        training_codes(autoencoder, x, seed=0), autoencoder.encode(x).mean, atol=1e-5
    )


def test_every_kind_of_cell_has_its_distances(trained, digits, classifier):
    table = evaluate(trained, digits, classifier, samples=0, seed=0, device=CPU)
    metrics = table.groupby("model")["metric"].agg(set)
    expected = {"fid_reconstruction", "fid_gaussian", "fid_gmm", "kid_gmm"}
    assert metrics["ae"] == expected
    assert metrics["vae"] == {*expected, "fid_prior", "kid_prior"}
    assert (table["value"] > 0).all()
    is_kid = table["metric"].str.startswith("kid_")
    assert (table["se"][is_kid] > 0).all() and table["se"][~is_kid].isna().all()
    assert len(table) == 2 * 4 + 4 * 6
    assert set(table["metric"]) <= set(METRICS)


def test_distances_depend_on_the_seed_alone(trained, digits, classifier):
    model = trained.model(VAE_CELL)
    a, b, c = (
        SampleMeasure(digits, classifier, 200, seed, CPU)(model, VAE_CELL) for seed in (0, 0, 1)
    )
    assert a == b
    assert all(a[name] != c[name] for name in a)


@pytest.mark.parametrize("count", [100, 382])
def test_both_sides_have_equally_many_images(trained, digits, classifier, monkeypatch, count):
    seen = []

    def recording(classifier, images, levels):
        seen.append(images)
        return extract(classifier, images, levels)

    monkeypatch.setattr(samples, "extract", recording)
    SampleMeasure(digits, classifier, count, 0, CPU)(trained.model(VAE_CELL), VAE_CELL)
    assert [len(images) for images in seen] == [count] * 5
    assert torch.equal(seen[0], digits.unit("test")[:count])


@pytest.mark.parametrize("kind", [VAE, Autoencoder])
def test_a_perfect_reconstruction_has_no_distance(digits, classifier, monkeypatch, kind):
    monkeypatch.setattr(samples, "MIXTURE_COMPONENTS", 2)  # for speed: there are 64 dimensions
    cell = VAE_CELL if kind is VAE else AUTOENCODER
    metrics = SampleMeasure(digits, classifier, 382, 0, CPU)(identity(kind), cell)
    assert metrics["fid_reconstruction"].value == pytest.approx(0, abs=1e-5)
    assert metrics["fid_gaussian"].value > 1


def test_ex_post_densities_beat_a_prior_that_the_codes_do_not_follow(
    digits, classifier, monkeypatch
):
    monkeypatch.setattr(samples, "MIXTURE_COMPONENTS", 4)  # for speed: there are 64 dimensions
    metrics = SampleMeasure(digits, classifier, 382, 0, CPU)(identity(), VAE_CELL)
    assert metrics["fid_gmm"].value < metrics["fid_gaussian"].value < metrics["fid_prior"].value
