"""Did the regularisation work: do codes follow the prior, and do they still say anything?"""

from collections.abc import Iterator
from dataclasses import dataclass

from vae.reporting.findings.collapse import (
    Spread,
    active_units,
    collapse,
    spread,
    stuck,
    theory,
)
from vae.reporting.findings.rules import found
from vae.reporting.group import Group
from vae.reporting.names import Choice, beta_equals, likelihood_name, percent, rounded
from vae.reporting.words import families
from vae.results.statistics import LEAST_SEEDS, mean_interval


def regularisation(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    rules = (matching, rate_split, unlike_prior, active_units, collapse, stuck, theory)
    return found(group, *rules)


@dataclass(frozen=True)
class Matching:
    """Whether codes drawn from the prior do as well as codes drawn where the data's codes lie.

    Attributes:
        beta: at which all likelihoods are compared.
        worse: likelihoods whose samples from the prior are surely worse.
        example: the one of them with the largest ratio of FIDs, and both.
        matched: likelihood -> the first β from which on, where no seed collapses, no mixture
            surely wins.
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
        where = f"at {beta_equals(self.beta)}"
        if self.worked:
            return (
                f"Did it work? Yes {where}: with no likelihood does a mixture fitted to the codes "
                f"surely draw better images than the prior."
            )
        slug, prior, fitted = self.example
        named = f"{likelihood_name(slug)}: FID {rounded(prior)} against {rounded(fitted)}"
        most = f", most with {named}" if len(self.worse) > 1 else f" ({named})"
        later = {s: b for s, b in self.matched.items() if s in self.worse}
        heals = (
            f" That ends from {beta_equals(min(later.values()))} on with "
            f"{likelihood_name(min(later, key=later.get))}"
            + (", with others later or never." if len(self.worse) > 1 else ".")
            if later
            else ""
        )
        none = len(self.worse) == len(self.of) > 1
        who = f"{where} with no likelihood" if none else f"not {where} with {families(self.worse)}"
        return (
            f"Did it work? {who[0].upper()}{who[1:]}: codes drawn where "
            f"the data's codes lie (a fitted mixture) surely give better images than codes of the "
            f"prior{most}.{heals}"
        )


def matching(group: Group) -> Matching | None:
    """At the β nearest to 1; FID of expected images from the prior and from a mixture."""
    example = group.example("fid_gmm")
    if not example or group.seeds < LEAST_SEEDS:
        return None
    beta = example[1]
    worse, of, matched, ratios = [], [], {}, {}
    for slug in group.likelihoods:
        prior, fitted = group.values(slug, "fid_prior"), group.values(slug, "fid_gmm")
        both = [b for b in prior.columns if b in fitted.columns]
        if beta not in both:
            continue
        of.append(slug)
        wins = {b: mean_interval((fitted[b] - prior[b]).dropna())[1] < 0 for b in both}
        collapsed = group.means(slug, "collapsed")
        if wins[beta]:
            worse.append(slug)
            ratios[slug] = (prior[beta].mean(), fitted[beta].mean())
            alive = [b for b in both if not collapsed.get(b)]
            free = [b for b in alive if b > beta and not any(wins[c] for c in alive if c >= b)]
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

    choice: Choice
    rate: float
    information: float
    lower: float
    upper: float
    saturated: bool

    def __str__(self) -> str:
        between = f"between {rounded(self.lower)} and {rounded(self.upper)}"
        limit = " (a lower bound: more images would show more)" if self.saturated else ""
        return (
            f"With {self.choice} the rate is {rounded(self.rate)} nats: "
            f"{rounded(self.information)} of information about the image{limit}, which is wanted, "
            f"and {between} of distance between all codes together and the prior, which is not."
        )


def rate_split(group: Group) -> RateSplit | None:
    """Near β = 1: of the featured likelihood, or the first whose information is not saturated."""
    splits = []
    for slug in dict.fromkeys([group.featured, *group.likelihoods]):
        if not (example := group.example("marginal_kl", [slug])):
            continue
        names = ("rate", "mutual_information", "marginal_kl")
        rate, information, upper = (group.mean(*example, name) for name in names)
        if rate is None or information is None:
            continue
        lower = max(0.0, group.mean(*example, "marginal_kl_lower") or 0.0)
        saturated = bool(group.mean(*example, "mutual_information_saturated"))
        splits.append(RateSplit(example, rate, information, min(lower, upper), upper, saturated))
    return next((one for one in splits if not one.saturated), splits[0] if splits else None)


@dataclass(frozen=True)
class UnlikePrior:
    """Shares of dimensions whose codes are told from N(0, 1)."""

    over: Spread

    def __str__(self) -> str:
        (a, low), (b, high) = self.over.least, self.over.most
        lower = "" if a == b else f"{percent(low)} ({likelihood_name(a)}) to "
        return (
            f"At {beta_equals(self.over.beta)} a test tells {lower}{percent(high)} "
            f"({likelihood_name(b)}) of the latent dimensions from N(0, 1)."
        )


def unlike_prior(group: Group) -> UnlikePrior | None:
    """Near β = 1."""
    found = spread(group, "dimensions_unlike_prior")
    return UnlikePrior(found) if found else None
