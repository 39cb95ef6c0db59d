"""The tables of the report."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from vae.metrics import METRICS
from vae.reporting.answers import compared_over, members
from vae.reporting.findings.blur import pairs
from vae.reporting.group import Group
from vae.reporting.names import DIGITS, beta_equals, beta_name, likelihood_name, rounded
from vae.reporting.uses import WITH_OPTIMUM, answers
from vae.reporting.words import beta_star, price
from vae.results.table import read_table

EVERY_BETA = (
    *("bits_per_dim", "log_likelihood_binarised", "elbo", "rate", "active_units"),
    *("fid_prior_drawn", "fid_prior", "recall_prior", "probe_accuracy", "mse_mean"),
)
SIDE_BY_SIDE = ("bits_per_dim", "fid_prior_drawn", "fid_prior", "coverage_prior", "probe_accuracy")
AGAINST = ("mse_mean", "fid_gmm", "probe_accuracy")
NOT_EXCLUDED = "°"  # behind values of βs that the data do not exclude as best


def markdown_table(frame: pd.DataFrame) -> str:
    """``frame`` as a GitHub table, without its index; empty if it has no row."""
    if frame.empty:
        return ""
    lines = [
        "| " + " | ".join(map(str, frame.columns)) + " |",
        "|" + " --- |" * len(frame.columns),
    ]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False)]
    return "\n".join(lines)


def use_table(group: Group) -> pd.DataFrame:
    """The answer: a row per likelihood, a column per use, β* and what β = 1 costs."""
    found = {use: answers(group, use) for use in WITH_OPTIMUM}
    shown = [use for use in WITH_OPTIMUM if found[use]]
    if not shown:
        return pd.DataFrame()
    return pd.DataFrame(
        [
            {"likelihood": likelihood_name(slug)}
            | {f"to {use.name}": use_cell(found[use].get(slug)) for use in shown}
            for slug in group.likelihoods
        ]
    )


def sizes_table(group: Group) -> pd.DataFrame:
    """The answer by latent size, a row per size and likelihood; empty where there is one size.

    Beside every β* stands the value of the grid's best β, and the units active at β = 1.
    """
    if not group.siblings:
        return pd.DataFrame()
    every = sorted([group, *group.siblings], key=lambda one: one.latent_dim)
    rows = [_size_row(one, slug) for one in every for slug in one.likelihoods]
    return pd.DataFrame(rows).fillna("–")


def _size_row(group: Group, slug: str) -> dict[str, str]:
    row = {"latent dimensions": group.latent_dim, "likelihood": likelihood_name(slug)}
    for use in WITH_OPTIMUM:
        answer = answers(group, use).get(slug)
        if answer is not None:
            row[f"to {use.name}"] = use_cell(answer)
            row[METRICS[answer.criterion].header] = rounded(answer.value, answer.se, DIGITS)
    units = group.mean(slug, 1.0, "active_units")
    return row | {"active units at β = 1": "–" if units is None else f"{units:.3g}"}


def use_cell(row: pd.Series | None) -> str:
    """β* with its interval and, behind a dot, the price of β = 1."""
    if row is None:
        return "–"
    cost = price(row)
    return f"**{beta_star(row)}**" + (f" · {cost}" if cost else "")


def side_by_side(group: Group) -> pd.DataFrame:
    """Every likelihood at its best β by each criterion; best bold, second best underlined."""
    rows_of = {m: group.best_rows(m) for m in map(group.metric, SIDE_BY_SIDE)}
    columns = [metric for metric, rows in rows_of.items() if rows]
    rows = {slug: {"likelihood": likelihood_name(slug)} for slug in group.likelihoods}
    for metric in columns:
        found = rows_of[metric]
        order = sorted(found, key=lambda s: found[s].value)
        order = order[::-1] if METRICS[metric].better == "higher" else order
        for slug in group.likelihoods:
            row = found.get(slug)
            text = "–" if row is None else rounded(row.value, row.se, DIGITS)
            rows[slug][METRICS[metric].header] = ranked(text, slug, order)
    return pd.DataFrame(rows.values()) if columns else pd.DataFrame()


def ranked(text: str, name: object, order: Sequence) -> str:
    """``text`` bold if ``name`` is the first of several, underlined if the second."""
    if len(order) < 2 or name not in order[:2]:
        return text
    return f"**{text}**" if name == order[0] else f"<u>{text}</u>"


def always_one(group: Group) -> pd.DataFrame:
    """What taking β = 1 everywhere costs: a row per criterion, over all its likelihoods."""
    rows = []
    for criterion in dict.fromkeys(
        row.criterion for use in WITH_OPTIMUM for row in answers(group, use).values()
    ):
        found = [_at_one(group, slug, criterion) for slug in group.answers(criterion)]
        found = [one for one in found if one]
        if not found:
            continue
        regrets, ranks, counts = zip(*found, strict=True)
        worst = max(range(len(found)), key=lambda i: regrets[i])
        slugs = [s for s in group.answers(criterion) if _at_one(group, s, criterion)]
        rows.append(
            {
                "criterion": METRICS[criterion].label,
                "mean regret of β = 1": rounded(sum(regrets) / len(regrets)),
                "worst": f"{rounded(regrets[worst])} ({likelihood_name(slugs[worst])})",
                "mean rank": f"{sum(ranks) / len(ranks):.1f} of {max(counts)}",
            }
        )
    return pd.DataFrame(rows)


def _at_one(group: Group, slug: str, criterion: str) -> tuple[float, float, int] | None:
    """Regret and rank of β = 1 among the βs of the grid, and their number."""
    means = group.means(slug, criterion)
    if 1.0 not in means:
        return None
    losses = -means if METRICS[criterion].better == "higher" else means
    return float(losses[1.0] - losses.min()), float(losses.rank()[1.0]), len(losses)


def set_table(group: Group) -> pd.DataFrame:
    """Which βs of the grid are not excluded, and how much worse each of them may be."""
    rows = []
    for use in WITH_OPTIMUM:
        for slug, row in answers(group, use).items():
            if not (chosen := members(row)):
                continue
            rows.append(
                {
                    "likelihood": likelihood_name(slug),
                    "criterion": METRICS[row.criterion].label,
                    "best of the grid": beta_name(row.best_beta),
                    "not excluded": ", ".join(map(beta_name, chosen)),
                    "worst of them, at most": _known(row.get("worst_regret_high")),
                    "smallest difference that shows": _known(row.get("detectable_difference")),
                    "compared over": compared_over(row),
                }
            )
    return pd.DataFrame(rows)


def _known(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else rounded(value)


def every_beta(group: Group, likelihood: str) -> pd.DataFrame:
    """One likelihood's metrics, a row per model: means over seeds.

    Best bold, second best underlined, other βs that are not excluded marked.
    """
    best = group.best[group.best.likelihood == likelihood].set_index("criterion")
    vaes = {m: group.means(likelihood, m) for m in map(group.metric, EVERY_BETA)}
    vaes = {metric: means for metric, means in vaes.items() if len(means)}
    autoencoders = {metric: group.autoencoder(likelihood, metric) for metric in vaes}
    models = [("VAE", beta) for beta in group.betas_of(likelihood)] + [("autoencoder", 0.0)]
    rows = []
    for model, beta in models:
        row = {"β": beta_label(group, likelihood, beta) if model == "VAE" else model}
        for metric, means in vaes.items():
            ae = autoencoders[metric]
            if model == "VAE":
                se = group.values(likelihood, metric).sem()
                text = rounded(means[beta], se[beta], DIGITS) if beta in means else "–"
                row[METRICS[metric].header] = _marked(text, beta, means, metric, best)
            else:
                text = rounded(ae.mean(), ae.sem(), DIGITS) if len(ae) else "–"
                row[METRICS[metric].header] = text
        if set(list(row.values())[1:]) - {"–"}:
            rows.append(row)
    return pd.DataFrame(rows)


def beta_label(group: Group, likelihood: str, beta: float) -> str:
    """A β, and how many seeds collapse where others do not."""
    partly = group.partly_collapsed(likelihood, beta)
    return f"{beta_name(beta)} ({partly})" if partly else beta_name(beta)


def _marked(text: str, beta: float, means: pd.Series, metric: str, best: pd.DataFrame) -> str:
    better = METRICS[metric].better
    if not better or beta not in means:
        return text
    order = list(means.sort_values(ascending=better == "lower").index)
    chosen = members(best.loc[metric]) if metric in best.index else []
    quiet = NOT_EXCLUDED if beta in chosen and len(chosen) > 1 else ""
    return ranked(text, beta, order) + quiet


def against_autoencoder(group: Group) -> pd.DataFrame:
    """Autoencoder and VAE at the VAE's best β, a row per likelihood that has both."""
    rows: dict[str, dict] = {slug: {} for slug in group.likelihoods}
    for metric in AGAINST:
        for pair in pairs(group, metric):
            name = METRICS[pair.metric].header
            plain, vae = (rounded(v.mean(), v.sem(), DIGITS) for v in (pair.autoencoder, pair.vae))
            rows[pair.likelihood] |= {
                f"{name}: autoencoder": plain,
                f"{name}: VAE": f"{vae} ({beta_equals(pair.beta)})",
            }
    found = [{"likelihood": likelihood_name(slug)} | row for slug, row in rows.items() if row]
    return pd.DataFrame(found).fillna("–")


def effective_beta(rate_weight: float, pixels: float, sigma: float = math.nan) -> float:
    """The β that a loss amounts to when all its terms are summed.

    Args:
        rate_weight: of the KL beside an error of weight 1.
        pixels: how many the error is averaged over; 1 if it is summed.
        sigma: standard deviation s of the Gaussian whose squared error it is, which is 2 s² times
            its distortion; nan for a cross-entropy, which is a distortion.
    """
    return rate_weight * pixels / (1.0 if math.isnan(sigma) else 2 * sigma**2)


def recipes(path: Path) -> pd.DataFrame:
    """What popular losses amount to: the β that trains the same network with summed terms.

    Args:
        path: a table with the arguments of ``effective_beta`` for every loss.
    """
    losses = read_table(path)
    weights = zip(losses.rate_weight, losses.pixels, losses.sigma, strict=True)
    betas = [f"{effective_beta(*row):.3g}" for row in weights]
    return pd.DataFrame(
        {
            "loss": losses.loss,
            "likelihood it assumes": losses.likelihood,
            "β it amounts to": betas,
        }
    )


def sum_or_mean(group: Group) -> pd.DataFrame:
    """The trainings of ``mean_reduction.csv``, rounded."""
    trainings = group.table("mean_reduction")
    if trainings.empty:
        return trainings
    return pd.DataFrame(
        {
            "distortion in the loss": trainings.reduction + " over pixels",
            "β": trainings.beta.map(beta_name),
            "distortion (nats/image)": trainings.distortion.map("{:.2f}".format),
            "rate (nats/image)": (trainings.rate.round(4) + 0.0).map("{:.4f}".format),
            "active units": trainings.active_units,
        }
    )


def free_density(group: Group) -> pd.DataFrame:
    """The trainings of ``free_density.csv``, rounded."""
    trainings = group.table("free_density")
    if trainings.empty:
        return trainings
    return pd.DataFrame(
        {
            "continuous Bernoulli trained on": trainings.trained_on,
            "epochs": trainings.epoch,
            "log-density given the code (nats/image)": trainings.log_density.map("{:.1f}".format),
            "rate (nats/image)": trainings.rate.map("{:.1f}".format),
            "bits/dim (by the ELBO)": trainings.bits_per_dim.map("{:.3f}".format),
        }
    )
