"""Distributions as mathematics: they sum and integrate to one, and agree with scipy and torch."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import torch
from scipy import special
from torch import Tensor
from torch.nn.functional import softplus

from vae.distributions import (
    Bernoulli,
    Beta,
    Categorical,
    ContinuousBernoulli,
    DiagonalGaussian,
    Discretized,
    DiscretizedLogistic,
    Gaussian,
    Laplace,
    OptimalGaussian,
    PixelDistribution,
    PointMass,
    log1mexp,
    quantise,
)

LEVELS = (2, 17, 256)
LIMIT = math.log(2**23 - 1)  # of continuous Bernoulli logits
SAMPLES = 40_000
PIXEL = (1, 1, 1, 1)
ON_THE_LINE, GREY_LEVELS = (Gaussian, Laplace), (Bernoulli, DiscretizedLogistic, Categorical)
FINE = 100_000  # levels of a Beta whose density is the plain one but for the last 2.5e-6
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
    t, w = gauss_legendre(torch.linspace(-40, 40, 81).double())
    return mean + math.exp(log_scale) * t, math.exp(log_scale) * w


@dataclass(frozen=True)
class Case:
    """A distribution of one pixel, and how to integrate over its values."""

    family: type
    parameters: tuple[float, ...]
    levels: int = 0

    def __str__(self) -> str:
        parameters = ",".join(f"{p:g}" for p in self.parameters)
        return f"{self.family.__name__}{self.levels or ''}({parameters[:40]})"

    def make(self, *shape: int, dtype: torch.dtype = torch.float64) -> PixelDistribution:
        """The distribution of images (N, C, H, W) whose pixels are all alike."""
        return self.build(*(torch.full(shape or PIXEL, p, dtype=dtype) for p in self.parameters))

    def build(self, *tensors: Tensor) -> PixelDistribution:
        """The distribution with these parameters, each of the shape of the images."""
        if self.family is Categorical:
            return Categorical(torch.stack(tensors, -4))
        return self.family(*tensors, *([self.levels] if self.levels else []))

    def support(self) -> tuple[Tensor, Tensor]:
        """Values and weights: Σ weight · probability · f(value) is the expectation of f."""
        if self.family in (ContinuousBernoulli, Beta):
            return unit_interval()
        if self.family in ON_THE_LINE:
            return real_line(*self.parameters)
        return grey_levels(self.levels or 2)

    def expectation(self, f) -> float:
        x, w = self.support()
        return (w * self.make().log_prob(x.reshape(-1, 1, 1, 1)).exp() * f(x)).sum().item()


def categorical(levels: int, scale: float) -> Case:
    logits = scale * torch.randn(levels, generator=torch.Generator().manual_seed(levels))
    return Case(Categorical, tuple(logits.tolist()), levels)


LOGITS = (-50.0, -20.0, -3.0, -0.61, -0.59, -1e-3, -1e-9, 0.0, 1e-6, 0.1, 0.6, 1.0, 8.0, 50.0)
CASES = [
    *(Case(Bernoulli, (logit,)) for logit in (-1e3, -5.0, 0.0, 0.7, 1e3)),
    *(Case(ContinuousBernoulli, (logit,)) for logit in (-1e3, *LOGITS, 300.0, 1e3)),
    *(
        Case(family, (m, s))
        for family in ON_THE_LINE
        for m in (-5.0, 0.0, 0.4)
        for s in (-12.0, -1.2, 0.0, 6.0)
    ),
    *(
        Case(Beta, p, FINE)
        for p in ((1.0, 1.0), (2.0, 3.0), (5.0, 1.0), (100.0, 20.0), (1e3, 3.0), (1e3, 1e3))
    ),
    *(categorical(levels, scale) for levels in LEVELS for scale in (0.0, 1.0, 30.0, 1e3)),
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
    *(Case(family, p) for family in ON_THE_LINE for p in ((0.4, -1.2), (-5.0, 2.0))),
    *(Case(Beta, p, FINE) for p in ((1.0, 1.0), (2.0, 3.0), (5.0, 1.0), (100.0, 20.0))),
    *(categorical(levels, 1.0) for levels in LEVELS),
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
    scale = 1 + abs(case.parameters[0]) if case.family in ON_THE_LINE else 1
    tolerance = 1e-7 * scale
    if case.family is DiscretizedLogistic and case.levels == 256:
        tolerance = 0.04 / 255  # of its closed form, at the narrowest scale
    assert case.make().mean.item() == pytest.approx(case.expectation(lambda x: x), abs=tolerance)


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


@pytest.mark.parametrize("case", [c for c in CASES if c.family not in ON_THE_LINE], ids=str)
def test_samples_are_possible_values(case):
    x = case.make(2000, 1, 1, 1, dtype=torch.float32).sample(torch.Generator().manual_seed(2))
    assert x.isfinite().all()
    assert case.make().log_prob(x.double()).isfinite().all()
    assert x.min() >= 0
    assert x.max() <= 1
    if case.family in GREY_LEVELS:
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
    if case.family is Beta:
        case = replace(case, levels=256)
    x = grey_levels(case.levels or 256)[0]
    exact = case.make().log_prob(x.reshape(-1, 1, 1, 1))
    rounded = case.make(dtype=torch.float32).log_prob(x.float().reshape(-1, 1, 1, 1))
    torch.testing.assert_close(rounded.double(), exact, atol=2e-5, rtol=2e-5)


# Closed forms against independent implementations


def pixels(*values: float) -> Tensor:
    return torch.tensor(values).double().reshape(-1, 1, 1, 1)


GREY = pixels(0.0, 1e-6, 0.1, 0.25, 0.5, 0.9, 1.0)
SHAPES = (0.01, 0.3, 1.0, 5.0, 100.0, 1000.0)  # of a Beta: α and β


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
    p = ContinuousBernoulli(logits)
    p.logits.retain_grad()
    p.log_prob(pixels(0)).backward()
    error = 1e-4 if abs(logit) < ContinuousBernoulli.LEAST else 1e-6
    torch.testing.assert_close(-p.logits.grad, p.mean, atol=error, rtol=0)


@pytest.mark.parametrize("limit", [LIMIT, math.inf])
@pytest.mark.parametrize("score", ["log_prob", "pixel_log_mass"])
def test_continuous_bernoulli_keeps_its_digits_in_float32(score, limit):
    size = torch.logspace(-5, 3, 400, dtype=torch.float64)
    logits = torch.cat([-size.flip(0), torch.zeros(1), size])[:, None, None, None]
    for x in (0.0, 1 / 255, 0.5, 1.0):
        found = []
        for of in (logits, logits.float()):
            of = of.clone().requires_grad_()
            image = torch.full_like(of, round(255 * x) / 255)
            p, levels = ContinuousBernoulli(of, limit), () if score == "log_prob" else (256,)
            value = getattr(p, score)(image, *levels)
            value.sum().backward()
            found += [value.detach().double().flatten(), of.grad.double().flatten()]
        assert ((found[0] - found[2]).abs() < 1e-6 * (1 + logits.abs().flatten())).all()
        assert ((found[1] - found[3]).abs() < 2e-4).all()


def test_the_darkest_pixel_of_the_limited_continuous_bernoulli_is_as_the_report_says():
    assert round(LIMIT, 1) == 15.9
    assert round(100 * ContinuousBernoulli(pixels(-1e9)).mean.item()) == 6


@pytest.mark.parametrize("logit", [16.0, 50.0, 1e9])
@pytest.mark.parametrize("sign", [-1, 1])
def test_continuous_bernoulli_says_no_more_beyond_its_limit_as_torch_does(sign, logit):
    x = GREY.float()
    logits = torch.full_like(x, sign * logit)
    reference = torch.distributions.ContinuousBernoulli(logits.sigmoid(), validate_args=False)
    p, at_limit = (ContinuousBernoulli(v) for v in (logits, logits.sign() * LIMIT))
    expected = reference.log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(p.log_prob(x), expected, atol=0.01, rtol=1e-3)  # torch rounds 1 - ε
    for of in (lambda q: q.log_prob(x), lambda q: q.mean, lambda q: q.log_mass(x, 17)):
        assert torch.equal(of(p), of(at_limit))
    a, b = (q.sample(torch.Generator().manual_seed(0)) for q in (p, at_limit))
    assert torch.equal(a, b)


@pytest.mark.parametrize("mean", [-2.0, 0.3])
@pytest.mark.parametrize("log_scale", [-5.0, 0.0, 3.0])
@pytest.mark.parametrize(
    ("family", "reference"), [(Gaussian, scipy.stats.norm), (Laplace, scipy.stats.laplace)]
)
def test_location_families_against_scipy(family, reference, mean, log_scale):
    p = family(torch.full_like(GREY, mean), torch.tensor(log_scale).double())
    expected = reference.logpdf(GREY.flatten().numpy(), mean, math.exp(log_scale))
    torch.testing.assert_close(p.log_prob(GREY), torch.from_numpy(expected))


@pytest.mark.parametrize("beta", SHAPES)
@pytest.mark.parametrize("alpha", SHAPES)
def test_beta_against_scipy(alpha, beta):
    """The outer levels count in the middle of their bins: a quarter of a level inside."""
    p = Beta(torch.full_like(GREY, alpha), torch.full_like(GREY, beta), levels=17)
    inside = GREY.flatten().numpy().clip(1 / 64, 1 - 1 / 64)
    expected = scipy.stats.beta.logpdf(inside, alpha, beta)
    torch.testing.assert_close(p.log_prob(GREY), torch.from_numpy(expected))
    exact = scipy.stats.beta.mean(alpha, beta)
    torch.testing.assert_close(p.mean, torch.full_like(GREY, exact))


@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0])
@pytest.mark.parametrize("levels", LEVELS)
def test_categorical_against_torch(levels, scale):
    stream = torch.Generator().manual_seed(0)
    logits = scale * torch.randn(5, levels, 3, 2, 4, generator=stream)
    k = torch.randint(0, levels, (5, 3, 2, 4), generator=stream)
    reference = torch.distributions.Categorical(logits=logits.movedim(1, -1))
    p = Categorical(logits)
    torch.testing.assert_close(p.log_prob(k / (levels - 1)), reference.log_prob(k).sum((1, 2, 3)))
    entropy = -(p.log_probabilities.exp() * p.log_probabilities).sum(1)
    torch.testing.assert_close(entropy, reference.entropy(), atol=1e-5, rtol=1e-5)


def test_categorical_scores_images_for_many_codes():
    stream = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 1, 17, 1, 2, 3, generator=stream)
    x = torch.randint(0, 17, (5, 1, 2, 3), generator=stream) / 16
    together = Categorical(logits).log_prob(x)
    assert together.shape == (6, 5)
    for k in range(6):
        torch.testing.assert_close(together[k], Categorical(logits[k]).log_prob(x))


@pytest.mark.parametrize("spread", [1e-3, 0.2, 30.0])
def test_optimal_gaussian_is_the_gaussian_of_the_best_scale(spread):
    stream = torch.Generator().manual_seed(0)
    x = torch.rand(2, 4, 5, generator=stream).double()
    mean = x + spread * torch.randn(2, 4, 5, generator=stream).double()
    best = scipy.optimize.minimize_scalar(
        lambda log_scale: -Gaussian(mean, torch.tensor(log_scale)).log_prob(x).item(),
        bracket=(math.log(spread) - 1, math.log(spread) + 1),
    )
    value = OptimalGaussian(mean).log_prob(x).item()
    assert value == pytest.approx(-best.fun, rel=1e-9)
    error = (x - mean).square().mean().item()
    assert value == pytest.approx(-20 * math.log(2 * math.pi * math.e * error), rel=1e-9)
    assert math.exp(2 * best.x) == pytest.approx(error, rel=1e-5)


def test_optimal_gaussian_of_a_perfect_reconstruction_is_finite():
    mean = torch.zeros(1, 2, 2, requires_grad=True)
    log_prob = OptimalGaussian(mean).log_prob(torch.zeros(3, 1, 2, 2))
    (gradient,) = torch.autograd.grad(log_prob.sum(), mean)
    assert log_prob.isfinite().all()
    assert gradient.isfinite().all()


# Probabilities of grey levels


ROUNDED = [
    *(Gaussian(torch.full(PIXEL, m).double(), torch.tensor(s).double())
      for m in (-0.6, 0.0, 0.031, 0.4, 1.2) for s in (-3.4, -2.0, -1.0, 1.0)),
    *(Laplace(torch.full(PIXEL, m).double(), torch.tensor(-2.0).double()) for m in (-0.3, 0.4)),
    *(ContinuousBernoulli(torch.full(PIXEL, e).double()) for e in (*LOGITS, 1.1e-3)),
    Beta(torch.full(PIXEL, 0.5).double(), torch.full(PIXEL, 3.0).double(), 17),
]  # fmt: skip


@pytest.mark.parametrize("density", ROUNDED, ids=lambda p: type(p).__name__)
def test_a_discretized_density_is_a_distribution_over_grey_levels(density):
    p, levels = Discretized(density, 17), grey_levels(17)[0]
    masses = p.log_prob(levels.reshape(-1, 1, 1, 1)).exp()
    torch.testing.assert_close(masses.sum().item(), 1.0, atol=1e-5, rtol=0)
    mean = (masses * levels).sum().item()
    tolerance = 0.01 / 16 if isinstance(density, Gaussian) else 1e-6
    assert p.mean.item() == pytest.approx(mean, abs=tolerance)
    many = torch.broadcast_to(density.mean, (SAMPLES, 1, 1, 1))
    spread = type(density).__new__(type(density))
    spread.__dict__ = {
        k: v.expand_as(many) if isinstance(v, Tensor) and v.ndim else v
        for k, v in vars(density).items()
    }
    x = Discretized(spread, 17).sample(torch.Generator().manual_seed(4))
    assert torch.equal(x, quantise(x, 17))
    shares = torch.histc(16 * x, 17, -0.5, 16.5) / SAMPLES
    allowed = 5 * (masses * (1 - masses) / SAMPLES).sqrt() + 1e-6
    assert ((shares - masses).abs() < allowed).all()


@pytest.mark.parametrize("log_scale", [-12.0, -5.0, -4.0])
def test_the_rounded_mean_of_a_very_narrow_gaussian_is_off_by_less_than_half_a_level(log_scale):
    location = torch.linspace(-0.1, 1.1, 997).double().reshape(-1, 1, 1, 1)
    p = Discretized(Gaussian(location, torch.tensor(log_scale).double()), 17)
    levels = grey_levels(17)[0]
    masses = p.log_prob(levels.reshape(-1, 1, 1, 1, 1)).exp()
    mean = (masses * levels[:, None]).sum(0)
    assert (p.mean.flatten() - mean).abs().max() < 0.51 / 16


ACROSS = torch.linspace(-0.2, 1.2, 9973).double().reshape(-1, 1, 1)  # and beyond both ends


def summed_over_levels(mass, levels: int) -> Tensor:
    return sum(x * mass(torch.full_like(ACROSS, x)).exp() for x in grey_levels(levels)[0])


@pytest.mark.parametrize(
    ("levels", "log_scale", "tolerance"),
    [  # in levels
        *((levels, -7.0, 1e-9) for levels in (2, 17, 255)),
        *((256, -7.0 + extra, 0.04 * 40**-extra) for extra in (0.0, 1.0, 1.5)),
        *((256, s, 1e-4) for s in (-5.0, -4.0, -2.0, 0.0, 7.0)),
    ],
)
def test_the_mean_of_a_discretized_logistic_is_exact_to_a_small_part_of_a_level(
    levels, log_scale, tolerance
):
    p = DiscretizedLogistic(ACROSS, torch.full_like(ACROSS, log_scale), levels)
    expected = summed_over_levels(lambda x: p.pixel_log_mass(x, levels), levels)
    assert (p.mean - expected).abs().max() * (levels - 1) < tolerance
    rounded = DiscretizedLogistic(ACROSS.float(), p.log_scale.float(), levels).mean
    assert (rounded - p.mean).abs().max() * (levels - 1) < 0.04


@pytest.mark.parametrize("sigma", [0.05, 0.1, 0.5])
@pytest.mark.parametrize("levels", [2, 3, 11])
def test_the_rounded_mean_of_a_gaussian_is_exact_of_few_levels(levels, sigma):
    p = Gaussian(ACROSS, torch.tensor(sigma).double().log())
    expected = summed_over_levels(lambda x: p.pixel_log_mass(x, levels), levels)
    torch.testing.assert_close(p.quantised_mean(levels), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("log_scale", [-12.0, -5.0, -2.0, 0.0, 7.0])
def test_the_mean_of_a_discretized_laplace_is_exact(levels, log_scale):
    p = Laplace(ACROSS, torch.tensor(log_scale).double())
    expected = summed_over_levels(lambda x: p.pixel_log_mass(x, levels), levels)
    torch.testing.assert_close(p.quantised_mean(levels), expected, atol=1e-9, rtol=0)
    rounded = Laplace(ACROSS.float(), torch.tensor(log_scale)).quantised_mean(levels)
    continuous = (rounded - expected).abs() < 2e-5  # a narrow one jumps at an edge
    assert continuous.double().mean() > 0.99


def test_rescaling_changes_the_scale_alone():
    location, log_scale = torch.rand(2, 1, 3, 4), torch.tensor(-1.0)
    x = quantise(torch.rand(2, 1, 3, 4), 17)
    for family in (Gaussian, Laplace):
        p, wider = family(location, log_scale), family(location, log_scale + 0.3)
        assert torch.equal(p.rescaled(0.3).log_prob(x), wider.log_prob(x))
        rounded = Discretized(p, 17).rescaled(0.3)
        assert torch.equal(rounded.log_prob(x), wider.log_mass(x, 17))
    with pytest.raises(NotImplementedError, match="has no scale"):
        Bernoulli(location).rescaled(0.3)


def bin_edges(levels: int, lowest: float, highest: float) -> np.ndarray:
    return np.concatenate([[lowest], (np.arange(levels - 1) + 0.5) / (levels - 1), [highest]])


def bin_masses(reference, levels: int) -> Tensor:
    """Differences of the distribution function or, above the median, of its complement."""
    edges = bin_edges(levels, *reference.support())
    left, right = np.diff(reference.cdf(edges)), -np.diff(reference.sf(edges))
    return torch.from_numpy(np.where(edges[1:] < reference.median(), left, right))


def log_masses(case: Case, levels: int, dtype: torch.dtype = torch.float64) -> Tensor:
    x = grey_levels(levels)[0].to(dtype).reshape(-1, 1, 1, 1)
    return case.make(dtype=dtype).log_mass(x, levels).double()


def assert_masses_are(case: Case, levels: int, expected: Tensor, tolerance: float) -> None:
    known = expected > 1e-250  # below, the reference loses its digits
    difference = (log_masses(case, levels) - expected.log())[known].abs()
    assert difference.max() < tolerance


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("log_scale", [-7.0, -4.0, -2.0, -0.5, 0.0, 3.0, 7.0])
@pytest.mark.parametrize(
    ("family", "reference", "tolerance"),
    [
        (Gaussian, scipy.stats.norm, 1e-4),
        (Laplace, scipy.stats.laplace, 1e-8),
        (DiscretizedLogistic, scipy.stats.logistic, 1e-8),
    ],
)
def test_masses_of_location_families_against_scipy(
    family, reference, tolerance, log_scale, levels
):
    for location in (-30.0, -0.5, 0.0, 0.37, 0.5, 1.0, 2.0):
        case = Case(family, (location, log_scale), levels if family in GREY_LEVELS else 0)
        expected = bin_masses(reference(location, math.exp(log_scale)), levels)
        assert_masses_are(case, levels, expected, tolerance)


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("alpha", SHAPES)
@pytest.mark.parametrize("beta", SHAPES)
def test_masses_of_beta_against_scipy(alpha, beta, levels):
    case, reference = Case(Beta, (alpha, beta), levels), scipy.stats.beta(alpha, beta)
    assert_masses_are(case, levels, bin_masses(reference, levels), 1e-4)


@pytest.mark.parametrize("alpha", [0.01, 1.0, 40.0, 1000.0])
def test_masses_of_beta_far_out_in_the_tail(alpha):
    """With β = 1 the distribution function is x^α, whose logarithm does not underflow."""
    edges = torch.from_numpy(bin_edges(256, 0.0, 1.0))
    falls = alpha * (edges[1:] / edges[:-1]).log()
    expected = alpha * edges[1:].log() + torch.log(-torch.expm1(-falls))
    masses = log_masses(Case(Beta, (alpha, 1.0), 256), 256)
    torch.testing.assert_close(masses, expected, atol=1e-4, rtol=1e-6)
    mirrored = log_masses(Case(Beta, (1.0, alpha), 256), 256)
    torch.testing.assert_close(mirrored.flip(0), expected, atol=1e-4, rtol=1e-6)


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("logit", [-300.0, *LOGITS, 300.0])
def test_masses_of_continuous_bernoulli_against_its_integral(logit, levels):
    def integral(lower: float, upper: float) -> float:
        panels = torch.linspace(lower, upper, 41 if levels == 2 else 5, dtype=torch.float64)
        x, w = gauss_legendre(panels)
        eta = max(-LIMIT, min(LIMIT, logit))
        return (w * torch.exp(eta * (x - int(logit > 0)))).sum().item()

    edges = bin_edges(levels, 0.0, 1.0)
    masses = torch.tensor([integral(*pair) for pair in pairwise(edges)], dtype=torch.float64)
    expected = masses / masses.sum()
    assert_masses_are(Case(ContinuousBernoulli, (logit,)), levels, expected, 2e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("sigma", [1e-3, 0.02, 0.1, 0.3, 1.0, 30.0, 1e3])
def test_gradients_of_gaussian_masses_are_those_of_the_normal_distribution(sigma, levels, dtype):
    """d/dμ log(Φ(b) - Φ(a)) = (φ(a) - φ(b)) / (Φ(b) - Φ(a)) / σ, in logs, far in the tails too."""
    x = grey_levels(levels)[0]
    edges = bin_edges(levels, -np.inf, np.inf)
    for mean in (-20.0, -1.0, 0.0, 0.26, 0.9, 3.0):
        location = torch.full((levels, 1, 1, 1), mean, dtype=dtype, requires_grad=True)
        log_scale = torch.tensor(math.log(sigma), dtype=dtype)
        p = Gaussian(location, log_scale)
        p.log_mass(x.to(dtype).reshape(-1, 1, 1, 1), levels).sum().backward()
        a, b = (edges[:-1] - mean) / sigma, (edges[1:] - mean) / sigma
        flip = np.where(a > 0, -1, 1)  # both tails are measured from below
        below, above = (special.log_ndtr(np.where(a > 0, -e, e)) for e in (a, b))
        log_mass = special.logsumexp([below, above], b=[-flip, flip], axis=0)
        log_phi = [scipy.stats.norm.logpdf(e) for e in (a, b)]
        fall, sign = special.logsumexp(
            log_phi, b=[np.ones(levels), -np.ones(levels)], axis=0, return_sign=True
        )
        expected = sign * np.exp(fall - log_mass) / sigma
        known = np.isfinite(expected)
        assert known.sum() >= levels - 1
        found = location.grad.flatten().double().numpy()
        assert np.isfinite(found).all()
        scale = np.abs(expected[known]).max() + 1 / sigma
        np.testing.assert_allclose(found[known], expected[known], rtol=2e-3, atol=2e-5 * scale)


@pytest.mark.parametrize("levels", LEVELS)
def test_the_mass_of_a_family_over_grey_levels_is_its_probability(levels):
    x = grey_levels(levels)[0].reshape(-1, 1, 1, 1)
    cases = [Case(DiscretizedLogistic, (0.3, -2.0), levels), categorical(levels, 2.0)]
    for case in cases + ([Case(Bernoulli, (0.7,))] if levels == 2 else []):
        p = case.make()
        torch.testing.assert_close(p.log_mass(x, levels), p.log_prob(x), rtol=0, atol=0)


@pytest.mark.parametrize("case", [c for c in ORDINARY if c.family not in GREY_LEVELS], ids=str)
def test_the_mass_of_a_narrow_bin_is_density_times_width(case):
    levels = 100_001
    x = grey_levels(levels)[0][5000:-5000:1000].reshape(-1, 1, 1, 1)
    expected = case.make().log_prob(x) - math.log(levels - 1)
    torch.testing.assert_close(case.make().log_mass(x, levels), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("p", "levels"),
    [
        (Bernoulli(torch.zeros(1, 2, 2)), 17),
        (OptimalGaussian(torch.zeros(1, 2, 2)), 17),
        (Categorical(torch.zeros(17, 1, 2, 2)), 256),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_distribution_over_those_levels_has_no_mass(p, levels):
    with pytest.raises(NotImplementedError, match=f"{type(p).__name__} has no mass .*{levels}"):
        p.log_mass(torch.zeros(1, 2, 2), levels)


def test_the_optimal_scale_needs_an_image_to_sample():
    with pytest.raises(NotImplementedError, match="given an image"):
        OptimalGaussian(torch.zeros(1, 2, 2)).sample(torch.Generator())


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
        return case.build(*parameters).log_prob(x)

    assert torch.autograd.gradcheck(
        log_prob, [pixels(p).requires_grad_() for p in case.parameters], fast_mode=True
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
    torch.testing.assert_close(log1mexp(far), expected, rtol=0, atol=1e-15)


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


def test_curvature_of_a_gaussian_mass_is_finite_far_from_its_mean():
    """The mode search needs second derivatives, wherever a decoder's mean lies."""
    mean = torch.linspace(-3, 4, 701)[:, None, None, None].requires_grad_()
    log_mass = Gaussian(mean, torch.tensor(0.1).log()).log_mass(torch.zeros(1, 1, 1), 17)
    (slope,) = torch.autograd.grad(log_mass.sum(), mean, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), mean)
    assert curvature.isfinite().all() and (curvature <= 1e-3).all()


def test_masses_of_a_continuous_bernoulli_without_a_limit_reach_their_ceiling():
    """The limit keeps a density finite; a mass is at most 1 and may come near it."""
    logits = torch.tensor([-1e4, -300.0, 300.0, 1e4])[:, None, None, None].requires_grad_()
    free = ContinuousBernoulli(logits, math.inf)
    x = torch.tensor([0.0, 0.0, 1.0, 1.0])[:, None, None, None]
    log_mass = free.log_mass(x, 17)
    (slope,) = torch.autograd.grad(log_mass.sum(), logits)
    expected = torch.log(-torch.expm1(-logits.detach().abs().flatten().double() / 32))
    torch.testing.assert_close(log_mass.double(), expected, atol=2e-3, rtol=0)
    assert slope.isfinite().all()
    assert (ContinuousBernoulli(logits).log_mass(x, 17) < -0.9).all()
