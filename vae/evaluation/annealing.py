"""log p(x) by annealed importance sampling, an estimator that shares nothing with the others.

Neal (2001); Wu et al. (2017) for decoders, and for the sandwich: on images simulated from the
model an exact posterior sample is known, from which the reverse run bounds log p(x) from above.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae.evaluation.posterior import Score
from vae.models import VAE

LEAPFROGS, START_STEP = 5, 0.1
GROW, SHRINK = 1.02, 0.94  # of a tuned step, towards three of four accepted
SPAN = 6.0  # of the logistic schedule


@dataclass(frozen=True)
class Schedule:
    """Inverse temperatures from 0 to 1 (T + 1,), and HMC's step before each of the T changes."""

    temperatures: list[float]
    steps: Tensor | None = None

    @classmethod
    def logistic(cls, count: int) -> "Schedule":
        """Dense at both ends."""
        t = torch.sigmoid(torch.linspace(-SPAN, SPAN, count + 1, dtype=torch.float64))
        return cls(((t - t[0]) / (t[-1] - t[0])).tolist())


def tuned(model: VAE, x: Tensor, schedule: Schedule, stream: torch.Generator, score: Score):
    """The schedule with a step per temperature and image, from a run that does not count.

    Returns:
        steps of shape (T, N).
    """
    z = torch.randn(len(x), model.latent_dim, generator=stream, device=x.device)
    step = torch.full_like(z[:, 0], START_STEP)
    steps = []
    for temperature in schedule.temperatures[1:]:
        z, accepted = transition(model, z, x, temperature, step, stream, score)
        step = torch.where(accepted, GROW * step, SHRINK * step)
        steps.append(step)
    return Schedule(schedule.temperatures, torch.stack(steps))


def forward(
    model: VAE, x: Tensor, schedule: Schedule, chains: int, stream: torch.Generator, score: Score
) -> Tensor:
    """log of the mean weight of ``chains`` runs from the prior, (N,): below in expectation."""
    shape = (chains * len(x), model.latent_dim)
    z = torch.randn(shape, generator=stream, device=x.device)
    images = x.repeat(chains, 1, 1, 1)
    log_w = torch.zeros(len(z), dtype=torch.float64, device=x.device)
    t, steps = schedule.temperatures, schedule.steps
    for i in range(1, len(t)):
        log_w += (t[i] - t[i - 1]) * _log_likelihood(model, z, images, score)
        z, _ = transition(model, z, images, t[i], steps[i - 1].repeat(chains), stream, score)
    return log_w.view(chains, -1).logsumexp(0) - math.log(chains)


def reverse(
    model: VAE,
    z: Tensor,
    x: Tensor,
    schedule: Schedule,
    chains: int,
    stream: torch.Generator,
    score: Score,
) -> Tensor:
    """The same from exact posterior samples ``z`` (N, d) backwards: above in expectation."""
    z, images = z.repeat(chains, 1), x.repeat(chains, 1, 1, 1)
    log_w = torch.zeros(len(z), dtype=torch.float64, device=x.device)
    t, steps = schedule.temperatures, schedule.steps
    for i in range(len(t) - 1, 0, -1):
        z, _ = transition(model, z, images, t[i], steps[i - 1].repeat(chains), stream, score)
        log_w -= (t[i] - t[i - 1]) * _log_likelihood(model, z, images, score)
    return math.log(chains) - log_w.view(chains, -1).logsumexp(0)


@torch.no_grad()
def _log_likelihood(model: VAE, z: Tensor, x: Tensor, score: Score) -> Tensor:
    return score(model.decode(z), x).double()


def transition(
    model: VAE,
    z: Tensor,
    x: Tensor,
    temperature: float,
    step: Tensor,
    stream: torch.Generator,
    score: Score,
) -> tuple[Tensor, Tensor]:
    """One step of HMC that leaves p(z) p(x|z)^t as it is: new codes, and which were accepted."""
    size = step[:, None]
    momentum = torch.randn(z.shape, generator=stream, device=z.device)
    value, slope = _energy(model, z, x, temperature, score)
    before = value + 0.5 * momentum.square().sum(-1)
    new, momentum = z, momentum - 0.5 * size * slope
    for leap in range(LEAPFROGS):
        new = new + size * momentum
        value, slope = _energy(model, new, x, temperature, score)
        momentum = momentum - (size if leap < LEAPFROGS - 1 else 0.5 * size) * slope
    fall = before - value - 0.5 * momentum.square().sum(-1)
    u = torch.rand(fall.shape, generator=stream, device=z.device)
    accepted = u < fall.clamp(max=0).exp()
    return torch.where(accepted[:, None], new, z), accepted


def _energy(model, z: Tensor, x: Tensor, temperature: float, score: Score):
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        value = 0.5 * z.square().sum(-1) - temperature * score(model.decode(z), x)
        (slope,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), slope
