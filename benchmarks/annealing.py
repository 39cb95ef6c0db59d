"""How near the near-exact log p(x) is: annealed importance sampling, which shares nothing with it.

Reads finished runs: for every sweep the lowest, the best (by the likelihood criterion) and the
highest β, one seed, the scale as trained. What is scored is what the criterion scores: the
probability of the grey levels, for Bernoulli that of one binarised copy of each image.

On test images both estimates are bounds from below in expectation, so the higher is the nearer.
On images simulated from the model the posterior sample that made them is known, and annealing
backwards from it bounds log p(x) from above (Grosse et al. 2015): the sandwich.
"""

import math
import sys
import time
from pathlib import Path

import pandas as pd
import torch
from measuring import parser, publish
from sweeps import expect
from torch import Tensor

from vae.checks import require
from vae.command import count, positive, run
from vae.configuration.sweep import Cell, Sweep
from vae.data.datasets import load_dataset
from vae.devices import set_up
from vae.distributions.pixels import quantise
from vae.evaluation.annealing import Schedule, forward, reverse, tuned
from vae.evaluation.importance import density, importance_weights, local_weights
from vae.evaluation.likelihood import binarised, evenly, likelihood_of
from vae.evaluation.posterior import Score
from vae.metrics import LIKELIHOOD_CRITERIA
from vae.models import VAE, TrainedSweep
from vae.randomness import generator

SEED = 0
MODEL = ["dataset", "network", "latent_dim", "likelihood", "beta", "seed"]


def main(arguments: list[str] | None = None) -> None:
    """Print a row per cell: the estimates, their differences in nats, and the CPU time."""
    options = parser(__doc__)
    options.set_defaults(data=None)
    options.add_argument("--results", type=Path, default=Path("results"), help="of a run")
    options.add_argument("--likelihoods", nargs="+", help="slugs (default: all)")
    options.add_argument("--betas", nargs="+", type=float, help="in place of the three")
    options.add_argument("--seed", type=count, default=0, help="of the models (default: 0)")
    options.add_argument("--samples", type=positive, default=150, help="K (default: 150)")
    options.add_argument(
        "--images", type=positive, default=32, help="of the test split; simulated"
    )
    options.add_argument("--temperatures", type=positive, default=2000)
    options.add_argument("--chains", type=positive, default=8, help="per image")
    options.add_argument("--name", default="annealing", help="of the table")
    options = options.parse_args(arguments)
    table = Rows(options)
    for trained in chosen_models(options):
        for beta in options.betas or chosen_betas(trained.sweep, options.results):
            cell = Cell("vae", beta, options.seed)
            if not table.has(described(trained.sweep, cell, options)):
                table.add(measure(trained, cell, options))


def chosen_models(options) -> list[TrainedSweep]:
    """The run's models of the likelihoods that were asked for.

    Raises:
        InputError: if there are none.
    """
    folders = sorted(path.parent for path in (options.results / "models").glob("*/sweep.json"))
    require(bool(folders), f"{options.results} has no models: name the results of a finished run")
    found = [TrainedSweep(folder) for folder in folders]
    expect(options.likelihoods, [of.sweep.likelihood.slug for of in found], "--likelihoods")
    return [
        of
        for of in found
        if of.sweep.likelihood.slug in (options.likelihoods or [of.sweep.likelihood.slug])
    ]


class Rows:
    """A table that is written after every row, and goes on where an earlier one was left."""

    def __init__(self, options) -> None:
        self.options, path = options, options.output / f"{options.name}.csv"
        self.rows = pd.read_csv(path).to_dict("records") if path.is_file() else []

    def has(self, wanted: dict) -> bool:
        """Whether a row is there of that model, measured that way."""
        return any(wanted.items() <= row.items() for row in self.rows)

    def add(self, row: dict) -> None:
        """Keep it, in place of an earlier one of the same model."""
        print(row, flush=True)
        self.rows = [r for r in self.rows if any(r[name] != row[name] for name in MODEL)] + [row]
        self.rows.sort(key=lambda r: [r[name] for name in MODEL])
        publish(self.rows, self.options.name, self.options)


def described(sweep: Sweep, cell: Cell, options) -> dict:
    """Which model a row is of, and how much was done for it."""
    return {
        "dataset": sweep.dataset,
        "network": sweep.network.name,
        "latent_dim": sweep.latent_dim,
        "likelihood": sweep.likelihood.slug,
        "beta": cell.beta,
        "seed": cell.seed,
        "budget": sweep.training.epochs,
        "images": options.images,
        "samples": options.samples,
        "temperatures": options.temperatures,
        "chains": options.chains,
    }


def chosen_betas(sweep: Sweep, results: Path) -> list[float]:
    """The lowest, the highest, and the best by whichever likelihood criterion was measured."""
    table = pd.read_csv(results / "best_beta.csv")
    own = table[
        (table.dataset == sweep.dataset)
        & (table.network == sweep.network.name)
        & (table.latent_dim == sweep.latent_dim)
        & (table.likelihood == sweep.likelihood.slug)
    ]
    best = own[own.criterion.isin(LIKELIHOOD_CRITERIA)].best_beta
    return sorted({min(sweep.betas), *best, max(sweep.betas)})


def measure(trained: TrainedSweep, cell: Cell, options) -> dict:
    """One row: both estimators on test images, and on simulated ones."""
    start, sweep = time.process_time(), trained.sweep
    device = set_up(options.device, options.threads)
    dataset = load_dataset(options.data or options.results / "data" / f"{sweep.dataset}.npz")
    trained.expect(dataset)
    model, levels = trained.model(cell, device), dataset.levels
    scored, score = scored_quantity(model, levels)
    x = evenly(dataset.unit("test"), options.images).to(device)
    if scored == "binarised images":
        x = binarised(x, SEED)[: len(x)]
    z, simulated = simulate(model, len(x), levels, scored)
    row = compare(model, x, z, simulated, score, options)
    return {
        **described(sweep, cell, options),
        "scored": scored,
        "dimensions": x[0].numel(),
        **row,
        "cpu_seconds": time.process_time() - start,
    }


def scored_quantity(model: VAE, levels: int) -> tuple[str, Score]:
    """What the likelihood criterion scores, by name, and log p(x|z) of it."""
    if not likelihood_of(model).over_numbers(levels):
        return "binarised images", density
    return "grey levels", lambda p, x: p.log_mass(x, levels)


@torch.no_grad()
def simulate(model: VAE, count: int, levels: int, scored: str) -> tuple[Tensor, Tensor]:
    """Codes from the prior and an image drawn for each: the codes are posterior samples."""
    device = next(model.parameters()).device
    stream = generator(device, SEED, "simulated images")
    z = torch.randn(count, model.latent_dim, generator=stream, device=device)
    x = model.decode(z).sample(stream)
    return z, quantise(x, levels) if scored == "grey levels" else x


def compare(model: VAE, x: Tensor, z: Tensor, simulated: Tensor, score: Score, options) -> dict:
    """Means over images of every estimate and of what lies between them, in nats.

    Args:
        x: test images.
        z, simulated: codes from the prior and images drawn from them.
    """
    n, both = len(x), torch.cat([x, simulated])
    encoder = importance_weights(model, x, options.samples, SEED, score).log_likelihood()
    near = local_weights(model, both, options.samples, SEED, score).log_likelihood()
    stream = generator(x.device, SEED, "annealing")
    schedule = tuned(model, both, Schedule.logistic(options.temperatures), stream, score)
    below = forward(model, both, schedule, options.chains, stream, score)
    backwards = Schedule(schedule.temperatures, schedule.steps[:, n:])
    above = reverse(model, z, simulated, backwards, options.chains, stream, score)
    return {
        "through_encoder": encoder.mean().item(),
        "near_exact": near[:n].mean().item(),
        "annealed": below[:n].mean().item(),
        **difference("near_exact_minus_annealed", near[:n] - below[:n]),
        "simulated_below": below[n:].mean().item(),
        "simulated_near_exact": near[n:].mean().item(),
        "simulated_above": above.mean().item(),
        **difference("sandwich_width", above - below[n:]),
        **difference("near_exact_minus_below", near[n:] - below[n:]),
        **difference("above_minus_near_exact", above - near[n:]),
    }


def difference(name: str, per_image: Tensor) -> dict[str, float]:
    """The mean over images and its standard error."""
    se = per_image.double().std().item() / math.sqrt(len(per_image))
    return {name: per_image.mean().item(), f"{name}_se": se}


if __name__ == "__main__":
    sys.exit(run(main))
