"""Codes of use: classifiers on codes whose use is known."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from vae.evaluation.probes import FEW_LABELS, Probe, spread

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def probe(digits):
    return Probe(digits, 0, CPU)


def codes(labels: np.ndarray, noise: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.eye(10)[labels] + noise * rng.normal(size=(len(labels), 10))


def values(found) -> list[float]:
    return [estimate.value for estimate in found.values()]


def test_codes_that_name_the_class_are_read_and_noise_is_not(probe):
    clear = probe.of_codes(codes(probe.labels, 0.1, 0), codes(probe.truth, 0.1, 1))
    assert min(values(clear)) > 0.99
    nothing = probe.of_codes(codes(probe.labels, 1e3, 0), codes(probe.truth, 1e3, 1))
    assert max(values(nothing)) < 0.2


def test_more_labels_help_where_codes_are_noisy(probe):
    found = probe.of_codes(codes(probe.labels, 0.45, 0), codes(probe.truth, 0.45, 1))
    assert found["probe_accuracy_10_labels"].value < found["probe_accuracy"].value - 0.02


def test_moving_scaling_and_turning_codes_changes_nothing(probe):
    train, test = codes(probe.labels, 0.4, 0), codes(probe.truth, 0.4, 1)
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(10, 10)))[0]
    expected = values(probe.of_codes(train, test))
    moved = probe.of_codes(*(100 * x @ rotation - 5 for x in (train, test)))
    assert values(moved) == pytest.approx(expected, abs=0.006)


def test_a_dimension_that_hardly_moves_stays_quiet(probe):
    train, test = codes(probe.labels, 0.4, 0), codes(probe.truth, 0.4, 1)
    rng = np.random.default_rng(3)
    added = [np.c_[x, 1e-3 * rng.normal(size=(len(x), 30))] for x in (train, test)]
    assert values(probe.of_codes(*added)) == pytest.approx(
        values(probe.of_codes(train, test)), abs=0.01
    )


def test_the_spread_is_the_deviation_of_codes_alike_in_every_direction():
    x = np.random.default_rng(0).normal(size=(5000, 4))
    assert spread(3 * x) == pytest.approx(3, rel=0.03)
    assert spread(np.c_[3 * x, np.zeros((5000, 6))]) == pytest.approx(spread(3 * x))
    assert spread(x[:, :1]) == pytest.approx(x[:, 0].std(), rel=1e-3)
    assert spread(0 * x) == 1


def test_constant_codes_name_one_class(probe):
    found = probe.of_codes(np.zeros((len(probe.labels), 3)), np.zeros((len(probe.truth), 3)))
    correct = found["probe_accuracy"].per_image == 1
    assert len(set(probe.truth[correct])) == 1
    assert correct.sum() == (probe.truth == probe.truth[correct][0]).sum()


def test_the_few_labels_are_few_of_every_class_and_other_ones_each_time(probe):
    for chosen in probe.few:
        assert np.bincount(probe.labels[chosen]).tolist() == [FEW_LABELS] * 10
        assert len(set(chosen.tolist())) == len(chosen)
    assert not np.array_equal(probe.few[0], probe.few[1])


def test_the_solver_is_at_the_optimum_that_others_find(probe):
    train, test = codes(probe.labels, 0.5, 0), codes(probe.truth, 0.5, 1)
    centre, scale = train.mean(0), spread(train)
    other = LogisticRegression(solver="lbfgs", tol=1e-8, max_iter=2000)
    right = other.fit((train - centre) / scale, probe.labels).score(
        (test - centre) / scale, probe.truth
    )
    assert probe.of_codes(train, test)["probe_accuracy"].value == pytest.approx(right)


def test_every_test_image_has_its_value(trained, digits, probe):
    for cell in trained.cells:
        found = probe.of_model(trained.model(cell))
        for estimate in found.values():
            assert estimate.per_image.shape == digits.labels["test"].shape
            assert estimate.per_image.mean() == pytest.approx(estimate.value, rel=1e-5)
        assert set(np.unique(found["probe_accuracy"].per_image)) == {0, 1}
