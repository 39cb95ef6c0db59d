"""Annealed importance sampling against the closed form of a linear model."""

import pytest
import torch
from evaluation.test_likelihood import (
    LOADINGS,
    OFFSET,
    SHAPE,
    SIGMA,
    exact_log_likelihood,
    linear_gaussian,
)

from vae.evaluation.annealing import Schedule, forward, reverse, tuned
from vae.evaluation.importance import density


def test_both_directions_close_in_on_the_likelihood():
    stream, model = torch.Generator().manual_seed(0), linear_gaussian(shift=3.0)
    z = torch.randn(40, 2, generator=stream)
    x = (z @ LOADINGS.T + OFFSET).view(-1, *SHAPE)
    x = x + SIGMA * torch.randn(x.shape, generator=stream)
    schedule = tuned(model, x, Schedule.logistic(300), stream, density)
    below = forward(model, x, schedule, 8, stream, density).mean().item()
    above = reverse(model, z, x, schedule, 8, stream, density).mean().item()
    exact = exact_log_likelihood(x).mean().item()
    assert below == pytest.approx(exact, abs=0.05)
    assert above == pytest.approx(exact, abs=0.05)
    assert below < above + 0.02
