"""Densities fitted on codes of training images after training: mixtures of Gaussians."""

import numpy as np
import torch
from scipy.stats import norm
from sklearn.mixture import GaussianMixture
from torch import Tensor

from vae.models import VAE
from vae.randomness import generator, seed_for

MIXTURE_COMPONENTS = 10
CANDIDATES = (1, 3, 10)  # components of a mixture that is to predict unseen codes


@torch.no_grad()
def training_codes(model: VAE, x: Tensor, *key: int) -> np.ndarray:
    """One code per training image, (N, latent_dim): drawn from q(z|x), or the autoencoder's.

    Args:
        key: seeds of the draw.
    """
    stream = generator(x.device, *key, "training codes")
    noise = torch.randn(len(x), model.latent_dim, generator=stream, device=x.device)
    return model.encode_all(x).rsample(noise).double().cpu().numpy()


def fit_mixture(codes: np.ndarray, components: int, *key: int) -> GaussianMixture:
    """Fit a mixture of Gaussians with full covariances on ``codes`` (N, latent_dim)."""
    state = np.random.RandomState(seed_for(*key, "mixture", components) % 2**32)
    return GaussianMixture(
        components, random_state=state, reg_covar=1e-5, max_iter=200, tol=1e-2
    ).fit(codes)


def fitted_codes(codes: np.ndarray, components: int, count: int, *key: int) -> np.ndarray:
    """Draw from a mixture fitted on ``codes`` (ex-post density; Ghosh et al. 2020)."""
    mixture = fit_mixture(codes, components, *key)
    return mixture.random_state.permutation(mixture.sample(count)[0])


def predictive_mixture(codes: np.ndarray, *key: int) -> GaussianMixture | None:
    """The mixture that promises most for unseen codes, or None if the prior N(0, I) does.

    By the least information criterion (Akaike 1974), which corrects the fit for its parameters.
    """
    prior = -2 * norm.logpdf(codes).sum()
    found = [fit_mixture(codes, components, *key) for components in CANDIDATES]
    best = min(found, key=lambda mixture: mixture.aic(codes))
    return best if best.aic(codes) < prior else None
