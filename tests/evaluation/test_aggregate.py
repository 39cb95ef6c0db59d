"""Mutual information and marginal KL where both are known, and the tests against the prior."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import kstest, norm
from torch import Tensor

from vae.distributions import DiagonalGaussian
from vae.evaluation import aggregate
from vae.evaluation.aggregate import aggregate_estimate, log_aggregate, prior_tests


def posteriors(mean: Tensor, variance: float | Tensor) -> DiagonalGaussian:
    mean = mean.double()
    return DiagonalGaussian(mean, torch.as_tensor(variance).double().log().expand_as(mean))


def gaussian_means(count: int, latent_dim: int, std: float) -> Tensor:
    """Means whose aggregate is close to N(0, std²): a shuffled grid of quantiles per dimension."""
    grid = torch.from_numpy(norm.ppf((np.arange(count) + 0.5) / count)) * std
    return torch.stack([grid[torch.randperm(count)] for _ in range(latent_dim)], 1)


def information(std: float, variance: float, latent_dim: int) -> float:
    """I(x; z) where z ~ N(m, v) in each dimension and m ~ N(0, std²)."""
    return latent_dim / 2 * math.log(1 + std**2 / variance)


def means(q: DiagonalGaussian, seed: int = 0) -> tuple[float, float]:
    estimate = aggregate_estimate(q, seed)
    return estimate.mutual_information.mean().item(), estimate.marginal_kl.mean().item()


def test_log_density_of_the_mixture_against_scipy():
    q = posteriors(torch.randn(7, 2), torch.rand(7, 2) + 0.1)
    z = torch.randn(5, 2).double()
    density = norm.pdf(z[:, None], q.mean[None], q.std[None]).prod(-1).mean(1)
    np.testing.assert_allclose(log_aggregate(q, z), np.log(density), rtol=1e-12)


@pytest.mark.parametrize("block", [1, 100, 10**9])
def test_cutting_the_work_changes_nothing(monkeypatch, block):
    q = posteriors(torch.randn(41, 3), 0.3)
    whole = aggregate_estimate(q, 0)
    monkeypatch.setattr(aggregate, "BLOCK_FLOATS", block)
    cut = aggregate_estimate(q, 0)
    torch.testing.assert_close(cut.mutual_information, whole.mutual_information)
    torch.testing.assert_close(cut.marginal_kl, whole.marginal_kl)


def test_never_more_than_a_block_of_densities_at_once(monkeypatch):
    largest = []
    log_prob = DiagonalGaussian.log_prob

    def recorded(self, z):
        largest.append(torch.broadcast_shapes(z.shape, self.mean.shape).numel())
        return log_prob(self, z)

    monkeypatch.setattr(DiagonalGaussian, "log_prob", recorded)
    monkeypatch.setattr(aggregate, "BLOCK_FLOATS", 5000)
    log_aggregate(posteriors(torch.randn(100, 4), 0.3), torch.randn(1000, 4).double())
    assert max(largest) <= 5000 and sum(largest) == 1000 * 100 * 4


@pytest.mark.parametrize(("std", "variance"), [(0.8, 0.36), (0.5, 1.0), (1.5, 0.6)])
@pytest.mark.parametrize("latent_dim", [1, 2, 3])
def test_jointly_gaussian_images_and_codes(std, variance, latent_dim):
    q = posteriors(gaussian_means(2000, latent_dim, std), variance)
    total = std**2 + variance
    mutual_information, marginal_kl = means(q)
    assert mutual_information == pytest.approx(information(std, variance, latent_dim), abs=0.09)
    exact = latent_dim / 2 * (total - 1 - math.log(total))
    assert marginal_kl == pytest.approx(exact, abs=0.09)


def test_posteriors_that_do_not_overlap_give_log_n():
    mutual_information, _ = means(posteriors(1000.0 * torch.arange(50)[:, None], 0.1))
    assert mutual_information == pytest.approx(math.log(50), abs=1e-9)


def test_two_groups_of_images_give_one_bit():
    groups = torch.tensor([-100.0, 100.0]).repeat(30)[:, None]
    assert means(posteriors(groups, 2.0))[0] == pytest.approx(math.log(2), abs=1e-9)


def test_a_posterior_that_is_the_prior_gives_zero_and_zero():
    estimate = aggregate_estimate(posteriors(torch.zeros(30, 4), 1.0), 0)
    zeros = torch.zeros(30).double()
    torch.testing.assert_close(estimate.mutual_information, zeros, atol=1e-12, rtol=0)
    torch.testing.assert_close(estimate.marginal_kl, zeros, atol=1e-12, rtol=0)


def test_one_posterior_for_all_images_only_differs_from_the_prior():
    mutual_information, marginal_kl = means(posteriors(torch.full((300, 2), 1.0), 0.5))
    assert mutual_information == pytest.approx(0, abs=1e-12)
    assert marginal_kl == pytest.approx(0.5 + math.log(2), abs=0.1)


def test_no_image_s_information_exceeds_log_n():
    q = posteriors(torch.randn(60, 5), torch.logspace(-12, 1, 60)[:, None])
    estimate = aggregate_estimate(q, 0)
    assert estimate.mutual_information.max() <= math.log(60) + 1e-9


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_the_parts_sum_to_the_rate_in_expectation(scale):
    q = posteriors(scale * torch.randn(400, 5), torch.rand(400, 5) + 0.05)
    estimate = aggregate_estimate(q, 0)
    difference = estimate.mutual_information + estimate.marginal_kl - q.kl_per_dimension().sum(-1)
    error = difference.std().item() / math.sqrt(400)
    assert difference.mean().item() == pytest.approx(0, abs=3.5 * error)
    assert error < 0.2


@pytest.mark.parametrize("part", ["mutual_information", "marginal_kl"])
def test_the_standard_error_is_the_spread_over_sets_of_images(part):
    estimates, errors = [], []
    for seed in range(150):
        stream = torch.Generator().manual_seed(seed)
        images = 4 * torch.rand(100, 1, generator=stream).square()  # terms differ by image
        terms = getattr(aggregate_estimate(posteriors(images, 0.4), seed), part)
        estimates.append(terms.mean().item())
        errors.append(terms.std().item() / 10)
    assert np.mean(errors) == pytest.approx(np.std(estimates, ddof=1), rel=0.25)


@pytest.mark.parametrize("latent_dim", [1, 10])
def test_the_error_is_small_two_nats_below_the_ceiling_and_large_at_it(latent_dim):
    def missing(gap: float) -> tuple[float, float]:
        exact = math.log(1000) - gap
        variance = math.exp(-2 * exact / latent_dim)  # of codes with variance 1 in all
        q = posteriors(gaussian_means(1000, latent_dim, math.sqrt(1 - variance)), variance)
        estimate = means(q)[0]
        return math.log(1000) - estimate, exact - estimate

    gap, error = missing(1.5 if latent_dim == 10 else 2.0)
    assert gap > 1.9 and abs(error) < 0.65
    gap, error = missing(-1.0)
    assert gap < 1 and error > 1


def test_kolmogorov_smirnov_against_scipy():
    codes = torch.randn(200, 3).double() * torch.tensor([1.0, 0.5, 1.0]) + torch.tensor([0, 0, 1])
    statistic, p_value = prior_tests(codes)
    for j in range(3):
        expected = kstest(codes[:, j].numpy(), norm.cdf)
        assert statistic[j] == pytest.approx(expected.statistic)
        assert p_value[j] == pytest.approx(expected.pvalue)
    assert p_value[0] > 0.01 and p_value[1] < 0.01 and p_value[2] < 1e-9


def test_the_prior_is_rejected_as_often_as_the_level_says():
    _, p_value = prior_tests(torch.randn(100, 400).double())
    assert (p_value < 0.1).mean() == pytest.approx(0.1, abs=0.045)  # three standard deviations
