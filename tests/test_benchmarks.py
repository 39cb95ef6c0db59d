"""Every benchmark runs, at toy size, and writes the table that it prints."""

import importlib
import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from evaluation.test_likelihood import exact_log_likelihood, linear_gaussian
from fake_cuda import CUDA, fake_cuda

from vae.command import run as run_command
from vae.configuration.sweep import Cell
from vae.data.datasets import load_dataset, prepare
from vae.data.own import OwnData
from vae.evaluation.importance import density
from vae.evaluation.samples import SampleMeasure
from vae.features.spaces import load_spaces, save_spaces, train_spaces
from vae.training.stack import Stack

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def run(monkeypatch, tmp_path) -> Callable[..., pd.DataFrame]:
    """Run a benchmark's ``main`` on random images; the table that it wrote."""
    monkeypatch.syspath_prepend(FOLDER)

    def run(name: str, *arguments: str, table: str | None = None) -> pd.DataFrame:
        module = importlib.import_module(name)
        if hasattr(module, "in_own_process"):  # a process takes seconds to import torch
            monkeypatch.setattr(module, "in_own_process", lambda f, *a: f(*a))
        shared = ["--repetitions", "1", "--data", "none.npz", "--output", str(tmp_path)]
        module.main([*shared, "--device", "cpu", *arguments])
        return pd.read_csv(tmp_path / f"{table or name}.csv")

    yield run
    for path in FOLDER.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture
def measuring(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module("measuring")
    sys.modules.pop("measuring", None)


@pytest.fixture
def coverage():
    """By its path: the name belongs to another package as well."""
    spec = importlib.util.spec_from_file_location("grids", FOLDER / "coverage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_training_counts_the_operations_of_the_layers(run, capsys):
    table = run("training", "--networks", "mlp", "--stack-sizes", "1", "2", "--batches", "1")
    assert "python -m vae prepare mnist" in capsys.readouterr().out
    encoder, decoder = 784 * 512 + 512 * 40, 20 * 512 + 512 * 784
    # Forwards 1, backwards 2: for weights and for inputs, of which the first layer needs none.
    expected = 2 * (3 * (encoder + decoder) - 784 * 512) / 1e6
    assert table.mflop_per_image.tolist() == pytest.approx([expected] * 2, rel=1e-4)
    assert table.stack_size.tolist() == [1, 2]
    share = table.image_models_per_second * expected / 1e3 / table.matrix_product_gflops
    assert table.share_of_matrix_product.tolist() == pytest.approx(share.tolist(), rel=1e-3)


def test_peers_runs_without_pythae(run, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    table = run("peers", "--batches", "1", "--stack-size", "2")
    assert "pip install" in capsys.readouterr().out
    assert table.models.tolist() == [1, 1, 2]
    assert table.times_plain_loop[0] == 1
    assert table.times_pythae.isna().all()


def test_peers_trains_the_same_network(measuring):
    peers = importlib.import_module("peers")
    sweep, dataset = measuring.make_sweep("mlp"), measuring.mnist(Path("none.npz"), 1)
    own = measuring.initial_model(sweep, dataset.mean_image(), 256, torch.Generator())
    plain = peers.PlainVAE()
    assert sum(p.numel() for p in own.parameters()) == sum(p.numel() for p in plain.parameters())


def test_captured_steps_train_as_eager_ones_do(measuring, digits, make_sweep):
    captured = importlib.import_module("captured")
    ramped = replace(make_sweep().training, epochs=20, batch_size=15, warmup_epochs=6)
    sweep = make_sweep(training=ramped)
    images = {split: x[:40] for split, x in digits.images.items()}  # batches of 15, 15 and 10
    with fake_cuda():
        there = replace(digits, images=images).to(CUDA)
        stacks = [
            kind(sweep, sweep.cells, there, CUDA) for kind in (Stack, captured.CapturedStack)
        ]
        for active in (range(6), (0, 2, 5)):
            for stack in stacks:
                stack.narrow(active)
                for _ in range(5):
                    stack.train_epoch()
            assert {shape[1] for shape in stacks[1].graphs} == {10, 15}
            assert stacks[0].history == stacks[1].history
            for name, weight in stacks[0].parameters.items():
                assert torch.equal(weight.cpu(), stacks[1].parameters[name].cpu())


def test_a_gpu_keeps_its_promises_or_does_not(run, monkeypatch, tmp_path, capsys):
    rates = {("mlp", 1): 1.0, ("mlp", 64): 12.0, ("conv", 1): 1.0, ("conv", 64): 0.5}
    rows = [(*key, rate) for key, rate in rates.items()]
    columns = ["network", "stack_size", "image_models_per_second"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "training.csv")
    others = {"trained_by": ["plain", "64 stacked"], "models": [1, 64], "times_pythae": None}
    pd.DataFrame(others).to_csv(tmp_path / "peers.csv")
    table = run("promises")
    assert table[["measured", "kept"]].values.tolist() == [[12.0, "yes"]]
    assert "pythae is not installed" in capsys.readouterr().out
    others = {"trained_by": ["pythae", "64 stacked"], "models": [1, 64], "times_pythae": [1, 49]}
    pd.DataFrame(others).to_csv(tmp_path / "peers.csv")
    assert run("promises").kept.tolist() == ["yes", "no"]


@pytest.mark.parametrize(
    ("python", "reason"), [(sys.executable, "no CUDA GPU"), ("/bin/false", "torch")]
)
def test_without_a_gpu_nothing_is_measured_and_a_sentence_says_so(python, reason):
    command = [FOLDER / "gpu.sh", python]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr


PYTHON = """#!/usr/bin/env bash
[ "$3" = unpublished ] || echo "${@:3}" >> arguments
case $3 in
unpublished) cat lacking ;;
publish) [ ! -e refused ] && echo "$3 $(cat results/[ab] | tr '\\n' ' ')" >> done ;;
*) echo "$3 $(cat results/[ab] | tr '\\n' ' ')" >> done ;;
esac
"""
SNAKEMAKE = """#!/usr/bin/env bash
case $* in
*--summary*) printf 'results/%s\\t-\\t%s\\n' a 'update pending' b 'no update' c 'update pending' ;;
*) sleep 1 && echo new > results/a ;;
esac
"""


@pytest.fixture
def publish(tmp_path) -> Callable[..., subprocess.CompletedProcess]:
    """Run publish.sh with made-up programs, old files and the given lines of what is lacking."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "results").mkdir()
    shutil.copy(FOLDER / "publish.sh", tmp_path / "benchmarks")
    for name, text in {"python": PYTHON, "snakemake": SNAKEMAKE}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for name in "abc":
        (tmp_path / "results" / name).write_text("old")

    def publish(*arguments: str, lacking: str = "") -> subprocess.CompletedProcess:
        (tmp_path / "lacking").write_text(lacking)
        environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        command = [tmp_path / "benchmarks" / "publish.sh", *arguments]
        where = {"cwd": tmp_path / "results", "env": environment}
        return subprocess.run(command, **where, capture_output=True, text=True)

    return publish


def test_what_will_be_measured_anew_is_not_published_as_it_was(publish, tmp_path):
    done = publish("config.yaml", lacking="results/a results/b\n")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "done").read_text() == "publish new old\nrender new old\n"
    assert (tmp_path / "results" / "c").exists(), "what was not asked for stays"


def test_where_nothing_is_lacking_an_interrupted_publication_is_completed(publish, tmp_path):
    done = publish("config.yaml")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in (tmp_path / "done").read_text().splitlines()] == [
        "publish",
        "render",
    ]


def test_a_refused_publication_is_an_exit_status(publish, tmp_path):
    (tmp_path / "refused").touch()
    for lacking in ("", "results/a results/b\n"):
        assert publish("config.yaml", lacking=lacking).returncode != 0
    assert not (tmp_path / "done").exists(), "nothing is rendered from it"


def test_other_tables_have_another_report(publish, tmp_path):
    done = publish("config.yaml", "results/benchmark/mine")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "arguments").read_text().split() == [
        *("publish", "config.yaml", "results/benchmark/mine", "report/benchmark/mine"),
        *("render", "results/benchmark/mine", "report/benchmark/mine"),
    ]


def test_publishing_says_how_it_is_called(publish, tmp_path):
    done = publish()
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("usage: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "done").exists()


def test_likelihood_has_a_row_per_number_of_samples(run):
    table = run("likelihood", "--samples", "1", "3", "--images", "2")
    assert table.samples.tolist() == [1, 3]
    flops = 2 * (20 * 512 + 512 * 784) / 1e6
    assert table.mflop_per_decoding.tolist() == pytest.approx([flops] * 2, rel=1e-4)
    assert (table.peak_memory_mb >= table.of_that_before_mb).all()


@pytest.fixture
def few_cells(tmp_path, digits) -> tuple[str, ...]:
    """Options that train two cells of a small network on the digits."""
    prepare("digits", tmp_path / "digits.npz")
    settings = yaml.safe_load((FOLDER.parent / "config" / "config.yaml").read_text())
    settings["networks"] = [{"name": "mlp", "hidden": [8]}]
    settings["training"] |= {"epochs": 6, "warmup_epochs": 1, "tolerance": 2.0}
    (tmp_path / "few.yaml").write_text(yaml.safe_dump(settings))
    shared = ["--data", str(tmp_path / "digits.npz"), "--config", str(tmp_path / "few.yaml")]
    return (*shared, "--likelihoods", "bernoulli", "--seeds", "0")


def test_schedules_have_a_row_per_budget_and_their_objectives_fall(run, few_cells):
    points = ("averaged:100:0.01", "constant:100:0.01", "cosine:100:0.01")
    options = (*few_cells, "--betas", "1", "--points", *points, "--epochs", "2", "5")
    table = run("schedules", *options)
    assert table.schedule.tolist() == ["averaged"] * 2 + ["constant"] * 2 + ["cosine"] * 2
    assert table.epochs.tolist() == [2, 5] * 3
    for _, rows in table.groupby("schedule"):
        assert rows.objective.is_monotonic_decreasing
        assert rows.seconds.is_monotonic_increasing


def test_a_budget_s_row_is_what_training_for_so_long_gives(run, few_cells, digits, tmp_path):
    spaces = tmp_path / "spaces.safetensors"
    save_spaces(train_spaces(digits, 1, 0, torch.device("cpu")), digits, spaces)
    options = (*few_cells, "--betas", "0.5", "2", "--spaces", str(spaces), "--samples", "200")
    table = run("budgets", *options, "--epochs", "3", "5").drop(columns="objective")
    assert table.epochs.tolist() == [3, 3, 5, 5] and table.beta.tolist() == [0.5, 2] * 2
    alone = run("budgets", *options, "--epochs", "3").drop(columns="objective")
    pd.testing.assert_frame_equal(table[:2], alone)
    assert (table.fid_prior != table.fid_prior_drawn).all()


def test_the_same_images_are_measured_in_networks_of_several_starts(run, trained, tmp_path):
    sweep = trained.sweep
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / sweep.slug).symlink_to(trained.directory)
    prepare("digits", tmp_path / "data" / "digits.npz")
    few = ("--starts", "2", "--classifier-epochs", "1", "--samples", "200")
    table = run("feature_networks", "--results", str(tmp_path), *few, table="networks")
    keys = ["beta", "space", "start"]
    networks = [("classifier", 0), ("selfsupervised", 0), ("classifier", 1), ("selfsupervised", 1)]
    expected = [(beta, *network) for beta in sweep.betas for network in networks]
    assert list(table[keys].itertuples(index=False, name=None)) == expected
    assert table.fid_prior.nunique() == len(table), "no network is another one"
    spaces, cpu = tmp_path / "spaces.safetensors", torch.device("cpu")
    digits = load_dataset(tmp_path / "data" / "digits.npz")
    save_spaces(train_spaces(digits, 1, 1, cpu), digits, spaces)
    measure = SampleMeasure(digits, load_spaces(spaces, ["classifier"], cpu), 200, 0, cpu)
    cell = Cell("vae", sweep.betas[0], 0)
    own = measure(trained.model(cell), cell)
    row = table.set_index(keys).loc[(sweep.betas[0], "classifier", 1)]
    for name in ("fid_prior", "fid_prior_drawn"):
        assert row[name] == pytest.approx(own[name].value, rel=1e-4)


def test_convergence_is_what_the_rule_keeps_against_twice_the_training(run, few_cells, capsys):
    options = (*few_cells, "--betas", "0.1", "8", "--rates", "2")
    table = run("convergence", *options).set_index(["rate", "beta"])
    assert table.index.tolist() == [(0.002, 0.1), (0.002, 8.0), (0.004, 0.1), (0.004, 8.0)]
    assert (table.loc[0.002].objective_left >= 0).all()
    assert (table.loc[0.004][["objective_left", "elbo_left"]] == 0).all(axis=None)
    assert table.epochs.between(4, 6).all()
    assert "trained longer" in capsys.readouterr().out


def test_annealing_tells_a_wrong_estimate_of_a_linear_model_from_a_right_one(run, monkeypatch):
    annealing = importlib.import_module("annealing")
    model, options = linear_gaussian(shift=1.5), Namespace(samples=300, temperatures=300, chains=4)
    z, x = annealing.simulate(model, 30, 256, "density")
    exact = exact_log_likelihood(x).mean().item()
    row = annealing.compare(model, x, z, x, density, options)
    for estimate in ("near_exact", "annealed", "simulated_below", "simulated_above"):
        assert row[estimate] == pytest.approx(exact, abs=0.05), estimate
    assert row["near_exact_minus_annealed"] == pytest.approx(0, abs=0.05)
    assert row["sandwich_width"] == pytest.approx(
        row["near_exact_minus_below"] + row["above_minus_near_exact"], abs=1e-4
    )
    right = annealing.local_weights

    def wrong(*arguments):
        weights = right(*arguments)
        weights.log_sum += 1
        return weights

    monkeypatch.setattr(annealing, "local_weights", wrong)
    row = annealing.compare(model, x, z, x, density, options)
    assert row["near_exact_minus_annealed"] == pytest.approx(1, abs=0.05)
    assert row["above_minus_near_exact"] < -0.9


def test_annealing_has_a_row_for_the_lowest_best_and_highest_beta(run, trained, tmp_path, digits):
    sweep = trained.sweep
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / sweep.slug).symlink_to(trained.directory)
    prepare("digits", tmp_path / "data" / "digits.npz")
    one = {"dataset": "digits", "network": "mlp", "latent_dim": 3, "likelihood": "bernoulli"}
    answers = [{"criterion": "elbo", "best_beta": 7}]
    answers += [{"criterion": "log_likelihood_binarised", "best_beta": 1.0}]
    pd.DataFrame(answers).assign(**one).to_csv(tmp_path / "best_beta.csv")
    few = ("--images", "8", "--temperatures", "300", "--samples", "50", "--chains", "4")
    options = ("--results", str(tmp_path), "--data", str(tmp_path / "data" / "digits.npz"), *few)
    table = run("annealing", *options)
    assert table.beta.tolist() == [0.5, 1.0]
    assert (table.scored == "binarised images").all()
    assert table.near_exact_minus_annealed.abs().max() < 0.3


def test_annealing_goes_on_where_it_was_left(monkeypatch, tmp_path, trained):
    monkeypatch.syspath_prepend(FOLDER)
    annealing = importlib.import_module("annealing")
    options = Namespace(
        *(),
        images=8,
        samples=5,
        temperatures=9,
        chains=2,
        name="annealing",
        output=tmp_path,
        device="cpu",
        threads=1,
    )
    first, other = trained.sweep.cells[:2]
    one = annealing.described(trained.sweep, first, options)
    annealing.Rows(options).add({**one, "near_exact": 1.0})
    left = annealing.Rows(options)
    assert left.has(one)
    assert not left.has(annealing.described(trained.sweep, other, options))
    options.temperatures = 90
    more = annealing.described(trained.sweep, first, options)
    assert not left.has(more)
    left.add({**more, "near_exact": 2.0})
    assert [row["near_exact"] for row in annealing.Rows(options).rows] == [2.0]


def test_growth_varies_one_size_at_a_time(run):
    sizes = ("--cells", "1", "--images", "8", "--samples", "1", "--latent-dim", "2")
    table = run("growth", *sizes, "--factors", "1", "2", "--sweeps")
    base = {"cells": 1, "images": 8, "samples": 1, "latent_dim": 2}
    for name, rows in table.groupby("varied"):
        expected = [base, {**base, name: 2 * base[name]}]
        assert rows[list(base)].to_dict("records") == expected


def test_workflow_adds_up_the_jobs_of_every_rule(run, monkeypatch, tmp_path):
    for name, seconds in {"train/a": 2.0, "train/b": 3.0, "compare": 1.0}.items():
        file = tmp_path / "benchmarks" / f"{name}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"s\tmax_rss\tcpu_time\n{seconds}\t100\t{seconds / 2}\n")
        log = tmp_path / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("said\nimported for 0.500 s\n")
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(importlib.import_module("workflow"), "timed", lambda *_: 0.5)
    table = run("workflow", "--results", str(tmp_path)).set_index("rule")
    assert table.wall_seconds["train"] == table.wall_seconds["all training"] == 5
    assert table.jobs["train"] == 2
    assert table.peak_memory_mb["all training"] == 100
    assert (table.import_seconds["train"], table.import_seconds["compare"]) == (1, 0.5)
    assert table.cpu_seconds["everything else"] == 0.5
    assert table.share_of_cpu[["all training", "everything else"]].sum() == pytest.approx(1)


def test_import_time_is_counted_in_functions_and_once():
    code = "def f():\n import json, decimal\nf()\nimport json"
    environment = os.environ | {"PYTHONPATH": str(FOLDER / "counting")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (seconds,) = re.findall(r"^imported for ([\d.]+) s$", done.stderr, re.M)
    assert 0 < float(seconds) < 5


def test_coverage_repeats_itself_on_curves_with_the_stated_best_beta(coverage):
    row = coverage.case("kink", "inside", "unequal", 3, 0, trials=2)
    assert row == coverage.case("kink", "inside", "unequal", 3, 0, trials=2)
    assert {"set", "interval", "price"} <= row.keys()
    for make, *_ in coverage.CURVES.values():
        assert coverage.FINE[make(-1.3)(coverage.FINE).argmin()] == pytest.approx(-1.3, abs=0.03)


def test_the_finer_grid_holds_the_default_one(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    betas = importlib.import_module("finer_grid").finer([0.5, 1.0, 4.0])
    assert betas[::4] == [0.5, 1.0, 4.0]
    assert betas[4:] == pytest.approx([1, 2**0.5, 2, 2**1.5, 4], rel=1e-5)


def test_two_runs_agree_where_the_second_lies_within_what_the_first_quotes(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    agreement = importlib.import_module("agreement")
    sweep = {"dataset": "digits", "network": "mlp", "latent_dim": 2, "likelihood": "bernoulli"}
    answer = sweep | {"criterion": "elbo", "best_beta": 1.0, "indistinguishable_betas": "1 2"}
    answer |= {"beta_star": 1.2, "beta_star_low": 0.8, "beta_star_high": 1.6, "seeds": 3}
    first = pd.DataFrame([answer | {"value": -20.0, "se": 0.1}])
    second = first.assign(best_beta=2.0, indistinguishable_betas="2 4", beta_star=1.5)
    row = sweep | {"model": "vae", "beta": 1.0, "metric": "elbo"}
    cells = pd.DataFrame(
        [row | {"seed": s, "value": v} for s, v in enumerate([-20.3, -20, -20.3])]
    )
    (found,) = agreement.agreement([first, second], [cells, cells]).to_dict("records")
    assert found["value_second"] == pytest.approx(-20.2)
    assert not found["same_best_beta"]
    assert found["sets_overlap"] and found["beta_star_agrees"] and found["value_agrees"]
    apart = second.assign(indistinguishable_betas="4", beta_star=4.0, beta_star_low=3.0)
    far = cells.assign(value=cells.value - 1)
    (found,) = agreement.agreement([first, apart], [cells, far]).to_dict("records")
    assert (
        not found["sets_overlap"] and not found["beta_star_agrees"] and not found["value_agrees"]
    )
    assert agreement.identical(cells, far.assign(value=[-20.3, -21, None])) == (1, 3)


def test_another_split_has_the_same_images_in_other_parts(
    monkeypatch, tmp_path, digits, input_error
):
    monkeypatch.syspath_prepend(FOLDER)
    another, agreement = (importlib.import_module(n) for n in ("another_split", "agreement"))
    first, second = tmp_path / "digits.npz", tmp_path / "resplit.npz"
    prepare("digits", first)
    another.main([str(first), str(second), "--test", "386", "--validation", "260"])
    prepare(OwnData("resplit", path=str(second)), tmp_path / "prepared.npz")
    anew = load_dataset(tmp_path / "prepared.npz")
    assert {split: len(x) for split, x in anew.images.items()} == {
        "train": 1151,
        "validation": 260,
        "test": 386,
    }
    assert torch.equal(anew.images["test"], digits.images["train"][:386])
    assert torch.equal(anew.images["train"][-382:], digits.images["test"])
    assert torch.equal(anew.labels["validation"], digits.labels["train"][386:646])
    assert anew.levels == digits.levels
    with input_error("take fewer"):
        another.resplit(digits, test=1600, validation=260)
    names = [pd.DataFrame({"dataset": [name]}) for name in ("digits", "resplit")]
    assert [t.dataset.item() for t in agreement.one_name(names)] == ["digits", "digits"]


BAD = {
    "schedules --likelihoods bernouli": "bernouli",
    "schedules --datasets digit": "digits",
    "schedules --epochs 1": "epochs",
    "schedules --points averaged:100": "averaged:100",
    "budgets --likelihoods bernouli --spaces none": "bernouli",
    "convergence --likelihoods gausian": "gaussian_learned_sigma",
    "finer_grid --likelihoods nosuch": "bernoulli",
    "finer_grid --config nowhere.yaml": "nowhere.yaml",
    "coverage --trials 0": "--trials",
    "likelihood --images 0": "--images",
    "annealing --results {folder}": "no models",
    "feature_networks --results {folder}": "no models",
    "agreement {folder} {folder}": "metrics.csv",
    "workflow --results {folder}": "make report",
}


@pytest.mark.parametrize("command", BAD)
def test_bad_input_is_one_sentence_and_leaves_the_table(command, monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(FOLDER)
    name, *arguments = command.format(folder=tmp_path / "none").split()
    table = tmp_path / f"{name}.csv"
    table.write_text("kept")
    spec = importlib.util.spec_from_file_location("script", FOLDER / f"{name}.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert run_command(lambda: script.main([*arguments, "--output", str(tmp_path)])) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert BAD[command] in error
    assert table.read_text() == "kept"


def test_a_table_without_rows_is_not_written(measuring, tmp_path, input_error):
    with input_error("empty.csv"):
        measuring.publish([], "empty", Namespace(output=tmp_path, device="cpu", threads=1))
    assert not list(tmp_path.iterdir())


def test_a_median_ignores_one_slow_call(measuring, monkeypatch):
    clock = iter([0, 10, 11, 20, 27, 30, 31])  # the start of a warm-up, three calls
    monkeypatch.setattr(measuring.time, "perf_counter", lambda: next(clock))
    assert measuring.medians({"task": lambda: None}, 3, torch.device("cpu")) == {"task": 1}
    assert math.isclose(measuring.MatrixProduct(torch.device("cpu"), 8).flops, 2 * 8**3)
