"""Published curves of FID against β, beside those measured here."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from vae.reporting.findings.near import apart
from vae.reporting.findings.repeats import FIDS
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name
from vae.reporting.page.claims import AGREES, CONTRADICTED, OPEN, Claim, by_kind, together
from vae.reporting.uses import Interval, interval, overlap
from vae.reporting.words import beta_star, short_beta
from vae.results.table import read_table

CURVES = ("bernoulli", "continuous_bernoulli")
DIFFERS = "network, length of training, classifier, one run a point, perhaps whose images"


def curves(group: Group, folder: Path) -> Iterator[Claim]:
    """Published FID against β: is there a U, where is its bottom, and is one β enough for all?

    Papers seldom say whether they compare expected or drawn images, so both are asked.
    """
    table = read_table(folder / "published_curves.csv")
    table = table[table.dataset == group.metrics.dataset.iloc[0]]
    found = {kind: group.answers(metric) for kind, metric in FIDS.items()}
    found = {kind: answers for kind, answers in found.items() if answers}
    bottoms, source = {}, table.source.iloc[0] if len(table) else ""
    for slug in (s for s in CURVES if s in set(table.likelihood)):
        rows = {kind: answers[slug] for kind, answers in found.items() if slug in answers}
        if rows:
            of = table[table.likelihood == slug].set_index("beta").fid
            bottoms[slug] = lowest(pd.to_numeric(of, errors="coerce"))
            yield bottom(slug, bottoms[slug], rows, group.betas_of(slug), source)
    pairs = {
        kind: {slug: answers[slug] for slug in CURVES}
        for kind, answers in found.items()
        if all(slug in answers and pd.notna(answers[slug].beta_star) for slug in CURVES)
    }
    if len(bottoms) == len(CURVES) and pairs:
        yield shift(bottoms, pairs, source)
        yield one_for_all({kind: found[kind] for kind in pairs}, source)


@dataclass(frozen=True)
class Bottom:
    """Where a published curve is lowest: at ``beta``, so somewhere ``between`` its neighbours."""

    beta: float
    between: Interval


def lowest(curve: pd.Series) -> Bottom:
    """Of a published curve over β, ascending."""
    betas, at = list(curve.index), int(np.nanargmin(curve))
    around = betas[max(0, at - 1)], betas[min(at + 1, len(betas) - 1)]
    return Bottom(float(betas[at]), (float(around[0]), float(around[1])))


def bottom(
    slug: str,
    published: Bottom,
    rows: Mapping[str, pd.Series],
    betas: list[float],
    source: str,
) -> Claim:
    """Whether FID has its bottom inside the grid, where the published curve may have it."""
    verdicts, said = {}, {}
    for kind, row in rows.items():
        found = interval(row)
        inside = found and betas[0] < found[0] and found[1] < betas[-1]
        shape = "a U" if inside else "no bottom inside the grid that is sure"
        wrong = found and apart(found, published.between)
        verdicts[kind] = CONTRADICTED if wrong else AGREES if inside else OPEN
        said[kind] = f"{shape}, lowest at {beta_star(row)}"
    low, high = map(beta_name, published.between)
    return Claim(
        f"{likelihood_name(slug)}: FID against β is a U with its bottom at "
        f"β = {beta_name(published.beta)}, so between {low} and {high}",
        by_kind(said),
        together(verdicts.values()),
        DIFFERS,
        source,
    )


def shift(
    bottoms: Mapping[str, Bottom], pairs: Mapping[str, Mapping[str, pd.Series]], source: str
) -> Claim:
    """How many times larger the continuous Bernoulli's best β is than the Bernoulli's."""
    below, above = (bottoms[slug] for slug in CURVES)
    published = ratio(above.between, below.between)
    verdicts, said = {}, {}
    for kind, rows in pairs.items():
        small, large = (rows[slug] for slug in CURVES)
        low, high = ratio(interval(large), interval(small))
        known = not math.isnan(low)
        wrong = known and apart((low, high), published)
        verdicts[kind] = CONTRADICTED if wrong else AGREES if known else OPEN
        sure = f"[{short_beta(low)}, {short_beta(high)}]" if known else "(too few seeds)"
        said[kind] = f"{short_beta(large.beta_star / small.beta_star)} times {sure}"
    least, most = map(short_beta, published)
    what = (
        f"The continuous Bernoulli's best β by FID is {above.beta / below.beta:.2g} times the "
        f"Bernoulli's, so between {least} and {most} times"
    )
    differs = f"{DIFFERS}; the limit of the logits"
    return Claim(what, by_kind(said), together(verdicts.values()), differs, source)


def ratio(above: Interval | None, below: Interval | None) -> Interval:
    """The quotient of two intervals, which holds the truth at least as surely as both do."""
    if above is None or below is None:
        return math.nan, math.nan
    return above[0] / below[1], above[1] / below[0] if below[0] else math.inf


def one_for_all(found: Mapping[str, Mapping[str, pd.Series]], source: str) -> Claim:
    """Whether the best β by FID depends on the likelihood."""
    verdicts, said = {}, {}
    for kind, rows in found.items():
        known, common = all(interval(row) is not None for row in rows.values()), overlap(rows)
        order = sorted(rows, key=lambda slug: rows[slug].beta_star)
        ends = [f"{beta_star(rows[s])} ({likelihood_name(s)})" for s in (order[0], order[-1])]
        held = f"; all intervals hold {' to '.join(map(short_beta, common))}" if common else ""
        verdicts[kind] = AGREES if known and common is None else OPEN
        said[kind] = f"from {ends[0]} to {ends[1]}{held}"
    what = "The best β depends on the likelihood"
    return Claim(what, by_kind(said), together(verdicts.values()), "by FID", source)
