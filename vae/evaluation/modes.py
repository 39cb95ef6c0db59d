"""Posteriors with several modes: where to look for them, and proposals at those that matter."""

import torch
from torch import Tensor

from vae.evaluation.posterior import (
    ROUNDS,
    Score,
    StudentT,
    climbed,
    local_posterior,
    log_joint,
)
from vae.models import VAE

PRIOR_CODES = 1024  # that are decoded and compared with every image
IMAGES_AT_ONCE = 128  # compared with them
STARTS, MODES = 4, 3  # tried beside what is known, and kept
NEGLIGIBLE = 5.0  # nats of probability below the best mode
ONE, FAR = 1.0, 3.0  # widths of a proposal: what counts as one place, and what is elsewhere


class PriorCodes:
    """Codes from the prior with what they decode to: starts that owe nothing to an encoder.

    Args:
        at_once: how many codes to decode at once.
    """

    @torch.no_grad()
    def __init__(self, model: VAE, stream: torch.Generator, at_once: int) -> None:
        shape = (PRIOR_CODES, model.latent_dim)
        self.codes = torch.randn(shape, generator=stream, device=stream.device)
        parts = self.codes.split(at_once)
        self.means = torch.cat([model.decode(z).mean.flatten(1) for z in parts])

    def elsewhere(self, x: Tensor, t: StudentT, count: int) -> Tensor:
        """Codes far from where ``t`` is, and from each other, that look most like ``x``.

        Args:
            x: images (N, C, H, W), compared with mean images by their squared error.

        Returns:
            shape (count, N, d), the most alike first.
        """
        parts = (slice(i, i + IMAGES_AT_ONCE) for i in range(0, len(x), IMAGES_AT_ONCE))
        return torch.cat([self._elsewhere(x[part], t[part], count) for part in parts], 1)

    def _elsewhere(self, x: Tensor, t: StudentT, count: int) -> Tensor:
        distance, places = torch.cdist(self.means, x.flatten(1)), [t.location]
        for _ in range(count):
            here = ~apart(self.codes[:, None], places[-1], t, FAR)
            distance = distance.masked_fill(here, torch.inf)
            places.append(self.codes[distance.argmin(0)])
        return torch.stack(places[1:])


def has_other_modes(model: VAE, x: Tensor, t: StudentT, start: Tensor, score: Score) -> Tensor:
    """Whether ``start`` (N, d) leads to another place than ``t`` is at that matters too: (N,)."""
    places = torch.stack([climbed(model, x, start, score), t.location])
    other, known = log_joint(model, places, x, score)
    return (other > known - NEGLIGIBLE) & apart(places[:1], t.location, t, ONE)[0]


def several_modes(
    model: VAE, x: Tensor, known: Tensor, t: StudentT, prior: PriorCodes, score: Score
) -> list[StudentT]:
    """Proposals at the ``MODES`` most probable places that several starts lead to.

    Where fewer matter, the most probable one stands for the others as well.

    Args:
        known: codes to start from (J, N, d), besides ``STARTS`` of the ``prior``.
        t: a proposal that says how far ``apart`` places are, and where one is.
    """
    starts = torch.cat([known, prior.elsewhere(x, t, STARTS)])
    places = distinct(model, x, climbed(model, x, starts, score), t, score)
    found = [StudentT.at(*local_posterior(model, x, z, score, ROUNDS - 1)) for z in places]
    location, root, inverse = (
        torch.stack([getattr(t, name) for t in found])
        for name in ("location", "root", "inverse_root")
    )
    evidence = log_joint(model, location, x, score) - torch.linalg.slogdet(inverse).logabsdet
    value, order = evidence.sort(0, descending=True)
    order = torch.where(value > value[0] - NEGLIGIBLE, order, order[0])
    images = torch.arange(len(x), device=x.device)
    return [StudentT(location[i, images], root[i, images], inverse[i, images]) for i in order]


def distinct(model: VAE, x: Tensor, z: Tensor, t: StudentT, score: Score) -> list[Tensor]:
    """The best ``MODES`` of codes (J, N, d) that lie apart, (N, d) each; repeated if fewer do."""
    value, images = log_joint(model, z, x, score), torch.arange(len(x), device=x.device)
    best, chosen = value.argmax(0), []
    for _ in range(MODES):
        top = torch.where(value.max(0).values > -torch.inf, value.argmax(0), best)
        chosen.append(z[top, images])
        value = value.masked_fill(~apart(z, chosen[-1], t, ONE), -torch.inf)
    return chosen


def apart(z: Tensor, place: Tensor, t: StudentT, widths: float) -> Tensor:
    """Whether codes (J, N, d) lie so many widths of ``t`` from ``place`` (N, d): (J, N)."""
    away = torch.einsum("nij,knj->kni", t.inverse_root, z - place)
    return away.square().sum(-1) > widths**2 * z.shape[-1]
