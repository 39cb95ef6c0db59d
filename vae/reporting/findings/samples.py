"""Fidelity and diversity, what other judges say of them, and copies."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from vae.reporting.findings.opinions import opinions
from vae.reporting.findings.rules import found
from vae.reporting.group import Group
from vae.reporting.names import Choice, beta_name, likelihood_name, percent, rounded
from vae.reporting.uses import SHOW, quoted
from vae.reporting.words import families

COPYING = -3.0  # standard deviations; Meehan et al. (2020) call models below it copiers
STRAYING = 3.0  # above it all samples lie further from the training images than test images do


def samples(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    yield from found(group, path)
    yield from opinions(group)
    yield from found(group, copies)


@dataclass(frozen=True)
class Path:
    """What β buys and costs: precision and recall of prior samples at three βs."""

    likelihood: str
    betas: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]

    @property
    def trade(self) -> bool:
        """Whether precision rises and recall falls with every step of β."""
        rises = all(a < b for a, b in pairwise(self.precision))
        return rises and all(a > b for a, b in pairwise(self.recall))

    def __str__(self) -> str:
        name = likelihood_name(self.likelihood)
        buys = f"A larger β buys fidelity and costs diversity: with {name}"
        start = buys if self.trade else f"With {name}"
        steps = " → ".join(map(beta_name, self.betas))
        values = [" → ".join(f"{x:.2f}" for x in row) for row in (self.precision, self.recall)]
        return (
            f"{start}, β = {steps}, precision (samples that look real) goes {values[0]}, recall "
            f"(test images that are covered) {values[1]}."
        )


def path(group: Group) -> Path | None:
    """Smallest β, best by FID and largest that has not collapsed, of the likelihood quoted."""
    slug = quoted(group, SHOW)
    if slug is None:
        return None
    precision, recall = (group.means(slug, f"{m}_prior") for m in ("precision", "recall"))
    first = group.onset(slug)
    betas = [b for b in precision.index if b in recall and (first is None or b < first)]
    if len(betas) < 2:
        return None
    best = group.answers("fid_prior")[slug].best_beta
    chosen = sorted({betas[0], best if best in betas else betas[0], betas[-1]})
    rows = (tuple(float(table[b]) for b in chosen) for table in (precision, recall))
    return Path(slug, tuple(chosen), *rows)


@dataclass(frozen=True)
class Copies:
    """Whether any likelihood's samples are closer to training images than unseen images are."""

    least: float
    closest: Choice
    copying: tuple[str, ...]
    authentic: tuple[float, float] | None

    def __str__(self) -> str:
        values = f"C_T ≥ {rounded(self.least)} ({self.closest})"
        if self.copying:
            names = families(self.copying)
            verdict = f"Samples lie closer to training images than test images do with {names}"
        else:
            verdict = "No sign of copied training images"
        share = ""
        if self.authentic:
            share = f"; authentic are {' to '.join(dict.fromkeys(map(percent, self.authentic)))}"
        strays = "; all stray from the data (C_T > 3)" if self.least > STRAYING else ""
        return f"{verdict}, each at its best β by FID: {values}{share}{strays}."


def copies(group: Group) -> Copies | None:
    """At the best β by FID of expected images."""
    best = [Choice(slug, row.best_beta) for slug, row in group.answers("fid_prior").items()]
    values, shares = (
        {choice: value for choice in best if (value := group.mean(*choice, metric)) is not None}
        for metric in ("data_copying", "authentic_share")
    )
    if not values:
        return None
    closest = min(values, key=values.get)
    copying = tuple(choice.likelihood for choice, value in values.items() if value < COPYING)
    authentic = (min(shares.values()), max(shares.values())) if shares else None
    return Copies(values[closest], closest, copying, authentic)
