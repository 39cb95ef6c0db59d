"""Identities between whole trainings, on trained weights."""

import dataclasses

import pytest
import torch

from vae.configuration.sweep import Cell, Likelihood
from vae.selfcheck.mistakes import UnlimitedStack, free_density, mean_reduction, measured_densities
from vae.training.loop import train_stack
from vae.training.stack import Stack

CPU = torch.device("cpu")


def trained(sweep, digits, sigma: float, beta: float) -> Stack:
    likelihood = Likelihood("gaussian_fixed_sigma", sigma=sigma)
    sweep = dataclasses.replace(sweep, likelihood=likelihood, betas=(beta,), autoencoder=False)
    stack = Stack(sweep, sweep.cells, digits, CPU)
    train_stack(stack)
    return stack


@pytest.mark.parametrize(("beta", "sigma"), [(4.0, 0.1), (0.25, 0.4)])
def test_only_the_product_of_beta_and_variance_matters(make_sweep, digits, beta, sigma):
    sweep = make_sweep(seeds=(0,))
    one = trained(sweep, digits, sigma, beta)
    other = trained(sweep, digits, sigma * beta**0.5, 1.0)
    elsewhere = trained(sweep, digits, sigma, 1.0)
    assert distance(one, other) < 2e-3
    assert distance(one, elsewhere) > 5 * distance(one, other), "another product, another network"


def distance(a: Stack, b: Stack) -> float:
    """The largest difference between two trained weights."""
    return max((w - b.parameters[name]).abs().max().item() for name, w in a.parameters.items())


def test_a_mean_over_pixels_is_beta_times_their_number(make_sweep, digits):
    training = dataclasses.replace(make_sweep().training, epochs=100)
    sweep = make_sweep(seeds=(0,), training=training)
    table = mean_reduction(sweep, digits, 0, CPU).set_index(["reduction", "beta"])
    right, wrong, same = (table.loc[key] for key in (("sum", 1.0), ("mean", 1.0), ("sum", 64.0)))
    assert wrong.active_units == same.active_units == 0 < right.active_units
    assert wrong.distortion == pytest.approx(same.distortion, abs=0.05)
    assert wrong.rate < 0.01 < right.rate


def test_a_density_without_a_ceiling_pays_for_exact_zeros_and_not_for_grey_levels(
    make_sweep, digits
):
    training = dataclasses.replace(make_sweep().training, epochs=160, learning_rate=1e-2)
    table = free_density(make_sweep(training=training), digits, 0, CPU)
    assert table.epoch.tolist() == [4, 8, 16] * 3
    x = digits.unit("train")
    outer = ((x == 0) | (x == 1)).double().mean().item()
    assert table.outer_pixels.tolist() == pytest.approx([outer] * 9)
    end = table[table.epoch == 16].set_index("trained_on")
    free, limited, masses = end.loc[["free density", "limited density", "masses"]].itertuples()
    assert free.log_density > masses.log_density > limited.log_density
    assert free.rate > max(limited.rate, masses.rate)
    assert masses.bits_per_dim < min(free.bits_per_dim, limited.bits_per_dim)
    growth = table.groupby("trained_on").log_density.agg(lambda d: d.iloc[2] - d.iloc[1])
    assert growth["free density"] > growth["limited density"] > 0


def test_the_measured_density_is_the_one_that_was_trained(make_sweep, digits):
    """A limit that is lost on the way to the measured model would show."""
    training = dataclasses.replace(make_sweep().training, epochs=3, learning_rate=1e-2)
    sweep = make_sweep(likelihood=Likelihood("continuous_bernoulli"), training=training)
    stack = UnlimitedStack(sweep, [Cell("vae", 1.0, 0)], digits, CPU)
    stack.trained.averages["decoder.bias"].fill_(-40.0)  # |η| beyond the limit
    stack.trained.averages["decoder.bias"][:, :, 4] = 0.0
    stack.validate()
    found, last = measured_densities(stack), stack.history[-1]
    assert found["rate"] == pytest.approx(last["rate"], rel=1e-4)
    assert found["log_density"] == pytest.approx(-last["distortion"], rel=1e-4)
