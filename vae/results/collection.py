"""Gathering what the jobs of all sweeps wrote into one table each, whole or not at all."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from vae.configuration.sweep import Cell, Sweep, group_name
from vae.errors import InputError
from vae.files import read_json, reading, write_text
from vae.results.table import CELL, COLUMNS, SWEEP, cell_columns, read_table

Key = tuple  # the values of the columns CELL


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

    Raises:
        InputError: if a file is damaged, or a table has less, other or more rows than it owes:
            each of its metrics once for every cell of its sweep that is of the same model.
    """
    trained = pd.concat([_trained(Path(model)) for model in models])
    parts = [trained]
    for table in tables:
        with reading(table):
            parts.append(read_table(table))
            _check_rows(parts[-1], trained, Path(table))
    metrics = pd.concat([part for part in parts if not part.empty])
    twice = metrics[metrics.duplicated([*CELL, "metric"])]
    if not twice.empty:
        row = twice.iloc[0]
        raise InputError(f"{_name(row[CELL])}, {row.metric}: stands in two tables; name one")
    order = {key: i for i, key in enumerate(metrics.groupby(SWEEP, sort=False).groups)}
    metrics["order"] = [order[key] for key in metrics[SWEEP].itertuples(index=False, name=None)]
    metrics = metrics.sort_values(["order", "model", "beta", "seed", "metric"], kind="stable")
    write_text(output, metrics.to_csv(index=False, columns=COLUMNS))


def _trained(model: Path) -> pd.DataFrame:
    record = read_json(model / "sweep.json")
    with reading(model / "sweep.json", "train the sweep again"):
        return training_metrics(record)


def _check_rows(part: pd.DataFrame, trained: pd.DataFrame, path: Path) -> None:
    """Raise unless ``part`` has each of its metrics once for each cell that owes it."""
    if list(part.columns) != COLUMNS:
        raise InputError(f"{path} is no table of metrics: delete it and run again")
    cells = trained[trained.metric == "diverged"]
    sweeps = {key[: len(SWEEP)] for key in _keys(part)} or {_sweep_of_folder(path, cells)}
    owing = {key for key in _keys(cells) if key[: len(SWEEP)] in sweeps}
    measured = cells[(cells.value == 0) & (cells.model == "vae")]
    _same(owing & _keys(measured), _keys(part) & _keys(measured), "everything", path)
    for (model, metric), rows in part.groupby(["model", "metric"]):
        found = _keys(rows)
        _same({key for key in owing if key[len(SWEEP)] == model}, found, metric, path)
        if len(found) < len(rows):
            raise InputError(f"{path} has {metric} twice: delete it and run again")


def _same(owed: set[Key], found: set[Key], metric: str, path: Path) -> None:
    for problem, keys in (("lacks what", owed - found), ("has more than", found - owed)):
        if keys:
            what = f"{metric} of {_name(min(keys))}"
            raise InputError(f"{path} {problem} it owes, {what}: delete it and run again")


def _keys(rows: pd.DataFrame) -> set[Key]:
    return set(rows[CELL].itertuples(index=False, name=None))


def _sweep_of_folder(path: Path, cells: pd.DataFrame) -> Key:
    """The sweep whose slug is the name of the folder that holds the empty table ``path``."""
    names = {_name(key).split("/")[0]: key[: len(SWEEP)] for key in _keys(cells)}
    return names.get(path.parent.name, ())


def _name(key: Iterable) -> str:
    *group, likelihood, model, beta, seed = key
    return f"{group_name(*group)}-{likelihood}/{Cell(model, beta, seed).slug}"


def collect_others(tables: Iterable[Path], output: Path) -> None:
    """Write all rows of the ``tables`` with the same file name to one of that name in ``output``.

    Raises:
        InputError: if a table is missing, damaged or named twice.
    """
    tables = [Path(table) for table in tables]
    if len({table.resolve() for table in tables}) < len(tables):
        raise InputError("a table is named twice: name each once")
    for name in dict.fromkeys(table.name for table in tables):
        parts = [read_table(table) for table in tables if table.name == name]
        write_text(output / name, pd.concat(parts).to_csv(index=False))


def collect_history(models: Iterable[Path], output: Path) -> None:
    """Write the training histories of all sweeps as one table, with the columns of ``CELL``."""
    parts = []
    for model in models:
        sweep = Sweep.from_dict(read_json(Path(model) / "sweep.json")["sweep"])
        history = read_table(Path(model) / "history.csv")
        if set(history[CELL[-3:]].itertuples(index=False, name=None)) != {
            (cell.model, cell.beta, cell.seed) for cell in sweep.cells
        }:
            raise InputError(f"{model}/history.csv lacks a cell: train the sweep again")
        shared = {k: v for k, v in cell_columns(sweep, sweep.cells[0]).items() if k not in history}
        parts.append(history.assign(**shared)[[*CELL, *history.columns[3:]]])
    write_text(output, pd.concat(parts).to_csv(index=False))
