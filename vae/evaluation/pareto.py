"""How heavy the tail of importance weights is: the shape of a generalised Pareto."""

import torch
from torch import Tensor

PRIOR_COUNT, PRIOR_SHAPE = 10, 0.5  # a weak prior for short tails (Vehtari et al. 2024)


def tail_length(samples: int) -> int:
    """How many of the largest of ``samples`` weights make their tail (Vehtari et al. 2024)."""
    return max(1, int(min(0.2 * samples, 3 * samples**0.5)))


def pareto_shape(log_weights: Tensor) -> Tensor:
    """k̂ per image; above 0.7 an importance-sampled mean is not to be trusted.

    The estimator of Zhang & Stephens (2009) with the prior of Vehtari et al. (2024, Pareto
    smoothed importance sampling).

    Args:
        log_weights: the largest of each image, the first row for a threshold, (M + 1, N), M >= 5.

    Returns:
        shape (N,).
    """
    ordered = log_weights.sort(0).values
    x = torch.exp(ordered[1:] - ordered[-1]) - torch.exp(ordered[:1] - ordered[-1])
    x = x.clamp(min=torch.finfo(x.dtype).tiny)
    n = len(x)
    count = 30 + int(n**0.5)
    steps = torch.arange(1, count + 1, dtype=x.dtype, device=x.device) - 0.5
    quartile = x[int(n / 4 + 0.5) - 1]
    b = (1 - (count / steps).sqrt())[:, None] / (3 * quartile) + 1 / x[-1]  # (count, N)
    k = torch.log1p(-b[:, None] * x).mean(1)
    profile = n * (torch.log(-b / k) - k - 1)
    weighted = (b * profile.softmax(0)).sum(0)
    shape = torch.log1p(-weighted * x).mean(0)
    return (n * shape + PRIOR_COUNT * PRIOR_SHAPE) / (n + PRIOR_COUNT)
