"""The columns of every table of metrics: which cell a row belongs to, and what it says."""

from pathlib import Path

import pandas as pd

from vae.configuration.sweep import Cell, Sweep
from vae.files import reading

GROUP = ["dataset", "network", "latent_dim"]
SWEEP = [*GROUP, "likelihood"]
CELL = [*SWEEP, "model", "beta", "seed"]
COLUMNS = [*CELL, "metric", "value", "se"]


def cell_columns(sweep: Sweep, cell: Cell) -> dict:
    """The values of the columns ``CELL``."""
    return {
        "dataset": sweep.dataset,
        "network": sweep.network.name,
        "latent_dim": sweep.latent_dim,
        "likelihood": sweep.likelihood.slug,
        "model": cell.model,
        "beta": cell.beta,
        "seed": cell.seed,
    }


def read_table(path: Path | str) -> pd.DataFrame:
    """Read a CSV table.

    Raises:
        InputError: if it does not exist, was changed since it was written, or is no table.
    """
    with reading(path, "run 'snakemake --cores 4 all' to have it made"):
        return pd.read_csv(path)
