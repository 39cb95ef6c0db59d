"""How many cells are trained at once: what fits a GPU's memory or a CPU's cache."""

import math

import torch
from torch import Tensor, nn

from vae.configuration.sweep import Sweep
from vae.data.datasets import Dataset
from vae.models import VAE, build_model
from vae.training.stack import VALIDATION_BATCH

CACHE_FLOATS = 2**19  # activations of one layer that still lie in a CPU's cache
MEMORY_SHARE = 0.4  # of a GPU's free memory: a second job finds as much
MOST_CONVOLUTIONS = 8  # networks stacked: beyond, grouped convolutions lose more than is gained
FLOAT_BYTES = 4
WEIGHT_COPIES = 7  # with gradients, Adam's two moments, the average, the best, one on the way


def default_stack_size(sweep: Sweep, dataset: Dataset, device: torch.device) -> int:
    """How many cells of ``sweep`` to train at once on ``device``, at least one."""
    model = build_model(sweep, dataset.mean_image().cpu(), dataset.levels)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        fits = int(MEMORY_SHARE * free) // cell_bytes(model, sweep)
    else:
        widest = max(math.prod(dataset.shape), *layer_outputs(model, sweep))
        fits = CACHE_FLOATS // (sweep.training.batch_size * widest)
    convolutions = any(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in model.modules())
    most = MOST_CONVOLUTIONS if convolutions else len(sweep.cells)
    return max(1, min(fits, most, len(sweep.cells)))


def cell_bytes(model: VAE, sweep: Sweep) -> int:
    """Memory that training one cell like ``model`` takes, estimated from above.

    The weights in all their copies; and for every image of a batch what all layers and the
    likelihood keep for the gradient, as much for the gradients, and what is on the way.
    """
    weights = FLOAT_BYTES * sum(p.numel() for p in model.parameters())
    one, two = (kept_bytes(model, sweep, images) for images in (1, 2))
    passing = 4 * FLOAT_BYTES * max(layer_outputs(model, sweep))
    images = max(2 * sweep.training.batch_size, VALIDATION_BATCH)
    return WEIGHT_COPIES * weights + images * (two - one + passing)


def kept_bytes(model: VAE, sweep: Sweep, images: int) -> int:
    """Bytes that a step with so many images keeps for the gradient, the weights among them."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        _terms = _forward(model, sweep, images)  # lives on, and all that it keeps
    return sum(kept.values())


def layer_outputs(model: VAE, sweep: Sweep) -> list[int]:
    """How many numbers each layer puts out for one image."""
    outputs: list[int] = []
    hooks = [
        layer.register_forward_hook(lambda _, __, output: outputs.append(output.numel()))
        for layer in (*model.encoder.network, *model.decoder.network)
    ]
    with torch.no_grad():
        _forward(model, sweep, 1)
    for hook in hooks:
        hook.remove()
    return outputs


def _forward(model: VAE, sweep: Sweep, images: int) -> tuple[Tensor, Tensor]:
    """Distortion and rate of so many black images."""
    bias = model.decoder.bias
    shape = (bias.shape[0] // model.decoder.likelihood.outputs, *bias.shape[1:])
    noise = torch.zeros(*sweep.likelihood.objective.axis, images, sweep.latent_dim)
    return model(torch.zeros(images, *shape), noise)
