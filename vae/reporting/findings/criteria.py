"""Which β wins by which criterion, whether the criteria agree, and what disagreement costs."""

from collections.abc import Iterator

import pandas as pd

from vae.reporting.answers import members
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import counted, criterion_name, families, listed

PRICES = 3  # of the likelihoods where following one criterion costs the other most
QUALITY = "fid_prior"


def criteria(group: Group) -> Iterator[str]:
    """All of the above."""
    yield from winners(group, group.likelihood_criterion)
    yield from winners(group, QUALITY)
    yield from agreement(group)
    yield from price(group)


def winners(group: Group, criterion: str) -> Iterator[str]:
    """The best β of every likelihood; the edge of the grid is never sold as an optimum."""
    inside: dict[float, list[str]] = {}
    edge: dict[str, list[str]] = {}
    for slug, answer in group.answers(criterion).items():
        beta = answer.best_beta
        if answer.at_edge:
            end = "smallest" if beta == answer.lowest_beta else "largest"
            edge.setdefault(f"the grid's {end}, {beta_name(beta)},", []).append(slug)
        else:
            inside.setdefault(beta, []).append(slug)
    said = [
        f"β = {beta_name(beta)} is best with {families(inside[beta], group.likelihoods)}"
        for beta in sorted(inside, key=lambda beta: (-len(inside[beta]), beta))
    ]
    said += [
        f"{end} is best with {families(slugs, group.likelihoods)}: the optimum may lie beyond it"
        for end, slugs in edge.items()
    ]
    if said:
        yield f"By {criterion_name(group.metric(criterion))} {'; '.join(said)}."


def _pairs(group: Group) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Both answers of every likelihood that has both."""
    first, second = group.answers(group.likelihood_criterion), group.answers(QUALITY)
    return {slug: (first[slug], second[slug]) for slug in first if slug in second}


def _apart(pair: tuple[pd.Series, pd.Series]) -> bool:
    """Whether no β is among the best by both criteria."""
    a, b = (set(members(answer)) for answer in pair)
    return bool(a and b and not a & b)


def _name(group: Group) -> str:
    return criterion_name(group.likelihood_criterion)


def agreement(group: Group) -> Iterator[str]:
    """Whether likelihood and sample quality want the same β."""
    pairs = _pairs(group)
    same = [slug for slug, (a, b) in pairs.items() if a.best_beta == b.best_beta]
    apart = [slug for slug, pair in pairs.items() if slug not in same and _apart(pair)]
    rest = [slug for slug in pairs if slug not in same and slug not in apart]
    unknown = [slug for slug in rest if not all(map(members, pairs[slug]))]
    open_ = [slug for slug in rest if slug not in unknown]
    kinds = {
        "want different βs with {}, where no β is among the best by both": apart,
        "have different best βs with {}, though some β is among the best by both": open_,
        f"have different best βs with {{}}, which {counted(group.seeds, 'seed')} cannot confirm": (
            unknown
        ),
        "have the same best β with {}": same,
    }
    said = [
        kind.format(families(slugs, group.likelihoods)) for kind, slugs in kinds.items() if slugs
    ]
    if said:
        name = _name(group)
        yield f"{name[0].upper()}{name[1:]} and FID {'; '.join(said)}."


def price(group: Group) -> Iterator[str]:
    """What the best β by one criterion costs by the other, where the two surely differ."""
    pairs = {slug: pair for slug, pair in _pairs(group).items() if _apart(pair)}
    elbos = {slug: group.values(slug, group.likelihood_criterion).mean() for slug in pairs}
    fids = {slug: group.values(slug, QUALITY).mean() for slug in pairs}
    ratios = {s: fids[s][a.best_beta] / fids[s][b.best_beta] for s, (a, b) in pairs.items()}
    losses = {s: elbos[s][a.best_beta] - elbos[s][b.best_beta] for s, (a, b) in pairs.items()}
    dearest = sorted(ratios, key=ratios.get, reverse=True)[:PRICES]
    if not dearest:
        return
    in_fid = [
        f"{rounded(fids[s][pairs[s][0].best_beta])} instead of {rounded(pairs[s][1].value)} "
        f"({likelihood_name(s)})"
        for s in dearest
    ]
    in_nats = [f"{rounded(losses[s])} nats ({likelihood_name(s)})" for s in dearest]
    most = ", above all" if len(dearest) < len(pairs) else ""
    yield (
        f"Where no β serves both, following the {_name(group)} costs FID{most}: {listed(in_fid)}. "
        f"Following the FID costs {_name(group)}{most}: {listed(in_nats)}."
    )
