"""What the rest of the page leaves out of the likelihood that it shows in full."""

import pandas as pd

from vae.metrics import METRICS, OF_SAMPLES, SPACES, without_space
from vae.reporting.group import Group
from vae.reporting.names import DIGITS, beta_name, rounded
from vae.reporting.page.tables import EVERY_BETA

FEATURES = {"": "classifier"} | {prefix: label for prefix, (label, _) in SPACES.items()}


def other_metrics(group: Group) -> pd.DataFrame:
    """Whatever else was measured against β: a row per metric, means over seeds."""
    shown = set(map(group.metric, EVERY_BETA))
    others = [m for m in METRICS if m not in shown and without_space(m) not in OF_SAMPLES]
    rows = [_against_beta(group, metric) for metric in others if metric in group.metric_names]
    return pd.DataFrame([row for row in rows if len(row) > 1]).fillna("–")


def _against_beta(group: Group, metric: str) -> dict[str, str]:
    vaes = group.values(group.featured, metric)
    autoencoder = group.autoencoder(group.featured, metric)
    row = {"metric": METRICS[metric].header}
    row |= {beta_name(beta): _mean(vaes[beta]) for beta in vaes}
    return row | ({"autoencoder": _mean(autoencoder)} if len(autoencoder) else {})


def samples_in_every_space(group: Group) -> pd.DataFrame:
    """Samples at the β that is best by FID: a row per metric, a column per feature space."""
    beta = group.best_mean(group.featured, "fid_prior")
    rows = []
    for name, metric in OF_SAMPLES.items():
        found = {label: _at(group, prefix + name, beta) for prefix, label in FEATURES.items()}
        rows.append({"metric": metric.header} | {k: text for k, text in found.items() if text})
    return pd.DataFrame([row for row in rows if len(row) > 1]).fillna("–")


def _at(group: Group, metric: str, beta: float | None) -> str:
    """The mean at one β; empty if this metric was not measured there."""
    measured = metric in group.metric_names and beta in group.values(group.featured, metric)
    return _mean(group.values(group.featured, metric)[beta]) if measured else ""


def _mean(values: pd.Series) -> str:
    """Over seeds, to the digits that its standard error supports."""
    return rounded(values.mean(), values.sem(), DIGITS)
