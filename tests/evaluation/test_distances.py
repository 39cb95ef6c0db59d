"""FID and KID against closed forms, pytorch-fid and loops; their errors against resampling."""

import warnings

import numpy as np
import pytest
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from torch import Tensor

from vae.evaluation.distances import FeatureGaussian, extract, fid, kid

CPU = torch.device("cpu")


def gaussian_features(count: int, seed: int, size: int) -> Tensor:
    stream = torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=stream, dtype=torch.float64)


def skewed(count: int, seed: int, size: int = 6, spread: float = 1.0) -> Tensor:
    """Correlated features that are no Gaussian, moved by their spread."""
    mix = gaussian_features(size, 99, size)
    return (gaussian_features(count, seed, size) * spread + 0.3).exp() @ mix / size


def fid_of(x: Tensor, y: Tensor) -> float:
    return fid(y, FeatureGaussian(x)).value


def by_pytorch_fid(x: Tensor, y: Tensor) -> float:
    statistics = [(v.mean(0).numpy(), v.T.cov().numpy()) for v in (x, y)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(calculate_frechet_distance(*statistics[0], *statistics[1]))


def exactly(mean: list[float], variance: list[float]) -> Tensor:
    """Features with exactly this mean and diagonal covariance."""
    x = gaussian_features(100, 0, len(mean))
    x = x - x.mean(0)
    white = x @ torch.linalg.inv(torch.linalg.cholesky(x.T.cov())).T
    return white * torch.tensor(variance).double().sqrt() + torch.tensor(mean)


def test_fid_of_gaussians_on_one_axis_system():
    x = exactly([0.0, 1.0, 2.0], [1.0, 4.0, 0.25])
    y = exactly([3.0, 1.0, 0.0], [9.0, 1.0, 0.25])
    assert fid_of(x, y) == pytest.approx((9 + 0 + 4) + (1 - 3) ** 2 + (2 - 1) ** 2, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_fid_is_that_of_pytorch_fid_and_symmetric(seed):
    x, y = skewed(60, seed), skewed(400, seed + 10, spread=0.7) + 0.5
    assert fid_of(x, y) == pytest.approx(by_pytorch_fid(x, y), rel=1e-6)
    assert fid_of(y, x) == pytest.approx(fid_of(x, y), rel=1e-9)
    assert fid_of(x, x) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(6, 9), (9, 6), (6, 400), (12, 12)])
def test_fid_of_fewer_images_than_features_is_that_of_singular_values(n, m):
    x, y = gaussian_features(n, 0, 12), 0.5 * gaussian_features(m, 1, 12) + 1
    a, b = (x - x.mean(0)) / np.sqrt(n - 1), (y - y.mean(0)) / np.sqrt(m - 1)
    traces = a.square().sum() + b.square().sum() - 2 * torch.linalg.svdvals(a @ b.T).sum()
    expected = (x.mean(0) - y.mean(0)).square().sum() + traces
    assert fid_of(x, y) == pytest.approx(float(expected), rel=1e-5)


def test_images_are_rounded_to_grey_levels_first(classifier, digits):
    x = digits.unit("test")
    noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) - 0.5
    near = x + 0.9 * noise / (digits.levels - 1)
    assert fid_of(*(extract(classifier, i, digits.levels) for i in (x, near))) < 1e-6
    assert fid_of(*(extract(classifier, i, 256) for i in (x, near))) > 1e-4


def test_fid_of_collapsed_samples_is_large_with_a_finite_error(classifier, digits):
    reference = extract(classifier, digits.unit("test"), digits.levels)
    constant = digits.mean_image().expand(397, 1, 8, 8)
    found = fid(extract(classifier, constant, digits.levels), FeatureGaussian(reference))
    assert reference.T.cov().trace() * 0.9 < found.value < np.inf
    assert 0 < found.se < found.value


def test_the_mean_of_the_pseudo_values_is_the_distance():
    x, y = skewed(80, 0), skewed(300, 1, spread=0.7)
    for estimate in (fid(y, FeatureGaussian(x)), kid(y, x)):
        assert estimate.per_image.shape == (80,)
        assert estimate.per_image.mean() == pytest.approx(estimate.value, rel=1e-5)


@pytest.mark.parametrize("distance", [lambda y, x: fid(y, FeatureGaussian(x)), kid])
def test_an_influence_is_what_an_image_given_more_weight_changes(distance):
    """Finite differences: every image many times, and one of them twice as often."""
    x, y = skewed(80, 0), skewed(300, 1, spread=0.7) + 0.3
    many = x.repeat(50, 1)
    base = distance(y, many)
    for i in (0, 7, 33):
        more = distance(y, torch.cat([many, x[i].expand(50, -1)]))
        slope = (more.value - base.value) / (50 / (len(many) + 50))
        assert slope == pytest.approx(base.per_image[i] - base.value, rel=0.1, abs=0.05)


@pytest.mark.parametrize("distance", [lambda y, x: fid(y, FeatureGaussian(x)), kid])
def test_the_error_is_the_spread_over_fresh_images_of_both_sides(distance):
    estimates = [
        distance(skewed(900, 1000 + seed, 4, 0.5) + 0.2, skewed(300, seed, 4, 0.4))
        for seed in range(200)
    ]
    spread = np.std([e.value for e in estimates], ddof=1)
    assert np.sqrt(np.mean([e.se**2 for e in estimates])) == pytest.approx(spread, rel=0.2)


@pytest.mark.parametrize("distance", [lambda y, x: fid(y, FeatureGaussian(x)), kid])
def test_the_pseudo_values_say_what_the_bootstrap_over_test_images_says(distance):
    x, y = skewed(400, 0, 4, 0.4), skewed(2000, 1, 4, 0.5)
    rng = np.random.default_rng(0)
    drawn = [distance(y, x[rng.integers(0, 400, 400)]).value for _ in range(200)]
    error = distance(y, x).per_image.std(ddof=1) / np.sqrt(400)
    assert error == pytest.approx(np.std(drawn, ddof=1), rel=0.25)


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
    assert kid(x, y).value == pytest.approx(brute_force_mmd(x, y), rel=1e-12)
    assert kid(y, x).value == pytest.approx(kid(x, y).value, rel=1e-12)


def test_kid_does_not_depend_on_the_block(monkeypatch):
    x, y = gaussian_features(50, 0, 6), gaussian_features(33, 1, 6)
    expected = kid(x, y)
    monkeypatch.setattr("vae.evaluation.distances.BLOCK", 7)
    found = kid(x, y)
    assert found.value == pytest.approx(expected.value, rel=1e-10)
    assert found.se == pytest.approx(expected.se, rel=1e-10)


def test_kid_of_two_halves_of_one_distribution_has_mean_zero_and_its_error():
    found = [kid(*gaussian_features(400, seed, 5).chunk(2)) for seed in range(200)]
    values = np.array([e.value for e in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(200)
    assert (values < 0).any() and (values > 0).any()
    assert np.sqrt(np.mean([e.se**2 for e in found])) == pytest.approx(values.std(), rel=0.2)
