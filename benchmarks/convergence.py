"""What training leaves: every cell goes on for as long again as the stopping rule gave it.

Nothing in the training knows its end, so the longer run is the same one, continued: the weights
that the rule keeps are set aside where it stops. ``--rates 0.5 2`` also trains at half and twice
the learning rate. ELBOs are those of the test images, at β = 1, whatever β trained the model.
"""

import dataclasses
import sys
import time
from functools import partial

import pandas as pd
import torch
from measuring import publish
from sweeps import chosen_sweeps, data_of, sweep_parser
from torch import Tensor

from vae.command import positive, run
from vae.configuration.sweep import Sweep
from vae.objectives import weighted
from vae.results.statistics import estimate, not_worse
from vae.training.loop import stacks_of
from vae.training.schedule import settled
from vae.training.stack import VALIDATION_BATCH, Stack


class LongerStack(Stack):
    """Trains every cell ``factor`` times as long as the rule does.

    Attributes:
        by_rule: the weights that the rule keeps, stacked as ``best`` is.
        stopped_at: the epoch at which the rule stops each cell.
    """

    def __init__(self, *arguments, factor: int, **options) -> None:
        super().__init__(*arguments, **options)
        self.factor, self.most = factor, self.sweep.training.epochs
        training = dataclasses.replace(self.sweep.training, epochs=factor * self.most)
        self.sweep = dataclasses.replace(self.sweep, training=training)
        self.by_rule = {name: kept.clone() for name, kept in self.best.items()}
        self.stopped_at: dict[int, int] = {}
        self.settled: dict[int, bool] = {}

    def converged(self, index: int) -> bool:
        """Whether the cell has trained ``factor`` times as long as the rule would have it."""
        training, objectives = self.sweep.training, self.objectives[index]
        epoch = len(objectives) - 1
        if index not in self.stopped_at:
            done = settled(objectives, training.warmup_epochs, training.tolerance)
            if done or epoch == self.most:
                self.stopped_at[index], self.settled[index] = epoch, done
                for name, kept in self.best.items():
                    self.by_rule[name][index] = kept[index]
        return epoch >= self.factor * self.stopped_at.get(index, training.epochs)


def main(arguments: list[str] | None = None) -> None:
    """Print, per likelihood, rate and β, what more training changes, in nats, and the best βs."""
    options = sweep_parser(__doc__)
    options.add_argument("--rates", nargs="*", type=float, default=[], help="times the rate")
    options.add_argument("--factor", type=positive, default=2, help="of the budget (default: 2)")
    options.add_argument("--name", default="convergence", help="of the table")
    options = options.parse_args(arguments)
    frames = [
        measure(sweep, rate, options)
        for sweep in chosen_sweeps(options)
        for rate in (1.0, *options.rates)
    ]
    for frame in frames:
        print(verdict(frame), flush=True)
    publish(
        pd.concat([by_beta(frame) for frame in frames]).to_dict("records"), options.name, options
    )


def measure(sweep: Sweep, rate: float, options) -> pd.DataFrame:
    """A row per cell: objective and ELBO by the rule and after ``factor`` times as many epochs.

    At another than the configured rate training ends where the rule says.
    """
    dataset = data_of(sweep, options)
    device = dataset.images["train"].device
    factor = options.factor if rate == 1 else 1
    faster = sweep.training.learning_rate * rate
    training = dataclasses.replace(sweep.training, learning_rate=faster)
    sweep = dataclasses.replace(sweep, training=training)
    longer = partial(LongerStack, factor=factor)
    stacks = stacks_of(sweep, dataset, device, kind=longer)
    rows = [row for stack in stacks for row in _trained(stack)]
    named = {"likelihood": sweep.likelihood.slug, "tolerance": training.tolerance}
    return pd.DataFrame(rows).assign(**named, rate=faster)


def _trained(stack: LongerStack) -> list[dict]:
    start = time.process_time()
    stack.validate()
    while not stack.finished:
        stack.train_epoch()
        stack.validate()
    seconds = (time.process_time() - start) / sum(map(len, stack.objectives))
    elbo, longer = (test_elbo(stack, weights) for weights in (stack.by_rule, stack.best))
    warmup = stack.sweep.training.warmup_epochs
    return [
        {
            "beta": cell.beta,
            "seed": cell.seed,
            "epochs": stack.stopped_at[i],
            "seconds": seconds * stack.stopped_at[i],
            "converged": stack.settled[i],
            "objective": min(stack.objectives[i][warmup : stack.stopped_at[i] + 1]),
            "objective_longer": float(stack.best_objective[i]),
            "elbo": elbo[i],
            "elbo_longer": longer[i],
        }
        for i, cell in enumerate(stack.cells)
    ]


@torch.no_grad()
def test_elbo(stack: Stack, weights: dict[str, Tensor]) -> list[float]:
    """Mean ELBO of the test images for every cell, with common noise."""
    fresh = Stack(stack.sweep, stack.cells, stack.dataset, stack.device)
    x = stack.dataset.unit("test")
    noise = fresh._fixed_noise("test", len(x))
    flipped = {n: weights[n] for n in fresh.best}
    parts = [
        fresh._terms(flipped, batch.expand(len(fresh.cells), *batch.shape), part)
        for batch, part in zip(
            x.split(VALIDATION_BATCH), noise.split(VALIDATION_BATCH, 1), strict=True
        )
    ]
    losses = torch.cat([weighted(distortion, rate, 1.0) for distortion, rate in parts], 1)
    return (-losses.double().mean(1)).tolist()


def by_beta(frame: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds; ``*_left`` is what the longer training changes, ± its standard error."""
    frame = frame.assign(
        objective_left=frame.objective - frame.objective_longer,
        elbo_left=frame.elbo_longer - frame.elbo,
    )
    key = ["likelihood", "tolerance", "rate", "beta"]
    means = frame.groupby(key, as_index=False).mean()
    spread = frame.groupby(key).elbo_left.sem().to_numpy()
    return means.drop(columns="seed").assign(elbo_left_se=spread)


def verdict(frame: pd.DataFrame) -> str:
    """The best β by test ELBO and its 95 % set over seeds, by the rule and trained longer."""
    sets = {}
    for column in ("elbo", "elbo_longer"):
        table = frame.pivot(index="beta", columns="seed", values=column)
        best = table.index[table.mean(axis=1).argmax()]
        confident = (
            table.index[not_worse(estimate(-table.to_numpy()))] if table.shape[1] > 2 else [best]
        )
        sets[column] = f"{best:g} of {{{', '.join(f'{beta:g}' for beta in sorted(confident))}}}"
    return (
        f"{frame.likelihood[0]}, rate {frame.rate[0]:g}: {frame.converged.mean():.0%} converged, "
        f"{frame.epochs.mean():.0f} epochs and {frame.seconds.sum():.0f} CPU seconds in all; "
        f"best β {sets['elbo']}, trained longer {sets['elbo_longer']}"
    )


if __name__ == "__main__":
    sys.exit(run(main))
