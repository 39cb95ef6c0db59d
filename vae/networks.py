"""Networks from tensors to tensors: no probability in here.

An encoder network maps images (B, C, H, W) to features (B, outputs); a decoder network maps
codes (B, latent_dim) to (B, outputs, H, W). The ones here end without a bias where the caller
adds its own.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

Shape = tuple[int, int, int]  # channels, height, width


def relu() -> nn.Module:
    """Works in place: the layers before it do not need their own output for their gradient."""
    return nn.ReLU(inplace=True)


def mlp_encoder(shape: Shape, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Fully connected layers with ReLU between them."""
    widths = [shape[0] * shape[1] * shape[2], *hidden]
    layers = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), relu())]
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(widths[-1], outputs))


def mlp_decoder(latent_dim: int, hidden: Sequence[int], shape: Shape) -> nn.Sequential:
    """The mirror image of ``mlp_encoder``; ``hidden`` is given in the encoder's order."""
    widths = [latent_dim, *reversed(hidden)]
    layers = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), relu())]
    last = nn.Linear(widths[-1], shape[0] * shape[1] * shape[2], bias=False)
    return nn.Sequential(*layers, last, nn.Unflatten(1, shape))


def conv_encoder(shape: Shape, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """One convolution of stride 2 per entry of ``hidden``, then a linear layer."""
    height, width = _halved(shape, len(hidden))
    layers = [
        layer
        for a, b in pairwise([shape[0], *hidden])
        for layer in (nn.Conv2d(a, b, kernel_size=4, stride=2, padding=1), relu())
    ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(hidden[-1] * height * width, outputs))


def conv_decoder(latent_dim: int, hidden: Sequence[int], shape: Shape) -> nn.Sequential:
    """The mirror image of ``conv_encoder``: a linear layer, then transposed convolutions."""
    height, width = _halved(shape, len(hidden))
    channels = list(reversed(hidden))
    layers = [
        layer
        for a, b in pairwise(channels)
        for layer in (nn.ConvTranspose2d(a, b, kernel_size=4, stride=2, padding=1), relu())
    ]
    return nn.Sequential(
        nn.Linear(latent_dim, channels[0] * height * width),
        relu(),
        nn.Unflatten(1, (channels[0], height, width)),
        *layers,
        nn.ConvTranspose2d(channels[-1], shape[0], kernel_size=4, stride=2, padding=1, bias=False),
    )


def _halved(shape: Shape, times: int) -> tuple[int, int]:
    factor = 2**times
    if not times or shape[1] % factor or shape[2] % factor:
        raise ValueError(
            f"conv needs 1 or more layers, each halving {shape[1]}x{shape[2]} evenly; got {times}"
        )
    return shape[1] // factor, shape[2] // factor


# Without hidden layers the fully connected networks are one linear map.
ENCODERS = {
    "mlp": mlp_encoder,
    "conv": conv_encoder,
    "linear": mlp_encoder,
}
DECODERS = {
    "mlp": mlp_decoder,
    "conv": conv_decoder,
    "linear": mlp_decoder,
}


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights anew (Glorot & Bengio 2010, uniform) and set all biases to zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
