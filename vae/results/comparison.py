"""The answers: the best β of every sweep and the best likelihood of every group, by criterion.

Cells that differ only in β share weights at the start, data order and noise, so differences
between βs are paired within a seed.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from vae.files import write_text
from vae.metrics import COMPARABLE, CRITERIA, has_optimum
from vae.results.per_image import PerImage
from vae.results.response import LEAST_BETAS, Response, fit_response
from vae.results.scores import Scores, all_pairs, by_metric, sweep_scores, sweep_slug
from vae.results.statistics import (
    LEVEL,
    comparisons,
    detectable_difference,
    not_worse,
    seeds_to_halve,
    worst_regret,
)
from vae.results.table import GROUP, SWEEP, read_table

BEST_BETA_COLUMNS = [
    *SWEEP,
    "criterion",
    "better",
    "best_beta",
    "indistinguishable_betas",
    "optimum",
    "beta_star",
    "beta_star_low",
    "beta_star_high",
    "price_of_beta_1",
    "price_low",
    "price_high",
    "value",
    "se",
    "cross_validated_value",
    "difference_to_beta_1",
    "difference_low",
    "difference_high",
    "worst_regret",
    "worst_regret_high",
    "detectable_difference",
    "seeds_to_halve",
    "seeds",
    "betas",
    "images",
    "at_edge",
    "lowest_beta",
]
"""What ``best_beta.csv`` says of one sweep by one criterion.

Two answers stand side by side. ``indistinguishable_betas``, separated by spaces, is the set of
measured βs that hold the best of them with probability 95 % (``statistics.not_worse``); a β with
which some seeds collapse and others do not is no candidate.
``beta_star`` is the lowest (best) point of a smooth curve through all βs, with an interval that
starts at 0 or ends at inf where it may lie beyond the grid (``response.fit_response``). A price is
how much worse a β is than ``beta_star``, in the criterion's units, never negative. With fewer than
three seeds sets and intervals stay empty, with fewer than four βs the curve.

``optimum`` is ``inside`` the grid, ``below`` or ``above`` it, or ``none``: where a metric falls or
rises with β by its nature and the measurements do not contradict it. The interval of
``difference_to_beta_1`` is simultaneous over all βs, so choosing the best one is allowed for.
``value`` comes from the data that chose the β and flatters it; ``cross_validated_value`` does not.
"""
BEST_LIKELIHOOD_COLUMNS = [
    *GROUP,
    "criterion",
    "better",
    "best_likelihood",
    "best_beta",
    "indistinguishable_likelihoods",
    "value",
    "se",
    "cross_validated_value",
    "detectable_difference",
    "seeds",
    "images",
    "likelihoods",
    "pairs",
]


def compare(folder: Path, criteria: Sequence[str]) -> None:
    """Write the answers of a run beside its tables: ``best_beta.csv`` and ``best_likelihood.csv``.

    Args:
        folder: of ``metrics.csv``; below ``metrics/`` lie the values of single images.
    """
    metrics, per_image = read_table(folder / "metrics.csv"), PerImage(folder / "metrics")
    comparable = [name for name in criteria if name in COMPARABLE]
    for name, answers in (
        ("best_beta", best_betas(metrics, per_image, criteria)),
        ("best_likelihood", best_likelihoods(metrics, per_image, comparable)),
    ):
        write_text(folder / f"{name}.csv", answers.to_csv(index=False))


def best_betas(
    metrics: pd.DataFrame,
    per_image: PerImage | None = None,
    criteria: Iterable[str] = CRITERIA,
    prices: Sequence[float] = (),
    level: float = LEVEL,
    curves: bool = True,
) -> pd.DataFrame:
    """The best β of every sweep by every criterion.

    Args:
        metrics: the table ``metrics.csv``.
        per_image: values of single images, over which differences are paired as well.
        criteria: names of metrics that have a direction; those not measured are left out.
        prices: further βs whose price is wanted: columns ``price_of_beta_2`` and so on.
        level: of each set and each interval.
        curves: whether to fit curves, a tenth of a second for each answer.

    Returns:
        columns ``BEST_BETA_COLUMNS``.

    Raises:
        InputError: for a price outside the measured βs.
    """
    criteria = list(criteria)
    rows = []
    for key, sweep in metrics.groupby(SWEEP, sort=False):
        for criterion, scores in _answerable(sweep, criteria, per_image):
            row = best_beta_row(scores, has_optimum(criterion), level)
            if curves and row["optimum"] != "none":
                row |= curve_columns(scores, prices, level)
            rows.append({**dict(zip(SWEEP, key, strict=True)), "criterion": criterion, **row})
    extra = [name for beta in prices for name in price_columns(beta) if beta != 1]
    return pd.DataFrame(rows, columns=[*BEST_BETA_COLUMNS, *extra])


def best_beta_row(scores: Scores, has_optimum: bool = True, level: float = LEVEL) -> dict:
    """The answer for one sweep and criterion among the measured βs that are reliable."""
    grid, scores = list(scores.table.columns), scores.reliable
    best, betas = scores.best, list(scores.table.columns)
    row = {
        **scores.summary(),
        "best_beta": best,
        "betas": len(grid),
        "at_edge": best in (grid[0], grid[-1]),
        "lowest_beta": grid[0],
        "optimum": _place(best, grid),
    }
    members = [best]
    if scores.enough_seeds and len(betas) > 1:
        estimates = scores.estimates()
        members = [betas[i] for i in not_worse(estimates, level)]
        mean, high = worst_regret(estimates, level)
        row["worst_regret"] = scores.in_units(mean)
        row["worst_regret_high"] = scores.in_units(high)
        row["detectable_difference"] = scores.in_units(detectable_difference(estimates, level))
        row["seeds_to_halve"] = seeds_to_halve(estimates, level)
    if scores.enough_seeds:
        row["indistinguishable_betas"] = " ".join(f"{b:g}" for b in members)
    if not has_optimum and not {grid[0], grid[-1]}.isdisjoint(members):
        row["optimum"] = "none"
    return row | _difference_to_one(scores, level)


def _place(best: float, betas: Sequence[float]) -> str:
    if len(betas) == 1:
        return ""
    return {betas[0]: "below", betas[-1]: "above"}.get(best, "inside")


def _difference_to_one(scores: Scores, level: float) -> dict:
    """Value at the best β minus value at β = 1, in the metric's units."""
    betas = list(scores.table.columns)
    if 1.0 not in betas or scores.best == 1.0:
        return {}
    sign = 1 if scores.better == "higher" else -1
    best, one = betas.index(scores.best), betas.index(1.0)
    if not scores.enough_seeds:
        difference = scores.table[scores.best].mean() - scores.table[1.0].mean()
        return {"difference_to_beta_1": difference}
    estimates = scores.estimates()
    worse = estimates.differences[one, best]
    margin = estimates.margins((1 - level) / 2 / comparisons(estimates))[one, best]
    ends = sorted(sign * scores.in_units(worse + m) for m in (-margin, margin))
    return {
        "difference_to_beta_1": sign * scores.in_units(worse),
        "difference_low": ends[0],
        "difference_high": ends[1],
    }


def response(scores: Scores) -> Response | None:
    """The curve of one sweep's criterion over β, or None with too few βs.

    Of the βs where models collapse only those next to others take part: beyond, the curve is a
    plateau of another kind. With a single seed the curve passes through every value.
    """
    collapsed = np.pad(scores.collapsed > 0.5, 1, constant_values=True)
    kept = ~(collapsed[:-2] & collapsed[1:-1] & collapsed[2:])
    if kept.sum() < LEAST_BETAS:
        kept[:] = True
    if len(kept) < LEAST_BETAS:
        return None
    betas = scores.table.columns.to_numpy(float)[kept]
    estimates = scores.estimates().of(kept)
    return fit_response(betas, estimates, np.random.default_rng(0), scores.logarithmic)


def curve_columns(scores: Scores, prices: Sequence[float] = (), level: float = LEVEL) -> dict:
    """The best β as a number, and what β = 1 and every one of ``prices`` cost."""
    curve = response(scores)
    if curve is None:
        return {}
    star = curve.best_beta
    found = {"beta_star": star, "optimum": _place(star, [curve.betas[0], curve.betas[-1]])}
    if scores.enough_seeds:
        found["beta_star_low"], found["beta_star_high"] = curve.interval(level)
    measured = scores.table.columns
    wanted = [*prices, *([1.0] if measured[0] <= 1 <= measured[-1] else [])]
    for beta in wanted:
        known = measured[0] <= beta <= measured[-1]  # beyond the curve all models have collapsed
        on_curve = float(np.clip(beta, curve.betas[0], curve.betas[-1])) if known else beta
        price = curve.price(on_curve, level)
        known = price if scores.enough_seeds else (price[0], math.nan, math.nan)
        found |= dict(zip(price_columns(beta), known, strict=True))
    return found


def price_columns(beta: float) -> tuple[str, str, str]:
    """The columns with a β's price and its interval."""
    name = f"price_of_beta_{beta:g}"
    return (
        (name, "price_low", "price_high") if beta == 1 else (name, f"{name}_low", f"{name}_high")
    )


def _answerable(
    rows: pd.DataFrame, criteria: Iterable[str], per_image: PerImage | None
) -> Iterator[tuple[str, Scores]]:
    slug, values = sweep_slug(rows), by_metric(rows)
    for criterion in criteria:
        scores = sweep_scores(slug, values, criterion, per_image)
        if not scores.table.empty:
            yield criterion, scores


def best_likelihoods(
    metrics: pd.DataFrame, per_image: PerImage | None = None, criteria: Iterable[str] = COMPARABLE
) -> pd.DataFrame:
    """The best likelihood of every group, each at whichever β, by comparable criteria.

    Returns:
        columns ``BEST_LIKELIHOOD_COLUMNS``; ``indistinguishable_likelihoods`` lists names
        separated by spaces, and is empty with fewer than three seeds.
    """
    criteria = list(criteria)
    rows = []
    for key, group in metrics.groupby(GROUP, sort=False):
        answerable = {
            likelihood: dict(_answerable(sweep, criteria, per_image))
            for likelihood, sweep in group.groupby("likelihood", sort=False)
        }
        for criterion in criteria:
            candidates = {
                likelihood: scores[criterion]
                for likelihood, scores in answerable.items()
                if criterion in scores
            }
            if len(candidates) > 1:
                group_columns = dict(zip(GROUP, key, strict=True))
                answer = best_likelihood_row(candidates)
                rows.append({**group_columns, "criterion": criterion, **answer})
    return pd.DataFrame(rows, columns=BEST_LIKELIHOOD_COLUMNS)


def best_likelihood_row(candidates: dict[str, Scores], level: float = LEVEL) -> dict:
    """The answer for one group and criterion from every likelihood's scores.

    Every pair of a likelihood and a β is compared with all pairs of other likelihoods, and a
    likelihood is in the set if one of its pairs is. The truly best pair stays in with
    probability ``level``, so the truly best likelihood does, and choosing βs is paid for.
    """
    pairs = all_pairs({name: scores.reliable for name, scores in candidates.items()})
    names = pairs.table.columns.get_level_values(0)
    row = {
        **pairs.summary(),
        "best_likelihood": pairs.best[0],
        "best_beta": pairs.best[1],
        "likelihoods": len(candidates),
        "pairs": len(names),
    }
    if pairs.enough_seeds:
        estimates = pairs.estimates()
        members = {names[i] for i in not_worse(estimates, level, of_other_likelihoods(names))}
        row["indistinguishable_likelihoods"] = " ".join(n for n in candidates if n in members)
        row["detectable_difference"] = pairs.in_units(detectable_difference(estimates, level))
    return row


def of_other_likelihoods(names: Sequence) -> np.ndarray:
    """Which pairs are compared: those of different likelihoods, (pairs, pairs)."""
    names = np.asarray(names)
    return names[:, None] != names
