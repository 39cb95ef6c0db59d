"""Refitting changes the encoder alone, towards the posterior, and so raises the ELBO."""

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest
import torch
from torch import Tensor

from vae.calibration import LOG_SIGMA
from vae.files import read_json, write_json
from vae.models import VAE, TrainedSweep
from vae.objectives import distortion, rate
from vae.refitting import refit
from vae.sweep import Cell, Likelihood, Training
from vae.training import train

CPU = torch.device("cpu")
BETAS, SEEDS, EPOCHS = (0.1, 1.0, 4.0), (0, 1), 3
CELLS = [Cell("vae", beta, seed) for beta in BETAS for seed in SEEDS]
LIKELIHOODS = [
    Likelihood("bernoulli"),
    Likelihood("gaussian_fixed_sigma", sigma=1.0),
    Likelihood("gaussian_learned_sigma"),
    Likelihood("gaussian_optimal_sigma"),
]


@pytest.fixture(scope="module", params=LIKELIHOODS, ids=lambda likelihood: likelihood.name)
def pair(request, digits, make_sweep, tmp_path_factory) -> tuple[TrainedSweep, TrainedSweep]:
    """A trained sweep with autoencoders, and what the refit made of it."""
    folder = tmp_path_factory.mktemp(request.param.name)
    settings = Training(epochs=8, batch_size=100, learning_rate=1e-2, warmup_epochs=2)
    sweep = make_sweep(betas=BETAS, likelihood=request.param, training=settings)
    train(sweep, digits, folder / "models", folder / "checkpoints", CPU)
    trained = TrainedSweep(folder / "models")
    refit(trained, digits, folder / "refits", EPOCHS, CPU)
    return trained, TrainedSweep(folder / "refits")


def negative_elbo(model: VAE, x: Tensor, sigma_of: VAE | None = None) -> float:
    """Mean distortion + rate at β = 1, in nats, over many codes per image."""
    if sigma_of is not None and LOG_SIGMA in model.state_dict():
        model.load_state_dict({**model.state_dict(), LOG_SIGMA: sigma_of.state_dict()[LOG_SIGMA]})
    q = model.encode(x)
    noise = torch.randn(50, *q.mean.shape, generator=torch.Generator().manual_seed(0))
    return (distortion(model.decode(q.rsample(noise)), x).mean(0) + rate(q)).mean().item()


def test_cells_are_the_vaes(pair):
    trained, refitted = pair
    assert set(refitted.cells) == set(CELLS) < set(trained.cells)
    assert (refitted.levels, refitted.shape) == (trained.levels, trained.shape)
    assert refitted.sweep.training.epochs == EPOCHS
    assert refitted.sweep.training.warmup_epochs == 0


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.slug)
def test_only_encoders_change(pair, cell):
    """An encoder may stay if no epoch was better on validation, as that of a collapsed model."""
    before, after = (sweep.model(cell).state_dict() for sweep in pair)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    if pair[0].sweep.likelihood.name == "gaussian_fixed_sigma":
        changed.remove(LOG_SIGMA)
    assert before.keys() == after.keys()
    assert all(name.startswith("encoder.") for name in changed)
    assert bool(changed) == (pair[1].cells[cell]["best_epoch"] > 0)
    assert changed or cell.beta > 1


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.slug)
def test_the_elbo_on_validation_images_does_not_fall(pair, digits, cell):
    x, (before, after) = digits.unit("validation"), (sweep.model(cell) for sweep in pair)
    gain = negative_elbo(before, x, sigma_of=after) - negative_elbo(after, x)
    assert gain > (0.3 if cell.beta < 1 else -0.05)


def test_the_objective_of_a_refit_is_the_elbo_that_evaluation_measures(pair, digits, request):
    _, refitted = pair
    for cell, record in refitted.cells.items():
        expected = negative_elbo(refitted.model(cell), digits.unit("validation"))
        assert record["validation_objective"] == pytest.approx(expected, abs=1, rel=0.02)


def test_history_is_of_the_refit_and_starts_where_training_ended(pair, digits):
    trained, refitted = pair
    history = pd.read_csv(refitted.directory / "history.csv").query("split == 'validation'")
    assert sorted(history["epoch"].unique()) == list(range(EPOCHS + 1))
    for cell, record in refitted.cells.items():
        rows = history.query("beta == @cell.beta and seed == @cell.seed")
        objectives = (rows["distortion"] + rows["rate"]).tolist()
        assert record["validation_objective"] == pytest.approx(min(objectives), rel=1e-6)
        start = rate(trained.model(cell).encode(digits.unit("validation"))).mean().item()
        assert rows["rate"].iloc[0] == pytest.approx(start, rel=1e-5)


def test_a_fixed_sigma_becomes_the_best_one(pair, digits):
    trained, refitted = pair
    if trained.sweep.likelihood.name != "gaussian_fixed_sigma":
        pytest.skip("its σ is trained")
    x = digits.unit("train")
    for cell in CELLS:
        before, after = trained.model(cell), refitted.model(cell)
        noise = torch.randn(len(x), 3, generator=torch.Generator().manual_seed(0))
        error = before.decode(before.encode(x).rsample(noise)).mean - x
        expected = error.square().mean().sqrt().item()
        sigma = after.decoder.likelihood.log_sigma.exp().item()
        assert sigma == pytest.approx(expected, rel=0.02)
        assert sigma < 0.5  # it was 1


def contents(folder) -> dict[str, bytes]:
    names = ("weights.safetensors", "history.csv", "sweep.json")
    return {name: (folder / name).read_bytes() for name in names}


def test_a_refit_repeats_itself_bit_for_bit(trained, digits, tmp_path):
    for name in ("first", "second"):
        torch.manual_seed(len(name))
        refit(trained, digits, tmp_path / name, 2, CPU)
    first, second = contents(tmp_path / "first"), contents(tmp_path / "second")
    assert first == second


def test_the_result_does_not_depend_on_the_stack_size(trained, digits, tmp_path):
    for size in (1, 4):
        refit(trained, digits, tmp_path / str(size), 2, CPU, stack_size=size)
    one, four = (TrainedSweep(tmp_path / str(size)) for size in (1, 4))
    for cell in one.cells:
        a, b = one.model(cell).state_dict(), four.model(cell).state_dict()
        for name in a:
            torch.testing.assert_close(a[name], b[name], rtol=1e-3, atol=1e-4)


def test_the_trained_sweep_is_left_as_it_was(trained, digits, tmp_path):
    before = contents(trained.directory)
    refit(trained, digits, tmp_path / "refits", 1, CPU)
    assert contents(trained.directory) == before


def test_a_diverged_cell_stays_diverged(trained, digits, tmp_path):
    shutil.copytree(trained.directory, tmp_path / "models")
    record, sick = read_json(tmp_path / "models" / "sweep.json"), Cell("vae", 0.5, 1)
    for entry in record["cells"]:
        if (entry["model"], entry["beta"], entry["seed"]) == ("vae", sick.beta, sick.seed):
            entry["status"] = "diverged"
    write_json(tmp_path / "models" / "sweep.json", record)
    refit(TrainedSweep(tmp_path / "models"), digits, tmp_path / "refits", 1, CPU)
    refitted = TrainedSweep(tmp_path / "refits")
    assert [cell for cell in refitted.cells if refitted.diverged(cell)] == [sick]
    assert refitted.sweep == replace(
        trained.sweep,
        autoencoder=False,
        training=replace(trained.sweep.training, epochs=1),
    )
    assert json.loads((tmp_path / "refits" / "sweep.json").read_text())["levels"] == 17
