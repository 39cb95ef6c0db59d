"""Questions about what to choose before training: β, the reduction, the loss, the latent size."""

from collections.abc import Iterator

import pandas as pd

from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import criterion_name, families, figure, listed

ALL = 0.5  # units short of the latent size, on average over seeds, that still count as all


def which_beta(group: Group) -> Iterator[str]:
    """The best by likelihood and by FID, for a likelihood that has both."""
    yield (
        "That depends on what the model is for: choose by likelihood if it must judge how "
        "probable images are, by FID if it must draw new ones."
    )
    elbo, fid = group.answers(group.likelihood_criterion), group.answers("fid_prior")
    both = next((slug for slug in group.likelihoods if slug in elbo and slug in fid), None)
    if both:
        name = criterion_name(group.likelihood_criterion)
        link = figure(group.name, "answer", "all answers")
        yield (
            f"With {likelihood_name(both)} the best by {name} is β = {_best(elbo[both])}, by FID "
            f"β = {_best(fid[both])}; here are {link}."
        )
    elif group.best.betas.max() == 1:
        yield "This run trained a single β for each likelihood, so it cannot say which is best."
    yield (
        "Without any tuning take β = 1, whose objective is the ELBO itself (a σ fixed by hand is "
        "a tuned β: only βσ² counts), and never carry a β over from another likelihood or loss."
    )


def _best(answer: pd.Series) -> str:
    edge = " (the edge of the grid)" if answer.at_edge else ""
    return f"{beta_name(answer.best_beta)}{edge}"


def sum_or_mean(group: Group) -> Iterator[str]:
    """What averaging over pixels did in this run."""
    yield (
        "Sum over pixels and over latent dimensions, and average over images only. Averaging over "
        "pixels as well divides the reconstruction term by their number, which is training with β "
        "equal to that number."
    )
    rows = group.table("mean_loss")
    summed = rows[(rows.reduction == "sum") & (rows.beta == 1)]
    averaged = rows[rows.reduction == "mean"]
    if summed.empty or averaged.empty:
        return
    a, b = averaged.iloc[0], summed.iloc[0]
    values = (
        f"{a.active_units:g} active units and a rate of {rounded(a.rate)} nats, against "
        f"{b.active_units:g} and {rounded(b.rate)} with the sum"
    )
    if a.active_units == 0 < b.active_units:
        yield f"In a short training here that collapses the posterior: {values}."
    elif a.rate < b.rate:
        yield f"In a short training here that costs information: {values}."
    else:
        yield f"In a short training here it did no harm: {values}."


def cross_entropy_or_squared_error(group: Group) -> Iterator[str]:
    """Their assumptions, and the best FID that a model with each reached."""
    yield (
        "Binary cross-entropy is the Bernoulli likelihood: it assumes black or white pixels and "
        "reads a grey one as a probability. Squared error is the Gaussian likelihood, and its "
        "weight against the KL is a choice of σ: summed and unweighted it means σ² = 1/2. "
        "The two losses have different units, so compare what the models produce instead."
    )
    answers = group.answers("fid_prior")
    gaussians = [slug for slug in answers if slug.startswith("gaussian")]
    if "bernoulli" in answers and gaussians:
        best = min(gaussians, key=lambda slug: answers[slug].value)
        parts = [
            f"{rounded(answers[slug].value)} with {likelihood_name(slug)}"
            for slug in ("bernoulli", best)
        ]
        yield f"Here the best FID of prior samples is {listed(parts)}."


def latent_size(group: Group) -> Iterator[str]:
    """How many dimensions are used, and what other sizes reached."""
    yield (
        "Rather too large than too small: a VAE leaves dimensions unused that do not pay for "
        "their KL. An autoencoder has no such thrift."
    )
    used = {}
    for slug in group.likelihoods:
        if example := group.example("active_units", [slug]):
            used[slug] = group.mean(*example, "active_units")
    full = [slug for slug, units in used.items() if units > group.latent_dim - ALL]
    spare = [slug for slug, units in used.items() if slug not in full and units > 0]
    link = f"({figure(group.name, 'dimensions', 'what each carries')})"
    if spare:
        values = [f"{used[slug]:.3g} ({likelihood_name(slug)})" for slug in spare]
        values[0] = values[0].replace(" (", f" of {group.latent_dim} dimensions (", 1)
        yield f"Near β = 1, {listed(values)} are active, so more are not needed {link}."
    if full:
        every = "all" if min(used[slug] for slug in full) == group.latent_dim else "nearly all"
        yield (
            f"With {families(full, group.likelihoods)} {every} {group.latent_dim} are active near "
            f"β = 1, so a larger space may help {link}."
        )
    yield from _other_sizes(group)


def _other_sizes(group: Group) -> Iterator[str]:
    example = group.example("elbo")
    if not example or not group.siblings:
        return
    slug, beta = example
    sizes = {g.latent_dim: g.mean(slug, beta, "elbo") for g in (group, *group.siblings)}
    values = [f"{rounded(sizes[n])} with {n}" for n in sorted(sizes) if sizes[n] is not None]
    if len(values) > 1:
        yield f"The ELBO there is {listed(values)} dimensions."
