"""Measuring every cell of a sweep the same way, and the table that comes out."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from vae.configuration.sweep import Cell
from vae.metrics import METRICS
from vae.models import VAE, TrainedSweep
from vae.progress import each
from vae.results.per_image import PerImage
from vae.results.table import COLUMNS, cell_columns


class Estimate(NamedTuple):
    """A metric's value, its standard error, and the value of every image: None if undefined."""

    value: float
    se: float | None = None
    per_image: np.ndarray | None = None


def average(per_image: Tensor) -> Estimate:
    """Mean over images, with the standard error of that mean."""
    values = per_image.double()
    se = values.std().item() / math.sqrt(len(values)) if len(values) > 1 else None
    return Estimate(values.mean().item(), se, values.float().cpu().numpy())


class Measurements(NamedTuple):
    """What an evaluation job measured of a sweep.

    Attributes:
        table: metrics, with the columns ``COLUMNS``.
        per_image: what ``PerImage`` reads.
        tables: the other tables of the job, by name.
    """

    table: pd.DataFrame
    per_image: dict[str, np.ndarray]
    tables: dict[str, pd.DataFrame]


Measure = Callable[[VAE, Cell], dict[str, Estimate]]


def measure_cells(trained: TrainedSweep, measure: Measure, device: torch.device) -> Measurements:
    """Apply ``measure`` to every cell; a diverged one gets empty values for its metrics."""
    results = {
        cell: None if trained.diverged(cell) else measure(trained.model(cell, device), cell)
        for cell in each(trained.cells, trained.sweep.slug, "cell")
    }
    rows = []
    for cell, metrics in results.items():
        if metrics is None:
            alike = [m for c, m in results.items() if m and c.model == cell.model]
            metrics = {name: Estimate(math.nan) for m in alike for name in m}
        rows += [
            {
                **cell_columns(trained.sweep, cell),
                "metric": name,
                "value": estimate.value,
                "se": estimate.se,
            }
            for name, estimate in metrics.items()
        ]
    return Measurements(pd.DataFrame(rows, columns=COLUMNS), _per_image(results), {})


def _per_image(results: dict[Cell, dict[str, Estimate] | None]) -> dict[str, np.ndarray]:
    """Values per image of the metrics that can be better or worse."""
    return {
        PerImage.key(cell, name): estimate.per_image
        for cell, metrics in results.items()
        for name, estimate in (metrics or {}).items()
        if estimate.per_image is not None and METRICS[name].better
    }
