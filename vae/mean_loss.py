"""The classic mistake, shown on data: a reconstruction loss averaged over pixels, not summed.

Dividing the distortion by the number of pixels D and adding the rate is, up to a factor that Adam
does not see, training with β = D.
"""

import dataclasses
import math

import pandas as pd
import torch

from vae.data import Dataset
from vae.evaluation.images import reconstructions
from vae.evaluation.latents import ACTIVE_VARIANCE, code_statistics
from vae.models import VAE, build_model
from vae.objectives import weighted
from vae.stack import Stack
from vae.sweep import Cell, Sweep
from vae.training import train_stack

SHARE_OF_EPOCHS = 0.2  # of a full training: the collapse shows early


class MeanReducedStack(Stack):
    """Trains with the distortion averaged over pixels."""

    def loss(self, distortion, rate, beta):
        """Distortion / D + β rate."""
        return weighted(distortion / math.prod(self.dataset.shape), rate, beta)


def demonstrate(sweep: Sweep, dataset: Dataset, seed: int, device: torch.device) -> pd.DataFrame:
    """Train the same cell with summed and averaged distortion at β = 1, and summed at β = D.

    Returns:
        a row per training: ``reduction``, ``beta``, ``distortion``, ``rate`` (validation split,
        summed, in nats), ``active_units`` and ``mse`` (test split).
    """
    epochs = max(1, round(SHARE_OF_EPOCHS * sweep.training.epochs))
    training = dataclasses.replace(sweep.training, epochs=epochs, warmup_epochs=0, tolerance=0.0)
    sweep = dataclasses.replace(sweep, training=training)
    dataset = dataset.to(device)
    pixels = float(math.prod(dataset.shape))
    runs = [("sum", 1.0, Stack), ("mean", 1.0, MeanReducedStack), ("sum", pixels, Stack)]
    rows = []
    for reduction, beta, kind in runs:
        stack = kind(sweep, [Cell("vae", beta, seed)], dataset, device)
        train_stack(stack)
        rows.append({"reduction": reduction, "beta": beta, **_measure(stack, seed)})
    return pd.DataFrame(rows)


def _measure(stack: Stack, seed: int) -> dict[str, float]:
    if not stack.active:  # it diverged
        return dict.fromkeys(("distortion", "rate", "active_units", "mse"), math.nan)
    last = stack.history[-1]
    model = _last_model(stack)
    x = stack.dataset.unit("test")
    variance = code_statistics(model, x)["variance"]
    return {
        "distortion": last["distortion"],
        "rate": last["rate"],
        "active_units": int((variance > ACTIVE_VARIANCE).sum()),
        "mse": (reconstructions(model, x, seed) - x).square().mean().item(),
    }


def _last_model(stack: Stack) -> VAE:
    """The model after the last epoch: the best by another objective would hide the mistake."""
    model = build_model(stack.sweep, stack.dataset.mean_image().cpu(), stack.dataset.levels)
    state = {**stack.parameters, **stack.constants}
    model.load_state_dict({name: weight.detach()[0].cpu() for name, weight in state.items()})
    return model.requires_grad_(False).eval().to(stack.device)
