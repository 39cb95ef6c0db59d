"""How real do generated images look? Fréchet distances in a classifier's feature space."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from sklearn.mixture import GaussianMixture
from torch import Tensor

from vae.config import Cell
from vae.data import Dataset
from vae.distributions import quantise
from vae.evaluation.cells import Estimate, measure_cells
from vae.evaluation.images import reconstructions
from vae.features import Classifier
from vae.models import VAE, TrainedSweep
from vae.randomness import generator, seed_for

MIXTURE_COMPONENTS = 10
MAX_CODES = 10_000  # training codes that the ex-post densities are fitted on


@dataclass(frozen=True)
class FeatureStatistics:
    """Mean (F,) and covariance (F, F) of the features of a set of images."""

    mean: np.ndarray
    covariance: np.ndarray


@torch.no_grad()
def feature_statistics(classifier: Classifier, images: Tensor, levels: int) -> FeatureStatistics:
    """Statistics of images in [0, 1], (N, C, H, W), after rounding to ``levels`` grey levels."""
    parts = [classifier.features(quantise(part, levels)) for part in images.split(1000)]
    features = torch.cat(parts).double().cpu().numpy()
    return FeatureStatistics(features.mean(0), np.cov(features, rowvar=False))


def fid(a: FeatureStatistics, b: FeatureStatistics) -> float:
    """Fréchet distance of two sets of features (Heusel et al. 2017), by pytorch-fid."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The `disp` argument is deprecated")
        warnings.filterwarnings("ignore", message="Matrix is singular")  # of collapsed samples
        return float(calculate_frechet_distance(a.mean, a.covariance, b.mean, b.covariance))


def fid_floor(
    classifier: Classifier, dataset: Dataset, samples: int, device: torch.device
) -> float:
    """The distance between real images: as many from the training split as from the test split."""
    splits = [dataset.unit(split)[:samples].to(device) for split in ("train", "test")]
    return fid(*(feature_statistics(classifier, x, dataset.levels) for x in splits))


def sample_count(dataset: Dataset, samples: int) -> int:
    """Images on each side of a comparison: ``samples``, or 0 for the whole test split."""
    available = len(dataset.images["test"])
    return min(samples or available, available)


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
    """Measures FID of cells against the first ``samples`` test images."""

    def __init__(
        self, dataset: Dataset, classifier: Classifier, samples: int, seed: int, device
    ) -> None:
        self.classifier, self.levels, self.seed, self.device = (
            classifier,
            dataset.levels,
            seed,
            device,
        )
        self.train = dataset.unit("train")[:MAX_CODES].to(device)
        self.test = dataset.unit("test")[:samples].to(device)
        self.reference = self._statistics(self.test)

    def __call__(self, model: VAE, cell: Cell) -> dict[str, Estimate]:
        """FID of reconstructions, ex-post densities and, where there is a prior, its samples."""
        n, d = len(self.test), model.latent_dim
        codes = training_codes(model, self.train, self.seed)
        images = {"fid_reconstruction": reconstructions(model, self.test, self.seed)}
        if cell.model == "vae":
            stream = generator(self.device, self.seed, "prior samples")
            z = torch.randn(n, d, generator=stream, device=self.device)
            images["fid_prior"] = self._decode(model, z)
        for name, components in (("fid_gaussian", 1), ("fid_gmm", MIXTURE_COMPONENTS)):
            z = torch.from_numpy(fitted_codes(codes, components, n, self.seed)).float()
            images[name] = self._decode(model, z.to(self.device))
        return {
            name: Estimate(fid(self._statistics(x), self.reference)) for name, x in images.items()
        }

    @torch.no_grad()
    def _decode(self, model: VAE, z: Tensor) -> Tensor:
        return torch.cat([model.decode(part).mean for part in z.split(1000)])

    def _statistics(self, images: Tensor) -> FeatureStatistics:
        return feature_statistics(self.classifier, images, self.levels)


def evaluate(
    trained: TrainedSweep,
    dataset: Dataset,
    classifier: Classifier,
    samples: int,
    seed: int,
    device: torch.device,
) -> pd.DataFrame:
    """Sample metrics of every cell, with ``samples`` images on both sides (0: all)."""
    measure = SampleMeasure(dataset, classifier, sample_count(dataset, samples), seed, device)
    return measure_cells(trained, measure, device)
