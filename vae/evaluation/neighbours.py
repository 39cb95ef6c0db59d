"""Fidelity and diversity apart: are samples among real images, are all real images among samples?

Precision and recall by Kynkäänniemi et al. (2019), density and coverage by Naeem et al. (2020),
all with k = 5 nearest neighbours. A model that copies one typical image has the best precision
and density there are, and hardly any recall and coverage: no value of the first two is good alone.
"""

import math

import torch
from torch import Tensor

from vae.evaluation.cells import Estimate

NEIGHBOURS = 5
BLOCK = 500  # rows of a matrix of distances that are held at once
MOST_SETS = 10


def neighbour_radii(x: Tensor, k: int) -> Tensor:
    """Distance of every row of (N, F) to the k-th nearest other row, (N,)."""
    k = min(k, len(x) - 1)
    parts = [torch.cdist(part, x).kthvalue(k + 1, dim=1).values for part in x.split(BLOCK)]
    return torch.cat(parts)


class Neighbourhoods:
    """Real images (N, F), each with the ball that reaches its k-th nearest neighbour."""

    def __init__(self, real: Tensor, k: int = NEIGHBOURS) -> None:
        self.real, self.k, self.radii = real, k, neighbour_radii(real, k)

    def __call__(self, generated: Tensor) -> dict[str, Estimate]:
        """``precision, recall, density, coverage`` of generated images (M, F).

        All depend on how many images are compared, so the generated ones are taken in sets of N,
        as many as there are, at most ``MOST_SETS``, and their results averaged. Recall, coverage
        and density are means over real images, and so have values for each.
        """
        size = min(len(self.real), len(generated))
        sets = generated[: MOST_SETS * size].split(size)
        results = [self._one(part) for part in sets if len(part) == size]
        precise, dense, recalled, covered, weights = (
            torch.stack(values).double() for values in zip(*results, strict=True)
        )
        return {
            "precision": Estimate(float(precise.mean()), _error(precise.flatten())),
            "recall": _over_images(recalled),
            "density": _over_images(weights, dense),
            "coverage": _over_images(covered),
        }

    def _one(self, generated: Tensor) -> tuple[Tensor, ...]:
        """Per generated image: precision and density; per real: recall, coverage and density."""
        radii, counts = neighbour_radii(generated, self.k), 0
        recalled, covered, weights = [], [], []
        for part, radius in zip(self.real.split(BLOCK), self.radii.split(BLOCK), strict=True):
            distances = torch.cdist(part, generated)
            inside = distances <= radius[:, None]
            counts = counts + inside.sum(0)
            recalled.append((distances <= radii).any(1))
            covered.append(inside.any(1))
            weights.append(inside.sum(1))
        scale = len(self.real) / (self.k * len(generated))
        weights = torch.cat(weights) * scale
        return counts > 0, counts / self.k, torch.cat(recalled), torch.cat(covered), weights


def _error(values: Tensor) -> float:
    """Standard error of the mean of independent values (N,)."""
    return float(values.std() / math.sqrt(len(values))) if len(values) > 1 else 0.0


def _over_images(values: Tensor, generated: Tensor | None = None) -> Estimate:
    """Mean of (sets, N) over sets and real images; its error contains both, as they are drawn.

    Args:
        generated: the same mean as values of generated images, which say more than few sets.
    """
    per_image = values.mean(0)
    drawn = _error(values.mean(1) if generated is None else generated.flatten())
    error = math.hypot(_error(per_image), drawn)
    return Estimate(float(per_image.mean()), error, per_image.float().cpu().numpy())
