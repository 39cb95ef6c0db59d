"""How real do generated images look, how much of the data do they cover, are they copies?"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.data.datasets import Dataset
from vae.evaluation.cells import Estimate, Measurements, measure_cells
from vae.evaluation.images import reconstructions
from vae.evaluation.mixtures import MIXTURE_COMPONENTS, fitted_codes, training_codes
from vae.evaluation.real_images import MOST_TRAINING, training_images
from vae.evaluation.realism import Realism, generated_count
from vae.features.classifier import FeatureExtractor
from vae.models import VAE, TrainedSweep
from vae.randomness import generator


class SampleMeasure:
    """Measures generated images of cells against all test images, in every feature space.

    The names of the metrics begin with the space's prefix and end with where the images are from:
    ``fid_prior``, ``inception_recall_gmm``. Codes depend on the model's seed, so that the spread
    over seeds contains the draw; they are the same for all β and likelihoods.
    """

    def __init__(
        self,
        dataset: Dataset,
        spaces: Sequence[FeatureExtractor],
        samples: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self.seed, self.device = seed, device
        self.train = training_images(dataset, MOST_TRAINING, seed).to(device)
        test = dataset.unit("test").to(device)
        self.count = generated_count(len(test), samples)
        self.spaces = [Realism(s, test, self.train, dataset.levels, seed) for s in spaces]

    def __call__(self, model: VAE, cell: Cell) -> dict[str, Estimate]:
        """FID of all images of a cell, and more of those that a user would draw."""
        estimates = {}
        for source, images in self._images(model, cell):
            for space in self.spaces:
                found = measured(space, source, space.extract(images))
                named = {metric_name(space.prefix, name, source): e for name, e in found.items()}
                estimates |= named
        return estimates

    def _images(self, model: VAE, cell: Cell) -> Iterator[tuple[str, Tensor]]:
        """Reconstructed training images, prior samples if there is a prior, ex-post samples.

        Test images are never reconstructed: beside themselves they would look better than other
        real images do.
        """
        key = self.seed, cell.seed
        yield "reconstruction", reconstructions(model, self.train, self.seed)
        if cell.model == "vae":
            yield from prior_images(model, self.count, *key)
        codes = training_codes(model, self.train, *key)
        for source, components in (("gaussian", 1), ("gmm", MIXTURE_COMPONENTS)):
            z = torch.from_numpy(fitted_codes(codes, components, self.count, *key)).float()
            yield source, model.decode_all(z.to(self.device), lambda p: p.mean)


def prior_images(model: VAE, count: int, *key: int) -> Iterator[tuple[str, Tensor]]:
    """``count`` images of codes z ~ p(z), by source: expected ones, then one x ~ p(x|z) of each.

    Args:
        key: seeds of the draws.
    """
    device = next(model.parameters()).device
    stream = generator(device, *key, "prior samples")
    z = torch.randn(count, model.latent_dim, generator=stream, device=device)
    yield "prior", model.decode_all(z, lambda p: p.mean)
    stream = generator(device, *key, "drawn images")
    yield "prior_drawn", model.decode_all(z, lambda p: p.sample(stream))


def measured(space: Realism, source: str, features: Tensor) -> dict[str, Estimate]:
    """The metrics of images of ``source``: all of prior samples, of most others FID alone."""
    if source == "prior":
        return space.everything(features)
    found = {"fid": space.fid(features)}
    return found | space.neighbourhoods(features) if source == "gmm" else found


def metric_name(prefix: str, name: str, source: str) -> str:
    """What a metric of images of ``source`` is called; copying is of prior samples alone."""
    plain = name in ("authentic_share", "data_copying")
    return f"{prefix}{name}" if plain else f"{prefix}{name}_{source}"


def evaluate(
    trained: TrainedSweep,
    dataset: Dataset,
    device: torch.device,
    spaces: Sequence[FeatureExtractor],
    samples: int,
    seed: int,
) -> Measurements:
    """Sample metrics of every cell, with ``samples`` generated images (0: see ``realism``)."""
    return measure_cells(trained, SampleMeasure(dataset, spaces, samples, seed, device), device)
