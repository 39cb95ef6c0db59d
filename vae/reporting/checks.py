"""What checks of the instrument found that are too long for every run: the committed tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vae.reporting.group import Group
from vae.reporting.names import rounded
from vae.reporting.words import families
from vae.sources import PACKAGE

TABLES = PACKAGE.parent / "benchmarks" / "results"
MEASURED_ON = "digits"  # the dataset of ``benchmarks/results/convergence.csv``


@dataclass(frozen=True)
class Left:
    """What training as long again changed, after the rule had stopped it.

    Attributes:
        nats: the largest change of the mean test ELBO, over βs.
    """

    likelihoods: tuple[str, ...]
    nats: float

    def __str__(self) -> str:
        return (
            f"Checked by training as long again ({families(self.likelihoods)}, "
            f"`benchmarks/results/convergence.csv`): the test ELBO changed by at most "
            f"{rounded(self.nats)} nats at any β."
        )


def left(group: Group, tables: Path = TABLES) -> Iterator[Left]:
    """One finding where the check was made on this group's dataset and likelihoods."""
    path = tables / "convergence.csv"
    if group.metrics.dataset.iloc[0] != MEASURED_ON or not path.is_file():
        return
    table = pd.read_csv(path)
    table = table[table.likelihood.isin(group.likelihoods)].dropna(subset="elbo_left")
    if len(table):
        yield Left(tuple(table.likelihood.unique()), float(table.elbo_left.abs().max()))
