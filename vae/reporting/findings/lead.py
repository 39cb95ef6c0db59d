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
from vae.reporting.words import beta_star, listed, number, price

KINDS = {
    "larger": ("lies above 1", "lie above 1"),
    "smaller": ("lies below 1", "lie below 1"),
    "around": ("holds 1", "hold 1"),
}
"""What one interval does, and several."""


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
        return f"The intervals of {all_} likelihoods {KINDS[order[0]][1]}"
    sides = [f"{number(counts[kind])} {KINDS[kind][counts[kind] > 1]}" for kind in order]
    return f"Of the intervals of {number(total)} likelihoods {listed(sides)}"


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
