"""Published values beside ours, with a verdict; they are data, in ``published*.csv``."""

from pathlib import Path

import numpy as np
import pandas as pd

from vae.metrics import METRICS
from vae.reporting.group import Group
from vae.reporting.names import likelihood_name, with_error
from vae.results.table import read_table

SURE = 2.0  # standard errors


def published_values(folder: Path, group: Group) -> pd.DataFrame:
    """A row per published value of the group's dataset that was measured here in the same way.

    Args:
        folder: of ``published.csv``: metrics of ours, with our sign; ``likelihood`` is empty where
            any may stand beside it, ``model`` where we train nothing alike.
    """
    table = read_table(folder / "published.csv").fillna({"model": "", "likelihood": ""})
    of = (table.dataset == group.metrics.dataset.iloc[0]) & table.metric.isin(group.metric_names)
    return pd.DataFrame(
        [
            {
                "published": row.setting,
                "metric": METRICS[row.metric].label,
                "value": f"{row.value:g}",
                "ours": ours(group, row),
                "verdict": verdict(group, row),
                "source": f"{row.source} ({row.read})",
            }
            for row in table[of].itertuples()
        ]
    )


def nearest(group: Group, row) -> pd.DataFrame:
    """Ours in the cell of a published value: ``with_errors``."""
    rows = group.rows(row.metric, row.model)
    rows = rows[rows.beta == row.beta]
    rows = rows[rows.likelihood == row.likelihood] if row.likelihood else rows
    return with_errors(rows)


def with_errors(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds by likelihood: ``value``, and ``se`` of seeds and test images together."""
    cells = rows.groupby("likelihood", sort=False)
    seeds = cells.value.sem().fillna(0)
    se = np.hypot(seeds, cells.se.mean().fillna(0))
    return pd.DataFrame({"value": cells.value.mean(), "se": se})


def ours(group: Group, row) -> str:
    """All of them in print."""
    values = nearest(group, row)
    names = [f" ({likelihood_name(slug)})" if len(values) > 1 else "" for slug in values.index]
    found = [with_error(value, se) for value, se in values.itertuples(index=False)]
    return "<br>".join(map("".join, zip(found, names, strict=True))) or "–"


def verdict(group: Group, row) -> str:
    """Who is better, and what else differs."""
    values = nearest(group, row)
    if values.empty:
        return row.differs
    higher = METRICS[row.metric].better == "higher"
    best = values.loc[values.value.idxmax() if higher else values.value.idxmin()]
    word = "better" if (best.value > row.value) == higher else "worse"
    if abs(best.value - row.value) <= SURE * best.se:
        word = "not told apart"
    size = f", {row.latent_dim} latent dimensions" if row.latent_dim != group.latent_dim else ""
    return f"ours {word}; theirs: {row.differs}{size}"
