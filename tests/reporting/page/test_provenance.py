"""What the report says about its own making."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest
from synthetic_results import benchmark, benchmark_file, build_results

from vae.configuration.benchmark import load_benchmark
from vae.reporting.page.provenance import (
    ROOT,
    command,
    graph,
    provenance,
    stage_table,
    stage_times,
    versions,
)


@pytest.fixture
def benchmarks(tmp_path: Path) -> Path:
    for name, text in {
        "train/one.tsv": benchmark_file(100),
        "train/two.tsv": benchmark_file(20),
        "train/of_an_older_configuration.tsv": benchmark_file(1000),
        "evaluate_likelihood/one.tsv": benchmark_file(300),
        "collect.tsv": benchmark_file(1, measured=False),
        "report.tsv": benchmark_file(5),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_running_times_are_summed_over_the_jobs_of_this_configuration(benchmarks):
    times = stage_times(benchmarks, ["one", "two"]).set_index("stage")
    assert list(times.index) == ["evaluate_likelihood", "train", "collect"]
    assert times.loc["train"].to_dict() == {"jobs": 2, "cpu": 60, "wall": 120, "memory": 612}
    assert times.loc["collect", ["cpu", "memory"]].isna().all()


def test_running_times_in_print_end_with_their_total(benchmarks):
    table = stage_table(stage_times(benchmarks, ["one", "two"])).set_index("stage")
    assert list(table.loc["collect"]) == [1, "–", "0:00:01", "–"]
    assert list(table.loc["all"]) == [4, "0:03:30", "0:07:01", "0.8"]


def test_versions_that_disagree_are_all_named():
    records = [{"versions": {"torch": v, "numpy": "2.4"}} for v in ("2.15", "2.14", "2.15")]
    assert versions(records) == {"torch": "2.15 and 2.14", "numpy": "2.4"}


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_command_names_the_file_that_holds_these_settings(path):
    assert f"--configfile config/{path.name} " in command(load_benchmark(path))


def test_the_command_for_settings_that_no_file_holds_names_the_run_s_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = benchmark(results="elsewhere")
    build_results(chosen, tmp_path / "elsewhere")
    (file,) = re.findall(r"--configfile (\S+)", command(chosen))
    assert load_benchmark(file) == chosen


def test_results_without_running_times_or_a_workflow(tmp_path):
    chosen = benchmark()
    build_results(chosen, tmp_path)
    for path in (tmp_path / "benchmarks").rglob("*.tsv"):
        path.unlink()
    found = provenance(chosen, chosen.sweeps, tmp_path, root=tmp_path)
    assert (found.stages, found.graph) == ("", "")
    assert found.devices == ["a made-up processor (2 cores)"]


def test_running_times_of_a_whole_run(tmp_path):
    chosen = benchmark()
    build_results(chosen, tmp_path)
    lines = provenance(chosen, chosen.sweeps, tmp_path).stages.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "evaluate likelihood",
        "train",
        "collect",
        "all",
    ]


def edges(mermaid: str) -> nx.DiGraph:
    """The graph of lines such as ``a --> b & c --> d``."""
    graph = nx.DiGraph()
    for line in mermaid.splitlines():
        steps = [re.findall(r"\w+", part) for part in line.split("-->")]
        for sources, targets in itertools.pairwise(steps):
            graph.add_edges_from((a, b) for a in sources for b in targets)
    return graph


def test_the_graph_is_that_of_the_rules(tmp_path):
    options = ["--directory", str(tmp_path), "--configfile", "config/config.yaml"]
    result = subprocess.run(
        [sys.executable, "-m", "snakemake", "--rulegraph", "mermaid-js", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.findall(r"(id\d+)\[(\w+)\]", result.stdout)
    names = {key: re.sub("^evaluate_.*", "evaluate", rule) for key, rule in found}
    rules = nx.relabel_nodes(edges(result.stdout), names)
    assert len(rules) > 10
    rules.remove_node("all")  # it has no other purpose than to name what is wanted
    drawn = edges(graph())
    assert set(drawn) == set(rules)
    # An arrow that follows from others is left out, or the picture could not be read.
    assert set(drawn.edges) == set(nx.transitive_reduction(rules).edges)
