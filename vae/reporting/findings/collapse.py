"""From which β on the posterior has collapsed, and whether linear theory says so too."""

import math
from collections.abc import Iterator

from vae.collapse import collapse_beta
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name
from vae.reporting.words import families, listed

Interval = tuple[float, float]  # the last β at which units are active; the first of collapse


def onset(group: Group, likelihood: str) -> Interval | None:
    """Between which two βs of the grid the posterior collapses for good, in every seed.

    The first is 0 where every β collapses, the second infinite where none does; None where
    fewer than two βs were measured or a collapsed one lies below one with active units.
    """
    units = group.values(likelihood, "active_units")
    if len(units.columns) < 2:
        return None
    dead = [beta for beta in units.columns if (units[beta] == 0).all()]
    first = len(units.columns) - len(dead)
    if dead != list(units.columns[first:]):
        return None
    return (
        float(units.columns[first - 1]) if first else 0.0,
        float(dead[0]) if dead else math.inf,
    )


def collapse(group: Group) -> Iterator[str]:
    """Onset and theory, likelihoods of the same kind in one sentence."""
    found = {slug: onset(group, slug) for slug in group.likelihoods}
    onsets = {slug: interval for slug, interval in found.items() if interval}
    yield from beginnings(group, onsets)
    yield from hardly_used(group, onsets)
    yield from theory(group, onsets)


def beginnings(group: Group, onsets: dict[str, Interval]) -> Iterator[str]:
    """Where collapse begins."""
    starts: dict[float, list[str]] = {}
    for slug, (_, first) in onsets.items():
        starts.setdefault(first, []).append(slug)
    parts = [
        f"from β = {beta_name(beta)} on with {families(starts[beta], group.likelihoods)}"
        for beta in sorted(starts)
        if math.isfinite(beta)
    ]
    if alive := starts.get(math.inf):
        names = "any likelihood" if len(alive) == len(group.likelihoods) > 1 else families(alive)
        parts.append(f"at no β of the grid with {names}")
    if parts:
        yield (
            f"The posterior collapses (no latent dimension is active, in any seed) "
            f"{'; '.join(parts)}."
        )


def hardly_used(group: Group, onsets: dict[str, Interval]) -> Iterator[str]:
    """Where units are still active, but reconstructions look all alike."""
    found: dict[str, float] = {}
    for slug, (_, first) in onsets.items():
        collapsed = group.values(slug, "collapsed")
        alike = [beta for beta in collapsed.columns if (collapsed[beta] == 1).all()]
        if alike and alike[0] < first:
            found[slug] = alike[0]
    if found:
        parts = [f"β = {beta_name(beta)} ({likelihood_name(s)})" for s, beta in found.items()]
        yield (
            f"Codes with active units are hardly used, as reconstructions keep less than 1 % of "
            f"the images' variance, from {listed(parts)} on."
        )


def theory(group: Group, onsets: dict[str, Interval]) -> Iterator[str]:
    """Linear theory against the grid: in the right gap, too early, or too late."""
    predicted = {slug: collapse_beta(slug, group.references) for slug in onsets}
    kinds: dict[str, list[str]] = {"right": [], "beyond": [], "early": [], "late": []}
    for slug, beta in predicted.items():
        if beta is not None:
            kinds[_kind(beta, onsets[slug])].append(slug)
    named = {
        kind: listed(f"β = {predicted[s]:.2g} ({likelihood_name(s)})" for s in slugs)
        for kind, slugs in kinds.items()
        if slugs
    }
    if "right" in named:
        yield (
            f"Linear theory asks up to which β a small code lowers the training objective. Its "
            f"answer agrees with the grid: {named['right']}."
        )
    if "beyond" in named:
        yield (
            f"Its prediction lies beyond the grid, which indeed shows no collapse, with "
            f"{named['beyond']}."
        )
    if "early" in named:
        yield (
            f"Linear theory predicts a later collapse than the grid shows: {named['early']}. "
            f"Below these a small code would still lower the training objective, so it is the "
            f"training that got stuck, not β that is too large; raising β slowly "
            f"(`warmup_epochs`) may prevent that."
        )
    if "late" in named:
        yield (
            f"Codes survive beyond the β at which linear theory sees small ones die: "
            f"{named['late']}. A large code can still pay there."
        )


def _kind(beta: float, interval: Interval) -> str:
    last, first = interval
    if beta > first:
        return "early"
    if beta <= last:
        return "late"
    return "beyond" if math.isinf(first) else "right"
