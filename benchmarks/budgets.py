"""What training longer changes: the validation objective and FID after growing budgets of epochs.

One training serves all budgets, since the rate is constant and averages are kept as they are at
every epoch. FIDs are those of the report, in the feature spaces of ``--spaces``.
"""

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

from measuring import publish
from sweeps import chosen_sweeps, data_of, sweep_parser

from vae.checks import require
from vae.command import positive, run
from vae.configuration.sweep import Sweep
from vae.data.datasets import Dataset
from vae.evaluation.distances import FeatureGaussian, extract, fid
from vae.evaluation.samples import prior_images
from vae.features.spaces import load_spaces
from vae.files import sha256
from vae.models import VAE
from vae.results.table import cell_columns
from vae.training.stack import Stack

SEED = 0  # of the evaluation


def main(arguments: list[str] | None = None) -> None:
    """Print objective and FID by likelihood, β, seed and budget."""
    options = sweep_parser(__doc__)
    options.add_argument("--epochs", type=positive, nargs="+", default=[20, 40, 80])
    options.add_argument("--spaces", type=Path, required=True, help="written by 'vae features'")
    options.add_argument("--samples", type=positive, default=10_000, help="images per model")
    options.add_argument("--name", default="budgets", help="of the table")
    options = options.parse_args(arguments)
    rows: list[dict] = []
    for sweep in chosen_sweeps(options):
        for found in measure(sweep, options):
            rows += found
            publish(rows, options.name, options)  # at every budget: the next may take hours


def measure(sweep: Sweep, options) -> Iterator[list[dict]]:
    """A row per cell at every budget.

    Raises:
        InputError: for a likelihood whose σ is estimated at the end of training alone.
    """
    require(
        not sweep.likelihood.family.calibrated,
        f"{sweep.likelihood.slug} has a σ that is estimated at the end of training: leave it out",
    )
    training = dataclasses.replace(sweep.training, epochs=max(options.epochs), tolerance=0.0)
    dataset, sweep = data_of(sweep, options), dataclasses.replace(sweep, training=training)
    stack = Stack(sweep, sweep.cells, dataset, dataset.images["train"].device)
    distance = Distance(dataset, options)
    stack.validate()
    while not stack.finished:
        stack.train_epoch()
        stack.validate()
        print(f"{sweep.slug}: {stack.epoch} epochs, {stack.summary()}", flush=True)
        if stack.epoch in options.epochs:
            yield [row_of(stack, i, distance) for i in range(len(stack.cells))]


class Distance:
    """FID between prior samples of a model and test images."""

    def __init__(self, dataset: Dataset, options) -> None:
        self.samples, self.levels = options.samples, dataset.levels
        self.digest = sha256(options.spaces)
        test = dataset.unit("test")
        self.space = load_spaces(options.spaces, ["classifier"], test.device)[0]
        self.real = FeatureGaussian(extract(self.space, test, self.levels))

    def __call__(self, model: VAE, seed: int) -> dict[str, float]:
        """Of expected and of drawn images, by the names of their metrics."""
        return {
            f"fid_{source}": fid(extract(self.space, images, self.levels), self.real).value
            for source, images in prior_images(model, self.samples, SEED, seed)
        }


def row_of(stack: Stack, index: int, distance: Distance) -> dict:
    """What a cell has reached."""
    cell = stack.cells[index]
    return {
        **cell_columns(stack.sweep, cell),
        "epochs": stack.epoch,
        "objective": float(stack.best_objective[index]),
        **distance(stack.model(index), cell.seed),
        "spaces": distance.digest,
    }


if __name__ == "__main__":
    sys.exit(run(main))
