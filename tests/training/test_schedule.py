"""When training ends: the rule on objectives that are made up, and the average of the weights."""

import math

import pytest
import torch

from vae.training.schedule import AVERAGED_SHARE, averaging_weight, settled


def first_settled(
    objective, warmup: int = 0, tolerance: float = 0.5, most: int = 3000
) -> int | None:
    """The first epoch at which a training with ``objective(epoch)`` has settled."""
    objectives = [objective(0)]
    for epoch in range(1, most):
        objectives.append(objective(epoch))
        if settled(objectives, warmup, tolerance):
            return epoch
    return None


@pytest.mark.parametrize("time", [10, 30, 100])
def test_an_exponential_decay_settles_when_half_of_it_is_below_the_tolerance(time):
    epoch = first_settled(lambda e: 100 * math.exp(-e / time))
    halfway = epoch // 2
    assert 100 * math.exp(-halfway / time) - 100 * math.exp(-epoch / time) < 0.5
    assert epoch == pytest.approx(2 * time * math.log(100 / 0.5), abs=2)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_what_a_doubled_budget_gains_after_settling_is_below_the_tolerance(power):
    def objective(epoch):
        return 20 * (1 + epoch) ** -power

    epoch = first_settled(objective)
    assert objective(epoch) - objective(2 * epoch) < 0.5


def test_an_objective_that_falls_by_as_much_in_every_doubling_never_settles():
    assert first_settled(lambda e: -math.log2(1 + e)) is None


def test_overfitting_ends_at_twice_the_best_epoch():
    assert first_settled(lambda e: abs(e - 60.0)) == pytest.approx(2 * 60, abs=2)


def test_nothing_settles_before_twice_the_warm_up():
    assert first_settled(lambda _: 1.0, warmup=20) == 42
    assert first_settled(lambda _: 1.0) == 2


def test_objectives_of_the_warm_up_do_not_count():
    """With β near 0 the objective may rise far above that of the untrained model."""

    def objective(epoch):
        return 1.0 if epoch < 10 else 50 * math.exp(-(epoch - 10) / 40)

    assert first_settled(objective, warmup=10) > 200


def test_no_improvement_settles_but_not_with_a_tolerance_of_zero():
    assert not settled([1.0] * 100, 0, 0.0)
    assert settled([1.0] * 100, 0, 1e-9)


def test_the_average_begins_with_the_newest_and_reaches_back_a_share_of_all_steps():
    steps, average = torch.arange(1, 10_001, dtype=torch.float64), torch.tensor(-1.0).double()
    for step in steps:
        average = average.lerp(step, averaging_weight(int(step)))
        if step == 1:
            assert average == 1
    # weights ∝ s^(1/share - 1): the mean age is share / (1 + share) of all steps
    expected = 10_000 * (1 - AVERAGED_SHARE / (1 + AVERAGED_SHARE))
    assert average.item() == pytest.approx(expected, rel=1e-3)
