"""The tables that are kept with the code: checks that are too long for every run."""

from pathlib import Path

import pandas as pd

from vae.dependencies import PACKAGE
from vae.reporting.group import Group
from vae.results.table import GROUP

TABLES = PACKAGE.parent / "benchmarks" / "results"


def committed(group: Group, tables: Path, pattern: str) -> pd.DataFrame:
    """The rows of committed tables on this group and its likelihoods; empty without any."""
    found = [pd.read_csv(path) for path in sorted(tables.glob(pattern))]
    columns = [*GROUP, "likelihood", "beta_star_agrees"]
    table = pd.concat(found) if found else pd.DataFrame(columns=columns)
    here = (table[GROUP] == group.metrics[GROUP].iloc[0]).all(axis=1)
    if "budget" in table:  # of the models compared: those of another one are other models
        here &= table.budget == group.rows("epochs").value.max()
    return table[here & table.likelihood.isin(group.likelihoods)].reset_index(drop=True)
