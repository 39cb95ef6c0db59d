"""The notebook runs from top to bottom, and is committed with what it shows."""

import io

import matplotlib.pyplot as plt
import nbformat
import pytest
import torch
from test_workflow import ROOT

NOTEBOOK = ROOT / "notebooks" / "one_vae.ipynb"


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def code_of(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_committed_with_small_pictures_and_no_errors(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert all(o.output_type != "error" and o.get("name") != "stderr" for o in outputs)
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 10
    assert NOTEBOOK.stat().st_size < 300_000
    assert str(ROOT) not in NOTEBOOK.read_text()


def test_it_has_few_words(notebook):
    words = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert len(words.split()) < 700


@pytest.mark.slow
def test_its_cells_run_one_after_the_other(notebook, capsys, monkeypatch):
    """As plain Python, so that nothing of Jupyter is needed; its own assertions hold."""
    threads = torch.get_num_threads()
    monkeypatch.setattr(plt, "show", lambda: None)
    names: dict[str, object] = {}
    with plt.rc_context():
        for source in code_of(notebook):
            exec(compile(source, str(NOTEBOOK), "exec"), names)
            plt.close("all")
    torch.set_num_threads(threads)
    table = names["table"]
    assert table.rate.is_monotonic_decreasing  # a larger beta says less
    assert table.rate.iloc[-1] < 1 < table.rate.iloc[0]
    assert "closed form" in capsys.readouterr().out


@pytest.mark.slow
def test_it_runs_in_jupyter(notebook, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    copy = nbformat.reads(nbformat.writes(notebook), as_version=4)
    client = nbclient.NotebookClient(
        copy, timeout=600, resources={"metadata": {"path": str(ROOT)}}
    )
    client.execute()
    shown = io.StringIO()
    nbformat.write(copy, shown)
    assert shown.getvalue().count("image/png") >= 10
