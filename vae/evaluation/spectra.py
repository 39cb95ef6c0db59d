"""Power spectra: how much detail of each size images have."""

import pandas as pd
import torch
from torch import Tensor

from vae.evaluation.cells import Estimate, average

HIGH_FREQUENCY = 0.25  # cycles per pixel: half the Nyquist frequency


def power_spectrum(images: Tensor) -> Tensor:
    """Squared magnitude of the orthonormal 2-d Fourier transform, averaged over channels.

    No window is applied: edges count as if the image repeated. Over all frequencies the power
    sums to the image's sum of squares (Parseval); white noise has its variance at each.

    Args:
        images: (N, C, H, W).

    Returns:
        float64, (N, H, W), frequencies in the order of ``radial_frequency``.
    """
    return torch.fft.fft2(images.double(), norm="ortho").abs().square().mean(-3)


def radial_frequency(height: int, width: int) -> Tensor:
    """Distance from frequency zero in cycles per pixel, (height, width)."""
    rows, columns = (torch.fft.fftfreq(n, dtype=torch.float64) for n in (height, width))
    return torch.hypot(rows[:, None], columns)


def radial_average(power: Tensor) -> pd.DataFrame:
    """Mean power in rings of width 1/min(H, W) up to the Nyquist frequency.

    Args:
        power: (H, W).

    Returns:
        columns ``frequency`` (a ring's centre, cycles per pixel) and ``power`` (per frequency).
    """
    side = min(power.shape)
    rings = (radial_frequency(*power.shape) * side).round().long().flatten()
    mean = torch.bincount(rings, power.cpu().flatten()) / torch.bincount(rings)
    kept = range(side // 2 + 1)
    return pd.DataFrame({"frequency": [k / side for k in kept], "power": mean[: len(kept)]})


def mean_spectrum(images: Tensor) -> pd.DataFrame:
    """Radial average of the images' mean power spectrum."""
    total = sum(power_spectrum(part).sum(0) for part in images.split(1000))
    return radial_average(total / len(images))


def high_frequency_power(images: Tensor) -> Tensor:
    """Power above half the Nyquist frequency in any direction, per image: float64, (N,)."""
    high = (radial_frequency(*images.shape[-2:]) > HIGH_FREQUENCY).to(images.device)
    return torch.cat([power_spectrum(part)[:, high].sum(-1) for part in images.split(1000)])


def high_frequency_energy(reconstructed: Tensor, images: Tensor) -> Estimate:
    """Ratio of mean high-frequency powers; its standard error over images by linearisation."""
    kept, whole = high_frequency_power(reconstructed), high_frequency_power(images)
    ratio = (kept.mean() / whole.mean()).item()
    return Estimate(ratio, average((kept - ratio * whole) / whole.mean()).se)
