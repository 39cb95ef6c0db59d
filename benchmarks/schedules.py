"""What a schedule, batch and rate reach for their CPU time: validation objective against seconds.

``averaged`` is the project's: a constant rate and averaged weights; one run serves all budgets.
``cosine`` lowers the rate to nothing over its budget and keeps the best weights themselves; every
budget is a run of its own. ``constant`` does neither.
"""

import dataclasses
import math
import sys
import time

from measuring import publish
from sweeps import chosen_sweeps, data_of, sweep_parser

from vae.command import positive, run
from vae.configuration.sweep import Sweep
from vae.results.table import cell_columns
from vae.training.stack import Stack

POINTS = (
    *("averaged:100:0.001", "averaged:100:0.002", "averaged:100:0.004", "averaged:50:0.002"),
    *("averaged:200:0.004", "cosine:100:0.002"),
)


class ConstantStack(Stack):
    """A constant rate, and the weights as they are instead of their average."""

    def train_epoch(self) -> None:
        """One pass over the training images."""
        super().train_epoch()
        self.trained.include_in_average(1.0)


class CosineStack(ConstantStack):
    """The rate falls to nothing along half a cosine; the weights are kept as they are."""

    def train_epoch(self) -> None:
        """One pass over the training images, at the rate of its epoch."""
        settings = self.sweep.training
        share = self.epoch / settings.epochs
        rate = settings.learning_rate * (1 + math.cos(math.pi * share)) / 2
        self.trained.optimiser.learning_rate = rate
        super().train_epoch()


SCHEDULES = {"averaged": Stack, "constant": ConstantStack, "cosine": CosineStack}


def main(arguments: list[str] | None = None) -> None:
    """Print the best validation objective by schedule, batch size, rate, β and budget."""
    options = sweep_parser(__doc__)
    text, points = "schedule:batch:rate", [point(text) for text in POINTS]
    options.add_argument("--points", nargs="+", type=point, default=points, help=text)
    options.add_argument("--epochs", type=positive, nargs="+", default=[50, 100, 200, 400])
    options.add_argument("--name", default="schedules", help="of the table")
    options = options.parse_args(arguments)
    rows = [
        row
        for sweep in chosen_sweeps(options)
        for chosen in options.points
        for row in measure(sweep, *chosen, options)
    ]
    publish(rows, options.name, options)


def point(text: str) -> tuple[str, int, float]:
    """A schedule, a batch size and a learning rate, written as ``averaged:100:0.002``."""
    schedule, batch_size, rate = text.split(":")
    if schedule not in SCHEDULES:
        raise ValueError(f"{schedule} is no schedule")
    return schedule, int(batch_size), float(rate)


def measure(sweep: Sweep, schedule: str, batch_size: int, rate: float, options) -> list[dict]:
    """A row per budget and cell; seconds are those of the CPU per cell."""
    changes = {"batch_size": batch_size, "learning_rate": rate}
    budgets = options.epochs if schedule == "cosine" else [max(options.epochs)]
    rows = []
    for epochs in budgets:
        training = dataclasses.replace(sweep.training, epochs=epochs, tolerance=0.0, **changes)
        stack, seconds = trained(
            SCHEDULES[schedule], dataclasses.replace(sweep, training=training), options
        )
        shown = [epochs] if schedule == "cosine" else options.epochs
        rows += [row for budget in shown for row in rows_of(stack, seconds, budget)]
    return [{"schedule": schedule, **changes, **row} for row in rows]


def trained(kind: type[Stack], sweep: Sweep, options) -> tuple[Stack, list[float]]:
    """A stack of all cells, trained; CPU seconds per cell until the end of every epoch."""
    dataset = data_of(sweep, options)
    stack = kind(sweep, sweep.cells, dataset, dataset.images["train"].device)
    stack.validate()
    start, seconds = time.process_time(), [0.0]
    while not stack.finished:
        stack.train_epoch()
        stack.validate()
        seconds.append((time.process_time() - start) / len(sweep.cells))
    return stack, seconds


def rows_of(stack: Stack, seconds: list[float], budget: int) -> list[dict]:
    """The best objective of every cell up to the epoch ``budget``."""
    epochs = range(min(stack.sweep.training.warmup_epochs, budget), budget + 1)
    return [
        {
            **cell_columns(stack.sweep, cell),
            "epochs": budget,
            "seconds": seconds[budget],
            "objective": min(objectives[epoch] for epoch in epochs),
            "best_epoch": min(epochs, key=objectives.__getitem__),
        }
        for cell, objectives in zip(stack.cells, stack.objectives, strict=True)
    ]


if __name__ == "__main__":
    sys.exit(run(main))
