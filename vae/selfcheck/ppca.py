"""Probabilistic PCA: what a VAE with linear encoder, linear decoder and Gaussian pixels must find.

Everything is closed form, in float64 and on the host. v stands for a variance σ², λ for the
eigenvalues of the covariance of the training images, sorted from the largest.
"""

import copy
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.linalg import cholesky, solve_triangular

from vae.distributions import Gaussian
from vae.models import VAE

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Moments:
    """Mean (D,) of images, and eigenvalues λ (D,) and eigenvectors (D, D) of their covariance.

    The covariance is the maximum-likelihood one, divided by N. Eigenvectors are columns.
    """

    mean: np.ndarray
    eigenvalues: np.ndarray
    eigenvectors: np.ndarray

    @classmethod
    def of(cls, images: np.ndarray | torch.Tensor) -> "Moments":
        """The moments of images (N, ...), of D values each."""
        x = np.asarray(images, dtype=np.float64).reshape(len(images), -1)
        values, vectors = np.linalg.eigh(np.cov(x, rowvar=False, bias=True))
        return cls(x.mean(0), values[::-1].clip(min=0), vectors[:, ::-1])


@dataclass(frozen=True)
class LinearDecoder:
    """The generative model x = W z + μ + σ ε with z ~ N(0, I) and ε ~ N(0, I).

    Attributes:
        weight: W, (D, latent_dim).
        mean: μ, (D,).
        variance: σ².
    """

    weight: np.ndarray
    mean: np.ndarray
    variance: float

    @classmethod
    def of(cls, model: VAE) -> "LinearDecoder":
        """Read W, μ and σ² off a trained VAE.

        Raises:
            ValueError: if its decoder is not linear, or its likelihood no Gaussian with one σ.
        """
        decoder = copy.deepcopy(model.decoder).double().cpu()
        eye = torch.eye(model.latent_dim, dtype=torch.float64)
        with torch.no_grad():
            p = decoder(torch.cat([torch.zeros_like(eye[:1]), eye, -2 * eye]))
        if not isinstance(p, Gaussian) or p.log_scale.numel() != 1:
            raise ValueError("probabilistic PCA needs a Gaussian likelihood with a single σ")
        mean, once, twice = p.mean.flatten(1).split([1, model.latent_dim, model.latent_dim])
        if not torch.allclose(twice - mean, -2 * (once - mean)):
            raise ValueError("probabilistic PCA needs a linear decoder")
        variance = math.exp(2 * p.log_scale.item())
        return cls((once - mean).numpy().T, mean.numpy()[0], variance)

    @cached_property
    def _factor(self) -> np.ndarray:
        covariance = self.weight @ self.weight.T + self.variance * np.eye(len(self.mean))
        return cholesky(covariance, lower=True)

    def log_prob(self, images: np.ndarray | torch.Tensor) -> np.ndarray:
        """Exact log N(x; μ, W Wᵀ + σ² I) in nats for images (N, ...): shape (N,)."""
        x = np.asarray(images, dtype=np.float64).reshape(len(images), -1)
        standardised = solve_triangular(self._factor, (x - self.mean).T, lower=True)
        log_determinant = 2 * np.log(np.diag(self._factor)).sum()
        return -0.5 * ((standardised**2).sum(0) + log_determinant + len(self.mean) * LOG_2PI)

    def posterior(self, images: np.ndarray | torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Mean (N, latent_dim) and covariance (latent_dim, latent_dim) of the exact p(z|x).

        With M = Wᵀ W + σ² I these are M⁻¹ Wᵀ (x - μ) and σ² M⁻¹ (Tipping & Bishop 1999, eq. 6).
        """
        x = np.asarray(images, dtype=np.float64).reshape(len(images), -1)
        m = self.weight.T @ self.weight + self.variance * np.eye(self.weight.shape[1])
        inverse = np.linalg.inv(m)
        return (x - self.mean) @ self.weight @ inverse, self.variance * inverse

    def rotated(self) -> "LinearDecoder":
        """The same distribution of x with orthogonal columns of W: p(z|x) is then diagonal."""
        _, _, vt = np.linalg.svd(self.weight, full_matrices=False)
        return LinearDecoder(self.weight @ vt.T, self.mean, self.variance)


def fixed_variance(moments: Moments, latent_dim: int, variance: float) -> LinearDecoder:
    """The most likely W for a given σ²: columns √(λ_i - σ²) u_i, zero where λ_i <= σ².

    Tipping & Bishop (1999), eq. 7 and appendix A; with R = I the posterior is diagonal.
    """
    scale = np.sqrt((moments.eigenvalues[:latent_dim] - variance).clip(min=0))
    return LinearDecoder(moments.eigenvectors[:, :latent_dim] * scale, moments.mean, variance)


def maximum_likelihood(moments: Moments, latent_dim: int) -> LinearDecoder:
    """The most likely W and σ²; σ² is the mean of the eigenvalues left out (eq. 8).

    Args:
        latent_dim: below D.
    """
    variance = float(moments.eigenvalues[latent_dim:].mean())
    return fixed_variance(moments, latent_dim, variance)


@dataclass(frozen=True)
class Optimum:
    """Mean distortion and rate over the training images, in nats, at the optimum."""

    distortion: float
    rate: float

    @property
    def elbo(self) -> float:
        """-(distortion + rate), at β = 1 whatever β the optimum is for."""
        return -(self.distortion + self.rate)

    def objective(self, beta: float) -> float:
        """distortion + β rate: what training minimises."""
        return self.distortion + beta * self.rate


def optimum(moments: Moments, latent_dim: int, variance: float, beta: float) -> Optimum:
    """Where distortion + β rate is least for a linear VAE with fixed σ² (``variance``).

    distortion = D/2 log(2πσ²) + E‖x - Wz - μ‖² / (2σ²), so with v = βσ² the objective is β times
    the negative ELBO for the variance v, plus a constant: D/2 log(2πσ²) - β D/2 log(2πv). Its
    optimum is therefore the W of ``fixed_variance`` for v, with the exact posterior for v: means
    √(λ_i - v) u_iᵀ(x - μ) / λ_i, variances v / λ_i, and N(0, 1) where λ_i <= v. Inserting it,
    with k the number of active units: E‖x - Wz - μ‖² = k v + the sum of all other eigenvalues,
    and rate = ½ Σ log(λ_i / v) over the active ones. (Lucas et al. 2019, Don't Blame the ELBO.)
    """
    v, units = beta * variance, active_units(moments, latent_dim, variance, beta)
    active, rest = np.split(moments.eigenvalues, [units])
    squared_error = units * v + rest.sum()
    constant = 0.5 * len(moments.mean) * (LOG_2PI + math.log(variance))
    rate = 0.5 * float(np.log(active / v).sum())
    return Optimum(constant + float(squared_error) / (2 * variance), rate)


def active_units(moments: Moments, latent_dim: int, variance: float, beta: float) -> int:
    """How many latent dimensions carry anything at the optimum: those with λ_i > βσ²."""
    return int((moments.eigenvalues[:latent_dim] > beta * variance).sum())
