"""Posteriors with several modes: where to look for them, and proposals at those that matter."""

import torch
from torch import Tensor

from vae.evaluation.posterior import Score, StudentT, climbed, local_posterior, log_joint
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


def several_modes(
    model: VAE, x: Tensor, starts: Tensor, known: StudentT, score: Score
) -> list[StudentT]:
    """Proposals at the ``MODES`` most probable places that ``starts`` (J, N, d) lead to.

    Places nearer to each other than the ``known`` proposal is wide are one. Where fewer matter,
    the most probable one stands for the others as well.
    """
    places = distinct(model, x, climbed(model, x, starts, score), known, score)
    found = [StudentT.at(*local_posterior(model, x, z, score)) for z in places]
    location, root, inverse = (
        torch.stack([getattr(t, name) for t in found])
        for name in ("location", "root", "inverse_root")
    )
    evidence = log_joint(model, location, x, score) - torch.linalg.slogdet(inverse).logabsdet
    value, order = evidence.sort(0, descending=True)
    order = torch.where(value > value[0] - NEGLIGIBLE, order, order[0])
    images = torch.arange(len(x), device=x.device)
    return [StudentT(location[i, images], root[i, images], inverse[i, images]) for i in order]


def distinct(model: VAE, x: Tensor, z: Tensor, known: StudentT, score: Score) -> list[Tensor]:
    """The best ``MODES`` of codes (J, N, d) that lie apart, (N, d) each; repeated if fewer do."""
    value, images = log_joint(model, z, x, score), torch.arange(len(x), device=x.device)
    best, chosen = value.argmax(0), []
    for _ in range(MODES):
        top = torch.where(value.max(0).values > -torch.inf, value.argmax(0), best)
        chosen.append(z[top, images])
        away = torch.einsum("nij,knj->kni", known.inverse_root, z - chosen[-1])
        same = away.square().sum(-1) < z.shape[-1]
        value = value.masked_fill(same, -torch.inf)
    return chosen
