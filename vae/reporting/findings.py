"""Sentences that follow from the results, each by a rule; none is printed without support."""

from collections.abc import Iterator

import pandas as pd

from vae.comparison import by_beta
from vae.metrics import available
from vae.reporting.names import beta_name, likelihood_name, rounded

Group = pd.DataFrame  # metrics of one dataset, network and latent size


def findings(metrics: Group, best: pd.DataFrame) -> list[str]:
    """Everything that can be said about one group, in the order in which a reader asks.

    Args:
        metrics: its rows of ``metrics.csv``.
        best: its rows of ``best_beta.csv``.
    """
    sentences: list[str] = []
    for likelihood in metrics.likelihood.unique():
        rows = metrics[metrics.likelihood == likelihood]
        answers = best[best.likelihood == likelihood].set_index("criterion")
        said = [*criteria_agree(answers), *collapse(rows), *autoencoder(rows), *trust(rows)]
        if said:
            sentences.append(f"**{likelihood_name(likelihood)}**: " + " ".join(said))
    sentences += [*currency(metrics), *diverged(metrics)]
    return sentences


def criteria_agree(answers: pd.DataFrame) -> Iterator[str]:
    """Whether likelihood and sample quality want the same β."""
    criterion = available("fid_prior", answers.index)
    if not {"elbo", criterion} <= set(answers.index):
        return
    elbo, fid = answers.loc["elbo"], answers.loc[criterion]
    if elbo.betas < 2:
        return
    a, b = beta_name(elbo.best_beta), beta_name(fid.best_beta)
    if elbo.best_beta == fid.best_beta:
        yield f"ELBO and FID of prior samples agree on β = {a}."
        return
    sentence = f"the ELBO is best at β = {a}, the FID of prior samples at β = {b}"
    sets = [str(row.indistinguishable_betas).split() for row in (elbo, fid)]
    if elbo.seeds < 2:
        yield sentence + "; with one seed nobody can say whether that difference is real."
    elif set(sets[0]) & set(sets[1]):
        yield sentence + ", but some β cannot be told from the best by either criterion."
    else:
        yield sentence + ", and no β is among the best by both."


def collapse(rows: Group) -> Iterator[str]:
    """From which β on no latent dimension is used in any seed."""
    units = by_beta(rows, "active_units")
    if units.empty:
        return
    dead = [beta for beta in units.columns if (units[beta] == 0).all()]
    onset = next((b for b in dead if all(x in dead for x in units.columns if x >= b)), None)
    if onset is not None:
        yield f"From β = {beta_name(onset)} on the posterior has collapsed: no unit is active."
    elif len(units.columns) > 1:
        yield "No β of the grid collapses the posterior."


def autoencoder(rows: Group) -> Iterator[str]:
    """Whether the autoencoder with a fitted mixture beats the best VAE with the same."""
    metric = available("fid_gmm", set(rows.metric))
    ae = rows[(rows.model == "ae") & (rows.metric == metric)].value.dropna()
    vae = by_beta(rows, metric)
    if ae.empty or vae.empty:
        return
    beta = vae.mean().idxmin()
    values = f"{rounded(ae.mean())} against {rounded(vae[beta].mean())}"
    if ae.max() < vae[beta].min():
        yield (
            f"With a mixture fitted to its codes the autoencoder generates better than every VAE "
            f"does: FID {values} at β = {beta_name(beta)}, {_in_seeds(len(vae))}."
        )
    elif ae.min() > vae[beta].max():
        yield (
            f"With a mixture fitted to the codes the VAE at β = {beta_name(beta)} generates "
            f"better than the autoencoder: FID {rounded(vae[beta].mean())} against "
            f"{rounded(ae.mean())}, {_in_seeds(len(vae))}."
        )


def fid_check(corruptions: pd.DataFrame) -> str:
    """Whether FID rises as real images get worse; it may stay where none of them changed.

    Args:
        corruptions: one dataset's rows of ``corruptions.csv``.
    """
    column = available("fid", corruptions.columns)
    steps = corruptions.sort_values("strength").groupby("corruption", sort=False)[column].diff()
    falling = corruptions.corruption[steps.index[steps < 0]].unique()
    if len(falling):
        return f"FID falls at a step of growing {' and '.join(falling)}: mistrust it here."
    *names, last = corruptions.corruption.unique()
    return f"FID rises with growing {', '.join(names)} and {last} of real images."


def trust(rows: Group) -> Iterator[str]:
    """For which βs the importance-weighted bound rests on few effective samples."""
    share = by_beta(rows, "ess_low_share")
    if share.empty:
        return
    weak = [beta for beta in share.columns if share[beta].mean() > 0.1]
    if weak:
        names = f"At {_beta_range(weak, list(share.columns))}"
        yield (
            f"{names} more than a tenth of the images have fewer than 10 effective "
            f"importance samples, so L_K under-estimates the decoder there."
        )


def _beta_range(chosen: list[float], grid: list[float]) -> str:
    """``chosen`` in words: every β of the grid, all up to one, or each by name."""
    if chosen == grid:
        return "every β"
    if len(chosen) > 2 and chosen == grid[: len(chosen)]:
        return f"every β up to {beta_name(chosen[-1])}"
    return "β = " + ", ".join(beta_name(beta) for beta in chosen)


def currency(metrics: Group) -> Iterator[str]:
    """Which family needs the fewest bits per pixel, if that holds in every seed."""
    best = {}
    for likelihood, rows in metrics.groupby("likelihood", sort=False):
        bits = by_beta(rows, "bits_per_dim")
        if not bits.empty:
            beta = bits.mean().idxmin()
            best[likelihood] = (bits[beta], beta)
    if len(best) < 2:
        return
    first, second = sorted(best, key=lambda name: best[name][0].mean())[:2]
    (bits, beta), (others, other_beta) = best[first], best[second]
    values = f"{bits.mean():.3f} bits/dim at β = {beta_name(beta)}"
    against = f"{others.mean():.3f} of {likelihood_name(second)} at β = {beta_name(other_beta)}"
    if bits.max() < others.min():
        yield (
            f"In the common currency {likelihood_name(first)} is best: {values}, against "
            f"{against}, {_in_seeds(len(bits))}."
        )
    else:
        yield f"In the common currency no family is best in every seed: {values}, {against}."


def diverged(metrics: Group) -> Iterator[str]:
    """Which cells left the finite numbers while training."""
    rows = metrics[(metrics.metric == "diverged") & (metrics.value > 0)]
    if len(rows):
        names = ", ".join(
            f"{likelihood_name(r.likelihood)} {r.model} β = {r.beta:g} seed {r.seed}"
            for r in rows.itertuples()
        )
        yield f"{len(rows)} cells diverged and are left out of every mean: {names}."


def _in_seeds(count: int) -> str:
    return "in every seed" if count > 1 else "in the only seed"
