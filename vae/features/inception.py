"""pytorch-fid's Inception network as feature extractor: comparable with published FIDs."""

import pickle
from pathlib import Path

import torch
from pytorch_fid import inception
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models import inception_v3

from vae.distributions import quantise
from vae.errors import InputError
from vae.metrics import INCEPTION

WEIGHTS_NAME = inception.FID_WEIGHTS_URL.rsplit("/", 1)[1]
PNG_LEVELS = 256
SIDE, BATCH = 299, 50  # pixels that images are enlarged to, and how many at once


def find_weights(path: Path | str | None) -> Path:
    """The weights file: ``path``, or without one the file that pytorch-fid keeps in torch's cache.

    Raises:
        InputError: if it does not exist; nothing is ever downloaded.
    """
    found = Path(path) if path else Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS_NAME
    if not found.is_file():
        raise InputError(
            f"the weights of the Inception network are not at {found}: put pytorch-fid's file "
            f"{WEIGHTS_NAME} there, name its place by evaluation.inception_weights, "
            "or set evaluation.features to classifier"
        )
    return found


class Inception:
    """The Inception network of Heusel et al. (2017), as ported by pytorch-fid.

    Args:
        weights: a file that ``find_weights`` found.

    Raises:
        InputError: if the file does not hold this network's weights.
    """

    metric_prefix = INCEPTION

    def __init__(self, weights: Path, device: torch.device) -> None:
        network = _network()
        try:
            network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        except (RuntimeError, TypeError, EOFError, pickle.UnpicklingError):
            raise InputError(
                f"{weights} does not hold the weights of pytorch-fid's Inception network: "
                f"replace it by a whole copy of {WEIGHTS_NAME}"
            ) from None
        network.fc = nn.Identity()  # ends at the last pooling
        self.network, self.device = network.eval().to(device), device

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """The last pooling layer, (N, 2048), for grey or colour images (N, C, H, W) in [0, 1].

        Like pytorch-fid, which reads PNG files: in 8 bits, grey repeated to three channels,
        enlarged to 299 x 299 pixels, on the scale [-1, 1].
        """
        x = quantise(images, PNG_LEVELS).expand(-1, 3, -1, -1)
        return torch.cat([self.network(_enlarged(part)) for part in x.split(BATCH)])


def _enlarged(x: Tensor) -> Tensor:
    return 2 * interpolate(x, size=(SIDE, SIDE), mode="bilinear", align_corners=False) - 1


def _network() -> nn.Module:
    """torchvision's network with the blocks in which TensorFlow's, as ported, differs from it."""
    network = inception_v3(num_classes=1008, aux_logits=False, init_weights=False)
    for name, channels, pooled in (("5b", 192, 32), ("5c", 256, 64), ("5d", 288, 64)):
        setattr(network, f"Mixed_{name}", inception.FIDInceptionA(channels, pooled))
    for name, channels in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        setattr(network, f"Mixed_{name}", inception.FIDInceptionC(768, channels))
    network.Mixed_7b = inception.FIDInceptionE_1(1280)
    network.Mixed_7c = inception.FIDInceptionE_2(2048)
    return network
