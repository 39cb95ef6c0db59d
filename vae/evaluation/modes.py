"""Posteriors with several modes: where to look for them, and proposals at those that matter."""

import torch
from torch import Tensor

from vae.evaluation.posterior import (
    ROUNDS,
    Score,
    StudentT,
    climbed,
    highest,
    local_posterior,
    log_joint,
)
from vae.models import VAE

PRIOR_CODES = 4096  # that are decoded and compared with every image
IMAGES_AT_ONCE = 1000  # compared with them
MODES = 3
NEGLIGIBLE = 10.0  # nats of probability below the best mode


@torch.no_grad()
def nearest_codes(
    model: VAE, x: Tensor, count: int, stream: torch.Generator, at_once: int
) -> Tensor:
    """Codes from the prior whose mean images are nearest to each image, nearest first.

    Args:
        x: images (N, C, H, W).
        at_once: how many codes to decode at once.

    Returns:
        shape (count, N, d).
    """
    shape = (PRIOR_CODES, model.latent_dim)
    codes = torch.randn(shape, generator=stream, device=x.device)
    means = torch.cat([model.decode(z).mean.flatten(1) for z in codes.split(at_once)])
    nearest = [
        torch.cdist(images, means).topk(count, largest=False).indices
        for images in x.flatten(1).split(IMAGES_AT_ONCE)
    ]
    return codes[torch.cat(nearest).T]


def main_mode(model: VAE, x: Tensor, starts: Tensor, score: Score) -> tuple[StudentT, Tensor]:
    """The proposal at the highest place that ``starts`` (J, N, d) lead to.

    Returns:
        beside it, whether another place, apart from it, matters too: (N,).
    """
    z = climbed(model, x, starts, score)
    t = proposal(model, x, highest(model, x, z, score), score)
    matters = log_joint(model, torch.stack([t.location, *z]), x, score)
    matters = matters[1:] > matters[0] - NEGLIGIBLE
    return t, (matters & apart(z, t.location, t)).any(0)


def several_modes(
    model: VAE, x: Tensor, starts: Tensor, known: StudentT, score: Score
) -> list[StudentT]:
    """Proposals at the ``MODES`` most probable places that ``starts`` (J, N, d) lead to.

    Where fewer matter, the most probable one stands for the others as well.

    Args:
        known: a proposal that says how far ``apart`` places are.
    """
    places = distinct(model, x, climbed(model, x, starts, score), known, score)
    found = [proposal(model, x, z, score) for z in places]
    location, root, inverse = (
        torch.stack([getattr(t, name) for t in found])
        for name in ("location", "root", "inverse_root")
    )
    evidence = log_joint(model, location, x, score) - torch.linalg.slogdet(inverse).logabsdet
    value, order = evidence.sort(0, descending=True)
    order = torch.where(value > value[0] - NEGLIGIBLE, order, order[0])
    images = torch.arange(len(x), device=x.device)
    return [StudentT(location[i, images], root[i, images], inverse[i, images]) for i in order]


def proposal(model: VAE, x: Tensor, start: Tensor, score: Score) -> StudentT:
    """Around the mode above ``start`` (N, d), where one round of Newton's method has led."""
    return StudentT.at(*local_posterior(model, x, start, score, ROUNDS - 1))


def distinct(model: VAE, x: Tensor, z: Tensor, known: StudentT, score: Score) -> list[Tensor]:
    """The best ``MODES`` of codes (J, N, d) that lie apart, (N, d) each; repeated if fewer do."""
    value, images = log_joint(model, z, x, score), torch.arange(len(x), device=x.device)
    best, chosen = value.argmax(0), []
    for _ in range(MODES):
        top = torch.where(value.max(0).values > -torch.inf, value.argmax(0), best)
        chosen.append(z[top, images])
        value = value.masked_fill(~apart(z, chosen[-1], known), -torch.inf)
    return chosen


def apart(z: Tensor, place: Tensor, t: StudentT) -> Tensor:
    """Whether codes (J, N, d) lie further from ``place`` (N, d) than ``t`` is wide: (J, N)."""
    away = torch.einsum("nij,knj->kni", t.inverse_root, z - place)
    return away.square().sum(-1) > z.shape[-1]
