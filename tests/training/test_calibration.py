"""The σ of a Gaussian likelihood is the one under which the training images are most probable."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from vae.configuration.sweep import Cell, Likelihood
from vae.distributions import Gaussian
from vae.models import VAE, TrainedSweep, initial_model
from vae.randomness import generator
from vae.training.calibration import LOG_SIGMA, calibrated_log_sigma
from vae.training.loop import train

CPU = torch.device("cpu")
FIXED, OPTIMAL = (
    Likelihood("gaussian_fixed_sigma", sigma=0.5),
    Likelihood("gaussian_optimal_sigma"),
)


@pytest.fixture
def model(digits, make_sweep) -> VAE:
    sweep = make_sweep(likelihood=FIXED)
    stream = torch.Generator().manual_seed(0)
    return initial_model(sweep, digits.mean_image(), digits.levels, stream).eval()


def stream() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def reconstructed(model: VAE, x: Tensor, noise: Tensor) -> Tensor:
    mean, log_variance = model.encoder.network(x).chunk(2, 1)
    z = mean + noise * torch.exp(0.5 * log_variance)
    return (model.decoder.network(z) + model.decoder.bias).detach()


@pytest.mark.parametrize("count", [1, 30, 1000])
def test_log_of_the_root_mean_squared_error(model, digits, count):
    x = digits.unit("train")[:count]
    noise = torch.randn(count, 3, generator=stream())
    error = (reconstructed(model, x, noise) - x).double().numpy()
    expected = np.log(np.sqrt(np.mean(error**2)))
    assert calibrated_log_sigma(model, x, stream()).item() == pytest.approx(expected, abs=1e-6)


def test_every_image_counts_once_beyond_one_batch(model, digits):
    x = digits.unit("train")
    assert len(x) > 1000
    noise = torch.cat(
        [torch.randn(n, 3, generator=s) for s in [stream()] for n in (1000, len(x) - 1000)]
    )
    error = (reconstructed(model, x, noise) - x).double()
    expected = 0.5 * math.log(error.square().mean().item())
    assert calibrated_log_sigma(model, x, stream()).item() == pytest.approx(expected, abs=1e-6)


def test_no_other_sigma_makes_the_images_more_probable(model, digits):
    x = digits.unit("train")[:200]
    mean = reconstructed(model, x, torch.randn(200, 3, generator=stream())).double()
    best = calibrated_log_sigma(model, x, stream()).double()

    def log_prob(log_sigma: Tensor) -> float:
        return Gaussian(mean, log_sigma).log_prob(x.double()).sum().item()

    for step in (-0.5, -0.01, 0.01, 0.5):
        assert log_prob(best + step) < log_prob(best)
    log_sigma = best.clone().requires_grad_()
    Gaussian(mean, log_sigma).log_prob(x.double()).sum().backward()
    assert abs(log_sigma.grad.item()) < 1e-5 * x.numel()


def test_the_result_does_not_depend_on_the_sigma_before(model, digits):
    x = digits.unit("train")[:100]
    before = calibrated_log_sigma(model, x, stream())
    model.decoder.likelihood.log_sigma.fill_(2.0)
    assert torch.equal(calibrated_log_sigma(model, x, stream()), before)


def test_training_with_the_optimal_sigma_ends_with_its_calibration(digits, make_sweep, tmp_path):
    """The σ of evaluation is estimated for the weights that were kept, one for every cell."""
    sweep = make_sweep(likelihood=OPTIMAL)
    train(sweep, digits, tmp_path / "models", tmp_path / "checkpoints", CPU, stack_size=4)
    trained = TrainedSweep(tmp_path / "models")
    sigmas = trained.stacked(sweep.cells)[LOG_SIGMA]
    assert len(sigmas.unique()) == len(sweep.cells)
    x = digits.unit("train")
    for cell, log_sigma in zip(sweep.cells, sigmas, strict=True):
        model, calibration = trained.model(cell), generator(CPU, cell.seed, "calibration")
        expected = calibrated_log_sigma(model, x, calibration)
        torch.testing.assert_close(log_sigma, expected, rtol=0, atol=1e-5)
        p = model.decode(torch.zeros(1, 3))
        assert p.log_scale.item() == log_sigma.item()


def test_the_optimal_sigma_is_that_of_images_as_they_were_in_training(
    dynamic, make_sweep, tmp_path
):
    sweep = make_sweep(likelihood=OPTIMAL, dataset="digits_dynamic", seeds=(0,), betas=(1.0,))
    train(sweep, dynamic, tmp_path / "models", tmp_path / "checkpoints", CPU)
    trained = TrainedSweep(tmp_path / "models")
    x = dynamic.training_images(torch.Generator().manual_seed(7))
    for cell, log_sigma in zip(sweep.cells, trained.stacked(sweep.cells)[LOG_SIGMA], strict=True):
        expected = calibrated_log_sigma(trained.model(cell), x, stream())
        torch.testing.assert_close(log_sigma, expected, rtol=0, atol=0.01)


def test_training_with_a_fixed_sigma_leaves_it(digits, make_sweep, tmp_path):
    sweep = make_sweep(likelihood=FIXED)
    train(sweep, digits, tmp_path / "models", tmp_path / "checkpoints", CPU)
    likelihood = TrainedSweep(tmp_path / "models").model(Cell("vae", 1.0, 0)).decoder.likelihood
    assert likelihood.log_sigma.item() == pytest.approx(math.log(0.5))
