"""Gathering what the jobs of all sweeps wrote into one table each."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from vae.files import read_json, write_text
from vae.sweep import Cell, Sweep
from vae.table import CELL, COLUMNS, SWEEP, cell_columns


def training_metrics(record: dict) -> pd.DataFrame:
    """What ``sweep.json`` says of each cell, as metrics: how it ended and when."""
    sweep = Sweep.from_dict(record["sweep"])
    rows = []
    for entry in record["cells"]:
        columns = cell_columns(sweep, Cell(entry["model"], entry["beta"], entry["seed"]))
        values = {
            "diverged": entry["status"] == "diverged",
            **{name: entry[name] for name in ("converged", "epochs", "best_epoch")},
        }
        rows += [{**columns, "metric": name, "value": float(v)} for name, v in values.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def collect(models: Iterable[Path], tables: Iterable[Path], output: Path) -> None:
    """Write ``metrics.csv``: the rows of ``tables`` and of every training record.

    Sweeps keep the order of ``models``; within one, rows are sorted by cell, then metric.
    """
    records = [read_json(Path(model) / "sweep.json") for model in models]
    parts = [training_metrics(record) for record in records] + [pd.read_csv(t) for t in tables]
    metrics = pd.concat([part for part in parts if not part.empty])
    order = {key: i for i, key in enumerate(metrics.groupby(SWEEP, sort=False).groups)}
    metrics["order"] = [order[key] for key in metrics[SWEEP].itertuples(index=False, name=None)]
    metrics = metrics.sort_values(["order", "model", "beta", "seed", "metric"], kind="stable")
    write_text(output, metrics.to_csv(index=False, columns=COLUMNS))


def concatenate(tables: Iterable[Path], output: Path) -> None:
    """Write all rows of ``tables`` to ``output``."""
    parts = [pd.read_csv(table) for table in tables]
    write_text(output, pd.concat(parts).to_csv(index=False))


def collect_history(models: Iterable[Path], output: Path) -> None:
    """Write the training histories of all sweeps as one table, with the columns of ``CELL``."""
    parts = []
    for model in models:
        sweep = Sweep.from_dict(read_json(Path(model) / "sweep.json")["sweep"])
        history = pd.read_csv(Path(model) / "history.csv")
        shared = {k: v for k, v in cell_columns(sweep, sweep.cells[0]).items() if k not in history}
        parts.append(history.assign(**shared)[[*CELL, *history.columns[3:]]])
    write_text(output, pd.concat(parts).to_csv(index=False))
