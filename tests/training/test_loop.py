"""Training a sweep: reproducible, resumable, the same however it is cut."""

import csv
import json
import math
from dataclasses import replace

import filelock
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits

from vae.configuration.sweep import Cell, Network
from vae.models import TrainedSweep
from vae.results.collection import training_metrics
from vae.training import loop
from vae.training.schedule import settled
from vae.training.stack import Stack

CPU = torch.device("cpu")
CONV = Network("conv", (4, 8))


@pytest.fixture
def run(digits, tmp_path):
    """Train a sweep into a folder and return that folder."""

    def run(sweep, name="run", checkpoints=None, stack_size=None):
        checkpoints = tmp_path / (checkpoints or f"{name}_checkpoints")
        loop.train(sweep, digits, tmp_path / name, checkpoints, CPU, stack_size)
        return tmp_path / name

    return run


def contents(directory) -> dict[str, bytes]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def with_training(sweep, **changes):
    return replace(sweep, training=replace(sweep.training, **changes))


def power_cut(monkeypatch, after: int) -> None:
    """Let training fail in the epoch after the first ``after`` ones; save after every epoch."""
    done, train_epoch = [], Stack.train_epoch

    def failing(stack):
        if len(done) == after:
            raise OSError("power cut")
        done.append(stack.epoch)
        train_epoch(stack)

    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    monkeypatch.setattr(Stack, "train_epoch", failing)


def count_epochs(monkeypatch) -> list[int]:
    done, train_epoch = [], Stack.train_epoch

    def counting(stack):
        train_epoch(stack)
        done.append(stack.epoch)

    monkeypatch.setattr(Stack, "train_epoch", counting)
    return done


@pytest.mark.parametrize("network", [Network("mlp", (16,)), CONV], ids=lambda n: n.name)
def test_the_result_does_not_depend_on_the_stack_size(run, make_sweep, network):
    sweep = with_training(make_sweep(network=network), learning_rate=1e-2, batch_size=110)
    together = run(sweep, "all", stack_size=len(sweep.cells))
    reference = load_file(together / "weights.safetensors")
    history = pd.read_csv(together / "history.csv").sort_values(["model", "beta", "seed", "epoch"])
    for size in (1, 2, 4):
        directory = run(sweep, f"by_{size}", stack_size=size)
        weights = load_file(directory / "weights.safetensors")
        assert weights.keys() == reference.keys()
        for name, value in weights.items():
            torch.testing.assert_close(value, reference[name], rtol=1e-3, atol=1e-4)
        cut = pd.read_csv(directory / "history.csv").sort_values(
            ["model", "beta", "seed", "epoch"]
        )
        np.testing.assert_allclose(cut["distortion"], history["distortion"], rtol=1e-5)
        np.testing.assert_allclose(cut["rate"], history["rate"], rtol=1e-3, atol=1e-5)


def test_the_same_seed_gives_the_same_bytes_whatever_the_global_seed(run, make_sweep):
    folders = []
    for global_seed in (1, 2):
        with torch.random.fork_rng():
            torch.manual_seed(global_seed)
            folders.append(run(make_sweep(), f"run_{global_seed}"))
    first, second = (contents(folder) for folder in folders)
    assert {"weights.safetensors", "history.csv", "sweep.json"} <= first.keys()
    assert first == second


def test_weights_hold_a_different_model_per_cell(run, make_sweep):
    weights = load_file(run(make_sweep()) / "weights.safetensors")
    kernels = weights["encoder.network.1.weight"]
    assert len(kernels) == len(make_sweep().cells) == 6
    assert len({tuple(kernel.flatten().tolist()) for kernel in kernels}) == 6


@pytest.mark.parametrize("after", [0, 1, 3, 5, 8])
def test_a_resumed_run_equals_an_uninterrupted_one(run, make_sweep, monkeypatch, after):
    sweep = with_training(make_sweep(), epochs=3, previews=4)
    expected = contents(run(sweep, "whole", stack_size=2))
    with monkeypatch.context() as patch:
        power_cut(patch, after)
        with pytest.raises(OSError, match="power cut"):
            run(sweep, "cut", stack_size=2)
    done = count_epochs(monkeypatch)
    resumed = run(sweep, "cut", stack_size=2)
    assert len(done) == 9 - after
    assert contents(resumed) == expected
    assert not list((resumed.parent / "cut_checkpoints").glob("*.safetensors"))


def test_an_interrupted_run_leaves_no_results(run, make_sweep, monkeypatch, tmp_path):
    power_cut(monkeypatch, 1)
    with pytest.raises(OSError, match="power cut"):
        run(make_sweep(), "cut")
    assert not (tmp_path / "cut").exists()


@pytest.mark.parametrize(
    "changes", [{"learning_rate": 2e-3}, {"epochs": 4}, {"warmup_epochs": 1}], ids=str
)
def test_a_checkpoint_of_other_settings_is_not_used(run, make_sweep, monkeypatch, changes):
    sweep = with_training(make_sweep(), epochs=3)
    other = with_training(sweep, **changes)
    expected = contents(run(other, "whole"))
    with monkeypatch.context() as patch:
        power_cut(patch, 2)
        with pytest.raises(OSError, match="power cut"):
            run(sweep, "cut", checkpoints="shared")
    assert contents(run(other, "other", checkpoints="shared")) == expected


def test_a_second_trainer_on_the_same_checkpoints_is_refused(
    run, make_sweep, tmp_path, input_error
):
    lock = tmp_path / "shared" / "lock"
    lock.parent.mkdir()
    (lock.parent / "trainer").write_text("process 123 on node7")
    names = (make_sweep().slug, lock, "process 123 on node7", "snakemake")
    with filelock.FileLock(lock), input_error(*names):
        run(make_sweep(), "second", checkpoints="shared")
    assert not (tmp_path / "second").exists()
    assert (run(make_sweep(), "second", checkpoints="shared") / "sweep.json").is_file()


@pytest.fixture(scope="module")
def settling(make_sweep):
    """A sweep whose cells settle at different epochs, and one of them never."""
    sweep = make_sweep(betas=(0.1, 8.0))
    rule = {"epochs": 24, "tolerance": 0.3, "warmup_epochs": 2, "learning_rate": 1e-2}
    return with_training(sweep, previews=4, **rule)


@pytest.fixture(scope="module")
def settled_run(settling, digits, tmp_path_factory):
    """The folder of that sweep, trained."""
    folder = tmp_path_factory.mktemp("settled")
    loop.train(settling, digits, folder / "run", folder / "checkpoints", CPU)
    return folder / "run"


def records(directory) -> dict[Cell, dict]:
    return TrainedSweep(directory).cells


def assert_alike(record: dict, other: dict) -> None:
    """Equal but for the rounding of the objective."""
    objective = record["validation_objective"]
    assert objective == pytest.approx(other["validation_objective"], rel=1e-5)
    assert {**record, "validation_objective": 0} == {**other, "validation_objective": 0}


def test_cells_stop_by_the_rule_and_say_whether_they_converged(settled_run):
    history = pd.read_csv(settled_run / "history.csv").query("split == 'validation'")
    epochs = set()
    for cell, record in records(settled_run).items():
        rows = history.query("model == @cell.model and beta == @cell.beta and seed == @cell.seed")
        objective = rows.distortion + cell.beta * rows.rate.fillna(0)
        stops = [e for e in range(1, len(rows)) if settled(list(objective[: e + 1]), 2, 0.3)]
        assert stops == ([record["epochs"]] if record["converged"] else [])
        assert record["converged"] or record["epochs"] == 24
        assert 2 <= record["best_epoch"] <= record["epochs"] == rows.epoch.max()
        epochs.add(record["epochs"])
    assert len(epochs) > 2


def test_converged_is_a_metric_of_every_cell(settled_run):
    rows = training_metrics(TrainedSweep(settled_run).record)
    table = rows.pivot(index=["model", "beta", "seed"], columns="metric", values="value")
    for cell, record in records(settled_run).items():
        row = table.loc[cell.model, cell.beta, cell.seed]
        assert row.converged == float(record["converged"])
        assert row.epochs == record["epochs"]
    assert set(table.converged) == {0.0, 1.0}


def test_cells_that_stop_at_different_epochs_do_not_depend_on_their_stack(
    run, settling, settled_run
):
    together, alone = settled_run, run(settling, "alone", stack_size=1)
    for cell, record in records(alone).items():
        assert_alike(records(together)[cell], record)
    reference = load_file(alone / "weights.safetensors")
    for name, value in load_file(together / "weights.safetensors").items():
        torch.testing.assert_close(value, reference[name], rtol=1e-2, atol=1e-3)
    pictures = [contents(folder / "previews") for folder in (together, alone)]
    assert pictures[0].keys() == pictures[1].keys()
    assert all(len(strip) > 0 for strip in pictures[0].values())


def test_a_cell_that_is_done_costs_nothing(run, settling, monkeypatch):
    trained, step = [], Stack._step

    def counting(stack, x, noise, beta):
        trained.append(len(x))
        return step(stack, x, noise, beta)

    monkeypatch.setattr(Stack, "_step", counting)
    directory = run(settling)
    steps = math.ceil(1157 / settling.training.batch_size)
    assert sum(trained) == steps * sum(r["epochs"] for r in records(directory).values())
    assert trained[-1] < trained[0]


def test_a_run_resumed_after_cells_have_stopped_equals_an_uninterrupted_one(
    run, settling, settled_run, monkeypatch
):
    stops = sorted({record["epochs"] for record in records(settled_run).values()})
    with monkeypatch.context() as patch:
        power_cut(patch, stops[1] + 1)
        with pytest.raises(OSError, match="power cut"):
            run(settling, "cut")
    assert contents(run(settling, "cut")) == contents(settled_run)


def test_history_file_has_blank_rates_for_the_autoencoder_alone(run, make_sweep):
    with (run(make_sweep()) / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ["model", "beta", "seed", "epoch", "split", "distortion", "rate"]
    assert list(rows[0]) == columns
    assert len(rows) == 6 * (3 + 2)
    for row in rows:
        assert (row["rate"] == "") == (row["model"] == "ae")
        assert float(row["distortion"]) > 0
        assert row["model"] == "ae" or float(row["rate"]) >= 0


def validation_by_hand(model, cell: Cell, x):
    """Rate, and what distortion is to be expected, with its spread over draws of the noise."""
    mean, log_variance = model.encoder.network(x).chunk(2, 1)
    q = Normal(mean, (0.5 * log_variance).exp())
    noise = torch.randn(200, *mean.shape, generator=torch.Generator().manual_seed(0))
    z = mean[None] if cell.model == "ae" else q.mean + q.stddev * noise
    logits = model.decoder.network(z.flatten(0, 1)) + model.decoder.bias
    target = x.repeat(len(z), 1, 1, 1)
    per_image = binary_cross_entropy_with_logits(logits, target, reduction="none").sum((1, 2, 3))
    draws = per_image.unflatten(0, (len(z), -1)).mean(1)
    spread = draws.std().item() if len(draws) > 1 else 1e-5
    return kl_divergence(q, Normal(0.0, 1.0)).sum(1).mean().item(), draws.mean().item(), spread


def test_history_is_the_unweighted_distortion_and_rate_of_the_kept_weights(
    run, make_sweep, digits
):
    sweep = with_training(make_sweep(betas=(0.1, 8.0)), learning_rate=1e-2, epochs=4)
    directory = run(sweep)
    trained, history = TrainedSweep(directory), pd.read_csv(directory / "history.csv")
    x = digits.images["validation"].float() / 16
    for cell, record in trained.cells.items():
        row = history.query(
            "split == 'validation' and model == @cell.model and beta == @cell.beta "
            "and seed == @cell.seed and epoch == @record['best_epoch']"
        ).squeeze()
        rate, distortion, spread = validation_by_hand(trained.model(cell), cell, x)
        assert row["distortion"] == pytest.approx(distortion, abs=5 * spread)
        if cell.model == "vae":
            assert row["rate"] == pytest.approx(rate, rel=1e-4, abs=1e-6)
        objective = row["distortion"] + cell.beta * (row["rate"] if cell.model == "vae" else 0)
        assert record["validation_objective"] == pytest.approx(objective, rel=1e-6)


def test_training_lowers_the_objective_and_beta_the_rate(run, make_sweep):
    sweep = with_training(make_sweep(betas=(0.1, 4.0)), learning_rate=1e-2, epochs=6)
    history = pd.read_csv(run(sweep) / "history.csv").query("split == 'validation'")
    by_epoch = history.pivot_table(index="epoch", columns=["model", "beta"], values="distortion")
    assert (by_epoch.loc[6] < by_epoch.loc[0]).all()
    rate = history.query("epoch == 6").groupby(["model", "beta"])["rate"].mean()
    assert rate["vae", 0.1] > 2 * rate["vae", 4.0]


def test_the_record_says_what_was_trained(run, make_sweep, digits):
    sweep = make_sweep()
    record = json.loads((run(sweep, stack_size=4) / "sweep.json").read_text())
    assert type(sweep).from_dict(record["sweep"]) == sweep
    assert record["levels"] == 17
    assert record["shape"] == [1, 8, 8]
    assert record["parameters"] == (64 * 16 + 16 + 16 * 6 + 6) + (3 * 16 + 16 + 16 * 64) + 64
    assert [(c["model"], c["beta"], c["seed"]) for c in record["cells"]] == [
        (cell.model, cell.beta, cell.seed) for cell in sweep.cells
    ]
    assert {c["status"] for c in record["cells"]} == {"trained"}
    assert record["data"] == json.loads(json.dumps(digits.provenance))


def poison(monkeypatch, cell: Cell, epoch: int) -> None:
    """Make the weights of one cell NaN just before ``epoch``."""
    train_epoch = Stack.train_epoch

    def poisoned(stack):
        if cell in stack.cells and stack.epoch + 1 == epoch:
            with torch.no_grad():
                for parameter in stack.parameters.values():
                    parameter[stack.cells.index(cell)] = torch.nan
        train_epoch(stack)

    monkeypatch.setattr(Stack, "train_epoch", poisoned)


@pytest.mark.parametrize("epoch", [1, 3])
def test_divergence_is_recorded_and_harms_no_other_cell(run, make_sweep, monkeypatch, epoch):
    sweep, sick = with_training(make_sweep(), epochs=4, previews=3), Cell("vae", 0.5, 1)
    healthy = TrainedSweep(run(sweep, "healthy"))
    poison(monkeypatch, sick, epoch)
    trained = TrainedSweep(run(sweep, "sick"))
    for cell, record in trained.cells.items():
        assert trained.diverged(cell) == (cell == sick)
        if cell != sick:
            assert_alike(record, healthy.cells[cell])
            for a, b in zip(
                trained.model(cell).parameters(), healthy.model(cell).parameters(), strict=True
            ):
                torch.testing.assert_close(a, b)  # another stack size, other rounding
    record = trained.cells[sick]
    assert (record["status"], record["diverged_at_epoch"]) == ("diverged", epoch)
    assert record["best_epoch"] < epoch
    assert math.isfinite(record["validation_objective"])
    assert all(p.isfinite().all() for p in trained.model(sick).parameters())


def test_the_history_of_a_diverged_cell_ends_in_no_number(run, make_sweep, monkeypatch):
    sick = Cell("vae", 0.5, 1)
    poison(monkeypatch, sick, 2)
    history = pd.read_csv(run(make_sweep()) / "history.csv")
    is_sick = (history["beta"] == sick.beta) & (history["seed"] == sick.seed)
    assert history.loc[~is_sick, "distortion"].notna().all()
    assert history.loc[is_sick, "distortion"].isna().tolist() == [False, False, False, True, True]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_the_stacks_of_a_sweep_hold_every_cell_once_and_in_order(make_sweep, digits, size):
    sweep = make_sweep()
    stacks = [stack.cells for stack in loop.stacks_of(sweep, digits, CPU, size)]
    assert sum(stacks, ()) == sweep.cells
    assert {len(cells) for cells in stacks[:-1]} <= {size}
