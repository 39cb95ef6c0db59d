"""Does the best β differ by likelihood, why, and which likelihood is best?"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from vae.metrics import METRICS
from vae.reporting.figures.catalogue import mass_pairs
from vae.reporting.findings.near import apart
from vae.reporting.group import Group
from vae.reporting.names import DIGITS, likelihood_name, rounded
from vae.reporting.uses import DRAW, JUDGE, Interval, Use, answers, interval, overlap
from vae.reporting.words import (
    beta_star,
    counted,
    families,
    listed,
    short_beta,
)


def likelihoods(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    for use in (JUDGE, DRAW):
        found = answers(group, use)
        if len(found) > 1:
            yield from one_beta(use, found)
            yield from continuous_bernoulli(use, found)
    yield from masses(group)
    yield from histogram(group)
    yield from best_likelihoods(group)


@dataclass(frozen=True)
class OneBeta:
    """Whether one β can serve every likelihood by one criterion.

    Attributes:
        common: the βs that no interval excludes; None where some two intervals are apart.
        ends: the likelihoods with the smallest and the largest β*, and these.
    """

    name: str
    count: int
    common: Interval | None
    ends: tuple[tuple[str, str], tuple[str, str]]

    def __str__(self) -> str:
        (low, a), (high, b) = self.ends
        span = f"from {a} ({likelihood_name(low)}) to {b} ({likelihood_name(high)})"
        if self.common is None:
            return f"By {self.name} no single β serves every likelihood: β\\* goes {span}."
        low_end, high_end = (short_beta(x) for x in self.common)
        return (
            f"By {self.name} β\\* goes {span}; its intervals all hold "
            f"{low_end} to {high_end}, so that one β serves every likelihood is not excluded."
        )


def one_beta(use: Use, rows: dict[str, pd.Series]) -> Iterator[OneBeta]:
    """One finding, where every interval is known."""
    if any(interval(row) is None for row in rows.values()):
        return
    order = sorted(rows, key=lambda slug: rows[slug].beta_star)
    ends = tuple((slug, beta_star(rows[slug])) for slug in (order[0], order[-1]))
    names = dict.fromkeys(METRICS[row.criterion].label for row in rows.values())
    yield OneBeta(listed(names, "or"), len(rows), overlap(rows), ends)


@dataclass(frozen=True)
class ContinuousBernoulli:
    """Whether the continuous Bernoulli needs a larger β than the Bernoulli, as is often taught.

    Attributes:
        verdict: ``larger``, ``smaller`` or ``open``.
    """

    name: str
    verdict: str
    plain: str
    continuous: str

    def __str__(self) -> str:
        values = f"{self.continuous} against {self.plain}"
        if self.verdict == "open":
            return (
                f"That the continuous Bernoulli needs a larger β than the Bernoulli, as is "
                f"taught, is open here by {self.name}: {values}."
            )
        needs = f"needs a {self.verdict} β than the Bernoulli"
        return f"By {self.name} the continuous Bernoulli {needs}: {values}."


def continuous_bernoulli(use: Use, rows: dict[str, pd.Series]) -> Iterator[ContinuousBernoulli]:
    """One finding, where both were trained and have intervals."""
    plain, continuous = rows.get("bernoulli"), rows.get("continuous_bernoulli")
    if plain is None or continuous is None:
        return
    a, b = interval(plain), interval(continuous)
    if a is None or b is None:
        return
    verdict = "open" if not apart(a, b) else "larger" if b[0] > a[1] else "smaller"
    name = "likelihood" if use is JUDGE else METRICS[continuous.criterion].label
    yield ContinuousBernoulli(name, verdict, beta_star(plain), beta_star(continuous))


@dataclass(frozen=True)
class Masses:
    """One family trained on its density and on the probabilities of grey levels.

    Attributes:
        bits, fid: best over β with density and with masses; ``fid`` may be missing.
        stars: β* by bits/dim of both.
        now_one: whether β = 1 is in the interval with masses but not with the density.
    """

    likelihood: str
    bits: tuple[float, float]
    fid: tuple[float, float] | None
    stars: tuple[str, str]
    now_one: bool

    @property
    def better(self) -> bool:
        """Whether masses cost fewer bits."""
        return self.bits[1] < self.bits[0]

    def __str__(self) -> str:
        bits = f"from {self.bits[0]:.3f} to {self.bits[1]:.3f}"
        fid = ""
        if self.fid:
            fids = f"from {rounded(self.fid[0])} to {rounded(self.fid[1])}"
            fid = f", FID of expected images {fids}"
        one = ", so 1 is no longer excluded" if self.now_one else ""
        return (
            f"Trained on masses instead of its density, {likelihood_name(self.likelihood)}: "
            f"bits/dim {bits}{fid}, β\\* by bits/dim from {self.stars[0]} to "
            f"{self.stars[1]}{one}."
        )


def masses(group: Group) -> Iterator[Masses]:
    """One finding per family that was trained both ways."""
    bits, fid = group.answers("bits_per_dim"), group.answers("fid_prior")
    for slug, other in mass_pairs(group.likelihoods):
        if slug not in bits or other not in bits:
            continue
        pair = (bits[slug], bits[other])
        both = slug in fid and other in fid
        fids = (fid[slug].value, fid[other].value) if both else None
        excluded = [(one := interval(row)) is not None and not _holds(one, 1) for row in pair]
        stars = (beta_star(pair[0]), beta_star(pair[1]))
        values = (pair[0].value, pair[1].value)
        yield Masses(slug, values, fids, stars, excluded == [True, False])


def _holds(found: Interval, beta: float) -> bool:
    return found[0] <= beta <= found[1]


@dataclass(frozen=True)
class Histogram:
    """Which likelihoods' best bits/dim lose to the code that knows grey levels' frequencies."""

    bits: float
    losing: tuple[str, ...]
    winning: tuple[str, ...]

    def __str__(self) -> str:
        code = f"the code that knows only how frequent each grey level is ({self.bits:.2f})"
        if not self.losing:
            return f"In bits/dim every likelihood beats {code}."
        lost = f"{families(self.losing)} {'lose' if len(self.losing) > 1 else 'loses'} to {code}"
        beat = "beat" if len(self.winning) > 1 else "beats"
        rest = f"; {families(self.winning)} {beat} it" if self.winning else ": all of them"
        return f"In bits/dim, even at the best β, {lost}{rest}."


def histogram(group: Group) -> Iterator[Histogram]:
    """One finding, where bits/dim were measured."""
    bits, code = group.rows("bits_per_dim"), group.references.get("histogram_bits_per_dim")
    if bits.empty or code is None:
        return
    best = bits.groupby(["likelihood", "beta"], sort=False).value.mean()
    best = best.groupby("likelihood", sort=False).min()
    losing = tuple(slug for slug in best.index if best[slug] >= code)
    yield Histogram(code, losing, tuple(slug for slug in best.index if slug not in losing))


@dataclass(frozen=True)
class BestLikelihood:
    """The best likelihood by one criterion and those that the data do not exclude as best.

    Attributes:
        value: mean over seeds at the best β.
        held_out: the same on data that did not choose likelihood and β.
    """

    name: str
    count: int
    best: str
    value: str
    held_out: str
    not_excluded: tuple[str, ...] | None

    def __str__(self) -> str:
        known = self.held_out not in ("–", self.value)
        held_out = f" ({self.held_out} on data that did not choose it)" if known else ""
        if self.not_excluded is None:
            rest = "; the seeds are too few to say whether that lead is real"
        elif len(self.not_excluded) == self.count - 1:
            rest = "; no other is excluded"
        elif self.not_excluded:
            verb = "is" if len(self.not_excluded) == 1 else "are"
            rest = f"; {families(self.not_excluded)} {verb} not excluded"
        else:
            rest = ", and all others are excluded"
        return (
            f"Best of {counted(self.count, 'likelihood')} by {self.name}: "
            f"{likelihood_name(self.best)}, {self.value}{held_out}{rest}."
        )


def best_likelihoods(group: Group) -> Iterator[BestLikelihood]:
    """One finding per criterion that compares likelihoods."""
    rows = group.table("best_likelihood", ["criterion", "likelihoods"])
    for name in ("bits_per_dim", "fid_prior_drawn", "fid_prior"):
        for _, row in rows[
            (rows.criterion == group.metric(name)) & (rows.likelihoods > 1)
        ].iterrows():
            known = row.indistinguishable_likelihoods
            others = None if pd.isna(known) else set(str(known).split()) - {row.best_likelihood}
            not_excluded = (
                None if others is None else tuple(s for s in group.likelihoods if s in others)
            )
            values = (rounded(v, row.se, DIGITS) for v in (row.value, row.cross_validated_value))
            count, best = row.likelihoods, row.best_likelihood
            label = METRICS[row.criterion].label
            yield BestLikelihood(label, count, best, *values, not_excluded)
