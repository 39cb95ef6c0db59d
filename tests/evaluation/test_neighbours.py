"""Precision, recall, density and coverage against brute force, and the trap of the first two."""

import numpy as np
import pytest
import torch
from torch import Tensor

from vae.evaluation import neighbours
from vae.evaluation.neighbours import Neighbourhoods, neighbour_radii


def features(count: int, seed: int, size: int = 8) -> Tensor:
    stream = torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=stream, dtype=torch.float64)


def brute_force(real: Tensor, fake: Tensor, k: int) -> dict[str, float]:
    """By their definitions, loop by loop (Kynkäänniemi et al. 2019, eq. 1; Naeem et al., 2020)."""
    real, fake = real.numpy(), fake.numpy()

    def radius(point: int, points: np.ndarray) -> float:
        return sorted(np.linalg.norm(points - points[point], axis=1))[k]

    inside = [[np.linalg.norm(x - y) <= radius(i, real) for y in fake] for i, x in enumerate(real)]
    recalled = [
        any(np.linalg.norm(x - y) <= radius(j, fake) for j, y in enumerate(fake)) for x in real
    ]
    return {
        "precision": np.any(inside, axis=0).mean(),
        "recall": np.mean(recalled),
        "density": np.sum(inside) / (k * len(fake)),
        "coverage": np.any(inside, axis=1).mean(),
    }


@pytest.mark.parametrize("block", [7, 500])
def test_they_are_what_their_definitions_say(monkeypatch, block):
    monkeypatch.setattr(neighbours, "BLOCK", block)
    real, fake = features(40, 0, 3), 0.8 * features(40, 1, 3) + 0.3
    found = Neighbourhoods(real, k=3)(fake)
    for name, value in brute_force(real, fake, 3).items():
        assert found[name].value == pytest.approx(value), name


def test_the_radius_is_the_distance_to_the_kth_other():
    x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    assert neighbour_radii(x, 1).tolist() == [1, 1, 2, 4]
    assert neighbour_radii(x, 2).tolist() == [3, 2, 3, 6]


def test_a_collapsed_model_has_the_best_precision_and_density_and_covers_nothing():
    """Why neither precision nor density is ever a criterion: the copy of one image wins."""
    real, other = features(500, 0, 64), features(500, 1, 64)
    one_image = real[real.norm(dim=1).argmin()] + 1e-3 * features(500, 2, 64)
    compare = Neighbourhoods(real)
    collapsed, spread = compare(one_image), compare(other)
    assert collapsed["precision"].value == 1 > spread["precision"].value
    assert collapsed["density"].value > 5 > spread["density"].value
    assert collapsed["recall"].value < 0.01
    assert collapsed["coverage"].value < 0.15
    assert spread["recall"].value > 0.5 and spread["coverage"].value > 0.8


def test_real_images_have_density_one_and_the_coverage_that_theory_says():
    """E[coverage] = 1 - Π (N - i) / (2N - i) about 1 - 2^-k for equal sets (Naeem et al. 2020)."""
    found = [Neighbourhoods(features(400, s, 4))(features(400, s + 100, 4)) for s in range(8)]
    assert np.mean([f["density"].value for f in found]) == pytest.approx(1, abs=0.05)
    assert np.mean([f["coverage"].value for f in found]) == pytest.approx(1 - 2**-5, abs=0.01)


def test_more_generated_images_lower_the_error_and_not_the_value():
    compare = Neighbourhoods(features(300, 0))
    once, often = compare(1.2 * features(300, 1)), compare(1.2 * features(3000, 2))
    for name, estimate in once.items():
        assert often[name].se < estimate.se
        assert abs(often[name].value - estimate.value) < 4 * estimate.se


@pytest.mark.parametrize("name", ["recall", "density", "coverage"])
def test_values_of_test_images_average_to_the_metric(name):
    found = Neighbourhoods(features(300, 0))(1.2 * features(900, 1))[name]
    assert found.per_image.shape == (300,)
    assert found.per_image.mean() == pytest.approx(found.value, rel=1e-5)


@pytest.mark.parametrize("name", ["precision", "recall", "density", "coverage"])
def test_the_error_is_no_smaller_than_the_spread_over_draws(name):
    compare = Neighbourhoods(features(300, 0))
    found = [compare(1.2 * features(600, seed))[name] for seed in range(1, 40)]
    spread = np.std([e.value for e in found], ddof=1)
    assert np.mean([e.se for e in found]) > 0.7 * spread
