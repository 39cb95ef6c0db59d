"""What a schedule, batch and rate reach for their CPU time: validation objective against seconds.

``averaged`` is the project's: a constant rate and averaged weights; one run serves all budgets.
``cosine`` lowers the rate to nothing over its budget and keeps the best weights themselves; every
budget is a run of its own. ``constant`` does neither.
"""

import dataclasses
import math
import time

from measuring import publish
from sweeps import chosen_sweeps, data_of, sweep_parser

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
    options.add_argument("--points", nargs="+", default=POINTS, help="schedule:batch:rate")
    options.add_argument("--epochs", type=int, nargs="+", default=[50, 100, 200, 400])
    options.add_argument("--name", default="schedules", help="of the table")
    options = options.parse_args(arguments)
    rows = [
        row
        for sweep in chosen_sweeps(options)
        for point in options.points
        for row in measure(sweep, *point.split(":"), options)
    ]
    publish(rows, options.name, options)


def measure(sweep: Sweep, schedule: str, batch_size: str, rate: str, options) -> list[dict]:
    """A row per budget and cell; seconds are those of the CPU per cell."""
    point = {"batch_size": int(batch_size), "learning_rate": float(rate)}
    budgets = options.epochs if schedule == "cosine" else [max(options.epochs)]
    rows = []
    for epochs in budgets:
        training = dataclasses.replace(sweep.training, epochs=epochs, tolerance=0.0, **point)
        stack, seconds = trained(
            SCHEDULES[schedule], dataclasses.replace(sweep, training=training), options
        )
        shown = [epochs] if schedule == "cosine" else options.epochs
        rows += [row for budget in shown for row in rows_of(stack, seconds, budget)]
    return [{"schedule": schedule, **point, **row} for row in rows]


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
    main()
