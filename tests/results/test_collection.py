"""Tables are gathered whole or not at all."""

import json
from pathlib import Path

import pandas as pd
import pytest

from vae.evaluation.images import evaluate
from vae.files import note, write_text
from vae.results.collection import collect, collect_others
from vae.results.table import CELL, COLUMNS


@pytest.fixture
def tables(trained, tmp_path):
    """A table of metrics that every cell has, with its digest, and the sweep's folder."""
    folder = tmp_path / trained.sweep.slug
    rows = [
        {**identity(trained, cell), "metric": metric, "value": cell.beta + cell.seed, "se": 0.1}
        for cell in trained.cells
        for metric in ("mse", "elbo")
    ]
    write_text(folder / "a.csv", pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False))
    return folder


def identity(trained, cell) -> dict:
    sweep = trained.sweep
    names = (sweep.dataset, sweep.network.name, sweep.latent_dim, sweep.likelihood.slug)
    return dict(zip(CELL, (*names, cell.model, cell.beta, cell.seed), strict=True))


def rewrite(path: Path, lines: list[str]) -> None:
    """Change a table and its digest with it: only what it owes can tell."""
    write_text(path, "".join(lines))


def test_whole_tables_are_gathered(trained, tables, tmp_path):
    collect([trained.directory], [tables / "a.csv"], tmp_path / "metrics.csv")
    metrics = pd.read_csv(tmp_path / "metrics.csv")
    assert (metrics.groupby("metric").size() == len(trained.cells)).all()
    assert set(metrics.metric) == {"mse", "elbo", "diverged", "best_epoch", "epochs", "converged"}


CHANGES = {
    "a row less": lambda lines: lines[:-1],
    "a row less in the middle": lambda lines: [*lines[:5], *lines[6:]],
    "a cell less": lambda lines: lines[:-2],
    "no VAE": lambda lines: [line for line in lines if ",vae," not in line],
    "the header alone": lambda lines: lines[:1],
    "a row twice": lambda lines: [*lines, lines[-1]],
    "an unknown β": lambda lines: [*lines, lines[-1].replace(",1.0,", ",3.0,")],
    "another sweep": lambda lines: [line.replace("bernoulli", "beta") for line in lines],
    "half a line": lambda lines: [*lines[:-1], lines[-1][:20]],
    "no header": lambda lines: lines[1:],
    "empty": lambda lines: [],
    "no table": lambda lines: ["\0\1\2"],
}


@pytest.mark.parametrize("change", CHANGES)
def test_less_other_or_more_than_is_owed_is_refused(
    trained, tables, tmp_path, input_error, change
):
    lines = (tables / "a.csv").read_text().splitlines(keepends=True)
    rewrite(tables / "a.csv", CHANGES[change](lines))
    with input_error(tables / "a.csv"):
        collect([trained.directory], [tables / "a.csv"], tmp_path / "metrics.csv")
    assert not (tmp_path / "metrics.csv").exists()


def test_a_table_named_twice(trained, tables, tmp_path, input_error):
    with input_error("two tables"):
        collect([trained.directory], [tables / "a.csv"] * 2, tmp_path / "metrics.csv")
    with input_error("twice"):
        collect_others([tables / "a.csv"] * 2, tmp_path)


def test_a_changed_table_is_refused(trained, tables, tmp_path, input_error):
    text = (tables / "a.csv").read_text()
    (tables / "a.csv").write_text(text.replace("0.5", "0.7"))
    with input_error(tables / "a.csv", "SHA-256"):
        collect_others([tables / "a.csv"], tmp_path)


def test_a_changed_record_is_refused(trained, tables, tmp_path, input_error):
    record = tmp_path / "models" / "sweep.json"
    record.parent.mkdir()
    original = trained.directory / "sweep.json"
    record.write_bytes(original.read_bytes().replace(b"trained", b"diverged"))
    note(record).write_bytes(note(original).read_bytes())
    with input_error(record, "SHA-256"):
        collect([record.parent], [tables / "a.csv"], tmp_path / "metrics.csv")


@pytest.mark.parametrize("content", ["{}", '{"sweep": 3}', '{"sweep": {"dataset": "digits"}}'])
def test_a_record_of_something_else(tables, tmp_path, input_error, content):
    record = tmp_path / "models" / "sweep.json"
    record.parent.mkdir()
    record.write_text(content)
    with input_error("sweep"):
        collect([record.parent], [tables / "a.csv"], tmp_path / "metrics.csv")


def test_what_an_evaluation_writes_is_owed(trained, digits, tmp_path):
    """The tables of the program itself fit the rule."""
    measurements = evaluate(trained, digits, "cpu", seed=0)
    path = tmp_path / trained.sweep.slug / "images.csv"
    write_text(path, measurements.table.to_csv(index=False))
    collect([trained.directory], [path], tmp_path / "metrics.csv")


def test_a_sweep_that_diverged_as_a_whole_owes_nothing(trained, tables, tmp_path):
    record = json.loads((trained.directory / "sweep.json").read_text())
    for entry in record["cells"]:
        entry["status"] = "diverged"
    write_text(tmp_path / "models" / "sweep.json", json.dumps(record))
    rewrite(tables / "a.csv", [",".join(COLUMNS) + "\n"])
    collect([tmp_path / "models"], [tables / "a.csv"], tmp_path / "metrics.csv")
    metrics = pd.read_csv(tmp_path / "metrics.csv")
    assert (metrics[metrics.metric == "diverged"].value == 1).all()
