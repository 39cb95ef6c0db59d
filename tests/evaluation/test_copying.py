"""Copies of training images are noticed, unseen images are not taken for copies."""

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from vae.evaluation.copying import DataCopying, mann_whitney_z


def features(count: int, seed: int, size: int = 5) -> Tensor:
    stream = torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=stream, dtype=torch.float64)


@pytest.fixture(scope="module")
def copying() -> DataCopying:
    return DataCopying(features(1000, 0), features(400, 1), seed=0)


def test_the_statistic_is_that_of_scipy():
    x, y = features(30, 0, 1)[:, 0].round(decimals=1), features(50, 1, 1)[:, 0].round(decimals=1)
    u = mannwhitneyu(x.numpy(), y.numpy()).statistic
    expected = (u - 750) / np.sqrt(1500 * 81 / 12)
    assert mann_whitney_z(x, y) == pytest.approx(expected)
    assert mann_whitney_z(y, x) == pytest.approx(-expected)


def test_unseen_images_are_no_copies():
    found = []
    for seed in range(20):
        copying = DataCopying(features(1000, seed), features(400, seed + 100), seed=0)
        found.append(copying(features(400, seed + 200)))
    copying = np.array([f["data_copying"].value for f in found])
    assert abs(copying.mean()) < 3 * copying.std() / np.sqrt(20)
    assert copying.std() < 1
    authentic = np.mean([f["authentic_share"].value for f in found])
    assert authentic == pytest.approx(0.5, abs=0.05)  # of three alike the nearest pair is any


def test_copies_are_noticed_even_when_they_are_not_exact(copying):
    for blur, authentic in ((0.0, 0.0), (0.05, 0.02)):
        found = copying(features(1000, 0) + blur * features(1000, 5))
        assert found["data_copying"].value < -5
        assert found["authentic_share"].value <= authentic


def test_some_copies_are_noticed_and_strays_are_not_copies(copying):
    mixed = torch.cat([features(1000, 0)[:300], features(700, 7)])
    found = copying(mixed)
    assert found["data_copying"].value < -1.5
    assert 0.25 < found["authentic_share"].value < 0.45
    assert copying(2 * features(1000, 8))["data_copying"].value > 3


def clusters(count: int, seed: int) -> Tensor:
    """Half of them crowded, half of them far apart from each other."""
    crowded, apart = features(count, seed).chunk(2)
    return torch.cat([0.1 * crowded, apart + 20])


def test_one_favourite_region_is_not_taken_for_copying():
    """Samples of the crowded half are near training images, but no nearer than test images are."""
    copying = DataCopying(clusters(1000, 0), clusters(400, 1), seed=0)
    favourite = clusters(2000, 2)[:1000]
    everywhere = mann_whitney_z(copying._nearest(favourite)[0], copying.test_distances)
    assert everywhere < -5
    assert abs(copying(favourite)["data_copying"].value) < 2


def test_too_few_samples_everywhere_say_nothing(copying):
    assert np.isnan(copying(features(10, 3))["data_copying"].value)
