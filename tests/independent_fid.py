"""The Fréchet distance with the features of the pipeline's classifier, in NumPy alone."""

import numpy as np
from scipy.special import expit


def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """3x3 cross-correlation with one row of zeros around: (N, C, H, W) to (N, O, H, W)."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", windows, weight, optimize=True) + bias[:, None, None]


def pooled(x: np.ndarray) -> np.ndarray:
    """The largest of every 2x2 block, of what is above 0."""
    n, c, h, w = x.shape
    blocks = x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2)
    return np.maximum(blocks.max((3, 5)), 0)


def features(classifier: dict[str, np.ndarray], images: np.ndarray, levels: int) -> np.ndarray:
    """(N, F) for images (N, C, H, W), rounded to grey levels."""
    x = np.rint(images.clip(0, 1) * (levels - 1)) / (levels - 1)
    for layer in (0, 3):
        weight, bias = (classifier[f"features.{layer}.{part}"] for part in ("weight", "bias"))
        x = pooled(convolve(x, weight, bias))
    x = x.reshape(len(x), -1) @ classifier["features.7.weight"].T + classifier["features.7.bias"]
    mean, variance = (classifier[f"features.9.running_{name}"] for name in ("mean", "var"))
    return (x * expit(x) - mean) / np.sqrt(variance + 1e-5)


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """|m_a - m_b|² + tr(A + B - 2 (A^½ B A^½)^½) of the features' means and covariances."""
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(values.clip(min=0)) @ vectors.T
    overlap = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(min=0)).sum()
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(means + np.trace(first) + np.trace(second) - 2 * overlap)
