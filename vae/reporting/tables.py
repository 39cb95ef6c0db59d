"""The tables of the report."""

from collections.abc import Sequence

import pandas as pd

from vae.comparison import best_betas
from vae.metrics import METRICS, available
from vae.reporting.answers import GROUP_NAMES, members
from vae.reporting.names import beta_name, likelihood_name, with_error
from vae.scores import by_beta

COMPARED = ("mse_mean", "fid_reconstruction", "fid_gmm")
LIKELIHOOD_COLUMNS = (
    "elbo",
    "log_likelihood_binarised",
    "bits_per_dim",
    "rate",
    "active_units",
)
IMAGE_COLUMNS = (
    "mse",
    "high_frequency_energy",
    "fid_prior",
    "kid_prior",
    "fid_gmm",
    "fid_reconstruction",
)
TIED = " ≈"  # stands behind values that cannot be told from the best


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


def metric_table(
    metrics: pd.DataFrame,
    best: pd.DataFrame,
    columns: Sequence[str],
    bernoulli_floor: float = 0.0,
) -> pd.DataFrame:
    """One sweep's metrics, a row per model and β: mean over seeds ± its standard error.

    The best β of a column is bold; those that cannot be told from it are marked with ``TIED``.

    Args:
        best: the sweep's rows of ``best_beta.csv``.
        columns: names of metrics; those that were not measured are left out.
        bernoulli_floor: least distortion of a Bernoulli likelihood on grey images, in nats; 0
            where there is none. It is taken off for display.
    """
    measured = set(metrics.metric)
    names = [name for name in (available(n, measured) for n in columns) if name in measured]
    marks = _marks(metrics, best, names)
    rows = []
    for (model, beta), cell in metrics.groupby(["model", "beta"], sort=False):
        row = {"β": "autoencoder" if model == "ae" else beta_name(beta)}
        if bernoulli_floor:
            row["distortion above its floor"] = _seed_mean(cell, "distortion", bernoulli_floor)
        for name in names:
            text = _seed_mean(cell, name)
            mark = marks.get((name, beta), "{}") if model == "vae" else "{}"
            row[METRICS[name].header] = mark.format(text)
        rows.append(row)
    return pd.DataFrame(rows)


def _seed_mean(cell: pd.DataFrame, metric: str, floor: float = 0.0) -> str:
    values = cell.value[cell.metric == metric].dropna() - floor
    return with_error(values.mean(), values.sem()) if len(values) else "–"


def _marks(metrics: pd.DataFrame, best: pd.DataFrame, names: list[str]) -> dict[tuple, str]:
    """How to print a metric at a β, where it is the best or cannot be told from it.

    Metrics that are no criteria of this run are compared over seeds here.
    """
    others = [n for n in names if METRICS[n].better and n not in set(best.criterion)]
    tables = (best, best_betas(metrics, None, others, curves=False))
    answers = [row for table in tables for _, row in table.iterrows()]
    marks = {
        (r.criterion, beta): "{}" + TIED for r in answers if r.betas > 1 for beta in members(r)
    }
    return marks | {(row.criterion, row.best_beta): "**{}**" for row in answers}


def against_autoencoder(metrics: pd.DataFrame) -> pd.DataFrame:
    """Autoencoder and best VAE side by side, a row per likelihood, where both have a value."""
    rows, measured = [], set(metrics.metric)
    for likelihood, cells in metrics.groupby("likelihood", sort=False):
        row = {"likelihood": likelihood_name(likelihood)}
        for name in (available(name, measured) for name in COMPARED):
            ae = cells[(cells.model == "ae") & (cells.metric == name)].value.dropna()
            vae = by_beta(cells, name)
            if ae.empty or vae.empty:
                continue
            best = (vae if METRICS[name].better == "lower" else -vae).mean().idxmin()
            label = METRICS[name].label
            value = with_error(vae[best].mean(), vae[best].sem())
            row[f"{label}: autoencoder"] = with_error(ae.mean(), ae.sem())
            row[f"{label}: best VAE"] = f"{value} (β = {beta_name(best)})"
        rows.append(row)
    return pd.DataFrame([row for row in rows if len(row) > 1]).fillna("–")


def effective_beta(squared_error_weight: float, rate_weight: float, sigma: float = 1.0) -> float:
    """β of the loss a SE + b KL for a Gaussian decoder with standard deviation s: b / (2 a s²).

    SE is the squared error summed over pixels; a mean over D pixels has a = 1/D.
    """
    return rate_weight / (2 * squared_error_weight * sigma**2)


def recipes() -> pd.DataFrame:
    """What popular losses amount to: the β that trains the same network with summed terms."""
    grey, colour = 28 * 28, 64 * 64 * 3
    rows = [
        ("squared error, summed, + KL", "Gaussian, σ = 1", effective_beta(1, 1)),
        (
            "squared error, mean over 28×28 pixels, + KL",
            "Gaussian, σ = 1",
            effective_beta(1 / grey, 1),
        ),
        ("binary cross-entropy, mean over 28×28 pixels, + KL", "Bernoulli", float(grey)),
        (
            "squared error, mean over 64×64×3 pixels, + 0.00025 KL",
            "Gaussian, σ = 1",
            effective_beta(1 / colour, 0.00025),
        ),
    ]
    table = pd.DataFrame(rows, columns=["loss", "likelihood it assumes", "β it amounts to"])
    return table.assign(**{"β it amounts to": table["β it amounts to"].map("{:.3g}".format)})


def mean_loss_table(trainings: pd.DataFrame) -> pd.DataFrame:
    """The trainings of ``mean_loss.csv``, rounded."""
    return pd.DataFrame(
        {
            "distortion in the loss": trainings.reduction + " over pixels",
            "β": trainings.beta.map(beta_name),
            "distortion (nats/image)": trainings.distortion.map("{:.2f}".format),
            "rate (nats/image)": trainings.rate.map("{:.4f}".format),
            "active units": trainings.active_units,
            "MSE per pixel": trainings.mse.map("{:.4f}".format),
        }
    )


def without_constants(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[n for n in GROUP_NAMES if n in frame and frame[n].nunique() == 1])
