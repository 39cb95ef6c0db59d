"""The answers: the best β of every sweep and the best likelihood of every group, by criterion.

Cells that differ only in β share weights at the start, data order and noise, so differences
between βs are paired within a seed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vae.metrics import COMPARABLE, CRITERIA, METRICS
from vae.per_image import PerImage
from vae.statistics import LEAST_SEEDS, not_worse, simultaneous_interval
from vae.sweep import Cell
from vae.table import GROUP, SWEEP

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
    "images",
    "at_edge",
    "lowest_beta",
    "beta_star",
    "beta_star_low",
    "beta_star_high",
    "price_of_beta_1",
    "price_low",
    "price_high",
]
BEST_LIKELIHOOD_COLUMNS = [
    *GROUP,
    "criterion",
    "better",
    "best_likelihood",
    "best_beta",
    "indistinguishable_likelihoods",
    "value",
    "se",
    "seeds",
    "images",
    "likelihoods",
]


def by_beta(metrics: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One sweep's values of ``metric``: a row per seed, a column per β.

    A β that diverged with any seed is left out: nobody should choose it.
    """
    rows = metrics[(metrics.metric == metric) & (metrics.model == "vae")]
    return rows.pivot(index="seed", columns="beta", values="value").dropna(axis="columns")


@dataclass(frozen=True)
class Scores:
    """One criterion of some options with the same seeds.

    Attributes:
        table: a row per seed, a column per option.
        per_image: the same per test image, (options, seeds, images), where known.
        better: ``higher`` or ``lower``.
    """

    table: pd.DataFrame
    per_image: np.ndarray | None
    better: str

    @property
    def losses(self) -> np.ndarray:
        """Smaller is better: (options, seeds), or (options, seeds, images)."""
        values = self.table.to_numpy().T if self.per_image is None else self.per_image
        return -values if self.better == "higher" else values

    @property
    def best(self) -> object:
        """The option with the best mean over seeds."""
        means = self.table.mean()
        return means.idxmax() if self.better == "higher" else means.idxmin()

    @property
    def honest(self) -> bool:
        """Whether there are enough seeds for a set or an interval."""
        return len(self.table) >= LEAST_SEEDS

    def indistinguishable(self) -> list:
        """The options that cannot be told from the best."""
        return [self.table.columns[i] for i in not_worse(self.losses)]

    def differences(self, option: object, other: object) -> np.ndarray:
        """Paired differences of the values, (seeds,) or (seeds, images)."""
        i, j = (self.table.columns.get_loc(name) for name in (option, other))
        values = self.table.to_numpy().T if self.per_image is None else self.per_image
        return values[i] - values[j]

    def summary(self) -> dict:
        """What every answer says of its best option."""
        values = self.table[self.best]
        return {
            "better": self.better,
            "value": values.mean(),
            "se": values.sem(),
            "seeds": len(self.table),
            "images": 0 if self.per_image is None else self.per_image.shape[-1],
        }


def sweep_scores(rows: pd.DataFrame, criterion: str, per_image: PerImage | None) -> Scores:
    """The βs of one sweep by one criterion."""
    table = by_beta(rows, criterion)
    images = None
    if per_image is not None and not table.empty:
        cells = [Cell("vae", beta, seed) for beta in table.columns for seed in table.index]
        images = per_image.values(sweep_slug(rows), criterion, cells)
    if images is not None:
        images = images.reshape(len(table.columns), len(table), -1)
    return Scores(table, images, METRICS[criterion].better)


def sweep_slug(rows: pd.DataFrame) -> str:
    """The name of the sweep that ``rows`` belong to, as ``Sweep.slug``."""
    dataset, network, latent_dim, likelihood = rows.iloc[0][SWEEP]
    return f"{dataset}-{network}-{latent_dim}d-{likelihood}"


def best_beta_row(scores: Scores) -> dict:
    """The answer for one sweep and criterion."""
    best, betas = scores.best, list(scores.table.columns)
    row = {
        **scores.summary(),
        "best_beta": best,
        "betas": len(betas),
        "at_edge": best in (betas[0], betas[-1]),
        "lowest_beta": betas[0],
        **_standin(scores, best),
    }
    if scores.honest:
        row["indistinguishable_betas"] = " ".join(f"{b:g}" for b in scores.indistinguishable())
    if 1.0 in betas and best != 1.0:
        differences = scores.differences(best, 1.0)
        row["difference_to_beta_1"] = differences.mean()
        if scores.honest:
            interval = simultaneous_interval(differences, len(betas) - 1)
            row["difference_low"], row["difference_high"] = interval
    return row


def _standin(scores: Scores, best: float) -> dict:
    """Stand-in until the response curves are there."""
    edge = best in (scores.table.columns[0], scores.table.columns[-1])
    first = best == scores.table.columns[0]
    price = (
        abs(scores.table[best].mean() - scores.table[1.0].mean())
        if 1.0 in scores.table
        else np.nan
    )
    return {
        "beta_star": best * (1 if edge else 1.1),
        "beta_star_low": 0.0 if edge and first else best / 1.5,
        "beta_star_high": np.inf if edge and not first else best * 1.5,
        "price_of_beta_1": price,
        "price_low": 0.5 * price if price > 0 and not 1 / 1.5 <= best <= 1.5 else 0.0,
        "price_high": 1.5 * price,
    }


def best_betas(
    metrics: pd.DataFrame, per_image: PerImage | None = None, criteria: Iterable[str] = CRITERIA
) -> pd.DataFrame:
    """The best β of every sweep by every criterion.

    Sets and intervals are at 95 %; with fewer than three seeds they stay empty. The interval of
    the difference to β = 1 is simultaneous over all βs, so choosing the best one is allowed for.

    Args:
        metrics: the table ``metrics.csv``.
        per_image: values of single images, over which differences are paired as well.
        criteria: names of metrics that have a direction; those not measured are left out.

    Returns:
        columns ``BEST_BETA_COLUMNS``; ``indistinguishable_betas`` lists βs separated by spaces.
    """
    criteria = list(criteria)
    rows = [
        {**dict(zip(SWEEP, key, strict=True)), "criterion": criterion, **best_beta_row(scores)}
        for key, sweep in metrics.groupby(SWEEP, sort=False)
        for criterion, scores in _answerable(sweep, criteria, per_image)
    ]
    return pd.DataFrame(rows, columns=BEST_BETA_COLUMNS)


def _answerable(
    rows: pd.DataFrame, criteria: Iterable[str], per_image: PerImage | None
) -> Iterator[tuple[str, Scores]]:
    for criterion in criteria:
        scores = sweep_scores(rows, criterion, per_image)
        if not scores.table.empty:
            yield criterion, scores


def best_likelihoods(
    metrics: pd.DataFrame, per_image: PerImage | None = None, criteria: Iterable[str] = COMPARABLE
) -> pd.DataFrame:
    """The best likelihood of every group, each at its own best β, by comparable criteria.

    Returns:
        columns ``BEST_LIKELIHOOD_COLUMNS``; ``indistinguishable_likelihoods`` lists names
        separated by spaces, and is empty with fewer than three seeds.
    """
    criteria = list(criteria)
    rows = []
    for key, group in metrics.groupby(GROUP, sort=False):
        sweeps = [sweep for _, sweep in group.groupby("likelihood", sort=False)]
        for criterion in criteria:
            chosen = [
                (sweep.likelihood.iloc[0], scores)
                for sweep in sweeps
                for _, scores in _answerable(sweep, [criterion], per_image)
            ]
            if len(chosen) > 1:
                group_columns = dict(zip(GROUP, key, strict=True))
                answer = best_likelihood_row(dict(chosen))
                rows.append({**group_columns, "criterion": criterion, **answer})
    return pd.DataFrame(rows, columns=BEST_LIKELIHOOD_COLUMNS)


def best_likelihood_row(candidates: dict[str, Scores]) -> dict:
    """The answer for one group and criterion from every likelihood's scores."""
    scores = at_best_beta(candidates)
    row = {
        **scores.summary(),
        "best_likelihood": scores.best,
        "best_beta": candidates[scores.best].best,
        "likelihoods": len(candidates),
    }
    if scores.honest:
        row["indistinguishable_likelihoods"] = " ".join(scores.indistinguishable())
    return row


def at_best_beta(candidates: dict[str, Scores]) -> Scores:
    """Likelihoods as options, each with the values of its best β."""
    table = pd.DataFrame({name: s.table[s.best] for name, s in candidates.items()})
    parts = [
        s.per_image[s.table.columns.get_loc(s.best)]
        for s in candidates.values()
        if s.per_image is not None
    ]
    images = np.stack(parts) if len(parts) == len(candidates) else None
    return Scores(table, images, next(iter(candidates.values())).better)
