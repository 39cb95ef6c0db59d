"""The answers: which β is best, for which likelihood, by which criterion, and how sure."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from vae.errors import InputError
from vae.metrics import CRITERIA, METRICS
from vae.reporting.names import beta_equals, beta_name, likelihood_name, rounded, with_error
from vae.results.comparison import best_betas, price_columns
from vae.results.per_image import PerImage
from vae.results.response import LEAST_BETAS
from vae.results.statistics import LEAST_SEEDS, LEVEL, level_for_all
from vae.results.table import read_table

GROUP_NAMES = ("dataset", "network", "latent size")
TOO_FEW_SEEDS = f"fewer than {LEAST_SEEDS} seeds"


def answer(
    results: Path,
    criterion: str | None = None,
    betas: Sequence[float] | None = None,
    seeds: Sequence[int] | None = None,
    prices: Sequence[float] = (),
    together: bool = False,
    **filters: object,
) -> pd.DataFrame:
    """The best β of every sweep that matches, computed from the metrics below ``results``.

    Args:
        criterion: any metric with a better direction; by default those of ``best_beta.csv``.
        betas, seeds: which cells take part; by default all.
        prices: βs whose price is wanted beside that of β = 1.
        together: whether all answers shall hold at once with 95 %, not each by itself.
        filters: values of dataset, network, latent_dim or likelihood; None matches all.

    Returns:
        the columns of ``best_beta.csv``, and three for every other price.

    Raises:
        InputError: naming what there is, if a filter or the criterion matches nothing, or if a
            price lies outside the measured βs.
    """
    metrics = read_table(results / "metrics.csv")
    for key, value in filters.items():
        metrics = metrics if value is None else _chosen(metrics, key, [value])
    metrics = metrics[metrics.model == "vae"]
    for option, key, values in (("betas", "beta", betas), ("seeds", "seed", seeds)):
        metrics = metrics if values is None else _chosen(metrics, key, values, option)
    criteria = [criterion] if criterion else read_table(results / "best_beta.csv").criterion
    if criterion:
        directed = metrics[metrics.metric.map(lambda name: bool(METRICS[name].better))]
        _chosen(directed, "metric", [criterion], "criterion")
    per_image, criteria = PerImage(results / "metrics"), list(dict.fromkeys(criteria))
    level = LEVEL
    if together:
        level = level_for_all(len(best_betas(metrics, None, criteria, curves=False)))
    return best_betas(metrics, per_image, criteria, prices, level)


def _chosen(metrics: pd.DataFrame, key: str, values: Sequence, option: str = "") -> pd.DataFrame:
    """Rows whose ``key`` is among ``values``; each of them must be there."""
    known = sorted(metrics[key].unique())
    for value in values:
        if value not in known:
            choices = ", ".join(f"{k:g}" if isinstance(k, float) else str(k) for k in known)
            name = (option or key).replace("_", "-")
            raise InputError(f"--{name} {value}: not in the results; there is {choices}")
    return metrics[metrics[key].isin(values)]


def members(row: pd.Series) -> list[float]:
    """The βs not distinguishable from the best; empty if the seeds are too few to say."""
    text = row.indistinguishable_betas
    return [] if pd.isna(text) else [float(beta) for beta in str(text).split()]


def beta_set(row: pd.Series) -> str:
    """The βs not distinguishable from the best, or why there is no such set."""
    betas = members(row)
    if not betas:
        return f"unknown: {TOO_FEW_SEEDS}"
    if len(betas) == row.betas > 1:
        return f"all {row.betas}"
    return ", ".join(map(beta_name, betas))


def best_cell(row: pd.Series) -> str:
    """The best β, marked where it lies at the edge of the grid and the true one may lie beyond."""
    if row.betas == 1:
        return f"{beta_name(row.best_beta)} (the only one)"
    return beta_name(row.best_beta) + (" (edge: extend the grid)" if row.at_edge else "")


def star_cell(row: pd.Series) -> str:
    """The best β as a number with its interval, or why there is none."""
    if row.optimum == "none":
        return "no optimum: monotone in β"
    if pd.isna(row.beta_star):
        return f"no curve: fewer than {LEAST_BETAS} βs"
    bound = {"below": "≤ ", "above": "≥ "}.get(row.optimum, "")
    star = f"{bound}{row.beta_star:.2g}"
    if pd.isna(row.beta_star_low):
        return f"{star} (no interval: {TOO_FEW_SEEDS})"
    low = "below the grid" if row.beta_star_low == 0 else f"{row.beta_star_low:.2g}"
    high = "above the grid" if math.isinf(row.beta_star_high) else f"{row.beta_star_high:.2g}"
    return f"{star} [{low}, {high}]"


def price_cell(row: pd.Series, beta: float = 1.0) -> str:
    """How much worse β is than the best one, with its 95 % interval."""
    price, low, high = (row[name] for name in price_columns(beta))
    if pd.isna(price):
        return "–"
    if pd.isna(low):
        return f"{rounded(price)} (no interval: {TOO_FEW_SEEDS})"
    return f"{rounded(price, (high - low) / 4)} [{', '.join(_ends(low, high))}]"


def _ends(low: float, high: float) -> list[str]:
    return [rounded(v, (high - low) / 4) if v else "0" for v in (low, high)]


def compared_over(row: pd.Series) -> str:
    """What the comparison of βs is paired over."""
    seeds = f"{row.seeds} seed{'s' if row.seeds > 1 else ''}"
    return f"{seeds} × {row.images:,} images" if row.images else seeds


def answer_table(best: pd.DataFrame, prices: Sequence[float] = (1.0,)) -> pd.DataFrame:
    """The answers as strings, a row per sweep and criterion.

    Args:
        prices: the βs whose price is shown.
    """
    rows = [
        {
            **dict(zip(GROUP_NAMES, (row.dataset, row.network, row.latent_dim), strict=True)),
            "likelihood": likelihood_name(row.likelihood),
            "criterion": METRICS[row.criterion].header,
            "β*": star_cell(row),
            "best β of the grid": best_cell(row),
            "not distinguishable": beta_set(row),
            "value at best β": with_error(row.value, row.se),
            **{f"price of {beta_equals(beta)}": price_cell(row, beta) for beta in prices},
            "compared over": compared_over(row),
        }
        for _, row in best.iterrows()
    ]
    return pd.DataFrame(rows)


def ordered_criteria(best: pd.DataFrame) -> list[str]:
    """The criteria of ``best``, those of the default first and in its order."""
    order = [*CRITERIA, *METRICS]
    return sorted(best.criterion.unique(), key=order.index)


def terminal_table(
    best: pd.DataFrame, prices: Sequence[float] = (), together: bool = False
) -> str:
    """The answers for a terminal, and what holds for all of them together."""
    table = answer_table(best, list(dict.fromkeys([1.0, *prices])))
    return f"{table.to_string(index=False)}\n\n{what_holds(len(best), together)}"


def what_holds(rows: int, together: bool = False) -> str:
    """What the promise of every row means for all rows."""
    if together:
        return f"All {rows} sets and intervals hold at once with {LEVEL:.0%} (Bonferroni)."
    text = f"Each set and each interval holds with {LEVEL:.0%} by itself"
    if rows == 1:
        return text + "."
    return f"{text}: of {rows} rows, {(1 - LEVEL) * rows:.1g} are expected to miss the truth."


def as_json(best: pd.DataFrame) -> str:
    """The answers as JSON, sets as lists, what is not known or beyond the grid as null."""
    records = json.loads(best.to_json(orient="records", double_precision=15))
    for record, (_, row) in zip(records, best.iterrows(), strict=True):
        record["indistinguishable_betas"] = members(row) or None
    return json.dumps(records, indent=2)
