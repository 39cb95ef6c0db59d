"""A check of the whole instrument against closed forms: linear VAEs must find probabilistic PCA.

Everything measured goes through the project's own training, likelihood and latent code.
"""

import copy
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from vae.configuration.sweep import Likelihood, Network, Sweep, Training
from vae.data.datasets import Dataset, load_dataset, prepare, spaced
from vae.errors import InputError
from vae.evaluation.importance import importance_weights, local_weights
from vae.evaluation.latents import ACTIVE_VARIANCE, code_statistics
from vae.models import VAE
from vae.objectives import rate
from vae.selfcheck.ppca import LinearDecoder, Moments, active_units, optimum
from vae.training.stack import Stack

LATENT_DIM = 10
SIGMA = 0.25
IMAGES = 2000  # at most, evenly spaced over the training images
SAMPLES = 100  # K
PHASES = (
    Training(epochs=500, batch_size=200, learning_rate=1e-2),
    Training(epochs=700, batch_size=400, learning_rate=3e-3),
    Training(epochs=200, batch_size=IMAGES, learning_rate=1e-3),
    Training(epochs=150, batch_size=IMAGES, learning_rate=2e-4),
)
# In nats per image: what training leaves, what L_K through a trained encoder leaves, float32.
OPTIMUM_TOLERANCE, BOUND_TOLERANCE, EXACT_TOLERANCE, LOCAL_TOLERANCE = 0.1, 0.05, 0.001, 0.005


def digits() -> Dataset:
    """The digits, prepared in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        prepare("digits", Path(folder) / "digits.npz")
        return load_dataset(Path(folder) / "digits.npz")


def selfcheck(
    dataset: Dataset, seed: int, device: torch.device, phases: tuple[Training, ...] = PHASES
) -> pd.DataFrame:
    """Train linear VAEs and measure them on their training images, at most ``IMAGES``.

    Returns:
        a row per β, all in nats per image and means over images:

        ``elbo``, ``optimal_elbo``: as measured, and where distortion + β rate is least.
        ``optimum_gap``: (distortion + β rate - its least value) / β, that is, the gap in the
        ELBO that training maximises, the one with the variance βσ².
        ``bound``: L_K through the trained encoder; ``exact_bound``: L_K through the exact
        posterior of the trained decoder, where L_K = log p(x) for every K; ``exact``: the closed
        form of log p(x) of that decoder.
        ``active_units`` and ``predicted_units``.

    Raises:
        InputError: if the images are binarised at every use, so that they have no fixed moments.
    """
    if dataset.binarised_on_use:
        raise InputError(f"{dataset.name}: binarised at every use; take a dataset that is not")
    images = {**dataset.images, "train": spaced(dataset.images["train"], IMAGES)}
    dataset = replace(dataset, images=images).to(device)
    x = dataset.unit("train")
    moments = Moments.of(x.cpu())
    stack = train_phases(dataset, choose_betas(moments), seed, device, phases)
    rows = [
        {"beta": cell.beta, "sigma": SIGMA}
        | measure(stack.model(i, stack.parameters), x, seed, cell.beta)
        | closed_forms(moments, cell.beta)
        for i, cell in enumerate(stack.cells)
    ]
    return with_gaps(pd.DataFrame(rows))


def choose_betas(moments: Moments) -> tuple[float, ...]:
    """Around 1, then β with βσ² in the two widest gaps between eigenvalues λ, and above all λ.

    Near an eigenvalue a unit takes very long to live or die.
    """
    values = moments.eigenvalues[: LATENT_DIM + 1]
    widest = np.argsort(values[:-1] / values[1:])[-2:]
    between = np.sqrt(values[:-1] * values[1:])[widest]
    others = [float(f"{v / SIGMA**2:.2g}") for v in (*between, 1.4 * values[0])]
    return tuple(sorted({0.5, 1.0, 1.5, *others}))


def train_phases(
    dataset: Dataset,
    betas: tuple[float, ...],
    seed: int,
    device: torch.device,
    phases: tuple[Training, ...],
) -> Stack:
    """Train all β together, each phase from where the one before it ended."""
    sigma = Likelihood("gaussian_fixed_sigma", SIGMA)
    stack, weights = None, None
    for phase in phases:
        sweep = Sweep(
            dataset.name, Network("linear", ()), LATENT_DIM, sigma, betas, (seed,), False, phase
        )
        stack = Stack(sweep, sweep.cells, dataset, device, weights)
        for _ in range(phase.epochs):
            stack.train_epoch()
        weights = final_weights(stack)
    return stack


def final_weights(stack: Stack) -> dict[str, Tensor]:
    """The weights after the last epoch, stacked: theory speaks of the training images alone."""
    return {name: w.detach() for name, w in {**stack.parameters, **stack.constants}.items()}


def exact_posterior(model: VAE) -> VAE:
    """The same p(x) with the exact p(z|x) as encoder, for a linear model.

    W is rotated to orthogonal columns, which leaves p(x) as it is and makes p(z|x) diagonal.
    """
    decoder = LinearDecoder.of(model).rotated()
    bias, covariance = decoder.posterior(np.zeros((1, len(decoder.mean))))
    log_variance = np.log(np.diag(covariance))
    mean_map = covariance @ decoder.weight.T / decoder.variance
    exact = copy.deepcopy(model)
    layer = exact.encoder.network[-1]
    _set(layer.weight, np.concatenate([mean_map, np.zeros_like(mean_map)]))
    _set(layer.bias, np.concatenate([bias[0], log_variance]))
    _set(exact.decoder.network[0].weight, decoder.weight)
    return exact


def _set(parameter: Tensor, values: np.ndarray) -> None:
    parameter.data.copy_(torch.from_numpy(values))


def measure(model: VAE, x: Tensor, seed: int, beta: float) -> dict[str, float]:
    """What the project's own metrics say of one model, and exact log p(x) for its decoder."""
    weights = importance_weights(model, x, SAMPLES, seed)
    exact = importance_weights(exact_posterior(model), x, SAMPLES, seed)
    local = local_weights(model, x, SAMPLES, seed)
    distortion, divergence = weights.distortion.mean().item(), rate(model.encode(x)).mean().item()
    variance = code_statistics(model, x)["variance"]
    return {
        "elbo": -(distortion + divergence),
        "objective": distortion + beta * divergence,
        "bound": weights.log_likelihood().mean().item(),
        "exact_bound": exact.log_likelihood().mean().item(),
        "local": local.log_likelihood().mean().item(),
        "exact": LinearDecoder.of(model).log_prob(x.cpu()).mean(),
        "active_units": int((variance > ACTIVE_VARIANCE).sum()),
    }


def closed_forms(moments: Moments, beta: float) -> dict[str, float]:
    """What theory says of the best model for ``beta``."""
    best = optimum(moments, LATENT_DIM, SIGMA**2, beta)
    units = active_units(moments, LATENT_DIM, SIGMA**2, beta)
    return {
        "optimal_elbo": best.elbo,
        "optimal_objective": best.objective(beta),
        "predicted_units": units,
    }


def with_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Order the columns and add the gaps that are checked."""
    objective_gap = table.objective - table.optimal_objective
    table = table.assign(
        optimum_gap=objective_gap / table.beta,
        bound_gap=table.exact - table.bound,
        exact_gap=table.exact - table.exact_bound,
        local_gap=table.exact - table.local,
    )
    return table[COLUMNS]


COLUMNS = [
    *("beta", "sigma", "elbo", "optimal_elbo", "optimum_gap", "bound", "exact_bound", "exact"),
    *("local", "bound_gap", "exact_gap", "local_gap", "active_units", "predicted_units"),
]


def failures(table: pd.DataFrame) -> list[str]:
    """Every check that does not hold, as a sentence; ``table`` is that of ``selfcheck``."""
    bound_error = table.bound_gap.abs()
    rules = {
        "distortion + β rate is not at its optimum": table.optimum_gap.abs() < OPTIMUM_TOLERANCE,
        "L_K through the exact posterior is not log p(x)": table.exact_gap.abs() < EXACT_TOLERANCE,
        "the log-likelihood is not log p(x)": table.local_gap.abs() < LOCAL_TOLERANCE,
        "L_K is not log p(x)": (bound_error < BOUND_TOLERANCE) | (table.beta != 1),
        "L_K is above log p(x)": table.bound_gap > -BOUND_TOLERANCE,
        "the ELBO is above L_K": table.elbo < table.bound + BOUND_TOLERANCE,
        "active units are not those predicted": table.active_units == table.predicted_units,
    }
    return [
        f"β = {beta:g}: {sentence}"
        for sentence, holds in rules.items()
        for beta in table.beta[~holds]
    ]


def text(table: pd.DataFrame, dataset: Dataset) -> str:
    """The table of ``selfcheck`` for reading."""
    headers = {
        "optimal_elbo": "optimum",
        "optimum_gap": "gap",
        "bound": f"L_{SAMPLES}",
        "exact_bound": f"L_{SAMPLES}*",
        "local": "local",
        "local_gap": "local gap",
        "exact": "log p(x)",
        "bound_gap": f"L_{SAMPLES} gap",
        "exact_gap": f"L_{SAMPLES}* gap",
        "active_units": "active",
        "predicted_units": "predicted",
    }
    formats = {"beta": "{:g}".format, "sigma": "{:g}".format, f"L_{SAMPLES}* gap": "{:.0e}".format}
    count = min(IMAGES, len(dataset.images["train"]))
    rows = table.rename(columns=headers).to_string(
        index=False, formatters=formats, float_format="{:.3f}".format
    )
    return (
        f"Linear VAEs with {LATENT_DIM} latent dimensions against probabilistic PCA, on "
        f"{count} training images of {dataset.name}; nats per image.\n{rows}\n"
        "ELBO at β = 1; its gap is that of distortion + β rate, over β. "
        f"L_{SAMPLES}: through the trained encoder. L_{SAMPLES}*: through the exact posterior of "
        "the trained decoder. local: around the modes of the posterior, as all cells are measured."
    )
