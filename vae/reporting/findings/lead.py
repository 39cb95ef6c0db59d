"""The first screen: one line per use of a VAE."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

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
from vae.reporting.words import beta_star, criterion_name, number, price

KINDS = {"larger": "larger than 1", "smaller": "smaller than 1", "around": "not told from 1"}


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
        counts = f"; {counted_sides(self.sides)} likelihoods" if many else ""
        return (
            f"**β\\* {equal}{star}** by {criterion_name(self.row.criterion)} "
            f"({likelihood_name(self.likelihood)}){paid}{counts}."
        )


def counted_sides(found: Sides) -> str:
    """How often β* lies on which side of 1, the most frequent first."""
    counts = {word: len(getattr(found, kind)) for kind, word in KINDS.items()}
    total = sum(counts.values())
    order = sorted((w for w in counts if counts[w]), key=lambda w: -counts[w])
    return ", ".join(f"{word} with {number(counts[word])} of {number(total)}" for word in order)


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
