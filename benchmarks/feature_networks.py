"""What the networks do whose features FID compares: the same images in the features of several.

Reads a finished run. The classifier and the self-supervised network are learned anew from other
starts; models, codes and drawn images stay the same, so that all that differs is the network's.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from annealing import chosen_models
from measuring import parser, publish
from sweeps import expect
from torch import Tensor, nn

from vae.command import count, positive, run
from vae.configuration.sweep import Cell
from vae.data.datasets import Dataset, load_dataset
from vae.devices import set_up
from vae.evaluation.distances import FeatureGaussian, extract, fid
from vae.evaluation.samples import prior_images
from vae.features.spaces import train_networks
from vae.models import TrainedSweep
from vae.results.table import cell_columns

SEED = 0  # of the evaluation


def main(arguments: list[str] | None = None) -> None:
    """Print FIDs by likelihood, β, network and start."""
    options = parser(__doc__)
    options.set_defaults(data=None)
    options.add_argument("--results", type=Path, default=Path("results"), help="of a run")
    options.add_argument("--datasets", nargs="+", help="(default: all)")
    options.add_argument("--likelihoods", nargs="+", help="slugs (default: all)")
    options.add_argument("--seed", type=count, default=0, help="of the models (default: 0)")
    options.add_argument("--starts", type=positive, default=3, help="of every network")
    options.add_argument("--classifier-epochs", type=positive, default=20)
    options.add_argument("--samples", type=positive, default=10_000, help="images per model")
    options.add_argument("--name", default="networks", help="of the table")
    options = options.parse_args(arguments)
    device, rows = set_up(options.device, options.threads), []
    models = chosen_models(options)
    known = list(dict.fromkeys(trained.sweep.dataset for trained in models))
    expect(options.datasets, known, "--datasets")
    for name in options.datasets or known:
        dataset = load_dataset(options.results / "data" / f"{name}.npz")
        distances = list(learned(dataset, options, device))
        for trained in models:
            if trained.sweep.dataset == name:
                rows += measure(trained, distances, options, device)
                publish(rows, options.name, options)


def learned(dataset: Dataset, options, device: torch.device) -> Iterator["Distance"]:
    """Every network from every start."""
    for start in range(options.starts):
        networks = train_networks(dataset, options.classifier_epochs, start, device)
        for name, network in networks.items():
            yield Distance(name, start, network, dataset, device)


class Distance:
    """FID to the test images in the features of one network."""

    def __init__(
        self, name: str, start: int, network: nn.Module, dataset: Dataset, device: torch.device
    ) -> None:
        self.columns = {"space": name, "start": start}
        self.network, self.levels = network, dataset.levels
        test = dataset.unit("test").to(device)
        self.real = FeatureGaussian(extract(network, test, self.levels))

    def __call__(self, images: Tensor) -> float:
        return fid(extract(self.network, images, self.levels), self.real).value


def measure(
    trained: TrainedSweep, distances: list[Distance], options, device: torch.device
) -> list[dict]:
    """A row per β and network."""
    rows = []
    for beta in trained.sweep.betas:
        cell = Cell("vae", beta, options.seed)
        if trained.diverged(cell):
            continue
        model = trained.model(cell, device)
        budget = {"budget": trained.sweep.training.epochs}
        model_columns = cell_columns(trained.sweep, cell) | budget
        images = dict(prior_images(model, options.samples, SEED, options.seed))
        for distance in distances:
            fids = {f"fid_{source}": distance(x) for source, x in images.items()}
            rows.append({**model_columns, **distance.columns, **fids})
    return rows


if __name__ == "__main__":
    sys.exit(run(main))
