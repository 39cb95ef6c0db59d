"""How sure one can be: seeds, edges of the grid, effective samples, the floor of FID."""

from collections.abc import Iterator
from statistics import mean

import pandas as pd

from vae.metrics import available
from vae.reporting.answers import members
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import counted, criterion_name, families, listed, number
from vae.statistics import LEAST_SEEDS

LOW_ESS_SHARE = 0.1  # of the images, above which L_K is not to be trusted
NEAR_FLOOR = 2.0  # times the floor of FID


def certainty(group: Group) -> Iterator[str]:
    """All of the above."""
    yield from diverged(group)
    yield from sets(group)
    yield from edges(group)
    yield from effective_samples(group)
    yield from floor(group)
    if "rises" not in (check := fid_check(group.corruptions)):
        yield check


def diverged(group: Group) -> Iterator[str]:
    """Which cells left the finite numbers while training."""
    rows = group.metrics[group.metrics.metric == "diverged"]
    count = int(rows.value.sum())
    if count:
        parts = [
            part
            for slug, cells in rows.groupby("likelihood", sort=False)
            for part in _lost(likelihood_name(slug), cells)
        ]
        verb = "cell diverged and is" if count == 1 else "cells diverged and are"
        yield f"{count} {verb} left out of every mean: {'; '.join(parts)}."


def _lost(likelihood: str, cells: pd.DataFrame) -> Iterator[str]:
    """The diverged ones of one likelihood's cells."""
    if cells.value.all():
        yield f"all of {likelihood}"
        return
    for cell in cells[cells.value > 0].itertuples():
        name = "autoencoder" if cell.model == "ae" else f"β = {beta_name(cell.beta)}"
        yield f"{likelihood}, {name}, seed {cell.seed}"


def sets(group: Group) -> Iterator[str]:
    """How many βs are left as candidates for the best, criterion by criterion."""
    answers = {name: group.answers(name) for name in group.best.criterion.unique()}
    answers = {name: found for name, found in answers.items() if found}
    if not answers:
        yield "Only one β was trained, so nothing here says which β is best."
        return
    if group.seeds < LEAST_SEEDS:
        yield (
            f"{counted(group.seeds, 'seed').capitalize()}: too few to say which βs cannot be told "
            f"from the best. Every best β here is a first guess; train at least "
            f"{number(LEAST_SEEDS)} seeds."
        )
        return
    sizes = {
        name: mean(len(members(answer)) for answer in found.values())
        for name, found in answers.items()
    }
    most = max(len(group.betas(slug)) for slug in group.likelihoods)
    parts = [f"{size:.1f} by {criterion_name(name)}" for name, size in sizes.items()]
    yield (
        f"A sure answer leaves few βs in the running for the best. With {group.seeds} seeds there "
        f"remain, of {most} and averaged over likelihoods, {listed(parts)}."
    )


def edges(group: Group) -> Iterator[str]:
    """Where the grid ends before the optimum is found."""
    parts = []
    for criterion in group.best.criterion.unique():
        slugs = [s for s, answer in group.answers(criterion).items() if answer.at_edge]
        if slugs:
            names = families(slugs, group.likelihoods)
            parts.append(f"by {criterion_name(criterion)} with {names}")
    if parts:
        yield f"The best β lies at the edge of the grid {'; '.join(parts)}: extend the grid there."


def effective_samples(group: Group) -> Iterator[str]:
    """Where the importance-weighted bound at its best β rests on few effective samples."""
    criterion = group.likelihood_criterion
    shares = {}
    for slug, answer in group.answers(criterion).items():
        share = group.values(slug, "ess_low_share")
        if answer.best_beta in share.columns:
            shares[slug] = share[answer.best_beta].mean()
    weak = {slug: share for slug, share in shares.items() if share > LOW_ESS_SHARE}
    if weak:
        low, high = (f"{100 * f(weak.values()):.0f}" for f in (min, max))
        span = f"{low} %" if low == high else f"{low} to {high} %"
        names = families(list(weak), group.likelihoods)
        yield (
            f"Even at the best β the log-likelihood rests on fewer than ten effective samples for "
            f"{span} of the images with {names}: it is too low there. More `importance_samples` "
            f"bring it closer."
        )


def floor(group: Group) -> Iterator[str]:
    """Whether the best FID stands clear of what real images have."""
    least, images = group.reference("fid_floor"), group.reference("fid_images")
    bests = [answer.value for answer in group.answers("fid_prior").values()]
    if least is None or not bests:
        return
    times = min(bests) / least
    each = "" if images is None else f", {images:.0f} of each,"
    start = f"Real training and test images{each} are {rounded(least)} apart by FID"
    if times < NEAR_FLOOR:
        yield f"{start}: the best samples are as near as that, and smaller FIDs mean nothing."
    else:
        yield f"{start}; the best prior samples are {times:.1f} times as far."


def fid_check(corruptions: pd.DataFrame) -> str:
    """Whether FID rises as real images get worse; it may stay where none of them changed.

    Args:
        corruptions: one dataset's rows of ``corruptions.csv``.
    """
    corruptions = corruptions[corruptions.kind == "image"]
    column = available("fid", corruptions.columns)
    steps = corruptions.sort_values("strength").groupby("corruption", sort=False)[column].diff()
    falling = corruptions.corruption[steps.index[steps < 0]].unique()
    if len(falling):
        return f"FID falls at a step of growing {' and '.join(falling)}: mistrust it here."
    return f"FID rises with growing {listed(corruptions.corruption.unique())} of real images."
