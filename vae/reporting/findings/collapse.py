"""Do codes still say anything: active units, collapse, and what linear theory says of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from vae.evaluation.collapse import collapse_beta
from vae.reporting.group import Group
from vae.reporting.names import beta_equals, beta_name, likelihood_name
from vae.reporting.words import families, listed, short_beta

ALIKE = 1.1  # a ratio of βs: just below theory's, codes keep less than what counts as collapsed
NOTICEABLE = 1.0  # nats by which a model must be beaten to be called stuck


@dataclass(frozen=True)
class Spread:
    """A metric over likelihoods, at the β of the run that is nearest to 1.

    Attributes:
        least, most: mean over seeds of the likelihoods with the smallest and the largest one.
    """

    beta: float
    least: tuple[str, float]
    most: tuple[str, float]


def spread(group: Group, metric: str) -> Spread | None:
    """Of the likelihoods that have the metric there; None if none has."""
    if not (example := group.example(metric)):
        return None
    means = {slug: group.mean(slug, example.beta, metric) for slug in group.likelihoods}
    known = [(slug, value) for slug, value in means.items() if value is not None]
    least, most = (choose(known, key=lambda pair: pair[1]) for choose in (min, max))
    return Spread(example.beta, least, most)


@dataclass(frozen=True)
class ActiveUnits:
    """How many latent dimensions vary with the image, over likelihoods."""

    over: Spread
    of: int

    def __str__(self) -> str:
        values = dict.fromkeys(f"{x:.3g}" for _, x in (self.over.least, self.over.most))
        return (
            f"At {beta_equals(self.over.beta)}, {' to '.join(values)} of {self.of} units are "
            f"active (their code varies with the image)."
        )


def active_units(group: Group) -> ActiveUnits | None:
    """Near β = 1."""
    found = spread(group, "active_units")
    return ActiveUnits(found, group.latent_dim) if found else None


@dataclass(frozen=True)
class Collapse:
    """From which β on every model has collapsed, by likelihood; inf: at none of the grid."""

    onsets: dict[str, float]

    def __str__(self) -> str:
        starts: dict[float, list[str]] = {}
        for slug, beta in self.onsets.items():
            starts.setdefault(beta, []).append(slug)
        parts = [
            f"from {beta_equals(beta)} on with {families(starts[beta], list(self.onsets))}"
            for beta in sorted(starts)
            if math.isfinite(beta)
        ]
        if alive := starts.get(math.inf):
            all_ = len(alive) == len(self.onsets) > 1
            parts.append(
                f"at no β of the grid with {'any likelihood' if all_ else families(alive)}"
            )
        return f"Posteriors have collapsed, in every seed, {'; '.join(parts)}."


def collapse(group: Group) -> Collapse | None:
    """Every likelihood whose collapse was measured."""
    found = {slug: group.onset(slug) for slug in group.likelihoods}
    known = {slug: beta for slug, beta in found.items() if beta is not None}
    return Collapse(known) if known else None


@dataclass(frozen=True)
class Stuck:
    """Collapsed models that another β's model beats by their own objective.

    There training ended in a collapse that is not the optimum: the β did not cause it.

    Attributes:
        betas: at which it happened, by likelihood, of ``every`` one.
        most: by how many nats of the objective at most.
    """

    betas: dict[str, tuple[float, ...]]
    every: tuple[str, ...]
    most: float

    def __str__(self) -> str:
        alike: dict[tuple[float, ...], list[str]] = {}
        for slug, betas in self.betas.items():
            alike.setdefault(betas, []).append(slug)
        where = [
            f"{_named(slugs, self.every)} (at β = {listed(map(beta_name, betas))})"
            for betas, slugs in alike.items()
        ]
        return (
            f"With {listed(where)} training got stuck in a collapse: by the very objective of "
            f"these models, one that another β trained does better, by up to {self.most:.3g} "
            f"nats. What is measured there belongs to the training, not to the β."
        )


def _named(slugs: Sequence[str], every: Sequence[str]) -> str:
    return families(slugs, every) if len(slugs) > 1 else likelihood_name(slugs[0])


def stuck(group: Group) -> Stuck | None:
    """From distortion and rate of every cell against those of its seed's other βs."""
    excess = {slug: _excess(group, slug) for slug in group.likelihoods}
    found = {slug: values[values > NOTICEABLE] for slug, values in excess.items()}
    betas = {
        slug: tuple(map(float, values.index)) for slug, values in found.items() if len(values)
    }
    if not betas:
        return None
    most = max(found[slug].max() for slug in betas)
    return Stuck(betas, tuple(group.likelihoods), float(most))


def _excess(group: Group, likelihood: str) -> pd.Series:
    """By β, how much its collapsed models' objective exceeds the least of any β's model."""
    distortion, rate = (group.values(likelihood, name) for name in ("distortion", "rate"))
    collapsed = group.values(likelihood, "collapsed")
    excess = {}
    for beta in collapsed.columns.intersection(distortion.columns).intersection(rate.columns):
        objective = distortion + beta * rate
        beaten = objective[beta] - objective.min(axis=1)
        excess[beta] = beaten[collapsed[beta] == 1].max()
    return pd.Series(excess, dtype=float)


@dataclass(frozen=True)
class Theory:
    """Linear theory's β of collapse against the grid's.

    Attributes:
        agree: likelihoods where it lies in the gap of the grid in which collapse begins.
        early, late: where the grid collapses before, or after it.
        unseen: where it lies beyond the grid and there is no collapse to compare with.
    """

    predicted: dict[str, float]
    agree: tuple[str, ...] = ()
    early: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    def __str__(self) -> str:
        kinds = {
            "agrees with the grid": self.agree,
            "comes later than the grid's collapse": self.early,
            "comes earlier than the grid's collapse": self.late,
            "lies beyond the grid, which cannot check it": self.unseen,
        }
        named = {
            s: f"{likelihood_name(s)} ({short_beta(beta)})" for s, beta in self.predicted.items()
        }
        said = [
            f"{verb} for {listed(named[s] for s in slugs)}"
            for verb, slugs in kinds.items()
            if slugs
        ]
        return f"The β at which linear theory sees small codes die {'; it '.join(said)}."


def theory(group: Group) -> Theory | None:
    """Every likelihood of which linear theory knows a β, where training did not get stuck."""
    predicted, kinds, failed = {}, {}, stuck(group)
    for slug in group.likelihoods:
        if failed and slug in failed.betas:
            continue
        beta, first = collapse_beta(slug, group.references), group.onset(slug)
        grid = group.betas_of(slug)
        if beta is None or first is None or len(grid) < 2:
            continue
        predicted[slug] = beta
        last = max((b for b in grid if b < first), default=0.0)
        if beta > ALIKE * first:
            kind = "early"
        elif beta <= last / ALIKE:
            kind = "late"
        else:
            kind = "unseen" if math.isinf(first) else "agree"
        kinds.setdefault(kind, []).append(slug)
    return Theory(predicted, **{k: tuple(v) for k, v in kinds.items()}) if predicted else None
