"""Measuring every cell of a sweep the same way, and the table that comes out."""

import math
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from vae.config import Cell
from vae.models import VAE, TrainedSweep
from vae.table import COLUMNS, cell_columns


class Estimate(NamedTuple):
    """A metric's value and its standard error, or None where none is defined."""

    value: float
    se: float | None = None


def average(per_image: Tensor) -> Estimate:
    """Mean over images, with the standard error of that mean."""
    values = per_image.double()
    se = values.std().item() / math.sqrt(len(values)) if len(values) > 1 else None
    return Estimate(values.mean().item(), se)


Measure = Callable[[VAE, Cell], dict[str, Estimate]]


def measure_cells(trained: TrainedSweep, measure: Measure, device: torch.device) -> pd.DataFrame:
    """Apply ``measure`` to every cell; a diverged one gets empty values for its metrics."""
    results = {
        cell: None if trained.diverged(cell) else measure(trained.model(cell, device), cell)
        for cell in trained.cells
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
    return pd.DataFrame(rows, columns=COLUMNS)
