"""The naive feature space: principal components of the pixels themselves."""

import math

import torch
from torch import Tensor, nn

from vae.data.datasets import Dataset
from vae.features.classifier import feature_count
from vae.metrics import PIXELS
from vae.networks import Shape
from vae.randomness import generator


class PrincipalComponents(nn.Module):
    """Coordinates of images along the directions in which training images vary most."""

    metric_prefix = PIXELS

    def __init__(self, shape: Shape, features: int) -> None:
        super().__init__()
        pixels = math.prod(shape)
        self.register_buffer("mean", torch.zeros(pixels))
        self.register_buffer("components", torch.zeros(features, pixels))

    def features(self, images: Tensor) -> Tensor:
        """Coordinates (N, F) of images (N, C, H, W)."""
        return (images.flatten(1) - self.mean) @ self.components.T


def fit_pixels(dataset: Dataset, seed: int, device: torch.device) -> PrincipalComponents:
    """As many components as other feature spaces have dimensions, from training images."""
    stream = generator("cpu", seed, "principal components")
    x = dataset.to("cpu").training_images(stream).to(device).flatten(1).double()
    features = min(feature_count(len(dataset.images["test"])), *x.shape)
    model = PrincipalComponents(dataset.shape, features).to(device)
    model.mean.copy_(x.mean(0))
    model.components.copy_(torch.linalg.eigh(x.T.cov()).eigenvectors.flip(1)[:, :features].T)
    return model.eval()
