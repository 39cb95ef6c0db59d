"""Likelihoods that need no model, against sums by hand."""

import math

import pytest

from vae.evaluation.baselines import histogram_bits_per_dim
from vae.evaluation.real_images import training_images


def test_the_histogram_of_black_and_white_counts_the_whites_that_models_see(dynamic):
    everything = training_images(dynamic, len(dynamic.images["train"]), seed=0)
    white, unseen = dynamic.mean_image().mean().item(), dynamic.unit("test").mean().item()
    expected = -unseen * math.log2(white) - (1 - unseen) * math.log2(1 - white)
    assert histogram_bits_per_dim(dynamic, everything) == pytest.approx(expected, abs=1e-3)
