"""A published claim, what was measured here, and the verdict that only intervals give."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from vae.reporting.uses import Interval
from vae.results.statistics import mean_interval

AGREES, CONTRADICTED, OPEN = "agrees", "contradicted", "open"


@dataclass(frozen=True)
class Claim:
    """A published claim and what this run says of it.

    Attributes:
        published: the claim.
        here: what was measured.
        verdict: ``agrees``, ``contradicted`` or ``open``.
        differs: what else differs between their setting and ours.
        source: who says so.
    """

    published: str
    here: str
    verdict: str
    differs: str
    source: str


def together(verdicts: Iterable[str]) -> str:
    """What all judges say; open where they differ."""
    said = set(verdicts)
    return said.pop() if len(said) == 1 else OPEN


def by_kind(said: Mapping[str, str]) -> str:
    """What is said of each kind of images, once where it is the same."""
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{kind} images: {text}" for kind, text in said.items())


def best_of(verdicts: list[str]) -> str:
    """Of "some likelihood does it": agrees if one does, contradicted if surely none does."""
    return AGREES if AGREES in verdicts else OPEN if OPEN in verdicts else CONTRADICTED


def paired(a: pd.Series | float, b: pd.Series) -> Interval | None:
    """The 95 % interval of the mean of a - b over seeds; None with too few of them."""
    return mean_interval((a - b).dropna())


def side(found: Interval | None) -> str:
    """``agrees`` where a difference is surely above 0, ``contradicted`` where surely below."""
    if found is None:
        return OPEN
    return AGREES if found[0] > 0 else CONTRADICTED if found[1] < 0 else OPEN


def claims_table(claims: list[Claim]) -> pd.DataFrame:
    """The claims in print."""
    return pd.DataFrame(
        [
            {
                "published": claim.published,
                "here": claim.here,
                "verdict": f"**{claim.verdict}**"
                if claim.verdict == CONTRADICTED
                else claim.verdict,
                "what else differs": claim.differs,
                "source": claim.source,
            }
            for claim in claims
        ]
    )
