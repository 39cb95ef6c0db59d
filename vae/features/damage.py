"""Training images with the faults that models' images have: blurred, noisy, black and white.

What a network says of images unlike all that it was trained on is chance: trained again it says
something else, and so do distances between its features. Networks whose features are compared
are therefore shown such faults, and asked how large they are, so that their features tell it.
"""

import torch
from torch import Tensor

BLUR = 0.1  # largest standard deviation, as a share of the image's side
NOISE = 0.5  # largest standard deviation; white on black is 1
UNIT = 0.1  # in which changes are counted: about as large as a blur's


def damaged(x: Tensor, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """Every image with faults of its own, and how much they changed it.

    One half is blurred; after that one third is left as it is, one third gets Gaussian noise, one
    third is drawn black and white, a grey level being the probability of white.

    Args:
        x: images in [0, 1], (N, C, H, W), which is also the shape of the first result.

    Returns:
        images in [0, 1], and the root mean square of their change in units of ``UNIT``, (N,).
    """

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=stream, device=x.device)

    n = len(x)
    each = (n, 1, 1, 1)
    blurred = torch.where(uniform(*each) < 0.5, blur(x, BLUR * uniform(n)), x).clamp(0, 1)
    noise = torch.randn(x.shape, generator=stream, device=x.device)
    noisy = (blurred + NOISE * uniform(*each) * noise).clamp(0, 1)
    drawn = torch.bernoulli(blurred, generator=stream)
    kind = 3 * uniform(*each)
    y = torch.where(kind < 1, blurred, torch.where(kind < 2, noisy, drawn))
    return y, (y - x).square().flatten(1).mean(1).sqrt() / UNIT


def blur(x: Tensor, strength: Tensor) -> Tensor:
    """Blur every image by a Gaussian of its own.

    Args:
        x: images, (N, C, H, W).
        strength: standard deviations as shares of the images' sides, (N,).
    """
    height, width = x.shape[-2:]
    return _averages(strength * height, height) @ x @ _averages(strength * width, width).mT


def _averages(sigma: Tensor, size: int) -> Tensor:
    """Matrices (N, 1, size, size) whose rows are weights of Gaussians, each summing to 1."""
    at = torch.arange(size, device=sigma.device)
    exponents = -0.5 * ((at[:, None] - at) / sigma.clamp(min=1e-3)[:, None, None]).square()
    return exponents.softmax(-1)[:, None]


def damage_loss(guess: Tensor, damage: Tensor) -> Tensor:
    """Mean squared error of guesses (N, 1) at how much images were damaged, (N,)."""
    return (guess[:, 0] - damage).square().mean()
