"""Did the regularisation work: do codes follow the prior, and do they still say anything?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from vae.collapse import collapse_beta
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import families, listed


def regularisation(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    for rule in (matching, rate_split, unlike_prior, active_units, collapse, theory):
        if found := rule(group):
            yield found


@dataclass(frozen=True)
class Matching:
    """Whether codes drawn from the prior do as well as codes drawn where the data's codes lie.

    Attributes:
        beta: at which all likelihoods are compared.
        worse: likelihoods whose samples from the prior are worse in every seed.
        example: the one of them with the largest ratio of FIDs, and both.
        matched: likelihood -> the first β from which on a mixture no longer wins in every seed.
    """

    beta: float
    worse: tuple[str, ...]
    of: tuple[str, ...]
    example: tuple[str, float, float] | None
    matched: dict[str, float]

    @property
    def worked(self) -> bool:
        """Whether no likelihood's prior samples are surely worse."""
        return not self.worse

    def __str__(self) -> str:
        where = f"at β = {beta_name(self.beta)}"
        if self.worked:
            return (
                f"Did it work? Yes {where}: with no likelihood does a mixture fitted to the codes "
                f"draw better images than the prior in every seed."
            )
        slug, prior, fitted = self.example
        named = f"{likelihood_name(slug)}: FID {rounded(prior)} against {rounded(fitted)}"
        most = f", most with {named}" if len(self.worse) > 1 else f" ({named})"
        later = {s: b for s, b in self.matched.items() if s in self.worse}
        heals = (
            f" That ends from β = {beta_name(min(later.values()))} on with "
            f"{likelihood_name(min(later, key=later.get))}"
            + (", with others later or never." if len(self.worse) > 1 else ".")
            if later
            else ""
        )
        return (
            f"Did it work? Not {where} with {families(self.worse, self.of)}: codes drawn where "
            f"the data's codes lie (a fitted mixture) give better images than codes of the prior, "
            f"in every seed{most}.{heals}"
        )


def matching(group: Group) -> Matching | None:
    """At the β nearest to 1; FID of expected images from the prior and from a mixture."""
    example = group.example("fid_gmm")
    if not example:
        return None
    beta = example[1]
    worse, of, matched, ratios = [], [], {}, {}
    for slug in group.likelihoods:
        prior, fitted = group.values(slug, "fid_prior"), group.values(slug, "fid_gmm")
        both = [b for b in prior.columns if b in fitted.columns]
        if beta not in both:
            continue
        of.append(slug)
        wins = {b: (fitted[b] < prior[b]).all() for b in both}
        if wins[beta]:
            worse.append(slug)
            ratios[slug] = (prior[beta].mean(), fitted[beta].mean())
            free = [b for b in both if b > beta and not any(wins[c] for c in both if c >= b)]
            matched |= {slug: min(free)} if free else {}
    most = max(ratios, key=lambda s: ratios[s][0] / ratios[s][1]) if ratios else None
    shown = (most, *ratios[most]) if most else None
    return Matching(beta, tuple(worse), tuple(of), shown, matched)


@dataclass(frozen=True)
class RateSplit:
    """The rate of one model: information about the image, and distance of all codes from p(z).

    Attributes:
        lower, upper: bounds of the marginal KL; the lower is at least 0.
        saturated: whether the information is at the most that so many images can show.
    """

    likelihood: str
    beta: float
    rate: float
    information: float
    lower: float
    upper: float
    saturated: bool

    def __str__(self) -> str:
        between = f"between {rounded(self.lower)} and {rounded(self.upper)}"
        limit = " (a lower bound: more images would show more)" if self.saturated else ""
        return (
            f"With {likelihood_name(self.likelihood)} at β = {beta_name(self.beta)} the rate is "
            f"{rounded(self.rate)} nats: {rounded(self.information)} of information about the "
            f"image{limit}, which is wanted, and {between} of distance between all codes together "
            f"and the prior, which is not."
        )


def rate_split(group: Group) -> RateSplit | None:
    """Near β = 1, of the first likelihood whose information is not saturated, or of the first."""
    found = []
    for slug in group.likelihoods:
        if not (example := group.example("marginal_kl", [slug])):
            continue
        names = ("rate", "mutual_information", "marginal_kl")
        rate, information, upper = (group.mean(*example, name) for name in names)
        if rate is None or information is None:
            continue
        lower = max(0.0, group.mean(*example, "marginal_kl_lower") or 0.0)
        saturated = bool(group.mean(*example, "mutual_information_saturated"))
        found.append(RateSplit(*example, rate, information, min(lower, upper), upper, saturated))
    return next((one for one in found if not one.saturated), found[0] if found else None)


@dataclass(frozen=True)
class UnlikePrior:
    """Shares of dimensions whose codes are told from N(0, 1), the least and the most unlike."""

    beta: float
    least: tuple[str, float]
    most: tuple[str, float]

    def __str__(self) -> str:
        (a, low), (b, high) = self.least, self.most
        if a == b:
            return f"{_percent(high)} of the dimensions are told from N(0, 1) at β = 1."
        return (
            f"At β = {beta_name(self.beta)} a test tells {_percent(low)} ({likelihood_name(a)}) "
            f"to {_percent(high)} ({likelihood_name(b)}) of the latent dimensions from N(0, 1)."
        )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def unlike_prior(group: Group) -> UnlikePrior | None:
    """Near β = 1."""
    found = _near_one(group, "dimensions_unlike_prior")
    if not found:
        return None
    least, most = min(found, key=found.get), max(found, key=found.get)
    beta = group.example("dimensions_unlike_prior")[1]
    return UnlikePrior(beta, (least, found[least]), (most, found[most]))


def _near_one(group: Group, metric: str) -> dict[str, float]:
    """A metric's mean at the β nearest to 1 of the run, by likelihood."""
    example = group.example(metric)
    found = {s: group.mean(s, example[1], metric) for s in group.likelihoods} if example else {}
    return {slug: value for slug, value in found.items() if value is not None}


@dataclass(frozen=True)
class ActiveUnits:
    """How many latent dimensions vary with the image, over likelihoods."""

    beta: float
    least: float
    most: float
    of: int

    def __str__(self) -> str:
        values = dict.fromkeys(f"{x:.3g}" for x in (self.least, self.most))
        return (
            f"At β = {beta_name(self.beta)}, {' to '.join(values)} of {self.of} units are active "
            f"(their code varies with the image)."
        )


def active_units(group: Group) -> ActiveUnits | None:
    """Near β = 1."""
    found = _near_one(group, "active_units")
    if not found:
        return None
    beta = group.example("active_units")[1]
    return ActiveUnits(beta, min(found.values()), max(found.values()), group.latent_dim)


def onset(group: Group, likelihood: str) -> float | None:
    """The first β of the grid from which on every model has collapsed; inf where none has.

    Collapsed is what the metric of that name says: no active unit, or reconstructions that keep
    less than 1 % of the variance. None where it was not measured, or is not measured for good.
    """
    collapsed = group.values(likelihood, "collapsed")
    if collapsed.empty:
        return None
    first = math.inf
    for beta in reversed(collapsed.columns):
        if not (collapsed[beta] == 1).all():
            break
        first = float(beta)
    return first


@dataclass(frozen=True)
class Collapse:
    """From which β on every model has collapsed, by likelihood; inf: at none of the grid."""

    onsets: dict[str, float]

    def __str__(self) -> str:
        starts: dict[float, list[str]] = {}
        for slug, beta in self.onsets.items():
            starts.setdefault(beta, []).append(slug)
        parts = [
            f"from β = {beta_name(beta)} on with {families(starts[beta], list(self.onsets))}"
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
    found = {slug: onset(group, slug) for slug in group.likelihoods}
    known = {slug: beta for slug, beta in found.items() if beta is not None}
    return Collapse(known) if known else None


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
        named = {s: f"{likelihood_name(s)} ({beta:.2g})" for s, beta in self.predicted.items()}
        said = [
            f"{verb} for {listed(named[s] for s in slugs)}"
            for verb, slugs in kinds.items()
            if slugs
        ]
        return f"The β at which linear theory sees small codes die {'; it '.join(said)}."


def theory(group: Group) -> Theory | None:
    """Every likelihood of which linear theory knows a β."""
    predicted, kinds = {}, {}
    for slug in group.likelihoods:
        beta, first = collapse_beta(slug, group.references), onset(group, slug)
        grid = group.betas_of(slug)
        if beta is None or first is None or len(grid) < 2:
            continue
        predicted[slug] = beta
        last = max((b for b in grid if b < first), default=0.0)
        kind = "unseen" if beta > grid[-1] and math.isinf(first) else "agree"
        kind = "early" if beta > first else "late" if beta <= last < math.inf else kind
        kinds.setdefault(kind, []).append(slug)
    return Theory(predicted, **{k: tuple(v) for k, v in kinds.items()}) if predicted else None
