"""Published tables: what a run has finished, put together with what others published before."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from synthetic_results import benchmark, build_results

from vae.__main__ import main
from vae.configuration.benchmark import Benchmark
from vae.configuration.jobs import JOBS, configured
from vae.configuration.sweep import Cell
from vae.errors import InputError
from vae.files import read_json, sha256, write_json, write_text
from vae.reporting.figures.catalogue import FROM_MODELS, GALLERY
from vae.reporting.page.publish import TEMPLATE, render_published
from vae.reporting.page.render import render
from vae.results import publication
from vae.results.origin import note_origin
from vae.results.per_image import PerImage, save_per_image
from vae.results.publication import (
    DETAILS,
    MEASUREMENTS,
    OF_A_DATASET,
    ORIGINS,
    SPACES,
    _copy_sweep,
    _copy_times,
    blocks,
    finished,
    in_other_spaces,
    origins,
    publish,
    published,
    unpublished,
)
from vae.results.table import SWEEP, read_table

OF_RECORDS = ("diverged", "converged", "epochs", "best_epoch")
CHANGES = {
    "datasets": ["digits", "mnist"],
    "likelihoods": ["bernoulli", "beta"],
    "criteria": ["bits_per_dim", "fid_prior"],
}
TABLES = ("metrics", "best_beta", "best_likelihood", "references", "dimensions", "spectra")


def a_run(chosen: Benchmark, root: Path) -> Path:
    """The folder ``root`` of a finished run: a table per job, no weights."""
    results = root / chosen.results
    build_results(chosen, results)
    tables = {path.stem: pd.read_csv(path) for path in results.glob("*.csv")}
    for slug, sweep in chosen.sweeps.items():
        folder = results / "metrics" / slug
        for name in ("metrics", "dimensions", "spectra", "history"):
            rows = of_sweep(tables[name], sweep)
            if name == "metrics":
                rows = rows[~rows.metric.isin(OF_RECORDS)]
                part = rows.groupby("metric").ngroup() % len(MEASUREMENTS)
                for i, measurement in enumerate(MEASUREMENTS):
                    save(rows[part == i], folder / f"{measurement}.csv")
            elif name == "history":
                path = results / "models" / slug / "history.csv"
                save(rows.drop(columns=SWEEP), path)
            else:
                save(rows, folder / f"{name}.csv")
        write_npz(folder / "likelihood.npz", [cell.slug for cell in sweep.cells])
    for pattern in OF_A_DATASET:
        for dataset in chosen.dataset_names:
            table = tables[Path(pattern).stem]
            save(table[table.dataset == dataset], results / pattern.format(dataset))
    for path in results.glob("*.csv"):
        path.unlink()
    return root


def of_sweep(table: pd.DataFrame, sweep) -> pd.DataFrame:
    chosen = table.dataset == sweep.dataset
    return table[chosen & (table.likelihood == sweep.likelihood.slug)]


def save(table: pd.DataFrame, path: Path) -> None:
    write_text(path, table.to_csv(index=False))


def write_npz(path: Path, cells: list[str]) -> None:
    stream = np.random.default_rng(0)
    names = ("bits_per_dim", "mse")
    np.savez(path, **{f"{c}/{name}": stream.normal(size=50) for c in cells for name in names})


def without(root: Path, chosen: Benchmark, slugs: list[str]) -> Path:
    """The same run before it measured ``slugs``."""
    for slug in slugs:
        shutil.rmtree(root / chosen.results / "metrics" / slug)
    return root


@pytest.fixture(scope="module")
def chosen() -> Benchmark:
    return benchmark(**CHANGES)


@pytest.fixture(scope="module")
def run(chosen, tmp_path_factory) -> Path:
    return a_run(chosen, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def at_once(chosen, run, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("at_once")
    publish(chosen, run, folder)
    return folder


def test_published_piece_by_piece_is_published_at_once(chosen, run, at_once, tmp_path):
    last, *others = reversed(chosen.sweeps)
    partial = without(shutil.copytree(run, tmp_path / "partial"), chosen, others)
    folder = tmp_path / "tables"
    assert list(publish(chosen, partial, folder)) == [last]
    elsewhere = without(shutil.copytree(run, tmp_path / "other"), chosen, [last])
    assert set(publish(chosen, elsewhere, folder)) == set(others)
    for name in TABLES:
        pd.testing.assert_frame_equal(
            read_table(folder / f"{name}.csv"), read_table(at_once / f"{name}.csv")
        )
    assert list(published(chosen, folder)) == list(chosen.sweeps)


def test_publishing_again_changes_nothing(chosen, run, at_once, tmp_path):
    folder = shutil.copytree(at_once, tmp_path / "tables")
    publish(chosen, run, folder)
    publish(chosen, tmp_path / "no run at all", folder)
    for name in TABLES:
        assert sha256(folder / f"{name}.csv") == sha256(at_once / f"{name}.csv")


def test_what_is_not_published_is_what_the_workflow_must_make(chosen, run, tmp_path):
    last = list(chosen.sweeps)[-1]
    folder = tmp_path / "tables"
    publish(chosen, without(shutil.copytree(run, tmp_path / "run"), chosen, [last]), folder)
    lacking = unpublished(chosen, folder)
    assert list(lacking) == [last]
    assert {path for path in lacking[last] if not (tmp_path / "run" / path).is_file()} == {
        f"{chosen.results}/metrics/{last}/{name}.csv" for name in (*MEASUREMENTS, *DETAILS)
    }


def test_sweeps_of_another_configuration_are_never_overwritten(
    run, at_once, tmp_path, input_error
):
    folder = shutil.copytree(at_once, tmp_path / "tables")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    other = benchmark(**CHANGES | {"likelihoods": ["bernoulli"]})
    for ask in (lambda: publish(other, run, folder), lambda: unpublished(other, folder)):
        with input_error("digits-mlp-4d-beta", folder):
            ask()
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_interrupted_publication_is_not_taken_for_a_complete_one(
    chosen, run, tmp_path, monkeypatch
):
    folder = tmp_path / "tables"
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(publication, "compare", Mock(side_effect=KeyboardInterrupt))
        publish(chosen, run, folder)
    assert list(unpublished(chosen, folder)) == list(chosen.sweeps)
    publish(chosen, run, folder)
    assert not unpublished(chosen, folder)


def noted(root: Path, chosen: Benchmark, **changes: dict) -> Path:
    """The run, its tables noting by commit abc1234 how they were measured."""
    results, made = root / chosen.results, {"commit": "abc1234", "date": "2020-02-02"}
    for job in JOBS:
        for slug in chosen.sweeps:
            note = {"settings": configured(chosen.evaluation, job.name), "parts": {}} | made
            record = read_json(results / "models" / slug / "sweep.json")
            note["parts"] = {"weights": record.get("weights")}
            path = results / "metrics" / slug / f"{job.name}.json"
            write_json(path, note | changes.get(job.name, {}))
    return root


def test_only_what_was_measured_as_configured_is_finished(chosen, run, tmp_path):
    root = noted(shutil.copytree(run, tmp_path / "run"), chosen)
    results = root / chosen.results
    assert list(finished(chosen, results)) == list(chosen.sweeps)
    more = replace(chosen.evaluation, importance_samples=chosen.evaluation.importance_samples + 1)
    assert not finished(replace(chosen, evaluation=more), results)
    noted(root, chosen, samples={"parts": {"weights": "those of an earlier training"}})
    assert not finished(chosen, results)


def in_spaces(root: Path, chosen: Benchmark, content: str) -> Path:
    """The run, all of whose samples were measured in feature spaces of that content."""
    results = root / chosen.results
    for dataset in chosen.dataset_names:
        write_text(results / SPACES.format(dataset), content)
    for slug, sweep in chosen.sweeps.items():
        path = results / "metrics" / slug / "samples.json"
        parts = {"spaces": sha256(results / SPACES.format(sweep.dataset))}
        note = read_json(path)
        write_json(path, note | {"parts": note["parts"] | parts})
    return root


def test_fids_of_several_feature_spaces_are_never_published_together(
    chosen, run, tmp_path, input_error
):
    first, last = (list(chosen.sweeps)[i] for i in (0, -1))
    others = [slug for slug in chosen.sweeps if slug != first]
    roots = [noted(shutil.copytree(run, tmp_path / name), chosen) for name in ("a", "b")]
    folder = tmp_path / "tables"
    one = without(in_spaces(roots[0], chosen, "one"), chosen, others)
    assert list(publish(chosen, one, folder)) == [first]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    another = in_spaces(roots[1], chosen, "another")
    with input_error("feature_spaces", folder / "features", roots[1] / chosen.results):
        publish(chosen, another, folder)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    publish(chosen, in_spaces(another, chosen, "one"), folder)
    assert last in published(chosen, folder) and not in_other_spaces(folder, chosen.sweeps)


def test_published_fids_of_unknown_feature_spaces_are_told(chosen, run, tmp_path):
    folder, last = tmp_path / "tables", list(chosen.sweeps)[-1]
    publish(chosen, run, folder)  # which notes no spaces and has none
    assert not in_other_spaces(folder, chosen.sweeps)
    others = [slug for slug in chosen.sweeps if slug != last]
    new = in_spaces(noted(shutil.copytree(run, tmp_path / "run"), chosen), chosen, "one")
    publish(chosen, without(new, chosen, others), folder)
    assert in_other_spaces(folder, chosen.sweeps) == [
        slug for slug in others if chosen.sweeps[slug].dataset == chosen.sweeps[last].dataset
    ]
    write_json(folder / "config.json", asdict(chosen))
    render(folder / "config.json", folder, TEMPLATE, tmp_path / "report.md")
    line = next(
        line
        for line in (tmp_path / "report.md").read_text(encoding="utf-8").splitlines()
        if line.startswith(f"* FIDs of {chosen.sweeps[last].dataset}")
    )
    assert "Bernoulli" in line and chosen.sweeps[last].likelihood.title not in line


def test_a_dataset_s_references_are_as_configured(chosen, run, tmp_path):
    results = shutil.copytree(run, tmp_path / "run") / chosen.results
    for dataset, epochs in {"digits": 20, "mnist": 3}.items():
        settings = configured(chosen.evaluation, "features") | {"classifier_epochs": epochs}
        note_origin(results / "features" / dataset / "references.csv", settings)
    assert {sweep.dataset for sweep in finished(chosen, results).values()} == {"digits"}


def test_tables_say_which_commit_measured_them(chosen, run, tmp_path):
    folder = tmp_path / "tables"
    publish(chosen, noted(shutil.copytree(run, tmp_path / "run"), chosen), folder)
    assert {name for o in origins(folder).values() for name in o["commits"]} == {"abc1234"}
    publish(chosen, run, folder)  # whose tables do not say
    assert {name for o in origins(folder).values() for name in o["commits"]} == {"abc1234"}


@pytest.mark.parametrize(("date", "taken"), [("2020-02-01", False), ("2020-02-03", True)])
def test_what_a_later_commit_measured_stays(chosen, run, tmp_path, date, taken):
    folder, first = tmp_path / "tables", next(iter(chosen.sweeps))
    publish(chosen, noted(shutil.copytree(run, tmp_path / "run"), chosen), folder)
    again = noted(shutil.copytree(run, tmp_path / "again"), chosen)
    for path in (again / chosen.results / "metrics" / first).glob("*.json"):
        write_json(path, read_json(path) | {"commit": "fffffff", "date": date})
    assert (first in publish(chosen, again, folder)) == taken
    assert ("fffffff" in origins(folder)[first]["commits"]) == taken


def test_other_feature_spaces_are_refused_before_anything_is_trained(
    chosen, run, tmp_path, input_error, monkeypatch
):
    folder, last = tmp_path / "tables", list(chosen.sweeps)[-1]
    root = in_spaces(noted(shutil.copytree(run, tmp_path / "run"), chosen), chosen, "one")
    publish(chosen, without(root, chosen, [last]), folder)
    monkeypatch.chdir(tmp_path)  # where no run has begun
    with input_error("feature_spaces", folder / "features"):
        unpublished(chosen, folder)
    with input_error("feature_spaces"):
        unpublished(replace(chosen, feature_spaces="elsewhere"), folder)
    assert list(unpublished(replace(chosen, feature_spaces=str(folder / "features")), folder)) == [
        last
    ]
    other = Path(chosen.results) / SPACES.format(chosen.sweeps[last].dataset)
    write_text(other, "another")
    with input_error("feature_spaces", f"delete {other.parent}"):
        unpublished(replace(chosen, feature_spaces=str(folder / "features")), folder)


LISTS = {"commits": ["abc1234"], "date": [], "evaluation": {}}


@pytest.mark.parametrize("value", [[], {"slug": 1}, {"slug": {}}, {"slug": LISTS}], ids=str)
def test_origins_of_another_shape_are_refused(chosen, tmp_path, input_error, value):
    write_json(tmp_path / ORIGINS, value)
    with input_error(ORIGINS, "git"):
        unpublished(chosen, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"evaluation": {"importance_samples": 51}},
        {"training": {"epochs": 7, "batch_size": 100, "learning_rate": 0.001}},
        {"seeds": [0, 1]},
    ],
)
def test_sweeps_trained_or_measured_otherwise_are_not_published(chosen, at_once, change):
    other = benchmark(**CHANGES | change)
    assert not published(other, at_once)


def test_of_single_images_only_what_is_compared_is_kept(chosen, at_once):
    for slug in chosen.sweeps:
        with np.load(at_once / "metrics" / slug / "per_image.npz") as arrays:
            assert {key.split("/")[1] for key in arrays} == {"bits_per_dim"}


def test_blocks_of_images_keep_the_mean_and_its_error():
    values = np.random.default_rng(0).gamma(2, size=10_000)
    few = blocks(values)
    assert few.mean() == pytest.approx(values.mean())
    errors = [v.std(ddof=1) / len(v) ** 0.5 for v in (few, values)]
    assert errors[0] == pytest.approx(errors[1], rel=0.1)
    assert np.array_equal(blocks(values[:382]), values[:382])


def test_answers_name_the_images_behind_blocks_of_them(tmp_path):
    key = PerImage.key(Cell("vae", 1.0, 0), "fid_prior")
    save_per_image(tmp_path / "run" / "metrics" / "s" / "samples.npz", {key: np.ones(10_000)})
    write_json(tmp_path / "run" / "models" / "s" / "sweep.json", {})
    _copy_sweep(tmp_path / "run", tmp_path / "tables", "s", {"fid_prior"})
    published = PerImage(tmp_path / "tables" / "metrics")
    assert published.images("s", "fid_prior") == 10_000
    assert PerImage(tmp_path / "run" / "metrics").images("s", "fid_prior") is None


def test_of_a_dataset_s_jobs_the_times_stay_that_learned_its_features(tmp_path):
    run, tables = tmp_path / "run", tmp_path / "tables"
    for seconds in ("300", "160"):
        for job in ("features/digits", "train/digits-mlp"):
            write_text(run / "benchmarks" / f"{job}.tsv", seconds)
        _copy_times(run, tables, {"digits-mlp"}, {"digits"})
    assert (tables / "benchmarks" / "features" / "digits.tsv").read_text() == "300"
    assert (tables / "benchmarks" / "train" / "digits-mlp.tsv").read_text() == "160"


def test_neither_weights_nor_data_are_published(at_once):
    suffixes = {path.suffix for path in at_once.rglob("*") if path.is_file()}
    assert suffixes == {".csv", ".json", ".npz", ".tsv", ".sha256"}


def test_nothing_to_publish_is_said(chosen, tmp_path):
    with pytest.raises(InputError, match="no finished sweep"):
        publish(chosen, tmp_path, tmp_path / "tables")


def test_a_run_that_is_not_there_is_refused(chosen, at_once, tmp_path, capsys):
    folder = shutil.copytree(at_once, tmp_path / "tables")
    write_json(tmp_path / "chosen.yaml", asdict(chosen))
    arguments = [str(tmp_path / name) for name in ("chosen.yaml", "tables", "report")]
    before = sha256(folder / ORIGINS)
    assert main(["publish", *arguments, "--run", str(tmp_path / "nowhere")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "nowhere" in error
    assert sha256(folder / ORIGINS) == before


def test_a_report_of_a_part_of_the_grid_says_what_is_missing(chosen, run, tmp_path):
    last = list(chosen.sweeps)[-1]
    folder, report = tmp_path / "tables", tmp_path / "report"
    publish(chosen, without(shutil.copytree(run, tmp_path / "run"), chosen, [last]), folder)
    write_json(folder / "config.json", asdict(chosen))
    render(folder / "config.json", folder, TEMPLATE, report / "report.md")
    text = (report / "report.md").read_text(encoding="utf-8")
    assert f"({chosen.sweeps[last].likelihood.title})." in text
    assert f"3 of {len(chosen.sweeps)}." in text


def test_the_report_names_the_commit_that_measured(chosen, run, at_once, tmp_path):
    folder = shutil.copytree(at_once, tmp_path / "tables")
    origin = {"commits": ["abc1234"], "date": "2020-02-02", "evaluation": {}}
    write_json(folder / ORIGINS, dict.fromkeys(chosen.sweeps, origin))
    write_json(folder / "config.json", asdict(chosen))
    render(folder / "config.json", folder, TEMPLATE, tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "commit abc1234 of 2020-02-02" in text


@pytest.mark.slow
def test_a_report_without_models_has_the_charts_that_need_none(tmp_path):
    one = benchmark(likelihoods=["bernoulli"], criteria=["fid_prior"])
    folder, report = tmp_path / "tables", tmp_path / "report"
    publish(one, a_run(one, tmp_path / "run"), folder)
    write_json(folder / "config.json", asdict(one))
    render_published(folder, report)
    text = (report / "report.md").read_text(encoding="utf-8")
    assert "/answer.png" in text
    for name in (*FROM_MODELS, *GALLERY, "explorer.html"):
        assert f"/{name}.png" not in text and f"({name})" not in text
