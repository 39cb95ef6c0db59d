"""The first screen: one line per use of a VAE."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from vae.metrics import METRICS
from vae.reporting.group import Group
from vae.reporting.names import likelihood_name
from vae.reporting.uses import (
    RECONSTRUCT,
    WITH_OPTIMUM,
    Sides,
    Use,
    answers,
    quoted,
    sides,
    unit,
    worsens_throughout,
)
from vae.reporting.words import beta_star, number, price

KINDS = {
    "larger": "the best β is larger than 1",
    "smaller": "the best β is smaller than 1",
    "around": "β = 1 may be best",
}
"""What an interval of β* says."""


@dataclass(frozen=True)
class UseLine:
    """The answer for one use.

    Attributes:
        likelihood: the one whose numbers are quoted.
        row: its row of ``best_beta.csv``.
        sides: where β* lies with every likelihood.
    """

    use: Use
    likelihood: str
    row: pd.Series
    sides: Sides

    def __str__(self) -> str:
        star, cost = beta_star(self.row), price(self.row)
        equal = "" if star.startswith(("≤", "≥")) else "= "
        paid = f"; β = 1 costs {cost} {unit(self.use, self.row)}" if cost else ""
        many = sum(len(getattr(self.sides, kind)) for kind in KINDS) > 1
        counts = f". {counted_sides(self.sides)}" if many else ""
        return (
            f"**β\\* {equal}{star}** by {METRICS[self.row.criterion].label} "
            f"({likelihood_name(self.likelihood)}){paid}{counts}."
        )


def counted_sides(found: Sides) -> str:
    """How many intervals of β* lie on which side of 1, the most frequent first."""
    counts = {kind: len(getattr(found, kind)) for kind in KINDS}
    order = sorted((kind for kind in KINDS if counts[kind]), key=lambda kind: -counts[kind])
    total = sum(counts.values())
    if len(order) == 1:
        all_ = "both" if total == 2 else f"all {number(total)}"
        return f"With {all_} likelihoods {KINDS[order[0]]}"
    first, *rest = (f"with {number(counts[kind])}" for kind in order)
    sides = [f"{first} of {number(total)} likelihoods", *rest]
    said = ", ".join(f"{who} {KINDS[kind]}" for who, kind in zip(sides, order, strict=True))
    return said[0].upper() + said[1:]


def use_line(group: Group, use: Use) -> UseLine | None:
    """One line; None if nothing answers."""
    found = answers(group, use)
    slug = quoted(group, use)
    return UseLine(use, slug, found[slug], sides(found)) if slug else None


def lead(group: Group) -> Iterator[tuple[str, str]]:
    """The uses of a VAE and the answer for each; nothing where no β could be compared."""
    for use in WITH_OPTIMUM:
        if line := use_line(group, use):
            yield use.title, str(line)
    if worsens_throughout(group, RECONSTRUCT):
        yield RECONSTRUCT.title, "no optimum, the error grows with β throughout."
