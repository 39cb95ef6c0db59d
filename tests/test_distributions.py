import math
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor
from torch.nn.functional import softplus

from vae.distributions import (
    Bernoulli,
    ContinuousBernoulli,
    DiagonalGaussian,
    DiscretizedLogistic,
    Gaussian,
    PixelDistribution,
    PointMass,
    log1mexp,
    quantise,
)

LEVELS = (2, 17, 256)
SAMPLES = 40_000
PIXEL = (1, 1, 1, 1)
NODES, WEIGHTS = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(40))


def gauss_legendre(edges: Tensor) -> tuple[Tensor, Tensor]:
    """Points and weights that integrate over the panels between ``edges``."""
    half = edges.diff()[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * NODES).flatten(), (half * WEIGHTS).flatten()


def grey_levels(levels: int) -> tuple[Tensor, Tensor]:
    return torch.arange(levels).double() / (levels - 1), torch.ones(levels).double()


def unit_interval() -> tuple[Tensor, Tensor]:
    """The integral over [0, 1], with panels that shrink towards both ends."""
    left = torch.cat([torch.zeros(1), 2.0 ** torch.arange(-20, 0)]).double()
    return gauss_legendre(torch.cat([left, 1 - left.flip(0)[1:]]))


def real_line(mean: float, log_scale: float) -> tuple[Tensor, Tensor]:
    t, w = gauss_legendre(torch.linspace(-12, 12, 25).double())
    return mean + math.exp(log_scale) * t, math.exp(log_scale) * w


@dataclass(frozen=True)
class Case:
    """A distribution of one pixel, and how to integrate over its values."""

    family: type
    parameters: tuple[float, ...]
    levels: int = 0

    def __str__(self) -> str:
        return f"{self.family.__name__}{self.levels or ''}{self.parameters}"

    def make(self, *shape: int, dtype: torch.dtype = torch.float64) -> PixelDistribution:
        """The distribution of images (N, C, H, W) whose pixels are all alike."""
        tensors = [torch.full(shape or PIXEL, p, dtype=dtype) for p in self.parameters]
        return self.family(*tensors, *([self.levels] if self.levels else []))

    def support(self) -> tuple[Tensor, Tensor]:
        """Values and weights: Σ weight · probability · f(value) is the expectation of f."""
        if self.family is ContinuousBernoulli:
            return unit_interval()
        if self.family is Gaussian:
            return real_line(*self.parameters)
        return grey_levels(self.levels or 2)

    def expectation(self, f) -> float:
        x, w = self.support()
        return (w * self.make().log_prob(x.reshape(-1, 1, 1, 1)).exp() * f(x)).sum().item()


LOGITS = (-50.0, -20.0, -3.0, -0.61, -0.59, -1e-3, -1e-9, 0.0, 1e-6, 0.1, 0.6, 1.0, 8.0, 50.0)
CASES = [
    *(Case(Bernoulli, (logit,)) for logit in (-1e3, -5.0, 0.0, 0.7, 1e3)),
    *(Case(ContinuousBernoulli, (logit,)) for logit in (-1e3, *LOGITS, 300.0, 1e3)),
    *(Case(Gaussian, (m, s)) for m in (-5.0, 0.0, 0.4) for s in (-12.0, -1.2, 0.0, 6.0)),
    *(
        Case(DiscretizedLogistic, (location, log_scale), levels)
        for levels in LEVELS
        for location in (-10.0, 0.0, 0.37, 1.0, 4.0)
        for log_scale in (-7.0, -2.0, 0.0, 7.0)
    ),
]
ORDINARY = [  # those whose samples vary enough for a Monte-Carlo estimate
    *(Case(Bernoulli, (logit,)) for logit in (-2.0, 0.0, 0.7)),
    *(Case(ContinuousBernoulli, (logit,)) for logit in (-20.0, -0.61, -1e-9, 0.0, 0.3, 5.0, 50.0)),
    *(Case(Gaussian, p) for p in ((0.4, -1.2), (-5.0, 2.0))),
    *(
        Case(DiscretizedLogistic, p, levels)
        for levels in LEVELS
        for p in ((0.0, -2.0), (0.5, -1.0), (0.37, 0.5), (0.9, -2.0))
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_probability_sums_or_integrates_to_one(case):
    assert case.expectation(torch.ones_like) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_mean_is_the_expected_value(case):
    scale = 1 + abs(case.parameters[0]) if case.family is Gaussian else 1
    assert case.make().mean.item() == pytest.approx(
        case.expectation(lambda x: x), abs=1e-7 * scale
    )


@pytest.mark.parametrize("case", ORDINARY, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_samples_have_the_mean_and_variance_of_the_distribution(case, dtype):
    mean = case.expectation(lambda x: x)
    x = case.make(SAMPLES, 1, 1, 1, dtype=dtype).sample(torch.Generator().manual_seed(1))
    assert x.dtype == dtype
    assert x.shape == (SAMPLES, 1, 1, 1)
    for power in (1, 2):
        expected = case.expectation(lambda x, p=power: (x - mean) ** p)
        values = (x.double() - mean) ** power
        assert abs(values.mean() - expected) < 5 * values.std() / SAMPLES**0.5 + 1e-6


@pytest.mark.parametrize("case", [c for c in CASES if c.family is not Gaussian], ids=str)
def test_samples_are_possible_values(case):
    x = case.make(2000, 1, 1, 1, dtype=torch.float32).sample(torch.Generator().manual_seed(2))
    assert x.isfinite().all()
    assert case.make().log_prob(x.double()).isfinite().all()
    assert x.min() >= 0
    assert x.max() <= 1
    if case.family is not ContinuousBernoulli:
        assert torch.equal(x, quantise(x, case.levels or 2))


@pytest.mark.parametrize("case", ORDINARY, ids=str)
def test_samples_come_from_the_generator_alone(case):
    a, b, c = (
        case.make(50, 1, 1, 1).sample(torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


@pytest.mark.parametrize("case", ORDINARY, ids=str)
def test_log_prob_sums_over_pixels(case):
    x = torch.rand(4, 3, 1, 2, generator=torch.Generator().manual_seed(5)).double().round()
    one_by_one = case.make().log_prob(x.reshape(24, 1, 1, 1)).reshape(4, 6)
    log_prob = case.make(3, 1, 2).log_prob(x)
    assert log_prob.shape == (4,)
    torch.testing.assert_close(log_prob, one_by_one.sum(1))


@pytest.mark.parametrize("case", ORDINARY, ids=str)
def test_doubling_an_image_doubles_its_log_prob(case):
    x = torch.ones(1, 5, 14).double()
    whole, half = case.make(1, 5, 14).log_prob(x), case.make(1, 5, 7).log_prob(x[..., :7])
    torch.testing.assert_close(whole, 2 * half)


@pytest.mark.parametrize("case", ORDINARY, ids=str)
def test_float32_agrees_with_float64(case):
    x = case.support()[0].clamp(0, 1)
    exact = case.make().log_prob(x.reshape(-1, 1, 1, 1))
    rounded = case.make(dtype=torch.float32).log_prob(x.float().reshape(-1, 1, 1, 1))
    torch.testing.assert_close(rounded.double(), exact, atol=2e-5, rtol=2e-5)


# Closed forms against independent implementations


def pixels(*values: float) -> Tensor:
    return torch.tensor(values).double().reshape(-1, 1, 1, 1)


GREY = pixels(0.0, 1e-6, 0.1, 0.25, 0.5, 0.9, 1.0)


@pytest.mark.parametrize("logit", [-30.0, -2.0, 0.0, 0.7, 15.0])
def test_bernoulli_against_torch(logit):
    logits = torch.full_like(GREY, logit)
    expected = torch.distributions.Bernoulli(logits=logits, validate_args=False).log_prob(GREY)
    torch.testing.assert_close(Bernoulli(logits).log_prob(GREY), expected.sum((1, 2, 3)))


@pytest.mark.parametrize("grey", [0.0, 0.2, 0.5, 1.0])
def test_bernoulli_on_grey_is_the_expectation_over_binarised_images(grey):
    p = Bernoulli(pixels(-1.3))
    white, black = p.log_prob(pixels(1.0)), p.log_prob(pixels(0.0))
    torch.testing.assert_close(p.log_prob(pixels(grey)), grey * white + (1 - grey) * black)


@pytest.mark.parametrize("logit", [-15.0, -3.0, -0.8, 0.2, 0.59, 0.61, 1.0, 9.0, 15.0])
def test_continuous_bernoulli_against_torch(logit):
    logits = torch.full_like(GREY, logit)
    reference = torch.distributions.ContinuousBernoulli(
        logits=logits, lims=(0.4999, 0.5001), validate_args=False
    )
    ours = ContinuousBernoulli(logits)
    torch.testing.assert_close(
        ours.log_prob(GREY), reference.log_prob(GREY).sum((1, 2, 3)), atol=1e-7, rtol=1e-7
    )
    torch.testing.assert_close(ours.mean, reference.mean, atol=1e-7, rtol=1e-7)


@pytest.mark.parametrize("lam", [0.001, 0.1, 0.3, 0.7, 0.999])
def test_continuous_bernoulli_in_its_lambda_form(lam):
    constant = 2 * math.atanh(1 - 2 * lam) / (1 - 2 * lam)
    expected = constant * lam**GREY * (1 - lam) ** (1 - GREY)
    p = ContinuousBernoulli(torch.full_like(GREY, math.log(lam / (1 - lam))))
    torch.testing.assert_close(
        p.log_prob(GREY), expected.log().sum((1, 2, 3)), atol=1e-8, rtol=1e-8
    )
    mean = lam / (2 * lam - 1) + 1 / (2 * math.atanh(1 - 2 * lam))
    torch.testing.assert_close(p.mean, torch.full_like(GREY, mean), atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("logit", LOGITS)
def test_continuous_bernoulli_in_float32(logit):
    exact = ContinuousBernoulli(torch.full_like(GREY, logit))
    rounded = ContinuousBernoulli(torch.full_like(GREY, logit).float())
    tolerance = {"atol": 2e-6, "rtol": 1e-6}
    log_prob = rounded.log_prob(GREY.float()).double()
    torch.testing.assert_close(log_prob, exact.log_prob(GREY), **tolerance)
    torch.testing.assert_close(rounded.mean.double(), exact.mean, **tolerance)


def test_continuous_bernoulli_has_no_jump_where_its_series_begins():
    logits = torch.linspace(0.58, 0.62, 4001, dtype=torch.float64).reshape(-1, 1, 1, 1)
    for sign in (-1, 1):
        p = ContinuousBernoulli(sign * logits)
        for values in (p.mean.flatten(), p.log_prob(torch.zeros(1, 1, 1).double())):
            assert values.diff(n=2).abs().max() < 1e-9


@pytest.mark.parametrize("logit", [-50.0, -0.7, -0.5, 0.0, 1e-4, 2.0, 50.0])
def test_continuous_bernoulli_mean_is_the_gradient_of_its_normaliser(logit):
    logits = pixels(logit).requires_grad_()
    (gradient,) = torch.autograd.grad(ContinuousBernoulli(logits).log_prob(pixels(0)), logits)
    torch.testing.assert_close(-gradient, ContinuousBernoulli(logits).mean, atol=1e-6, rtol=0)


@pytest.mark.parametrize("mean", [-2.0, 0.3])
@pytest.mark.parametrize("log_scale", [-6.0, 0.0, 3.0])
def test_gaussian_against_scipy(mean, log_scale):
    p = Gaussian(torch.full_like(GREY, mean), torch.tensor(log_scale).double())
    expected = scipy.stats.norm.logpdf(GREY.flatten().numpy(), mean, math.exp(log_scale))
    torch.testing.assert_close(p.log_prob(GREY), torch.from_numpy(expected))


def logistic_mass(location: float, log_scale: float, levels: int) -> np.ndarray:
    edges = np.concatenate([[-np.inf], (np.arange(levels - 1) + 0.5) / (levels - 1), [np.inf]])
    logistic = scipy.stats.logistic(location, math.exp(log_scale))
    left, right = np.diff(logistic.cdf(edges)), -np.diff(logistic.sf(edges))
    return np.where(edges[1:] < location, left, right)


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("log_scale", [-4.0, -2.0, 0.0, 3.0])
@pytest.mark.parametrize("location", [-0.5, 0.0, 0.37, 1.0])
def test_discretized_logistic_against_scipy(location, log_scale, levels):
    x = grey_levels(levels)[0].reshape(-1, 1, 1, 1)
    case = Case(DiscretizedLogistic, (location, log_scale), levels)
    expected = torch.from_numpy(logistic_mass(location, log_scale, levels))
    torch.testing.assert_close(case.make().log_prob(x), expected.log(), atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("location", [-1e3, -1.0, 0.0, 0.37, 1.0, 1e3])
@pytest.mark.parametrize("log_scale", [-7.0, -2.0, 5.0, 40.0])
def test_discretized_logistic_sums_to_one_in_float32(location, log_scale, levels):
    x = grey_levels(levels)[0].float().reshape(-1, 1, 1, 1)
    p = Case(DiscretizedLogistic, (location, log_scale), levels).make(dtype=torch.float32)
    assert p.log_prob(x).double().exp().sum().item() == pytest.approx(1, abs=2e-4)


# Gradients


@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("family", [Bernoulli, ContinuousBernoulli])
@pytest.mark.parametrize("logit", [-1e3, -90.0, -1e-4, 0.0, 0.6, 90.0, 1e3])
def test_log_prob_and_its_gradient_are_finite_at_extreme_logits(family, logit, x):
    logits = torch.full((1, 1, 1, 1), logit, requires_grad=True)
    log_prob = family(logits).log_prob(torch.full((1, 1, 1, 1), x))
    (gradient,) = torch.autograd.grad(log_prob, logits)
    assert log_prob.isfinite().all()
    assert abs(gradient.item()) <= 1  # it is x minus the mean


@pytest.mark.parametrize("logit", [-1e3, -90.0, -1e-4, 0.0, 0.6, 90.0, 1e3])
@pytest.mark.parametrize("family", [Bernoulli, ContinuousBernoulli])
def test_mean_and_its_gradient_are_finite_at_extreme_logits(family, logit):
    logits = torch.full((1, 1, 1, 1), logit, requires_grad=True)
    mean = family(logits).mean
    (gradient,) = torch.autograd.grad(mean, logits)
    assert 0 <= mean.item() <= 1
    assert 0 <= gradient.item() <= 0.26


@pytest.mark.parametrize("k", [0, 7, 16])
@pytest.mark.parametrize("location", [-1e3, 0.0, 0.5, 1e3])
@pytest.mark.parametrize("log_scale", [-7.0, 0.0, 40.0])
def test_discretized_logistic_is_finite_at_extremes(location, log_scale, k):
    parameters = [torch.full((1, 1, 1), v, requires_grad=True) for v in (location, log_scale)]
    log_prob = DiscretizedLogistic(*parameters, levels=17).log_prob(torch.full((1, 1, 1), k / 16))
    assert log_prob.isfinite().all()
    assert all(g.isfinite().all() for g in torch.autograd.grad(log_prob, parameters))


@pytest.mark.parametrize("case", ORDINARY, ids=str)
def test_gradients_of_log_prob_against_finite_differences(case):
    x = pixels(1.0)

    def log_prob(*parameters: Tensor) -> Tensor:
        return case.family(*parameters, *([case.levels] if case.levels else [])).log_prob(x)

    assert torch.autograd.gradcheck(
        log_prob, [pixels(p).requires_grad_() for p in case.parameters]
    )


# Codes


MEANS = torch.tensor([[0.0, 1.5, -3.0], [0.2, 0.0, 10.0]]).double()
LOG_VARIANCES = torch.tensor([[0.0, -4.0, 2.0], [0.5, -12.0, -1.0]]).double()


def test_diagonal_gaussian_against_torch():
    q = DiagonalGaussian(MEANS, LOG_VARIANCES)
    reference = torch.distributions.Normal(MEANS, LOG_VARIANCES.exp().sqrt())
    prior = torch.distributions.Normal(torch.zeros(3).double(), torch.ones(3).double())
    z = MEANS + 0.1
    torch.testing.assert_close(q.log_prob(z), reference.log_prob(z).sum(-1))
    torch.testing.assert_close(q.std, reference.stddev)
    torch.testing.assert_close(q.variance, reference.variance)
    expected = torch.distributions.kl_divergence(reference, prior)
    torch.testing.assert_close(q.kl_per_dimension(), expected)


def test_closed_form_kl_is_the_monte_carlo_kl():
    q = DiagonalGaussian(MEANS, LOG_VARIANCES)
    prior = DiagonalGaussian(torch.zeros_like(MEANS), torch.zeros_like(MEANS))
    noise = torch.randn(
        100_000, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    z = q.rsample(noise)
    difference = q.log_prob(z) - prior.log_prob(z)  # (K, 2)
    error = difference.std(0) / len(z) ** 0.5
    assert ((difference.mean(0) - q.kl_per_dimension().sum(-1)).abs() < 5 * error).all()


def test_kl_is_zero_at_the_prior_alone():
    zeros = torch.zeros(4)
    assert torch.equal(DiagonalGaussian(zeros, zeros).kl_per_dimension(), zeros)
    assert (DiagonalGaussian(MEANS + 0.3, LOG_VARIANCES).kl_per_dimension() > 0).all()


@pytest.mark.parametrize("log_variance", [-20.0, 0.0, 8.0])
def test_diagonal_gaussian_integrates_to_one(log_variance):
    x, w = real_line(0.7, log_variance / 2)
    mean = torch.full((len(x), 1), 0.7).double()
    q = DiagonalGaussian(mean, torch.full_like(mean, log_variance))
    assert (w * q.log_prob(x[:, None]).exp()).sum().item() == pytest.approx(1, abs=1e-10)


def test_codes_have_the_mean_and_variance_of_the_distribution():
    noise = torch.randn(SAMPLES, 2, 3, generator=torch.Generator().manual_seed(1)).double()
    z = DiagonalGaussian(MEANS, LOG_VARIANCES).rsample(noise)
    std = (0.5 * LOG_VARIANCES).exp()
    assert ((z.mean(0) - MEANS).abs() < 5 * std / SAMPLES**0.5).all()
    assert ((z.std(0) / std - 1).abs() < 5 / (2 * SAMPLES) ** 0.5).all()


def test_gradients_flow_through_codes():
    mean, log_variance = (v.clone().requires_grad_() for v in (MEANS, LOG_VARIANCES))
    noise = torch.full_like(MEANS, 2.0)
    DiagonalGaussian(mean, log_variance).rsample(noise).sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones_like(MEANS))
    torch.testing.assert_close(log_variance.grad, (0.5 * LOG_VARIANCES).exp())


def test_point_mass_ignores_the_noise():
    noise = torch.full((5, 2, 3), 7.0)
    assert torch.equal(PointMass(MEANS).rsample(noise), MEANS.expand(5, 2, 3))


# Helpers


def test_log1mexp():
    a = torch.logspace(-30, 2.5, 200).double()
    near, far = a[a < 1], a[a > 1]
    expected = torch.from_numpy(np.log(-np.expm1(-near.numpy())))
    torch.testing.assert_close(log1mexp(near), expected, rtol=1e-12, atol=0)
    expected = torch.from_numpy(np.log1p(-np.exp(-far.numpy())))
    torch.testing.assert_close(log1mexp(far), expected, rtol=1e-12, atol=0)


def test_log1mexp_gradient():
    a = torch.tensor([1e-6, 0.1, 0.69, 0.7, 5.0, 500.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(log1mexp(a).sum(), a)
    torch.testing.assert_close(gradient, 1 / torch.expm1(a.detach()))


@pytest.mark.parametrize("levels", LEVELS)
def test_quantise_goes_to_the_nearest_level(levels):
    x = torch.linspace(-0.5, 1.5, 1001).double()
    levels_of_x = grey_levels(levels)[0]
    nearest = levels_of_x[(x[:, None] - levels_of_x).abs().argmin(1)]
    distance = (quantise(x, levels) - x.clamp(0, 1)).abs()
    torch.testing.assert_close(distance, (nearest - x.clamp(0, 1)).abs())
    torch.testing.assert_close(quantise(levels_of_x, levels), levels_of_x)


def test_bernoulli_mean_gradient_is_the_logistic_density():
    logits = torch.linspace(-5, 5, 11).double().requires_grad_()
    (gradient,) = torch.autograd.grad(Bernoulli(logits).mean.sum(), logits)
    torch.testing.assert_close(gradient, torch.exp(logits - 2 * softplus(logits)).detach())
