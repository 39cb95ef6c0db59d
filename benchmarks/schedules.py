"""What a schedule, batch and rate reach for their CPU time: validation objective against seconds.

``averaged`` is the project's: a constant rate and averaged weights; one run serves all budgets.
``cosine`` lowers the rate to nothing over its budget and keeps the best weights themselves; every
budget is a run of its own. ``constant`` does neither.
"""

import itertools
import math
import time
from pathlib import Path

from measuring import parser, publish

from vae.data import load_dataset
from vae.devices import set_up
from vae.stack import Stack
from vae.sweep import Likelihood, Network, Sweep, Training

MLP = {"digits": ((128, 128), 10), "mnist": ((200, 200), 20), "fashion_mnist": ((200, 200), 20)}


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
        for group in self.trained.optimiser.param_groups:
            group["lr"] = settings.learning_rate * (1 + math.cos(math.pi * share)) / 2
        super().train_epoch()


SCHEDULES = {"averaged": Stack, "constant": ConstantStack, "cosine": CosineStack}


def main(arguments: list[str] | None = None) -> None:
    """Print the best validation objective by schedule, batch size, rate, β and budget."""
    options = parser(__doc__)
    options.set_defaults(data=Path("results/data/digits.npz"))
    options.add_argument("--likelihoods", nargs="+", default=["gaussian_learned_sigma"])
    options.add_argument("--betas", type=float, nargs="+", default=[0.25, 1, 4])
    options.add_argument("--schedules", nargs="+", choices=SCHEDULES, default=["averaged"])
    options.add_argument("--batch-sizes", type=int, nargs="+", default=[100])
    options.add_argument("--rates", type=float, nargs="+", default=[1e-3])
    options.add_argument("--epochs", type=int, nargs="+", default=[100, 200, 400])
    options.add_argument("--warmup", type=int, default=25, help="epochs (default: 25)")
    options.add_argument("--name", default="schedules", help="of the table")
    options = options.parse_args(arguments)
    axes = (options.likelihoods, options.schedules, options.batch_sizes, options.rates)
    rows = [row for point in itertools.product(*axes) for row in measure(*point, options)]
    publish(rows, options.name, options)


def measure(likelihood: str, schedule: str, batch_size: int, rate: float, options) -> list[dict]:
    """A row per budget and β; seconds of the CPU are those per cell."""
    budgets = options.epochs if schedule == "cosine" else [max(options.epochs)]
    rows = []
    for epochs in budgets:
        training = Training(epochs, batch_size, rate, warmup_epochs=options.warmup)
        rows += _run(SCHEDULES[schedule], likelihood, training, options)
    named = {"schedule": schedule, "batch_size": batch_size, "rate": rate}
    return [{"likelihood": likelihood, **named, **row} for row in rows]


def _run(kind: type[Stack], likelihood: str, training: Training, options) -> list[dict]:
    device = set_up(options.device, options.threads)
    dataset = load_dataset(options.data).to(device)
    hidden, latent_dim = MLP[dataset.name]
    family = Likelihood(likelihood, 0.1 if likelihood == "gaussian_fixed_sigma" else None)
    network = Network("mlp", hidden)
    sweep = Sweep(
        dataset.name, network, latent_dim, family, tuple(options.betas), (0,), False, training
    )
    stack = kind(sweep, sweep.cells, dataset, device)
    stack.validate()
    start, seconds = time.process_time(), [0.0]
    while not stack.finished:
        stack.train_epoch()
        stack.validate()
        seconds.append((time.process_time() - start) / len(sweep.cells))
    shown = [training.epochs] if kind is CosineStack else options.epochs
    return [
        {
            "beta": cell.beta,
            "epochs": epochs,
            "seconds": seconds[epochs],
            "objective": min(objectives[training.warmup_epochs : epochs + 1]),
            "best_epoch": min(
                range(training.warmup_epochs, epochs + 1), key=objectives.__getitem__
            ),
        }
        for epochs in shown
        for cell, objectives in zip(stack.cells, stack.objectives, strict=True)
    ]


if __name__ == "__main__":
    main()
