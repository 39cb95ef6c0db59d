"""What learning the feature networks anew changes of FID: its values, and where it is lowest."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vae.reporting.findings.committed import TABLES, committed
from vae.reporting.findings.repeats import FIDS
from vae.reporting.group import Group
from vae.reporting.names import Choice, rounded
from vae.reporting.words import families

SPACES = {"classifier": "classifier", "selfsupervised": "self-supervised"}


@dataclass(frozen=True)
class Networks:
    """The same images in the features of networks learned from several starts.

    A curve is FID against β, for one likelihood, kind of images and network.

    Attributes:
        likelihoods: those compared, of ``every`` one.
        starts: of every network.
        spread: largest by smallest FID over starts, less one, where they differ most at the
            lowest point of a curve; ``worst`` says of which model, kind of images and network.
        curves, same: how many there are, and those that are lowest at one β from every start.
        apart: factor between the βs of the others, where it is largest.
    """

    likelihoods: tuple[str, ...]
    every: tuple[str, ...]
    starts: int
    spread: float
    worst: tuple[Choice, str, str]
    curves: int
    same: int
    apart: float

    def __str__(self) -> str:
        model, kind, network = self.worst
        others = f", in the others within a factor of {rounded(self.apart)}"
        return (
            f"Checked by learning the classifier and the self-supervised network anew "
            f"({families(self.likelihoods, self.every)}, {self.starts} starts, one seed of the "
            f"models, `benchmarks/results/networks*.csv`): FIDs of the same images differ by at "
            f"most {100 * self.spread:.0f} % ({kind} images with {model}, {network} features), "
            f"which intervals leave out; the β at which FID is lowest is the same in {self.same} "
            f"of {self.curves} curves{others if self.same < self.curves else ''}."
        )


def networks(group: Group, tables: Path = TABLES) -> Networks | None:
    """Where images of this group's models were measured in several networks' features."""
    table = committed(group, tables, "networks*.csv")
    if table.empty:
        return None
    found = [
        (slug, kind, space, rows.pivot(index="beta", columns="start", values=name))
        for kind, name in FIDS.items()
        for (slug, space), rows in table.groupby(["likelihood", "space"], sort=False)
    ]
    spreads = [_spread(fids) for *_, fids in found]
    worst = max(range(len(found)), key=lambda i: spreads[i][1])
    slug, kind, space, _ = found[worst]
    beta, spread = spreads[worst]
    lowest = [fids.idxmin() for *_, fids in found]
    factors = [betas.max() / betas.min() for betas in lowest]
    return Networks(
        tuple(table.likelihood.unique()),
        tuple(group.likelihoods),
        table.start.nunique(),
        spread,
        (Choice(slug, beta), kind, SPACES[space]),
        len(found),
        sum(factor == 1 for factor in factors),
        float(max(factors)),
    )


def _spread(fids: pd.DataFrame) -> tuple[float, float]:
    """The β with the lowest mean, and how much more the largest FID there is than the smallest."""
    beta = fids.mean(axis=1).idxmin()
    at = fids.loc[beta]
    return float(beta), float(at.max() / at.min() - 1)
