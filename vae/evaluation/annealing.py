"""log p(x) by annealed importance sampling, an estimator that shares nothing with the others.

Neal (2001); Wu et al. (2017) for decoders, and for the sandwich: on images simulated from the
model an exact posterior sample is known, from which the reverse run bounds log p(x) from above.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vae.evaluation.posterior import Score
from vae.models import VAE

LEAPFROGS, START_STEP = 2, 0.5  # more leaps help less than more temperatures of the same cost
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


class Place(NamedTuple):
    """Codes (N, d), their log p(x|z) (N,) and its slope (N, d), whatever the temperature."""

    z: Tensor
    value: Tensor
    slope: Tensor

    @classmethod
    def at(cls, model: VAE, z: Tensor, x: Tensor, score: Score) -> "Place":
        """Where ``z`` is."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            value = score(model.decode(z), x)
            (slope,) = torch.autograd.grad(value.sum(), z)
        return cls(z.detach(), value.detach(), slope)

    def energy(self, temperature: float) -> Tensor:
        """-log p(z) p(x|z)^t without its constant, (N,)."""
        return 0.5 * self.z.square().sum(-1) - temperature * self.value

    def force(self, temperature: float) -> Tensor:
        """Minus the energy's slope, (N, d)."""
        return temperature * self.slope - self.z


def tuned(
    model: VAE, x: Tensor, schedule: Schedule, stream: torch.Generator, score: Score
) -> Schedule:
    """The schedule with steps (T, N), from a run that does not count."""
    z = torch.randn(len(x), model.latent_dim, generator=stream, device=x.device)
    place, step = Place.at(model, z, x, score), torch.full_like(z[:, 0], START_STEP)
    steps = []
    for temperature in schedule.temperatures[1:]:
        place, accepted = transition(model, place, x, temperature, step, stream, score)
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
    t, steps, place = schedule.temperatures, schedule.steps, Place.at(model, z, images, score)
    for i in range(1, len(t)):
        log_w += (t[i] - t[i - 1]) * place.value
        step = steps[i - 1].repeat(chains)
        place, _ = transition(model, place, images, t[i], step, stream, score)
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
    t, steps, place = schedule.temperatures, schedule.steps, Place.at(model, z, images, score)
    for i in range(len(t) - 1, 0, -1):
        step = steps[i - 1].repeat(chains)
        place, _ = transition(model, place, images, t[i], step, stream, score)
        log_w -= (t[i] - t[i - 1]) * place.value
    return math.log(chains) - log_w.view(chains, -1).logsumexp(0)


def transition(
    model: VAE,
    place: Place,
    x: Tensor,
    temperature: float,
    step: Tensor,
    stream: torch.Generator,
    score: Score,
) -> tuple[Place, Tensor]:
    """One step of HMC that leaves p(z) p(x|z)^t as it is: the new place, and who accepted it."""
    size = step[:, None]
    start = torch.randn(place.z.shape, generator=stream, device=x.device)
    new, momentum = place, start + 0.5 * size * place.force(temperature)
    for leap in range(LEAPFROGS):
        new = Place.at(model, new.z + size * momentum, x, score)
        last = leap == LEAPFROGS - 1
        momentum = momentum + (0.5 * size if last else size) * new.force(temperature)
    fall = place.energy(temperature) - new.energy(temperature)
    fall += 0.5 * (start.square() - momentum.square()).sum(-1)
    u = torch.rand(fall.shape, generator=stream, device=x.device)
    accepted = u < fall.clamp(max=0).exp()
    rows = accepted[:, None]
    chosen = Place(
        torch.where(rows, new.z, place.z),
        torch.where(accepted, new.value, place.value),
        torch.where(rows, new.slope, place.slope),
    )
    return chosen, accepted
