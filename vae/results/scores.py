"""One criterion of several options with the same seeds, as losses that can be compared."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vae.configuration.sweep import Cell, group_name
from vae.metrics import METRICS
from vae.results.per_image import PerImage
from vae.results.statistics import LEAST_SEEDS, Estimates, estimate
from vae.results.table import SWEEP


def by_metric(metrics: pd.DataFrame) -> pd.DataFrame:
    """One sweep's values of its VAEs: a row per seed, a column per metric and β."""
    vaes = metrics[metrics.model == "vae"]
    return vaes.pivot(index="seed", columns=["metric", "beta"], values="value").sort_index(axis=1)


def by_beta(values: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The values ``by_metric`` of one metric: a row per seed, a column per β.

    A β that diverged with any seed is left out: nobody should choose it.
    """
    if metric not in values.columns.get_level_values(0):
        return pd.DataFrame()
    return values[metric].dropna(axis="columns")


@dataclass(frozen=True)
class Scores:
    """One criterion of some options with the same seeds.

    Attributes:
        table: a row per seed, a column per option.
        per_image: the same per test image, or per block of them, (options, seeds, images), where
            known.
        better: ``higher`` or ``lower``.
        collapsed: (options,) which share of an option's models have collapsed.
        log_scale: whether ratios of values matter rather than differences, as with FID.
        sources: how many options vary independently; None if all do.
        images: how many test images stand behind ``per_image``.
    """

    table: pd.DataFrame
    per_image: np.ndarray | None
    better: str
    collapsed: np.ndarray
    log_scale: bool = False
    sources: int | None = None
    images: int = 0

    @property
    def values(self) -> np.ndarray:
        """(options, seeds), or (options, seeds, images)."""
        return self.table.to_numpy().T if self.per_image is None else self.per_image

    @property
    def logarithmic(self) -> bool:
        """Whether losses are logarithms: of a positive ``log_scale`` criterion to minimise."""
        return self.log_scale and self.better == "lower" and bool((self.table > 0).all(axis=None))

    @property
    def losses(self) -> np.ndarray:
        """Smaller is better: of the shape of ``values``.

        The logarithm of a mean over images has log m + (v − m) / m as the value of one image, to
        first order (the delta method).
        """
        if not self.logarithmic:
            return -self.values if self.better == "higher" else self.values
        if self.per_image is None:
            return np.log(self.values)
        means = self.table.to_numpy().T[..., None]
        return np.log(means) + (self.values - means) / means

    @property
    def reliable(self) -> "Scores":
        """Without the options with which some seeds collapse and others do not, if two are left.

        Nobody can count on them, and their means over seeds describe no model.
        """
        kept = (self.collapsed == 0) | (self.collapsed == 1)
        if kept.sum() < 2:
            return self
        parts = None if self.per_image is None else self.per_image[kept]
        table, collapsed = self.table.loc[:, kept], self.collapsed[kept]
        return replace(self, table=table, per_image=parts, collapsed=collapsed)

    def estimates(self) -> Estimates:
        """The mean losses and how sure they are; at least two options and two seeds."""
        return estimate(self.losses, self.collapsed == 0, self.sources)

    def in_units(self, difference: float) -> float:
        """By how much a loss ``difference`` above the best one is worse, in the metric's units."""
        if not self.logarithmic:
            return difference
        best = np.log(self.table[self.best]).mean()
        return float(np.exp(best) * np.expm1(difference))

    @property
    def best(self) -> object:
        """The option with the best mean over seeds."""
        means = self.losses if self.per_image is None else self.losses.mean(axis=2)
        return self.table.columns[int(means.mean(axis=1).argmin())]

    @property
    def enough_seeds(self) -> bool:
        """Whether there are enough seeds for a set or an interval."""
        return len(self.table) >= LEAST_SEEDS

    def cross_validated_value(self) -> float:
        """The value that choosing gives on data that did not take part in the choice.

        The option is chosen by all seeds but one and every other image, and read off the seed and
        the images left out; the mean over all ways to do so. nan with a single seed.
        """
        seeds = len(self.table)
        if seeds < 2:
            return float("nan")
        losses, values = self.losses, self.values
        if losses.ndim == 2:
            losses, values = (np.repeat(a[..., None], 2, axis=2) for a in (losses, values))
        found = []
        for seed in range(seeds):
            others = np.delete(losses, seed, axis=1).mean(axis=1)
            for half in (0, 1):
                chosen = others[:, 1 - half :: 2].mean(axis=1).argmin()
                found.append(values[chosen, seed, half::2].mean())
        return float(np.mean(found))

    def summary(self) -> dict:
        """What every answer says of its best option."""
        values = self.table[self.best]
        return {
            "better": self.better,
            "value": values.mean(),
            "se": values.sem(),
            "cross_validated_value": self.cross_validated_value(),
            "seeds": len(self.table),
            "images": self.images,
        }


def sweep_scores(
    sweep: str, values: pd.DataFrame, criterion: str, per_image: PerImage | None
) -> Scores:
    """The βs of one sweep by one criterion.

    Args:
        sweep: its name, as ``Sweep.slug``.
        values: ``by_metric``.
    """
    table = by_beta(values, criterion)
    values_of, images = None, 0
    if per_image is not None and not table.empty:
        cells = [Cell("vae", beta, seed) for beta in table.columns for seed in table.index]
        values_of = per_image.values(sweep, criterion, cells)
    if values_of is not None:
        values_of = values_of.reshape(len(table.columns), len(table), -1)
        images = per_image.images(sweep, criterion) or values_of.shape[-1]
    collapsed = by_beta(values, "collapsed").mean().reindex(table.columns).fillna(0)
    metric = METRICS[criterion]
    log_scale = metric.log_scale
    return Scores(table, values_of, metric.better, collapsed.to_numpy(), log_scale, images=images)


def sweep_slug(rows: pd.DataFrame) -> str:
    """The name of the sweep that ``rows`` belong to, as ``Sweep.slug``."""
    *group, likelihood = rows.iloc[0][SWEEP]
    return f"{group_name(*group)}-{likelihood}"


def all_pairs(sweeps: dict[str, Scores]) -> Scores:
    """Pairs of a likelihood and a β as options; the columns have both names."""
    table = pd.concat({name: s.table for name, s in sweeps.items()}, axis=1, join="inner")
    parts = [s.per_image for s in sweeps.values()]
    shapes = {None if part is None else part.shape[1:] for part in parts}
    images = np.concatenate(parts) if len(shapes) == 1 and None not in shapes else None
    first = next(iter(sweeps.values()))
    collapsed = np.concatenate([s.collapsed for s in sweeps.values()])
    count = 0 if images is None else first.images
    return Scores(table, images, first.better, collapsed, first.log_scale, len(sweeps), count)
