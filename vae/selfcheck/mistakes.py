"""Classic mistakes, shown on data: a loss averaged over pixels, and a density without a ceiling.

Each is trained beside what should have been trained, from the same weights and with the same
noise, for a part of a full training: both show early.
"""

import dataclasses
import math

import pandas as pd
import torch

from vae.configuration.sweep import Cell, Likelihood, Objective, Sweep
from vae.data.datasets import Dataset
from vae.distributions import Discretized
from vae.evaluation.images import reconstructions
from vae.evaluation.latents import ACTIVE_VARIANCE, code_statistics
from vae.objectives import rate, weighted
from vae.randomness import generator
from vae.training.loop import train_stack
from vae.training.stack import Stack

AVERAGED_EPOCHS = 0.2  # share of a full training
FREE_EPOCHS, LEAST_EPOCHS = 0.1, 4
LOOKS = (0.25, 0.5, 1.0)  # when densities are measured, as shares of their epochs
BATCH = 1000  # images measured at once


class MeanReducedStack(Stack):
    """Trains with the distortion averaged over pixels.

    Dividing the distortion by the number of pixels D and adding the rate is, up to a factor that
    Adam does not see, training with β = D.
    """

    def loss(self, distortion, rate, beta):
        """Distortion / D + β rate."""
        return weighted(distortion / math.prod(self.dataset.shape), rate, beta)


class UnlimitedStack(Stack):
    """Trains a continuous Bernoulli whose logits have no limit, so that its density has none."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.template.decoder.likelihood.limit = math.inf


def mean_reduction(sweep: Sweep, dataset: Dataset, seed: int, device: torch.device):
    """Train the same cell with summed and averaged distortion at β = 1, and summed at β = D.

    Returns:
        a table with a row per training: ``sweep``, ``reduction``, ``beta``, ``distortion``,
        ``rate`` (validation split, summed, in nats), ``active_units`` and ``mse`` (test split).
    """
    dataset = dataset.to(device)
    sweep = shortened(sweep, max(1, round(AVERAGED_EPOCHS * sweep.training.epochs)))
    pixels = float(math.prod(dataset.shape))
    runs = [("sum", 1.0, Stack), ("mean", 1.0, MeanReducedStack), ("sum", pixels, Stack)]
    rows = []
    for reduction, beta, kind in runs:
        stack = kind(sweep, [Cell("vae", beta, seed)], dataset, device)
        train_stack(stack)
        what = {"sweep": sweep.slug, "reduction": reduction, "beta": beta}
        rows.append({**what, **_collapse(stack, seed)})
    return pd.DataFrame(rows)


def free_density(sweep: Sweep, dataset: Dataset, seed: int, device: torch.device):
    """Train a continuous Bernoulli at β = 1 without a ceiling, with one, and on masses.

    Pixels that are exactly 0 or 1 earn the first density without end (Loaiza-Ganem & Cunningham
    2019 train on such pixels); of the probability of grey levels nobody can earn more than 1.

    Returns:
        a table with a row per training and look: ``sweep``, ``trained_on`` (``free density``,
        ``limited density`` or ``masses``), ``epoch``, ``log_density`` (of images given their
        codes) and ``rate``, both in nats per image, ``bits_per_dim`` (of masses, by the ELBO),
        all of the validation split and NaN once training has left the finite numbers; and
        ``outer_pixels``, the share of training pixels that are exactly 0 or 1.
    """
    dataset = dataset.to(device)
    epochs = max(LEAST_EPOCHS, round(FREE_EPOCHS * sweep.training.epochs))
    x = dataset.training_images(generator(device, seed, "outer pixels"))
    outer = ((x == 0) | (x == 1)).double().mean().item()
    runs = {
        "free density": (UnlimitedStack, False),
        "limited density": (Stack, False),
        "masses": (Stack, True),
    }
    rows = []
    for trained_on, (kind, masses) in runs.items():
        chosen = Likelihood("continuous_bernoulli", discretized=masses)
        sweep = dataclasses.replace(sweep, likelihood=chosen)
        stack = kind(shortened(sweep, epochs), [Cell("vae", 1.0, seed)], dataset, device)
        what = {"sweep": sweep.slug, "trained_on": trained_on}
        for look in (round(share * epochs) for share in LOOKS):
            stack.sweep = shortened(sweep, look)
            train_stack(stack)
            rows.append({**what, "epoch": look, **measured_densities(stack)})
    return pd.DataFrame(rows).assign(outer_pixels=outer)


def shortened(sweep: Sweep, epochs: int) -> Sweep:
    """``sweep`` for exactly so many epochs on the ELBO, with β at once at its value."""
    training = dataclasses.replace(sweep.training, epochs=epochs, warmup_epochs=0, tolerance=0.0)
    likelihood = dataclasses.replace(sweep.likelihood, objective=Objective())
    return dataclasses.replace(sweep, likelihood=likelihood, training=training)


def _collapse(stack: Stack, seed: int) -> dict[str, float]:
    if not stack.active:  # it diverged
        return dict.fromkeys(("distortion", "rate", "active_units", "mse"), math.nan)
    last = stack.history[-1]
    # The model after the last epoch: the best by another objective would hide the mistake.
    model = stack.model(0, stack.parameters)
    x = stack.dataset.unit("test")
    variance = code_statistics(model, x)["variance"]
    return {
        "distortion": last["distortion"],
        "rate": last["rate"],
        "active_units": int((variance > ACTIVE_VARIANCE).sum()),
        "mse": (reconstructions(model, x, seed) - x).square().mean().item(),
    }


@torch.no_grad()
def measured_densities(stack: Stack) -> dict[str, float]:
    """Of the running average of the weights, with one code per image of the validation split."""
    if not stack.active:
        return dict.fromkeys(("log_density", "rate", "bits_per_dim"), math.nan)
    dataset, (seed,) = stack.dataset, stack.seeds
    model, x = stack.model(0, stack.trained.average), dataset.unit("validation")
    stream = generator(stack.device, seed, "validation")
    totals = torch.zeros(3, dtype=torch.float64, device=stack.device)
    for part in x.split(BATCH):
        q = model.encode(part)
        noise = torch.randn(q.mean.shape, generator=stream, device=stack.device)
        p = model.decode(q.rsample(noise))
        density = p.density if isinstance(p, Discretized) else p
        terms = (density.log_prob(part), rate(q), density.log_mass(part, dataset.levels))
        totals += torch.stack([term.double().sum() for term in terms])
    log_density, nats, log_mass = (totals / len(x)).tolist()
    bits = (nats - log_mass) / (math.log(2) * math.prod(dataset.shape))
    return {"log_density": log_density, "rate": nats, "bits_per_dim": bits}
