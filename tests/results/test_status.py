"""Where a run stands, from the files and logs of every stage."""

import os
import time
from pathlib import Path

import pytest
import yaml

from vae.__main__ import main
from vae.configuration.benchmark import Benchmark
from vae.configuration.jobs import JOBS
from vae.configuration.sweep import Sweep
from vae.files import write_json, write_text
from vae.progress import Line
from vae.results.status import stage

ROOT = Path(__file__).parents[2]
MEASURED = [job.name for job in JOBS]
SETTINGS = {
    "datasets": ["digits"],
    "networks": [{"name": "mlp", "hidden": [16]}],
    "latent_dims": [2],
    "likelihoods": ["bernoulli", "beta"],
    "betas": [0.5, 1],
    "seeds": [0, 1],
    "training": {"epochs": 100, "batch_size": 100, "learning_rate": 0.01},
    "evaluation": {"importance_samples": 20},
}


@pytest.fixture
def benchmark() -> Benchmark:
    return Benchmark.from_dict(SETTINGS)


@pytest.fixture
def sweep(benchmark) -> Sweep:
    return next(iter(benchmark.sweeps.values()))


def say(results, rule: str, slug: str, *lines: object, age: float = 0) -> float:
    """Write a log whose last line is ``age`` seconds old; return when that was."""
    path = results / "logs" / rule / f"{slug}.log"
    write_text(path, "".join(f"{line}\n" for line in lines))
    written = round(time.time() - age)
    os.utime(path, (written, written))
    return written


def finish(results, sweep, *measurements: str) -> None:
    write_json(results / "models" / sweep.slug / "sweep.json", {"sweep": sweep.to_dict()})
    for name in measurements:
        write_text(results / "metrics" / sweep.slug / f"{name}.csv", "")


def test_images_of_one_s_own_that_are_not_there_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mine = {"datasets": [{"name": "mine", "folder": "data/imges"}]}
    Path("mine.yaml").write_text(yaml.safe_dump(SETTINGS | mine))
    assert main(["status", "--config", "mine.yaml"]) == 2
    shown = capsys.readouterr()
    assert "waiting" in shown.out
    assert shown.err.count("\n") == 1 and "data/imges" in shown.err
    Path("data/imges").mkdir(parents=True)
    assert main(["status", "--config", "mine.yaml"]) == 0
    Path("data/imges").rmdir()
    write_text("results/data/mine.npz", "")  # the images were read before
    assert main(["status", "--config", "mine.yaml"]) == 0


def test_without_anything_it_waits(tmp_path, sweep):
    assert stage(tmp_path, sweep).name == "waiting"


def test_training_ends_at_the_latest_when_all_parts_have_all_their_epochs(tmp_path, sweep):
    line = Line("part 2 of 4, ae_seed_0", 80, 100, "epoch", 2.0, "3 cells go on")
    written = say(tmp_path, "train", sweep.slug, "6 cells on cpu, 2 at a time", line)
    found = stage(tmp_path, sweep)
    assert (found.name, found.done) == ("training", "80 of 100 epochs, part 2 of 4")
    assert (found.speed, found.said) == ("2/s", "3 cells go on")
    assert found.ends == pytest.approx(written + 20 / 2 + 2 * 100 / 2)


def test_a_log_without_progress_has_just_begun(tmp_path, sweep):
    say(tmp_path, "train", sweep.slug, "6 cells on cpu, 2 at a time")
    assert stage(tmp_path, sweep).done == "just begun"


def test_a_silent_job_is_reported(tmp_path, sweep):
    line = Line("part 1 of 1, ae_seed_0", 80, 100, "epoch", 2.0, "3 cells go on")
    say(tmp_path, "train", sweep.slug, line, age=3600)
    assert stage(tmp_path, sweep).said == "silent for 60 min: 3 cells go on"


def test_a_failed_job_says_why(tmp_path, sweep):
    line = Line("part 1 of 1, ae_seed_0", 80, 100, "epoch", 2.0)
    say(tmp_path, "train", sweep.slug, line, "error: results/data/digits.npz is damaged")
    found = stage(tmp_path, sweep)
    assert found.name == "failed" and "damaged" in found.said


def test_measuring_shows_the_first_measurement_that_goes_on(tmp_path, sweep):
    finish(tmp_path, sweep, "latents", "images")
    assert stage(tmp_path, sweep).done == "6 cells trained"
    say(tmp_path, "evaluate_samples", sweep.slug, Line(sweep.slug, 2, 6, "cell", 0.5))
    found = stage(tmp_path, sweep)
    assert (found.name, found.done, found.speed) == ("measuring", "2 of 6 cells", "0.5/s")


def test_a_sweep_of_which_everything_is_there_is_measured(tmp_path, sweep):
    finish(tmp_path, sweep, *MEASURED)
    assert stage(tmp_path, sweep).name == "measured"


def test_models_of_other_settings_do_not_count(tmp_path, benchmark):
    first, second = benchmark.sweeps.values()
    record = {"sweep": second.to_dict()}
    write_json(tmp_path / "models" / first.slug / "sweep.json", record)
    found = stage(tmp_path, first)
    assert found.name == "waiting" and "other settings" in found.said


def test_the_measurements_are_those_of_the_workflow():
    rules = (ROOT / "workflow" / "rules" / "evaluation.smk").read_text()
    assert "for job in JOBS" in rules
    assert "/metrics/{{sweep}}/{job.name}.csv" in rules
    assert "/logs/evaluate_{job.name}/{{sweep}}.log" in rules


def test_the_verb_prints_a_row_per_sweep_and_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(SETTINGS))
    sweep = next(iter(Benchmark.from_dict(SETTINGS).sweeps.values()))
    finish(tmp_path / "results", sweep, *MEASURED)
    assert main(["status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["digits-mlp-2d-bernoulli", "measured", "6", "cells"]
    assert lines[2].split() == ["digits-mlp-2d-beta", "waiting"]
    assert lines[-1].startswith("1 of 2 sweeps measured; not there yet: results/data/digits.npz")
