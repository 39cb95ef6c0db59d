"""The scale of a decoder's distribution where it is free: set to its best for what is scored."""

from typing import NamedTuple

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from vae.evaluation.importance import Mixture, student_t
from vae.evaluation.posterior import FREEDOM, Score, log_joint
from vae.models import VAE
from vae.randomness import generator

IMAGES, CODES = 200, 8  # of the validation split, and codes for each
ROUNDS = 2  # of new codes, around the posterior of the scale found before
REACH = 1.5  # how far the log of the scale may move in one round


class Rescaling(NamedTuple):
    """The log of a factor of the scale, and what it gains on the validation split, in nats."""

    log_factor: float = 0.0
    gain: float = 0.0


def rescaled(score: Score, log_factor: float) -> Score:
    """The same score after the scale was multiplied by e to the ``log_factor``."""
    if log_factor == 0:
        return score
    return lambda p, x: score(p.rescaled(log_factor), x)


@torch.no_grad()
def best_scale(model: VAE, x: Tensor, seed: int, score: Score) -> Rescaling:
    """The scale under which validation images ``x`` are most probable by ``score``."""
    total, q = Rescaling(), model.encode_all(x)
    start = q.mean
    for number in range(ROUNDS):
        current = rescaled(score, total.log_factor)
        local = student_t(model, x, start, current, ROUNDS - number)
        start, mixture = local.location, Mixture((local, q), (0, 0, 0, 1))
        stream = generator(x.device, seed, "scale", number)
        shape = (CODES, len(x), model.latent_dim + FREEDOM)
        z = mixture.draw(0, torch.randn(shape, generator=stream, device=x.device), slice(None))
        p, log_q = model.decode(z), mixture.log_prob(z, CODES, slice(None))
        prior = log_joint(model, z, x, lambda p, x: torch.zeros(())) - log_q

        def loss(step: float, p=p, prior=prior, current=current) -> float:
            log_w = rescaled(current, step)(p, x) + prior
            return -log_w.double().logsumexp(0).mean().item()

        found = minimize_scalar(loss, bounds=(-REACH, REACH), options={"xatol": 1e-3})
        total = Rescaling(total.log_factor + found.x, total.gain + loss(0.0) - found.fun)
    return total
