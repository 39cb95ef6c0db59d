"""A decoder as plain data: its layers, its likelihood's reading of them, and its weights."""

import base64

import numpy as np
import torch
from torch import Tensor, nn

from vae.distributions import (
    Bernoulli,
    Beta,
    Categorical,
    ContinuousBernoulli,
    Discretized,
    DiscretizedLogistic,
    Gaussian,
    Laplace,
    PixelDistribution,
)
from vae.likelihoods import BETA_LIMITS, LOG_SCALE_LIMIT
from vae.models import VAE
from vae.randomness import generator

READINGS = {
    Bernoulli: "bernoulli",
    ContinuousBernoulli: "continuous_bernoulli",
    Gaussian: "gaussian",
    Laplace: "laplace",
    Beta: "beta",
    DiscretizedLogistic: "logistic",
    Categorical: "categorical",
}
"""How the page turns a network's output into the expected image, by the decoder's distribution."""

NO_LIMIT = 1e30  # JSON has no infinity
CODES = 64
TOLERANCE = 0.5 / 255  # of a pixel: half a step of what a screen shows


def decoder_data(model: VAE, levels: int, seed: int) -> dict | None:
    """What the page needs to decode with ``model``; None where it cannot.

    Weights are in half precision, or in single where half moves a pixel of one of ``CODES``
    images decoded from the prior by more than ``TOLERANCE``.
    """
    layers, weights = _layers(model.decoder.network)
    reading = _reading(model, levels)
    if reading is None or layers is None:
        return None
    tensors = [*weights, model.decoder.bias]
    flat = np.concatenate([t.detach().cpu().numpy().ravel() for t in tensors])
    precision = "float16" if _survives(model, seed) else "float32"
    return {
        **reading,
        "layers": layers,
        "precision": precision,
        "weights": as_text(flat.astype(precision)),
    }


def _reading(model: VAE, levels: int) -> dict | None:
    """What turns a network's output into the expected image; None where the page cannot."""
    family = model.decoder.likelihood
    p = model.decode(torch.zeros(1, model.latent_dim, device=model.decoder.bias.device))
    family, density = (family.density, p.density) if isinstance(p, Discretized) else (family, p)
    kind = READINGS.get(type(density))
    if kind is None or (isinstance(p, Discretized) and kind == "beta"):
        return None
    return {
        "reading": kind,
        "discretized": p is not density or kind == "logistic",
        "levels": levels,
        "scale": _scale(density, family.outputs),
        "scale_limits": [getattr(family, "floor", -LOG_SCALE_LIMIT), LOG_SCALE_LIMIT],
        "limits": _limits(density),
    }


def _limits(density: PixelDistribution) -> float | tuple[float, float] | None:
    """Between which numbers the page keeps the network's output."""
    if isinstance(density, ContinuousBernoulli):
        return min(density.limit, NO_LIMIT)
    return BETA_LIMITS if isinstance(density, Beta) else None


def _scale(density: PixelDistribution, outputs: int) -> str | list[float] | None:
    """Where the log scale comes from: a decoder's output by pixel or image, or these numbers."""
    log_scale = getattr(density, "log_scale", None)
    if log_scale is None:
        return None
    if outputs == 2:
        return "image" if log_scale.shape[-1] == 1 else "pixel"
    return log_scale.flatten().tolist()


def as_text(array: np.ndarray) -> str:
    """The array's bytes, little-endian, in base64."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(np.ascontiguousarray(little).tobytes()).decode()


def _layers(network: nn.Sequential) -> tuple[list[dict] | None, list[Tensor]]:
    """Every layer's kind and sizes, and the weights in their order; None for a kind unknown."""
    layers, weights = [], []
    for layer in network:
        match layer:
            case nn.Linear():
                sizes = {"inputs": layer.in_features, "outputs": layer.out_features}
                layers.append({"kind": "linear", **sizes, "bias": layer.bias is not None})
            case nn.ConvTranspose2d():
                layers.append({"kind": "transposed", **_convolution(layer)})
            case nn.ReLU():
                layers.append({"kind": "relu"})
            case nn.Unflatten():
                layers.append({"kind": "shape", "shape": list(layer.unflattened_size)})
            case _:
                return None, []
        weights += list(layer.parameters())  # the weight, then the bias
    return layers, weights


def _convolution(layer: nn.ConvTranspose2d) -> dict:
    return {
        "inputs": layer.in_channels,
        "outputs": layer.out_channels,
        "kernel": layer.kernel_size[0],
        "stride": layer.stride[0],
        "padding": layer.padding[0],
        "bias": layer.bias is not None,
    }


@torch.no_grad()
def _survives(model: VAE, seed: int) -> bool:
    """Whether half precision shows the same pixels."""
    device = model.decoder.bias.device
    stream = generator(device, seed, "explorer precision")
    z = torch.randn(CODES, model.latent_dim, generator=stream, device=device)
    whole = {name: p.detach().clone() for name, p in model.decoder.named_parameters()}
    exact = model.decode(z).mean
    half = {name: p.half().float() for name, p in whole.items() if _embedded(name)}
    rounded = torch.func.functional_call(model.decoder, whole | half, z).mean
    return bool((exact - rounded).abs().max() <= TOLERANCE)


def _embedded(name: str) -> bool:
    return name == "bias" or name.startswith("network.")
