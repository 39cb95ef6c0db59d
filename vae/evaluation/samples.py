"""How real do generated images look? FID and KID against test images."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor

from vae.data import Dataset
from vae.evaluation.cells import Estimate, measure_cells
from vae.evaluation.distances import extract, fid, kid, sample_count
from vae.evaluation.images import reconstructions
from vae.features import FeatureExtractor
from vae.models import VAE, TrainedSweep
from vae.randomness import generator, seed_for
from vae.sweep import Cell

MIXTURE_COMPONENTS = 10
MAX_CODES = 10_000  # training codes that the ex-post densities are fitted on
WITH_KID = ("prior", "gmm")


@torch.no_grad()
def training_codes(model: VAE, x: Tensor, seed: int) -> np.ndarray:
    """One code per training image, (N, latent_dim): drawn from q(z|x), or the autoencoder's."""
    stream = generator(x.device, seed, "training codes")
    noise = torch.randn(len(x), model.latent_dim, generator=stream, device=x.device)
    codes = [
        model.encode(p).rsample(e) for p, e in zip(x.split(1000), noise.split(1000), strict=True)
    ]
    return torch.cat(codes).double().cpu().numpy()


def fitted_codes(codes: np.ndarray, components: int, count: int, seed: int) -> np.ndarray:
    """Draw from a mixture of Gaussians fitted on ``codes`` (ex-post; Ghosh et al. 2020)."""
    state = np.random.RandomState(seed_for(seed, "mixture", components) % 2**32)
    mixture = GaussianMixture(
        components, random_state=state, reg_covar=1e-5, max_iter=200, tol=1e-2
    )
    return state.permutation(mixture.fit(codes).sample(count)[0])


class SampleMeasure:
    """Measures FID and KID of cells against the first ``samples`` test images.

    The names of the metrics begin with the extractor's prefix and end with where the images are
    from: ``fid_prior``, ``inception_kid_gmm``.
    """

    def __init__(
        self,
        dataset: Dataset,
        extractor: FeatureExtractor,
        samples: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self.extractor, self.levels = extractor, dataset.levels
        self.seed, self.device = seed, device
        self.train = dataset.unit("train")[:MAX_CODES].to(device)
        self.test = dataset.unit("test")[:samples].to(device)
        self.reference = extract(extractor, self.test, self.levels)

    def __call__(self, model: VAE, cell: Cell) -> dict[str, Estimate]:
        """FID of all images of a cell, and KID of those made from ``WITH_KID``."""
        estimates = {}
        for source, images in self._images(model, cell):
            features = extract(self.extractor, images, self.levels)
            estimates[self._name("fid", source)] = Estimate(fid(features, self.reference))
            if source in WITH_KID:
                estimates[self._name("kid", source)] = kid(features, self.reference)
        return estimates

    def _name(self, distance: str, source: str) -> str:
        return f"{self.extractor.metric_prefix}{distance}_{source}"

    def _images(self, model: VAE, cell: Cell) -> Iterator[tuple[str, Tensor]]:
        """Reconstructions, prior samples where there is a prior, samples of ex-post densities."""
        n, d = len(self.test), model.latent_dim
        yield "reconstruction", reconstructions(model, self.test, self.seed)
        if cell.model == "vae":
            stream = generator(self.device, self.seed, "prior samples")
            z = torch.randn(n, d, generator=stream, device=self.device)
            yield "prior", self._decode(model, z)
        codes = training_codes(model, self.train, self.seed)
        for source, components in (("gaussian", 1), ("gmm", MIXTURE_COMPONENTS)):
            z = torch.from_numpy(fitted_codes(codes, components, n, self.seed)).float()
            yield source, self._decode(model, z.to(self.device))

    @torch.no_grad()
    def _decode(self, model: VAE, z: Tensor) -> Tensor:
        return torch.cat([model.decode(part).mean for part in z.split(1000)])


def evaluate(
    trained: TrainedSweep,
    dataset: Dataset,
    extractor: FeatureExtractor,
    samples: int,
    seed: int,
    device: torch.device,
) -> pd.DataFrame:
    """Sample metrics of every cell, with ``samples`` images on both sides (0: all)."""
    measure = SampleMeasure(dataset, extractor, sample_count(dataset, samples), seed, device)
    return measure_cells(trained, measure, device).table
