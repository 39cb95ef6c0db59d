"""What the models of one likelihood generate, as pictures for the sheets that show several.

They are kept with published tables (``save``, ``load``), so that the sheets of a group can be
drawn when its models were trained on several machines and are gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.files import reading, replacing
from vae.models import TrainedSweep
from vae.randomness import generator

SHOWN = 12  # pictures of a β
CANDIDATES = 400  # prior samples among which those nearest to training images are shown
NEAREST = 9
KINDS = ("fid_prior", "fid_prior_drawn")
"""The metrics of expected images and of those drawn from p(x|z)."""


@dataclass(frozen=True)
class Generated:
    """Pictures (n, C, H, W) in [0, 1] of the models of the first seed.

    Attributes:
        likelihood: its slug.
        samples: (kind, β) -> ``SHOWN`` images of the same codes; none of models that diverged, nor
            drawn ones where the family cannot draw.
        nearest: the samples that lie nearest to training images, and those, at one β.
        nearest_beta: that β; NaN without models there.
    """

    likelihood: str
    samples: Mapping[tuple[str, float], Tensor]
    nearest: tuple[Tensor, Tensor] | None
    nearest_beta: float

    @classmethod
    @torch.no_grad()
    def of(
        cls, trained: TrainedSweep, train: Tensor, best: float | None, seed: int
    ) -> "Generated":
        """Generate them.

        Args:
            train: training images (N, C, H, W) in [0, 1], on the device to compute on.
            best: the β whose samples are compared with them.
        """
        samples, z = {}, prior_codes(trained, SHOWN, seed, train.device)
        for beta in trained.sweep.betas:
            if cell := first_seed(trained, beta):
                found = zip(KINDS, decoded(trained, cell, z, seed), strict=True)
                samples |= {(kind, beta): x for kind, x in found if x is not None}
        cell = None if best is None else first_seed(trained, best)
        nearest = None
        if cell:
            z = prior_codes(trained, CANDIDATES, seed, train.device)
            nearest = nearest_pairs(decoded(trained, cell, z, seed)[0], train, NEAREST)
        slug = trained.sweep.likelihood.slug
        return cls(slug, samples, nearest, best if cell else float("nan"))

    def save(self, path: Path) -> None:
        """Write the pictures with 256 shades."""
        arrays = {f"{kind}/{beta!r}": _bytes(x) for (kind, beta), x in self.samples.items()}
        for name, images in zip(("nearest", "training"), self.nearest or (), strict=False):
            arrays[name] = _bytes(images)
        with replacing(path) as temporary:
            np.savez_compressed(
                temporary,
                likelihood=np.array(self.likelihood),
                nearest_beta=np.array(self.nearest_beta),
                **arrays,
            )

    @classmethod
    def load(cls, path: Path) -> "Generated":
        """Read what ``save`` wrote.

        Raises:
            InputError: if the file is missing, was changed, or is none of those.
        """
        with reading(path, "take it from git again"), np.load(path) as arrays:
            images = {
                name: torch.from_numpy(arrays[name]).float() / 255
                for name in arrays.files
                if arrays[name].dtype == np.uint8
            }
            keys = {name: name.rpartition("/") for name in images if "/" in name}
            samples = {(kind, float(beta)): images[n] for n, (kind, _, beta) in keys.items()}
            pair = (images["nearest"], images["training"]) if "nearest" in images else None
            return cls(str(arrays["likelihood"]), samples, pair, float(arrays["nearest_beta"]))


def _bytes(images: Tensor) -> np.ndarray:
    return (255 * images.clamp(0, 1)).round().to(torch.uint8).cpu().numpy()


def first_seed(sweep: TrainedSweep, beta: float) -> Cell | None:
    """The VAE of one β with the first seed; None if there is none or it diverged."""
    cell = Cell("vae", beta, sweep.sweep.seeds[0])
    return cell if cell in sweep.cells and not sweep.diverged(cell) else None


def prior_codes(trained: TrainedSweep, count: int, seed: int, device: torch.device) -> Tensor:
    """Codes z ~ p(z), the same for every model of that size: (count, latent_dim)."""
    stream = generator(device, seed, "gallery")
    return torch.randn(count, trained.sweep.latent_dim, generator=stream, device=device)


@torch.no_grad()
def decoded(
    trained: TrainedSweep, cell: Cell, z: Tensor, seed: int
) -> tuple[Tensor, Tensor | None]:
    """Expected images of codes, and images drawn from p(x|z) where the family can draw."""
    images = trained.model(cell, z.device).decode(z)
    try:
        return images.mean, images.sample(generator(z.device, seed, "gallery pixels"))
    except NotImplementedError:  # a σ that is read off each image is none before there is one
        return images.mean, None


def nearest_pairs(images: Tensor, train: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The ``count`` images that lie closest to a training image, and those training images."""
    distances, nearest = torch.cdist(images.flatten(1), train.flatten(1)).min(1)
    closest = distances.argsort()[:count]
    return images[closest], train[nearest[closest]]
