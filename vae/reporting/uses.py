"""What VAEs are used for, by which criterion each use is judged, and where its best β lies."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from vae.metrics import LIKELIHOOD_CRITERIA
from vae.reporting.group import Group


@dataclass(frozen=True)
class Use:
    """A use of a VAE.

    Attributes:
        name: what one does with the model, after "to".
        criteria: metrics that judge it; for each likelihood the first that it has.
        unit: of a difference, behind a number.
        details: what else is said of it where there is room.
    """

    name: str
    criteria: tuple[str, ...]
    unit: str
    details: str = ""

    @property
    def title(self) -> str:
        """The name in full at the beginning of a line."""
        return self.name[0].upper() + self.name[1:] + self.details


JUDGE = Use("judge how probable an image is", LIKELIHOOD_CRITERIA, "bits/dim")
DRAW = Use("draw new images", ("fid_prior_drawn",), "in FID", " from all of the model, x ~ p(x|z)")
SHOW = Use("show expected images", ("fid_prior",), "in FID", " E[x|z], as most papers do")
ENCODE = Use("use the codes", ("probe_accuracy",), "in accuracy")
ENCODE_FEW = Use("use the codes with few labels", ("probe_accuracy_10_labels",), "in accuracy")
RECONSTRUCT = Use("reconstruct", ("mse",), "per pixel")
WITH_OPTIMUM = (JUDGE, DRAW, SHOW, ENCODE)
UNITS = {"log_likelihood_binarised": "nats"}  # where a criterion's unit is not its use's


def answers(group: Group, use: Use) -> dict[str, pd.Series]:
    """The rows of ``best_beta.csv`` that answer for one use, by likelihood."""
    found = [group.answers(criterion) for criterion in use.criteria]
    first = {slug: row for rows in reversed(found) for slug, row in rows.items()}
    return {slug: first[slug] for slug in group.likelihoods if slug in first}


def unit(use: Use, row: pd.Series) -> str:
    """What a difference in a row's criterion is counted in."""
    return UNITS.get(row.criterion, use.unit)


def quoted(group: Group, use: Use) -> str | None:
    """The likelihood whose answer is quoted: the best where they compare, else the first."""
    found = answers(group, use)
    table = group.table("best_likelihood", ["criterion", "best_likelihood"])
    for criterion in map(group.metric, use.criteria):
        best = table.best_likelihood[table.criterion == criterion]
        if len(best) and best.iloc[0] in found:
            return best.iloc[0]
    return next(iter(found), None)


Interval = tuple[float, float]


def interval(row: pd.Series) -> Interval | None:
    """The 95 % interval of β*, 0 or infinite at an end beyond the grid; None if unknown."""
    low, high = row.get("beta_star_low", math.nan), row.get("beta_star_high", math.nan)
    return None if pd.isna(low) or pd.isna(high) else (float(low), float(high))


@dataclass(frozen=True)
class Sides:
    """Likelihoods by where the interval of their β* lies: beside β = 1, or around it."""

    smaller: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    larger: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """``around``, ``smaller``, ``larger``, ``mixed`` or ``unknown``."""
        kinds = [k for k in ("smaller", "around", "larger") if getattr(self, k)]
        if "smaller" in kinds and "larger" in kinds:
            return "mixed"
        return kinds[0] if len(kinds) == 1 else "mixed" if kinds else "unknown"


def side(row: pd.Series) -> str:
    """Where one interval lies."""
    if (found := interval(row)) is None:
        return "unknown"
    low, high = found
    return "larger" if low > 1 else "smaller" if high < 1 else "around"


def sides(rows: Mapping[str, pd.Series]) -> Sides:
    """All likelihoods of one use, sorted."""
    kinds: dict[str, list[str]] = {}
    for slug, row in rows.items():
        kinds.setdefault(side(row), []).append(slug)
    return Sides(**{kind: tuple(slugs) for kind, slugs in kinds.items()})


def overlap(rows: Mapping[str, pd.Series]) -> Interval | None:
    """The βs inside every interval; None where there are none or an interval is unknown."""
    found = [interval(row) for row in rows.values()]
    if not found or None in found:
        return None
    low, high = max(low for low, _ in found), min(high for _, high in found)
    return (low, high) if low <= high else None


def worsens_throughout(group: Group, use: Use) -> bool:
    """Whether a use has no optimum: short of collapse, every larger β is worse."""
    found = list(_curves(group, use))
    return bool(found) and all(curve.is_monotonic_increasing for curve in found)


def _curves(group: Group, use: Use) -> Iterator[pd.Series]:
    for slug in group.likelihoods:
        means = group.means(slug, use.criteria[0])
        means = means[means.index < (group.onset(slug) or math.inf)]
        if len(means) > 1:
            yield means
