"""The table of answers: which β is best, for which likelihood, by which criterion, how sure."""

import pandas as pd

from vae.errors import InputError
from vae.metrics import CRITERIA, METRICS
from vae.reporting.names import beta_name, likelihood_name, rounded, with_error
from vae.table import SWEEP

GROUP_NAMES = ("dataset", "network", "latent size")


def select(best: pd.DataFrame, **filters: object) -> pd.DataFrame:
    """Rows of ``best_beta.csv`` that match every filter that is not None.

    Raises:
        InputError: naming what there is, if a filter matches nothing.
    """
    for key, value in filters.items():
        if value is None:
            continue
        known = sorted(best[key].unique())
        best = best[best[key] == value]
        if best.empty:
            choices = ", ".join(map(str, known))
            raise InputError(
                f"--{key.replace('_', '-')} {value}: not in the results; there is {choices}"
            )
    return best


def beta_set(row: pd.Series) -> str:
    """The βs not distinguishable from the best, or why there is no such set."""
    if pd.isna(row.indistinguishable_betas):
        return "unknown (one seed)"
    return ", ".join(beta_name(float(beta)) for beta in str(row.indistinguishable_betas).split())


def best_cell(row: pd.Series) -> str:
    """The best β, marked where it lies at the edge of the grid."""
    if row.betas == 1:
        return f"{beta_name(row.best_beta)} (the only one)"
    return beta_name(row.best_beta) + (" (edge of the grid)" if row.at_edge else "")


def difference(row: pd.Series) -> str:
    """The paired difference to β = 1 with its 95 % interval."""
    if row.best_beta == 1:
        return "is β = 1"
    if pd.isna(row.difference_to_beta_1):
        return "no β = 1"
    if pd.isna(row.difference_low):
        return f"{rounded(row.difference_to_beta_1)} (one seed: no interval)"
    half = (row.difference_high - row.difference_low) / 2
    low, high, middle = (
        rounded(v, half / 2)
        for v in (row.difference_low, row.difference_high, row.difference_to_beta_1)
    )
    return f"{middle} [{low}, {high}]"


def answer_table(best: pd.DataFrame) -> pd.DataFrame:
    """The answers as strings, a row per sweep and criterion."""
    rows = [
        {
            **dict(zip(GROUP_NAMES, (row.dataset, row.network, row.latent_dim), strict=True)),
            "likelihood": likelihood_name(row.likelihood),
            "criterion": f"{METRICS[row.criterion].label} ({row.better} is better)",
            "best β": best_cell(row),
            "not distinguishable": beta_set(row),
            "value at best β": with_error(row.value, row.se),
            "difference to β = 1": difference(row),
        }
        for _, row in best.iterrows()
    ]
    return pd.DataFrame(rows)


def summary_table(best: pd.DataFrame) -> pd.DataFrame:
    """One row per sweep, one column per criterion: the best β and those not distinguishable."""
    names = [name for name in CRITERIA if name in set(best.criterion)]
    rows = []
    for key, sweep in best.groupby(SWEEP, sort=False):
        *group, likelihood = key
        row = dict(zip(GROUP_NAMES, group, strict=True)) | {
            "likelihood": likelihood_name(likelihood)
        }
        answers = {answer.criterion: answer for _, answer in sweep.iterrows()}
        for name in names:
            cell = "–"
            if name in answers:
                cell = f"**{best_cell(answers[name])}**<br>{beta_range(answers[name])}"
            row[f"best β by {METRICS[name].label}"] = cell
        rows.append(row)
    return pd.DataFrame(rows)


def beta_range(row: pd.Series) -> str:
    """The set of ``beta_set`` in the fewest characters."""
    if pd.isna(row.indistinguishable_betas):
        return "one seed: no set"
    return "{" + beta_set(row) + "}"


def terminal_table(best: pd.DataFrame) -> str:
    """The answers for a terminal."""
    return answer_table(best).to_string(index=False)
