"""From metrics per seed to answers: the best β, what cannot be told from it, and how sure.

Cells that differ only in β share weights at the start, data order and noise, so differences
between βs are paired within a seed.
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from vae.metrics import CRITERIA, METRICS
from vae.table import SWEEP

LEVEL = 0.95
BEST_BETA_COLUMNS = [
    *SWEEP,
    "criterion",
    "better",
    "best_beta",
    "indistinguishable_betas",
    "value",
    "se",
    "difference_to_beta_1",
    "difference_low",
    "difference_high",
    "seeds",
    "betas",
    "at_edge",
]


def by_beta(metrics: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One sweep's values of ``metric``: a row per seed, a column per β, complete seeds only."""
    rows = metrics[(metrics.metric == metric) & (metrics.model == "vae")]
    table = rows.pivot(index="seed", columns="beta", values="value")
    return table.dropna(axis="columns", how="all").dropna(axis="index")


def indistinguishable(losses: pd.DataFrame, level: float = LEVEL) -> list[float]:
    """The βs whose loss is not significantly above the best one's.

    Every other β is compared with the β of the smallest mean loss by a one-sided paired t-test
    over seeds; Holm's step-down procedure (Holm 1979) keeps the family-wise error at 1 - level.

    Args:
        losses: a row per seed (at least two), a column per β; smaller is better.
    """
    best = losses.mean().idxmin()
    p_values = {
        beta: _paired_p(losses[beta] - losses[best]) for beta in losses.columns if beta != best
    }
    rejected = []
    for rank, beta in enumerate(sorted(p_values, key=p_values.get)):
        if p_values[beta] > (1 - level) / (len(p_values) - rank):
            break
        rejected.append(beta)
    return [beta for beta in losses.columns if beta not in rejected]


def _paired_p(differences: pd.Series) -> float:
    spread = differences.std()
    if spread == 0:
        return 1.0 if differences.mean() <= 0 else 0.0
    statistic = differences.mean() / (spread / math.sqrt(len(differences)))
    return float(stats.t.sf(statistic, len(differences) - 1))


def mean_interval(differences: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Student's t interval for the mean of paired differences; NaN with fewer than two."""
    n = len(differences)
    if n < 2:
        return math.nan, math.nan
    half = stats.t.ppf((1 + level) / 2, n - 1) * np.std(differences, ddof=1) / math.sqrt(n)
    return float(np.mean(differences) - half), float(np.mean(differences) + half)


def best_beta_row(metrics: pd.DataFrame, criterion: str) -> dict | None:
    """The answer for one sweep and criterion; None if no β has a value for every seed."""
    values = by_beta(metrics, criterion)
    if values.empty:
        return None
    better = METRICS[criterion].better
    losses = -values if better == "higher" else values
    best, seeds = losses.mean().idxmin(), len(values)
    row = {
        "criterion": criterion,
        "better": better,
        "best_beta": best,
        "value": values[best].mean(),
        "seeds": seeds,
        "betas": len(values.columns),
        "at_edge": best in (values.columns[0], values.columns[-1]),
    }
    if seeds > 1:
        row["indistinguishable_betas"] = " ".join(f"{b:g}" for b in indistinguishable(losses))
        row["se"] = values[best].std() / math.sqrt(seeds)
    if 1.0 in values.columns and best != 1.0:
        differences = (values[best] - values[1.0]).to_numpy()
        low, high = mean_interval(differences)
        row |= {
            "difference_to_beta_1": differences.mean(),
            "difference_low": low,
            "difference_high": high,
        }
    return row


def best_betas(metrics: pd.DataFrame) -> pd.DataFrame:
    """The best β of every sweep by every criterion.

    Intervals and sets are at 95 % and paired over seeds; with a single seed they stay empty.

    Args:
        metrics: the table ``metrics.csv``.

    Returns:
        columns ``BEST_BETA_COLUMNS``; ``indistinguishable_betas`` lists βs separated by spaces.
    """
    rows = [
        {**dict(zip(SWEEP, key, strict=True)), **row}
        for key, sweep in metrics.groupby(SWEEP, sort=False)
        for row in (best_beta_row(sweep, criterion) for criterion in CRITERIA)
        if row is not None
    ]
    return pd.DataFrame(rows, columns=BEST_BETA_COLUMNS)
