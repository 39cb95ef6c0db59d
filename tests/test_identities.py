"""Identities between whole trainings, on trained weights."""

import dataclasses

import pytest
import torch

from vae.mean_loss import demonstrate
from vae.stack import Stack
from vae.sweep import Likelihood
from vae.training import train_stack

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
    table = demonstrate(sweep, digits, 0, CPU).set_index(["reduction", "beta"])
    right, wrong, same = (table.loc[key] for key in (("sum", 1.0), ("mean", 1.0), ("sum", 64.0)))
    assert wrong.active_units == same.active_units == 0 < right.active_units
    assert wrong.distortion == pytest.approx(same.distortion, abs=0.05)
    assert wrong.rate < 0.01 < right.rate
