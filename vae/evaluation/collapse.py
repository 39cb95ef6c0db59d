"""Where linear theory expects posterior collapse: the largest β at which a small code still pays.

Collapsed, a decoder ignores z and describes every image by the same distribution, at its best
the one whose natural outputs η (one per pixel) fit the training images. Let s(x) be the score
∂ log p(x) / ∂η there, C its covariance over images (its mean is 0 at the best constant) and F the
Fisher information, which is diagonal because pixels are independent. Now let a small code in:
η + W z with q(z|x) = N(m(x), V(x)). Up to second order in W

    E_q[log p(x|z)] = log p(x) + sᵀ W m - ½ mᵀ Wᵀ F W m - ½ tr(Wᵀ F W V)
    KL(q ‖ p)       = ½ (|m|² + tr V - log det V - d).

Distortion + β KL is least at m = Wᵀ s / β, V = I - Wᵀ F W / β, both up to higher orders, and
averaged over images the objective changes by

    ½ tr(Wᵀ F W) - tr(Wᵀ C W) / (2 β).

Some W makes that negative only if β < λ_max(F^-½ C F^-½): above it the collapsed solution is a
local optimum, below it is not. (Moving η or a shared σ as well changes nothing at second order,
because the constant is at its best already.) Put in:

* Gaussian, fixed σ: s = (x - μ) / σ² and F = 1 / σ², so β_c = λ_1 / σ² with λ_1 the largest
  eigenvalue of the covariance of the images. The linear VAE is probabilistic PCA, for which this
  is exact and global (Lucas et al. 2019, Don't Blame the ELBO!).
* Gaussian, one trained σ: collapsed, σ² is the total variance over the number D of pixels, so
  β_c = λ_1 D / total variance. A large code, which shrinks σ as well, may pay even above that.
* Bernoulli: s = x - p and F = p (1 - p) with p the mean image, so β_c is the largest eigenvalue of
  cov(x) with rows and columns divided by √(p (1 - p)); on binary images, of their correlations.
"""

from collections.abc import Mapping

import numpy as np

from vae.configuration.sweep import Likelihood


def bernoulli_collapse_beta(mean: np.ndarray, covariance: np.ndarray) -> float:
    """β_c of the Bernoulli likelihood; 0 if no pixel varies.

    Pixels that are always 0 or always 1 are left out: no code improves on their constant.

    Args:
        mean: of images in [0, 1], (D,).
        covariance: of the same, (D, D).
    """
    fisher = mean * (1 - mean)
    varying = fisher > 0
    scale = np.sqrt(fisher[varying])
    scaled = covariance[np.ix_(varying, varying)] / np.outer(scale, scale)
    return float(np.linalg.eigvalsh(scaled)[-1]) if len(scale) else 0.0


def collapse_references(images: np.ndarray) -> dict[str, float]:
    """What ``collapse_beta`` needs to know of training images (N, ...) in [0, 1]."""
    x = np.asarray(images, dtype=np.float64).reshape(len(images), -1)
    covariance = np.cov(x, rowvar=False, bias=True)
    return {
        "pixels": float(len(covariance)),
        "largest_eigenvalue": float(np.linalg.eigvalsh(covariance)[-1]),
        "total_variance": float(np.trace(covariance)),
        "bernoulli_collapse_beta": bernoulli_collapse_beta(x.mean(0), covariance),
    }


def collapse_beta(likelihood: str, references: Mapping[str, float]) -> float | None:
    """β_c of a likelihood, or None for a family that has no prediction here.

    Args:
        likelihood: its slug, such as ``gaussian_fixed_sigma_0.1``.
        references: the values of ``collapse_references`` by name, among others.
    """
    if not {"pixels", "largest_eigenvalue"} <= set(references):
        return None
    chosen = Likelihood.from_slug(likelihood)
    match chosen.name, chosen.discretized:
        case "bernoulli", _:
            return references["bernoulli_collapse_beta"]
        case "gaussian_learned_sigma", False:
            share = references["largest_eigenvalue"] / references["total_variance"]
            return share * references["pixels"]
        case "gaussian_fixed_sigma", False:
            return references["largest_eigenvalue"] / chosen.sigma**2
    return None
