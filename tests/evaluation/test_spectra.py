"""Power spectra of images whose spectrum is known."""

import math

import numpy as np
import pytest
import torch

from vae.evaluation.spectra import (
    high_frequency_energy,
    high_frequency_power,
    mean_spectrum,
    power_spectrum,
    radial_average,
    radial_frequency,
)


def filtered(images: torch.Tensor, transfer: torch.Tensor) -> torch.Tensor:
    """Images with every frequency multiplied by ``transfer`` (H, W)."""
    return torch.fft.ifft2(torch.fft.fft2(images.double()) * transfer).real


def test_parseval():
    x = torch.randn(5, 3, 9, 12)
    total = power_spectrum(x).sum((-2, -1))
    torch.testing.assert_close(total, x.double().square().sum((-2, -1)).mean(-1))


def test_frequency_zero_is_the_mean():
    x = torch.full((1, 1, 8, 8), 0.5)
    spectrum = power_spectrum(x)[0]
    assert spectrum[0, 0].item() == pytest.approx(64 * 0.25)
    assert spectrum.flatten()[1:].abs().max() < 1e-12


@pytest.mark.parametrize(
    ("rows", "columns", "frequency"), [(2, 0, 0.25), (0, 4, 0.5), (3, 4, 5 / 8)]
)
def test_a_wave_has_the_frequency_with_which_it_was_made(rows, columns, frequency):
    i, j = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    x = torch.cos(2 * torch.pi * (rows * i + columns * j) / 8)[None, None]
    found = radial_frequency(8, 8)[power_spectrum(x)[0] > 1e-9]
    torch.testing.assert_close(found, torch.full_like(found, frequency))


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28), (1, 9, 12)])
def test_white_noise_has_its_variance_at_every_frequency(shape):
    spectrum = mean_spectrum(0.3 * torch.randn(2300, *shape))
    side = min(shape[1:])
    np.testing.assert_allclose(spectrum.frequency, np.arange(side // 2 + 1) / side)
    np.testing.assert_allclose(spectrum.power, 0.09, rtol=0.1)


def test_the_radial_average_is_over_rings():
    radius = radial_frequency(28, 28)
    spectrum = radial_average(radius)
    np.testing.assert_allclose(spectrum.power, spectrum.frequency, atol=0.5 / 28)
    flat = radial_average(torch.full((28, 28), 2.5).double())
    np.testing.assert_allclose(flat.power, 2.5)


def test_images_are_averaged_over_more_than_one_batch():
    x = torch.rand(1300, 1, 8, 8)
    whole = radial_average(power_spectrum(x).mean(0))
    np.testing.assert_allclose(mean_spectrum(x).power, whole.power)
    torch.testing.assert_close(
        high_frequency_power(x), torch.cat([high_frequency_power(part) for part in x.split(7)])
    )


def test_an_identity_keeps_all_energy():
    x = torch.rand(20, 1, 28, 28)
    estimate = high_frequency_energy(x, x)
    assert estimate.value == pytest.approx(1) and estimate.se == pytest.approx(0, abs=1e-12)


def test_constant_images_keep_none():
    x = torch.rand(20, 1, 8, 8)
    mean = x.mean((-2, -1), keepdim=True).expand_as(x)
    assert high_frequency_energy(mean, x).value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_contrast_counts_squared(factor):
    x = torch.rand(20, 1, 8, 8)
    assert high_frequency_energy(factor * x, x).value == pytest.approx(factor**2)


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_a_gaussian_blur_leaves_what_its_transfer_function_says(sigma):
    x = torch.randn(3000, 1, 16, 16)  # white, so that every frequency weighs the same
    radius = radial_frequency(16, 16)
    transfer = torch.exp(-2 * (math.pi * sigma * radius) ** 2)
    exact = transfer[radius > 0.25].square().mean().item()
    estimate = high_frequency_energy(filtered(x, transfer), x)
    assert estimate.value == pytest.approx(exact, abs=4 * estimate.se)
    assert estimate.se < 0.01 * exact


def test_low_frequencies_do_not_count():
    x = torch.randn(10, 1, 16, 16)
    only_high = filtered(x, (radial_frequency(16, 16) > 0.25).double())
    assert high_frequency_energy(only_high, x).value == pytest.approx(1)
    assert high_frequency_energy(x - only_high, x).value == pytest.approx(0, abs=1e-12)


def test_the_standard_error_is_the_spread_over_sets_of_images():
    contrast = torch.rand(400, 80, 1, 1, 1)
    x = contrast * torch.randn(400, 80, 1, 8, 8)
    kept = x * torch.rand(400, 80, 1, 1, 1)
    estimates = [high_frequency_energy(a, b) for a, b in zip(kept, x, strict=True)]
    spread = np.std([e.value for e in estimates], ddof=1)
    assert np.mean([e.se for e in estimates]) == pytest.approx(spread, rel=0.12)
