"""log p(x) by importance sampling: through the encoder, or around the posterior's own modes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from vae.distributions import DiagonalGaussian, PixelDistribution
from vae.evaluation.modes import STARTS, PriorCodes, has_other_modes, several_modes
from vae.evaluation.pareto import pareto_shape, tail_length
from vae.evaluation.posterior import FREEDOM, ROUNDS, Score, StudentT, local_posterior, log_joint
from vae.models import VAE
from vae.randomness import generator

LEAST_SAMPLES = 50  # of an image at once: with fewer, finding the largest weights takes longest
LOW_ESS = 10
ENOUGH = 0.05  # effective samples per sample; with fewer, an image's other modes are looked for
MORE = 3  # times as many samples from then on
LEAST_TAIL = 5  # weights, for a fit of their tail


def density(p: PixelDistribution, x: Tensor) -> Tensor:
    """log p(x|z) as the family defines it, (...)."""
    return p.log_prob(x)


@dataclass
class ImportanceWeights:
    """Running sums over importance samples of N images; memory does not grow with their number.

    Attributes:
        distortion: the sum of -log p(x|z), (N,).
        log_sum, log_sum_squares: logs of the sums of the weights and of their squares, (N,).
        largest: logs of the largest weights, (M, N).
        best: the code with the largest weight of all, (N, d).
        samples: K of each image, (N,).
    """

    distortion: Tensor
    log_sum: Tensor
    log_sum_squares: Tensor
    largest: Tensor
    best: Tensor
    samples: Tensor

    @classmethod
    def none(cls, n: int, latent_dim: int, samples: int, device: torch.device):
        """The sums over no samples, of ``samples`` that will come."""
        zero = torch.zeros(n, dtype=torch.float64, device=device)
        low = torch.full_like(zero, -torch.inf)
        return cls(
            zero,
            low,
            low.clone(),
            low.repeat(tail_length(samples) + 1, 1),
            torch.zeros(n, latent_dim, device=device),
            torch.full_like(zero, samples),
        )

    def add(self, part: slice, z: Tensor, log_p: Tensor, log_w: Tensor) -> None:
        """Add codes (K, B, d) of the images of ``part``, log p(x|z) and log weights (K, B)."""
        log_w = log_w.double()
        self.distortion[part] -= log_p.sum(0, dtype=torch.float64)
        self.log_sum[part] = torch.logaddexp(self.log_sum[part], log_w.logsumexp(0))
        squares = (2 * log_w).logsumexp(0)
        self.log_sum_squares[part] = torch.logaddexp(self.log_sum_squares[part], squares)
        top, row = log_w.max(0)
        better = top > self.largest[0, part]
        best = z[row, torch.arange(len(row), device=row.device)]
        self.best[part] = torch.where(better[:, None], best, self.best[part])
        both = torch.cat([self.largest[:, part], log_w])
        self.largest[:, part] = both.topk(len(self.largest), 0).values

    def replace(self, rows: Tensor, others: "ImportanceWeights") -> None:
        """Put ``others``, of the images ``rows``, in their place."""
        for name in ("distortion", "log_sum", "log_sum_squares", "best", "samples"):
            getattr(self, name)[rows] = getattr(others, name)
        self.largest[:, rows] = others.largest[: len(self.largest)]

    def log_likelihood(self) -> Tensor:
        """log (1/K) Σ_k w_k per image, in nats: below log p(x) in expectation, (N,)."""
        return self.log_sum - self.samples.log()

    def effective_sample_size(self) -> Tensor:
        """(Σ w)² / Σ w², between 1 and K (Kong 1992)."""
        return torch.exp(2 * self.log_sum - self.log_sum_squares)

    def variance(self) -> Tensor:
        """Of each ``log_likelihood`` over draws of the codes, by the delta method, (N,)."""
        return (1 / self.effective_sample_size() - 1 / self.samples).clamp(min=0)

    def tail_shape(self) -> Tensor | None:
        """Pareto's k̂ of each image's weights, (N,); None if there are too few to tell."""
        return pareto_shape(self.largest) if len(self.largest) > LEAST_TAIL else None


@dataclass(frozen=True)
class Mixture:
    """Proposals that take turns: sample k comes from component ``turns[k % len(turns)]``."""

    components: tuple[StudentT | DiagonalGaussian, ...]
    turns: tuple[int, ...]

    def draw(self, first: int, noise: Tensor, part: slice) -> Tensor:
        """Codes (K, B, d) of samples ``first`` and on, from noise (K, B, d + FREEDOM)."""
        here = [c[part] for c in self.components]
        z = noise.new_empty(*noise.shape[:-1], noise.shape[-1] - FREEDOM)
        for i, component in enumerate(here):
            rows = _rows(self.turns, i, first % len(self.turns), len(noise), noise.device)
            own = noise[rows]
            z[rows] = component.rsample(
                own if isinstance(component, StudentT) else own[..., :-FREEDOM]
            )
        return z

    def log_prob(self, z: Tensor, samples: int, part: slice) -> Tensor:
        """Log density of the mixture of all ``samples``: the balance heuristic (Veach 1995)."""
        every = [self.turns[k % len(self.turns)] for k in range(samples)]
        terms = [
            c[part].log_prob(z) + math.log(every.count(i) / samples)
            for i, c in enumerate(self.components)
            if i in every
        ]
        return torch.stack(terms).logsumexp(0)


@lru_cache(maxsize=64)
def _rows(
    turns: tuple[int, ...], component: int, first: int, count: int, device: torch.device
) -> Tensor:
    """Which of ``count`` samples, the ``first`` and on, have the turn of ``component``.

    Remembered: a GPU would be waited for whenever they are moved there.
    """
    rows = [k for k in range(count) if turns[(first + k) % len(turns)] == component]
    return torch.tensor(rows, dtype=torch.long, device=device)


@torch.no_grad()
def weights_of(
    model: VAE, x: Tensor, mixture: Mixture, samples: int, stream: torch.Generator, score: Score
) -> ImportanceWeights:
    """Draw ``samples`` codes per image from ``mixture`` and sum up p(x, z) / mixture(z).

    The noise of sample k depends on the stream and k alone, so that the result does not depend on
    how the work is cut.
    """
    n, d = len(x), model.latent_dim
    at_once = model.decoded_at_once(x.device)
    total = ImportanceWeights.none(n, d, samples, x.device)
    together = min(samples, at_once, max(LEAST_SAMPLES, at_once // n))
    for first, count in _cuts(samples, together):
        noise = torch.stack([_noise(n, d + FREEDOM, stream) for _ in range(count)])
        for part in slices(n, at_once // together):
            z = mixture.draw(first, noise[:, part], part)
            joint = log_joint(model, z, x[part], score)
            prior = DiagonalGaussian(*torch.zeros(2, d, device=x.device)).log_prob(z)
            total.add(part, z, joint - prior, joint - mixture.log_prob(z, samples, part))
    total.distortion /= samples
    return total


def importance_weights(
    model: VAE, x: Tensor, samples: int, seed: int, score: Score = density
) -> ImportanceWeights:
    """Weights of codes drawn from q(z|x), as trained: L_K (Burda et al. 2016, eq. 8).

    Args:
        x: images in [0, 1], (N, C, H, W).
        samples: K >= 1.
        score: log p(x|z) of a decoded distribution and images; a density by default.
    """
    stream = generator(x.device, seed, "importance samples")
    return weights_of(model, x, Mixture((model.encode_all(x),), (0,)), samples, stream, score)


def local_weights(
    model: VAE, x: Tensor, samples: int, seed: int, score: Score = density
) -> ImportanceWeights:
    """Weights around each image's posterior mode: nearly exact, and whatever the encoder is.

    Four of five codes come from a Student-t at the mode with the curvature there, one from
    q(z|x), which keeps the weights bounded where that is wide. Images with few effective samples,
    or with another mode to which the most alike of many codes from the prior leads, are measured
    anew: with more samples, around the best of the modes that several starts lead to.
    """
    q, at_once = model.encode_all(x), model.decoded_at_once(x.device)
    first = student_t(model, x, q.mean, score)
    prior = PriorCodes(model, generator(x.device, seed, "prior codes"), at_once)
    stream = generator(x.device, seed, "local samples")
    total = weights_of(model, x, Mixture((first, q), (0, 0, 0, 0, 1)), samples, stream, score)
    anew = total.effective_sample_size() < ENOUGH * samples
    for rest in (~anew).nonzero()[:, 0].split(at_once):
        start = prior.elsewhere(x[rest], first[rest], 1)[0]
        anew[rest] = has_other_modes(model, x[rest], first[rest], start, score)
    if len(again := anew.nonzero()[:, 0]):
        known = torch.stack([first.location, total.best])
        groups = again.split(max(1, at_once // (len(known) + STARTS)))
        found = [several_modes(model, x[g], known[:, g], first[g], prior, score) for g in groups]
        modes = [StudentT.joined(parts) for parts in zip(*found, strict=True)]
        mixture = Mixture((*modes, q[again]), (0, 1, 0, 2, 0, 1, 0, 3))
        others = weights_of(model, x[again], mixture, MORE * samples, stream, score)
        total.replace(again, others)
    return total


def student_t(
    model: VAE, x: Tensor, start: Tensor, score: Score, rounds: int = ROUNDS
) -> StudentT:
    """The proposal at the mode that is found from ``start``, some images at a time."""
    parts = [
        StudentT.at(*local_posterior(model, x[part], start[part], score, rounds))
        for part in slices(len(x), model.decoded_at_once(x.device))
    ]
    return StudentT.joined(parts)


def _cuts(samples: int, at_once: int) -> Iterator[tuple[int, int]]:
    """First sample and number of samples of every piece."""
    for first in range(0, samples, at_once):
        yield first, min(at_once, samples - first)


def slices(count: int, at_once: int) -> list[slice]:
    """Which of ``count`` images every piece has, of at most ``at_once``."""
    return [slice(first, first + at_once) for first in range(0, count, at_once)]


def _noise(n: int, width: int, stream: torch.Generator) -> Tensor:
    return torch.randn(n, width, generator=stream, device=stream.device)
