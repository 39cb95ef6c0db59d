import math

import pytest
import torch
from torch import Tensor

from vae.config import LIKELIHOODS
from vae.distributions import PIXELS
from vae.likelihoods import LikelihoodFamily, make_likelihood

LEVELS = 17
EXTREMES = (-1e3, -100.0, -7.0, 0.0, 7.0, 100.0, 1e3)
BLURRED = {"discretized_logistic": 0.1}  # the logistic's width moves means near 0 and 1


def make(name: str, levels: int = LEVELS) -> LikelihoodFamily:
    return make_likelihood(name, SHAPE, levels, 0.1 if name == "gaussian_fixed_sigma" else None)


def grey_images(*shape: int) -> Tensor:
    """Images with exact zeros and ones among their grey levels."""
    k = torch.randint(0, LEVELS, shape, generator=torch.Generator().manual_seed(0))
    k[..., 0], k[..., 1] = 0, LEVELS - 1
    return k / (LEVELS - 1)


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("channels", [1, 3])
def test_output_of_the_network_becomes_a_distribution_over_images(name, channels):
    family = make(name)
    output = torch.randn(5, 2, family.outputs * channels, 4, 6)
    x = grey_images(2, channels, 4, 6)
    p = family(output)
    assert p.mean.shape == (5, 2, channels, 4, 6)
    assert p.sample(torch.Generator().manual_seed(0)).shape == (5, 2, channels, 4, 6)
    assert p.log_prob(x).shape == (5, 2)
    one = family(output[3, 1]).log_prob(x[1])
    torch.testing.assert_close(p.log_prob(x)[3, 1], one)


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("channels", [1, 3])
def test_initial_output_has_the_mean_image_as_its_mean(name, channels):
    family = make(name)
    mean_image = torch.linspace(0, 1, channels * 20).reshape(channels, 4, 5)
    output = family.initial_output(mean_image)
    assert output.shape == (family.outputs * channels, 4, 5)
    assert output.isfinite().all()
    tolerance = BLURRED.get(name, 0.011)
    torch.testing.assert_close(family(output).mean, mean_image, atol=tolerance, rtol=0)


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("value", EXTREMES)
def test_log_prob_and_gradients_are_finite_at_extreme_outputs(name, value):
    family = make(name)
    shape = (2, family.outputs, 3, 4)
    for other in EXTREMES:
        output = torch.full(shape, other)
        output[:, 0] = value
        output.requires_grad_()
        log_prob = family(output).log_prob(grey_images(2, 1, 3, 4))
        log_prob.sum().backward()
        assert log_prob.isfinite().all()
        assert output.grad.isfinite().all()


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("value", EXTREMES)
def test_mean_is_finite_at_extreme_outputs(name, value):
    family = make(name)
    mean = family(torch.full((1, family.outputs, 2, 2), value)).mean
    assert mean.isfinite().all()
    if not name.startswith("gaussian"):
        assert ((mean >= 0) & (mean <= 1)).all()


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_gradients_reach_outputs_and_shared_parameters(name):
    family = make(name)
    output = torch.randn(2, family.outputs, 3, 4, generator=torch.Generator().manual_seed(0))
    output.requires_grad_()
    family(output).log_prob(grey_images(2, 1, 3, 4)).sum().backward()
    assert all((p.grad != 0).all() for p in [output, *family.parameters()])


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_only_the_learned_sigma_has_a_parameter(name):
    count = sum(p.numel() for p in make(name).parameters())
    assert count == (1 if name == "gaussian_learned_sigma" else 0)


@pytest.mark.parametrize("sigma", [0.05, 1.0, 3.0])
def test_fixed_sigma_is_the_standard_deviation(sigma):
    p = make_likelihood("gaussian_fixed_sigma", (1, 50, 200), LEVELS, sigma)(
        torch.zeros(1, 1, 50, 200)
    )
    noise = p.sample(torch.Generator().manual_seed(0))
    assert noise.std().item() == pytest.approx(sigma, rel=5 / math.sqrt(2 * noise.numel()))
    nats = math.log(sigma) + 0.5 * math.log(2 * math.pi)
    peak = p.log_prob(torch.zeros(1, 50, 200)) / 10_000
    assert peak.item() == pytest.approx(-nats, rel=1e-4)


def test_learned_sigma_finds_the_spread_of_the_data():
    family = make("gaussian_learned_sigma")
    x = 0.07 * torch.randn(1, 1, 40, 50, generator=torch.Generator().manual_seed(0))
    optimiser = torch.optim.LBFGS(family.parameters(), max_iter=50)

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = -family(torch.zeros_like(x)).log_prob(x).mean() / x.numel()
        value.backward()
        return value

    optimiser.step(loss)
    rms = x.square().mean().sqrt().item()
    assert family.log_sigma.exp().item() == pytest.approx(rms, rel=1e-3)


def test_discretized_logistic_takes_locations_first_then_log_scales():
    family = make("discretized_logistic")
    locations, log_scales = torch.full((3, 2, 2), 0.5), torch.full((3, 2, 2), -5.0)
    p = family(torch.cat([locations, log_scales]))
    assert torch.equal(p.location, locations)
    assert torch.equal(p.log_scale, log_scales)


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("location", [-3.0, 0.4, 1e3])
@pytest.mark.parametrize("log_scale", EXTREMES)
def test_discretized_logistic_sums_to_one_whatever_the_network_says(levels, location, log_scale):
    family = make("discretized_logistic", levels)
    output = torch.tensor([location, log_scale]).double().reshape(1, 2, 1, 1)
    x = torch.arange(levels).double().reshape(-1, 1, 1, 1) / (levels - 1)
    assert family(output).log_prob(x).exp().sum().item() == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_better_reconstruction_is_more_probable(name):
    family = make(name)
    x = grey_images(3, 1, 4, 5)
    right, wrong = (family(family.initial_output(image)) for image in (x[0], 1 - x[0]))
    assert right.log_prob(x[0]) > wrong.log_prob(x[0])
    assert right.log_prob(x[0]).shape == x[0].sum(PIXELS).shape
