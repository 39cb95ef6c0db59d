"""pytorch-fid's Inception network as feature extractor: comparable with published FIDs."""

import pickle
from pathlib import Path
from unittest.mock import patch

import torch
from pytorch_fid import inception
from torch import Tensor

from vae.distributions import quantise
from vae.errors import InputError
from vae.metrics import INCEPTION

WEIGHTS_NAME = inception.FID_WEIGHTS_URL.rsplit("/", 1)[1]
PNG_LEVELS = 256
BATCH = 50  # images enlarged to 299 x 299 pixels at once


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
        def read(*_, **__) -> dict[str, Tensor]:
            return torch.load(weights, map_location="cpu", weights_only=True)

        try:
            # pytorch-fid builds and fills the network; only where it would download we read.
            with patch.object(inception, "load_state_dict_from_url", read):
                network = inception.InceptionV3()
        except (RuntimeError, TypeError, EOFError, pickle.UnpicklingError):
            raise InputError(
                f"{weights} does not hold the weights of pytorch-fid's Inception network: "
                f"replace it by a whole copy of {WEIGHTS_NAME}"
            ) from None
        self.network, self.device = network.eval().to(device), device

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """The last pooling layer, (N, 2048), for grey or colour images (N, C, H, W) in [0, 1].

        Like pytorch-fid, which reads PNG files: in 8 bits, grey repeated to three channels; the
        network itself enlarges to 299 x 299 pixels and moves the scale to [-1, 1].
        """
        x = quantise(images, PNG_LEVELS).expand(-1, 3, -1, -1)
        return torch.cat([self.network(part)[0].flatten(1) for part in x.split(BATCH)])
