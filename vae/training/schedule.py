"""When training ends, and which weights it keeps: no schedule that must know the end beforehand.

Adam's rate stays as it is; the weights that are validated are an average over the last part of
training, which takes the place of a rate that decays (Shamir & Zhang 2013, "Stochastic gradient
descent for non-smooth optimization", polynomial-decay averaging). So a plateau of the validation
objective is one at the full rate.
"""

from collections.abc import Sequence

AVERAGED_SHARE = 0.1  # of the steps so far that the average reaches back


def averaging_weight(step: int) -> float:
    """The weight of the newest weights in the average, after ``step`` (1, 2, …) steps."""
    return 1 / (1 + AVERAGED_SHARE * (step - 1))


def share_of_beta(epoch: int, warmup_epochs: int) -> float:
    """With which share of β an ``epoch`` (1, 2, …) trains: equal steps to all of it."""
    return min(1.0, epoch / (warmup_epochs + 1))


def warmed_up(epoch: int, warmup_epochs: int) -> bool:
    """Whether validation objectives count: from the end of the last epoch of the warm-up on.

    They are measured with the whole β throughout, though that epoch itself trains with a little
    less: ``share_of_beta``.
    """
    return epoch >= warmup_epochs


def settled(objectives: Sequence[float], warmup_epochs: int, tolerance: float) -> bool:
    """Whether the second half of a training improved its best objective by less than tolerance.

    Args:
        objectives: of the validation split after every epoch, from epoch 0 (untrained) on.
        warmup_epochs: W; what precedes the end of epoch W does not count, and settling takes
            2 (W + 1) epochs at least.
        tolerance: in nats; 0 is never reached.
    """
    halfway = (len(objectives) - 1) // 2
    if halfway <= warmup_epochs:
        return False
    before, after = min(objectives[warmup_epochs : halfway + 1]), min(objectives[warmup_epochs:])
    return before - after < tolerance
