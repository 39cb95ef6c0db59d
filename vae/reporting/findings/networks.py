"""What learning the feature networks anew changes of FID: its values, and where it is lowest."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from vae.metrics import SPACES
from vae.reporting.findings.committed import TABLES, committed
from vae.reporting.findings.repeats import FIDS
from vae.reporting.group import Group
from vae.reporting.names import Choice
from vae.reporting.uses import interval
from vae.reporting.words import families


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
        stars, inside: lowest points of parabolas, a curve and start each, that an interval of β*
            is known for, and those of them that lie in it.
    """

    likelihoods: tuple[str, ...]
    every: tuple[str, ...]
    starts: int
    spread: float
    worst: tuple[Choice, str, str]
    curves: int
    same: int
    apart: float
    stars: int
    inside: int

    def __str__(self) -> str:
        model, kind, network = self.worst
        others = f", in the others within a factor of {self.apart:.3g}"
        return (
            f"Checked by learning the classifier and the self-supervised network anew "
            f"({families(self.likelihoods, self.every)}, {self.starts} starts, one seed of the "
            f"models, `benchmarks/results/networks*.csv`): FIDs of the same images differ by at "
            f"most {100 * self.spread:.0f} % ({kind} images with {model}, {network} features), "
            f"which intervals leave out; the β at which FID is lowest is the same in {self.same} "
            f"of {self.curves} curves{others if self.same < self.curves else ''}. Of {self.stars} "
            f"lowest points between βs (parabolas, a curve and start each) {self.inside} lie in "
            f"the interval of β\\* that is given here."
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
    inside = [within for one in found for within in _inside(group, *one)]
    return Networks(
        tuple(table.likelihood.unique()),
        tuple(group.likelihoods),
        table.start.nunique(),
        spread,
        (Choice(slug, beta), kind, SPACES.get(f"{space}_", (space,))[0]),
        len(found),
        sum(factor == 1 for factor in factors),
        float(max(factors)),
        len(inside),
        sum(inside),
    )


def _inside(group: Group, slug: str, kind: str, space: str, fids: pd.DataFrame) -> Iterator[bool]:
    """Whether the lowest point of each start's curve lies in the published interval of β*."""
    prefix = f"{space}_" if f"{space}_" in SPACES else ""
    row = group.answers(prefix + FIDS[kind]).get(slug)
    known = None if row is None else interval(row)
    if known:
        for start in fids:
            yield known[0] <= lowest_point(fids[start]) <= known[1]


def lowest_point(fids: pd.Series) -> float:
    """Of the parabola through the lowest value and its neighbours, logarithms of both; a β."""
    at = int(fids.argmin())
    if not 0 < at < len(fids) - 1:
        return float(fids.index[at])
    x, y = (np.log(values[at - 1 : at + 2]) for values in (fids.index.to_numpy(), fids.to_numpy()))
    bend, slope, _ = np.polyfit(x, y, 2)
    return float(np.exp(-slope / (2 * bend)))


def _spread(fids: pd.DataFrame) -> tuple[float, float]:
    """The β with the lowest mean, and how much more the largest FID there is than the smallest."""
    beta = fids.mean(axis=1).idxmin()
    at = fids.loc[beta]
    return float(beta), float(at.max() / at.min() - 1)
