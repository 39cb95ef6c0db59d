"""What the page says in numbers: the tables of the results and the names in print."""

import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from matplotlib.colors import to_hex

from vae.configuration.sweep import group_name
from vae.metrics import COMPARABLE, METRICS, Metric
from vae.reporting.answers import GROUP_NAMES, answer_table
from vae.reporting.figures import style
from vae.reporting.names import beta_name, likelihood_name
from vae.results.table import CELL, GROUP, read_table

SYMBOLS = dict(
    zip(
        style.MARKERS,
        (
            "circle",
            "square",
            "diamond",
            "triangle-up",
            "triangle-down",
            "cross",
            "x",
            "triangle-left",
            "triangle-right",
        ),
        strict=True,
    )
)
"""The chart library's names for the report's markers."""


def table_data(results: Path) -> dict:
    """All numbers of the page, as plain JSON values; what is not known is None.

    Args:
        results: folder with ``metrics.csv`` and ``best_beta.csv``.

    Raises:
        InputError: if a table is missing.
    """
    metrics, best = (read_table(results / f"{name}.csv") for name in ("metrics", "best_beta"))
    return {
        "metrics": {name: described(name) for name in measured(metrics)},
        "groups": [_group(key, rows) for key, rows in metrics.groupby(GROUP, sort=False)],
        "likelihoods": line_looks(list(metrics.likelihood.unique())),
        "betas": [[beta, beta_name(beta)] for beta in sorted(metrics.beta.unique()) if beta > 0],
        "classes": [to_hex(colour) for colour in style.hues()],
        "cells": list(cells(metrics)),
        "best": list(answers(best)),
    }


def measured(metrics: pd.DataFrame) -> list[str]:
    """The metrics that the table has, in the order of the registry, unknown ones last."""
    found = set(metrics.metric)
    return [m for m in METRICS if m in found] + sorted(found - set(METRICS))


def described(name: str) -> dict:
    """What the registry says of a metric, and whether likelihoods cannot be compared by it.

    That is so for the distortion and for log-likelihoods and their bounds.
    """
    metric = METRICS.get(name) or Metric(name.replace("_", " "), "", "", "")
    bound = metric.better == "higher" and metric.unit.startswith("nats")
    incomparable = name == "distortion" or (bound and name not in COMPARABLE)
    return asdict(metric) | {"incomparable": incomparable}


def line_looks(likelihoods: list[str]) -> dict[str, dict]:
    """Name, colour, symbol and dashes of every likelihood, as in the report's figures."""
    return {
        slug: {
            "name": likelihood_name(slug),
            "colour": to_hex(line["color"]),
            "symbol": SYMBOLS[line["marker"]],
            "dash": "dash" if line["linestyle"] == "--" else "solid",
        }
        for slug, line in style.line_styles(likelihoods).items()
    }


def cells(metrics: pd.DataFrame) -> Iterable[dict]:
    """One entry per trained model, with its metrics and their standard errors by name."""
    for key, rows in metrics.assign(group=names(metrics)).groupby(["group", *CELL], sort=False):
        cell = dict(zip(["group", *CELL], key, strict=True))
        values, errors = (dict(zip(rows.metric, rows[c], strict=True)) for c in ("value", "se"))
        yield known(
            {column: cell[column] for column in ("group", "likelihood", "model", "beta", "seed")}
        ) | {"values": known(values), "errors": known(errors, keep_unknown=False)}


def answers(best: pd.DataFrame) -> Iterable[dict]:
    """Every row of ``best_beta.csv``, and under ``words`` what the report says of it."""
    words = answer_table(best).drop(columns=[*GROUP_NAMES, "criterion"], errors="ignore")
    rows = best.assign(group=names(best)).to_dict("records")
    for row, said in zip(rows, words.to_dict("records"), strict=True):
        yield known(row) | {"words": said}


def names(table: pd.DataFrame) -> pd.Series:
    """The name of every row's group, such as ``digits-mlp-10d``."""
    return table.apply(lambda row: group_name(*row[GROUP]), axis=1)


def _group(key: tuple, rows: pd.DataFrame) -> dict:
    return {
        "name": group_name(*key),
        **known(dict(zip(GROUP, key, strict=True))),
        "likelihoods": list(rows.likelihood.unique()),
        "betas": sorted(float(beta) for beta in rows[rows.model == "vae"].beta.unique()),
        "seeds": sorted(int(seed) for seed in rows.seed.unique()),
    }


def known(values: dict, keep_unknown: bool = True) -> dict:
    """``values`` as JSON knows them: no NumPy types, None for NaN, text for what is infinite."""
    plain = {name: _plain(value) for name, value in values.items()}
    return plain if keep_unknown else {n: v for n, v in plain.items() if v is not None}


def _plain(value: object) -> object:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
