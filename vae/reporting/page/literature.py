"""What is published, beside what was measured here: claims, each with a verdict from the data.

A claim *agrees* or is *contradicted* only where an interval says so; else it is open. Curves and
values that were published are data: ``report/published*.csv``.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from vae.configuration.sweep import IWAE
from vae.reporting.figures.catalogue import mass_pairs
from vae.reporting.findings.collapse import theory
from vae.reporting.findings.likelihoods import histogram, masses
from vae.reporting.findings.repeats import bottoms
from vae.reporting.group import Group
from vae.reporting.names import likelihood_name, rounded, with_error
from vae.reporting.page.claims import (
    AGREES,
    CONTRADICTED,
    OPEN,
    Claim,
    best_of,
    paired,
    side,
)
from vae.reporting.page.curves import curves
from vae.reporting.page.published import with_errors
from vae.reporting.uses import interval
from vae.reporting.words import families
from vae.results.table import read_table

BOUND = "importance_bound"
RAE = "Ghosh et al. 2020, by their repository"
THEORY = "Lucas et al. 2019; eigenvalues of the training images"


def literature(group: Group, folder: Path) -> list[Claim]:
    """Every claim on the group's dataset that this run can be asked about.

    Args:
        folder: of ``published_curves.csv``.
    """
    rules = (curves(group, folder), several_samples(group), autoencoder(group), others(group))
    return [claim for rule in rules for claim in rule]


def several_samples(group: Group) -> Iterator[Claim]:
    """What training on the bound of k samples gains over the ELBO (Burda et al. 2016)."""
    for slug in group.likelihoods:
        plain, _, samples = slug.partition(IWAE)
        if not samples or plain not in group.likelihoods:
            continue
        for metric, unit, what in (
            (BOUND, " nats", "a better bound on log p(x)"),
            ("active_units", "", "more active units"),
        ):
            pair = [group.values(s, metric).get(1.0) for s in (slug, plain)]
            if all(values is not None for values in pair):
                gain = paired(*pair)
                here = f"{rounded(pair[0].mean())} against {rounded(pair[1].mean())}{unit}"
                yield Claim(
                    f"Training on the bound of {samples} samples gives {what} than on the ELBO",
                    here,
                    side(gain),
                    "length of training, number of test images",
                    "Burda et al. 2016",
                )


def autoencoder(group: Group) -> Iterator[Claim]:
    """Autoencoder with a mixture on its codes against VAE with its prior, by FID."""
    better: dict[str, list[str]] = {AGREES: [], CONTRADICTED: [], OPEN: []}
    pairs = []
    for slug in group.likelihoods:
        plain = group.autoencoder(slug, "fid_gmm")
        vae = group.values(slug, "fid_prior").get(1.0)
        if len(plain) and vae is not None:
            better[side(paired(vae, plain))].append(slug)
            pairs.append(f"{likelihood_name(slug)} {rounded(plain.mean())}, {rounded(vae.mean())}")
    if pairs:
        won, lost = better[AGREES], better[CONTRADICTED]
        verdict = AGREES if won and not lost else CONTRADICTED if lost and not won else OPEN
        split = ""
        if won and lost:
            split = f"better with {families(won)}, worse with {families(lost)}: "
        yield Claim(
            "Images from an autoencoder's codes, drawn from a mixture fitted to them, are better "
            "than a VAE's from its prior (FID 10.66 and 19.21 on MNIST)",
            split + "; ".join(pairs),
            verdict,
            "Inception's features, a convolutional network, 16 dimensions; here β = 1",
            RAE,
        )


def others(group: Group) -> Iterator[Claim]:
    """Linear theory's collapse, the histogram code, and densities against masses."""
    if found := theory(group):
        wrong, right = found.early or found.late, found.agree
        verdict = OPEN if bool(wrong) == bool(right) else AGREES if right else CONTRADICTED
        what = "A linear VAE's codes die where βσ² exceeds the largest eigenvalue"
        yield Claim(what, str(found), verdict, "a deep network is not linear", THEORY)
    for code in histogram(group):
        what = "A generative model of images needs fewer bits than the frequencies of grey levels"
        slugs = (*code.winning, *code.losing)
        gains = [side(paired(code.bits, best_bits(group, slug))) for slug in slugs]
        verdict, differs = best_of(gains), ""
        if verdict == CONTRADICTED and not all(settled(group, slug) for slug in slugs):
            verdict, differs = OPEN, "training that had not converged: longer, it needs fewer"
        yield Claim(what, str(code), verdict, differs, "by counting")
    on_masses = dict(mass_pairs(group.likelihoods))
    for pair in masses(group):
        what = f"{likelihood_name(pair.likelihood)} trained on its density wastes bits"
        both = [best_bits(group, slug) for slug in (pair.likelihood, on_masses[pair.likelihood])]
        yield Claim(what, str(pair), side(paired(*both)), "", "Theis et al. 2016; Ho et al. 2020")


def best_bits(group: Group, slug: str) -> pd.Series:
    """bits/dim at the β where they are lowest, a value per seed; none if every β lost a seed."""
    bits = group.values(slug, "bits_per_dim")
    return bits[bits.mean().idxmin()] if bits.size else pd.Series(dtype=float)


def settled(group: Group, slug: str) -> bool:
    """Whether every model at the β with the lowest bits/dim trained until it had converged."""
    best = group.best_mean(slug, "bits_per_dim")
    return best is not None and group.mean(slug, best, "converged") == 1


def ladder(group: Group, folder: Path) -> pd.DataFrame:
    """Published bounds on log p(x) of the same binarised images and ours, the best first.

    Args:
        folder: of ``published.csv``.
    """
    table = read_table(folder / "published.csv")
    table = table[(table.dataset == group.metrics.dataset.iloc[0]) & (table.metric == BOUND)]
    rows = [
        {"value": r.value, "se": None, "what": r.setting, "units": None, "trained": r.differs}
        for r in table.itertuples()
    ]
    bounds = group.rows(BOUND)
    for slug, (bound, se) in with_errors(bounds[bounds.beta == 1]).iterrows() if rows else []:
        if not math.isnan(bound):
            epochs, units = (group.mean(slug, 1.0, m) for m in ("epochs", "active_units"))
            name = f"**here: {likelihood_name(slug)}**"
            trained = "" if epochs is None else f"{epochs:.0f} epochs"
            own = {"value": bound, "se": se, "what": name, "units": units, "trained": trained}
            rows.append(own)
    rows.sort(key=lambda row: -row["value"])
    return pd.DataFrame(
        [
            {
                "model and estimate": row["what"],
                "bound on log p(x), nats": f"{row['value']:.2f}"
                if row["se"] is None
                else with_error(row["value"], row["se"]),
                "active units": "–"
                if row["units"] is None or np.isnan(row["units"])
                else f"{row['units']:.3g}",
                "trained": row["trained"],
            }
            for row in rows
        ]
    )


def finished(group: Group) -> float:
    """The share of converged VAEs, each likelihood's at the βs where its FID may be lowest."""
    rows, kept = group.rows("converged"), []
    for slug, row in group.answers("fid_prior").items():
        low, high = interval(row) or (row.best_beta, row.best_beta)
        own = rows[rows.likelihood == slug]
        near = own[own.beta.between(min(low, row.best_beta), max(high, row.best_beta))]
        kept.append(near.value)
    return float(pd.concat(kept).mean()) if kept else math.nan


def believe(group: Group, claims: list[Claim]) -> str:
    """Why contradictions may be believed, or why not; empty without any."""
    if not any(claim.verdict == CONTRADICTED for claim in claims):
        return ""
    floor, accuracy = group.reference("fid_floor"), group.reference("classifier_accuracy")
    done = finished(group)
    parts = [f"{group.seeds} seeds"]
    if not math.isnan(done):
        parts.append(
            f"{100 * done:.0f} % of the VAEs at the βs in question trained to the end by the "
            "stopping rule"
        )
    if floor is not None:
        parts.append(f"FID {rounded(floor)} between real images")
    if accuracy is not None:
        parts.append(f"features of a classifier that is right on {100 * accuracy:.1f} %")
    longer = bottoms(group)
    return (
        f"What stands behind the contradictions: {', '.join(parts)}. Intervals cover seeds and "
        "test images, not the choice of network and of training, which differs from theirs."
        + (f" {longer}" if longer else "")
    )
