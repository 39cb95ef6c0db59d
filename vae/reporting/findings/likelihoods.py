"""Whether likelihoods differ in their best β, why, and which is best."""

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from vae.reporting.answers import members
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import beta_range, counted, criterion_name, families, listed

ROUNDING = 1e-9


def likelihoods(group: Group) -> Iterator[str]:
    """All of the above."""
    for rule in (one_beta_for_all, continuous_bernoulli, beta_sigma, champions):
        if said := list(rule(group)):
            yield " ".join(said)


def one_beta_for_all(group: Group) -> Iterator[str]:
    """Whether some β is among the best with every likelihood."""
    for criterion in (group.likelihood_criterion, "fid_prior"):
        answers = group.answers(criterion)
        sets = [set(members(answer)) for answer in answers.values()]
        if len(sets) < 2:
            continue
        label = criterion_name(group.metric(criterion))
        common = set.intersection(*sets)
        low, high = (min(answers, key=_best(answers)), max(answers, key=_best(answers)))
        span = (
            f"from {beta_name(answers[low].best_beta)} ({likelihood_name(low)}) to "
            f"{beta_name(answers[high].best_beta)} ({likelihood_name(high)})"
        )
        if all(sets) and common:
            betas = beta_range(list(common), group.betas(low))
            verb = "is" if len(common) == 1 else "are"
            yield (
                f"By {label} every likelihood can have the same β: {betas} {verb} among the best "
                f"with each."
            )
        elif all(sets):
            yield (
                f"By {label} no single β is among the best with every likelihood: the best go "
                f"{span}."
            )
        elif answers[low].best_beta != answers[high].best_beta:
            yield (
                f"By {label} the best βs of the likelihoods go {span}; "
                f"{counted(group.seeds, 'seed')} cannot show whether that is real."
            )


def _best(answers: dict[str, pd.Series]):
    return lambda slug: answers[slug].best_beta


def continuous_bernoulli(group: Group) -> Iterator[str]:
    """Whether the continuous Bernoulli needs a larger β than the Bernoulli, as is often taught."""
    for criterion in (group.likelihood_criterion, "fid_prior"):
        answers = group.answers(criterion)
        if not {"bernoulli", "continuous_bernoulli"} <= set(answers):
            continue
        plain, continuous = answers["bernoulli"], answers["continuous_bernoulli"]
        label = criterion_name(group.metric(criterion))
        yield f"By {label} {_compared(plain, continuous)}."


def _compared(plain: pd.Series, continuous: pd.Series) -> str:
    a, b = set(members(plain)), set(members(continuous))
    low, high = beta_name(plain.best_beta), beta_name(continuous.best_beta)
    if low == high:
        return f"Bernoulli and continuous Bernoulli have the same best β, {low}"
    larger = "larger" if continuous.best_beta > plain.best_beta else "smaller"
    if a and b and not a & b:
        return (
            f"the continuous Bernoulli needs a {larger} β than the Bernoulli, {high} against {low}"
        )
    doubt = "some β serves both" if a and b else "so few seeds cannot confirm it"
    return (
        f"the best β is {larger} for the continuous Bernoulli ({high}) than for the Bernoulli "
        f"({low}), but {doubt}"
    )


def beta_sigma(group: Group) -> Iterator[str]:
    """Whether fixed-σ Gaussians have their best β at the same βσ², as theory says."""
    answers = group.answers("bits_per_dim")
    inner = {s: a for s, a in answers.items() if s in group.fixed_sigmas and not a.at_edge}
    if len(inner) < 2:
        return
    products = {s: a.best_beta * group.fixed_sigmas[s] ** 2 for s, a in inner.items()}
    betas = listed(beta_name(answer.best_beta) for answer in inner.values())
    sigmas = listed(f"{group.fixed_sigmas[s]:g}" for s in inner)
    numbers = [f"{value:.3g}" for value in products.values()]
    same = len(set(numbers)) == 1
    values = f"{numbers[0]} each time" if same else listed(numbers)
    if all(_close(group, inner, products, *pair) for pair in combinations(inner, 2)):
        theory = "For a fixed-σ Gaussian only βσ² counts"
        verdict = "" if same else ", as close as the grid can tell"
    else:
        theory, verdict = "βσ² does not explain the Gaussians here", ""
    yield (
        f"{theory}: with σ = {sigmas} the best βs by log-likelihood are {betas}, and βσ² is "
        f"{values}{verdict}."
    )


def _close(group: Group, answers: dict, products: dict[str, float], a: str, b: str) -> bool:
    """Whether two products agree within a step of the grid, or the scaled sets overlap."""
    step = max(_step(group.betas(s), answers[s].best_beta) for s in (a, b))
    low, high = sorted((products[a], products[b]))
    scaled = [{beta * group.fixed_sigmas[s] ** 2 for beta in members(answers[s])} for s in (a, b)]
    near = any(abs(x / y - 1) < ROUNDING for x in scaled[0] for y in scaled[1])
    return near or high / low <= step * (1 + ROUNDING)


def _step(grid: list[float], beta: float) -> float:
    """The larger of the ratios between ``beta`` and its neighbours in the grid."""
    i = grid.index(beta)
    return max(b / a for a, b in zip(grid[i - 1 : i + 1], grid[i : i + 2], strict=True))


def champions(group: Group) -> Iterator[str]:
    """Which likelihood is best where likelihoods can be compared."""
    rows = group.best_likelihood
    rows = rows[rows.likelihoods > 1]
    for name in ("bits_per_dim", "fid_prior"):
        for _, row in rows[rows.criterion == group.metric(name)].iterrows():
            label = criterion_name(row.criterion)
            best = f"{likelihood_name(row.best_likelihood)} at β = {beta_name(row.best_beta)}"
            yield (
                f"By {label} the best of {counted(row.likelihoods, 'likelihood')} is {best}, with "
                f"{rounded(row.value, row.se)}{_company(group, row)}."
            )


def _company(group: Group, row: pd.Series) -> str:
    if pd.isna(row.indistinguishable_likelihoods):
        return f"; {counted(group.seeds, 'seed')} cannot show whether that lead is real"
    others = set(str(row.indistinguishable_likelihoods).split()) - {row.best_likelihood}
    if not others:
        return ", ahead of all others"
    tied = [slug for slug in group.likelihoods if slug in others]
    return f", not told from {families(tied)}"
