"""All that computes, on a GPU: on a real one if there is one, else on one that is not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from every_likelihood import DENSITIES, MASSES
from fake_cuda import CUDA, FakeCuda, fake_cuda

from vae import models
from vae.configuration.sweep import NETWORKS, Likelihood, Network, Objective
from vae.data.datasets import Dataset
from vae.distributions import interval
from vae.evaluation import (
    copying,
    corruptions,
    gaps,
    images,
    importance,
    latents,
    likelihood,
    posterior,
    references,
    samples,
    scales,
)
from vae.features.spaces import load_spaces, save_spaces, train_spaces
from vae.models import TrainedSweep, build_model
from vae.randomness import generator
from vae.selfcheck import closed_forms, mistakes
from vae.training.loop import train
from vae.training.stack import Stack

CPU = torch.device("cpu")
REAL = torch.cuda.is_available()
SEVERAL_CODES = Likelihood("bernoulli", betas=(1.0,), objective=Objective("iwae", 3))
EVERY = (*DENSITIES, *MASSES, SEVERAL_CODES)
LEVELS = 5
HIDDEN = {"conv": (4, 8), "linear": ()}


@contextmanager
def gpu() -> Iterator[FakeCuda | None]:
    """A GPU; a fake one is given to the block, which may look at what it saw."""
    if REAL:
        yield None
    else:
        with fake_cuda() as fake:
            yield fake


def assert_alike(on_gpu: pd.DataFrame, on_cpu: pd.DataFrame) -> None:
    """A real GPU draws other random numbers, a fake one computes the CPU's."""
    if not REAL:
        pd.testing.assert_frame_equal(on_gpu, on_cpu, rtol=1e-6)
    assert on_gpu.shape == on_cpu.shape
    np.testing.assert_array_equal(on_gpu.isna(), on_cpu.isna())


@pytest.fixture(scope="module")
def few(digits) -> Dataset:
    """A few images of every split, of five grey levels."""
    return replace(
        digits,
        levels=LEVELS,
        source_levels=LEVELS,
        images={split: x[:40] // 4 for split, x in digits.images.items()},
        labels={split: y[:40] for split, y in digits.labels.items()},
    )


@pytest.fixture
def make(make_sweep):
    """A sweep of one cell that needs little work; keyword arguments replace its fields."""
    short = replace(make_sweep().training, epochs=2, batch_size=30, previews=3)
    few = {"betas": (1.0,), "seeds": (0,), "autoencoder": False, "latent_dim": 2}
    return lambda **changes: make_sweep(**few | {"training": short} | changes)


def fewer_steps(monkeypatch) -> None:
    """Where a loop does the same again, once is enough."""
    loops = ((gaps, "STEPS"), (posterior, "STEPS"), (posterior, "ROUNDS"), (scales, "ROUNDS"))
    for module, name in loops:
        monkeypatch.setattr(module, name, 1)
    nodes, weights = np.polynomial.legendre.leggauss(2)
    monkeypatch.setattr(interval, "NODES", nodes)
    monkeypatch.setattr(interval, "WEIGHTS", weights)


def outputs(model, x: torch.Tensor, masses: bool, device: torch.device) -> list[torch.Tensor]:
    """All that a decoder's distribution can be asked for."""
    model, x = model.to(device), x.to(device)
    p = model.decode(model.encode(x).mean)
    drawn = p.sample(generator(device, 0, "drawn"))
    assert (drawn.device.type, drawn.shape) == (device.type, x.shape)
    parts = [p.log_prob(x), p.mean]
    if masses:
        parts += [p.log_mass(x, LEVELS), p.quantised_mean(LEVELS)]
    return [part.cpu() for part in parts]


def trained_on(device, folder, sweep, dataset) -> tuple[TrainedSweep, pd.DataFrame]:
    train(sweep, dataset, folder, folder / "checkpoints", device)
    assert len(list((folder / "previews").glob("*.png"))) == len(sweep.cells)
    return TrainedSweep(folder), pd.read_csv(folder / "history.csv")


def assert_same_training(sweep, dataset, folder) -> TrainedSweep:
    """Train on both devices and compare; what the CPU trained."""
    trained, history = trained_on(CPU, folder / "cpu", sweep, dataset)
    with gpu():
        again, others = trained_on(CUDA, folder / "gpu", sweep, dataset)
    assert_alike(others, history)
    weights, theirs = (t.stacked(sweep.cells) for t in (trained, again))
    assert weights.keys() == theirs.keys()
    assert REAL or all(torch.equal(weights[name], theirs[name]) for name in weights)
    return trained


@pytest.mark.parametrize("chosen", EVERY, ids=lambda one: one.slug)
def test_every_likelihood(chosen, make, few, tmp_path, monkeypatch):
    fewer_steps(monkeypatch)
    trained = assert_same_training(make(likelihood=chosen), few, tmp_path)
    (cell,), x = trained.cells, few.unit("test")[:3]
    masses = chosen.over_numbers(LEVELS)
    values = outputs(trained.model(cell), x, masses, CPU)
    table = likelihood.evaluate(trained, few, CPU, 10, 3, 0).table
    with gpu():
        theirs = outputs(trained.model(cell), x, masses, CUDA)
        assert_alike(likelihood.evaluate(trained, few, CUDA, 10, 3, 0).table, table)
    torch.testing.assert_close(theirs, values, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network(name, make, few, tmp_path):
    sweep = make(network=Network(name, HIDDEN.get(name, (16,))), autoencoder=True)
    assert_same_training(sweep, replace(few, levels=2), tmp_path)  # binarised at every use


def other_evaluations(trained, dataset, spaces, device) -> list[pd.DataFrame]:
    """All tables of all evaluations but that of the likelihood."""
    several = load_spaces(spaces, ("classifier", "selfsupervised", "pixels"), device)
    measured = (
        latents.evaluate(trained, dataset, device, 0),
        images.evaluate(trained, dataset, device, 0),
        samples.evaluate(trained, dataset, device, several, 50, 0),
    )
    return [table for one in measured for table in (one.table, *one.tables.values())]


def test_other_evaluations(make, few, tmp_path):
    sweep = make(autoencoder=True)
    train(sweep, few, tmp_path / "models", tmp_path / "checkpoints", CPU)
    save_spaces(train_spaces(few, 1, 0, CPU), few, tmp_path / "spaces")
    what = TrainedSweep(tmp_path / "models"), few, tmp_path / "spaces"
    on_cpu = other_evaluations(*what, CPU)
    with gpu():
        on_gpu = other_evaluations(*what, CUDA)
    for a, b in zip(on_gpu, on_cpu, strict=True):
        assert_alike(a, b)


def test_features_and_what_is_read_against_them(few, monkeypatch):
    monkeypatch.setattr(references, "SUBSETS", 2)
    for kinds in (corruptions.CORRUPTIONS, corruptions.FAULTS):
        for name, (spoil, strengths) in kinds.items():
            monkeypatch.setitem(kinds, name, (spoil, strengths[:1]))

    def tables(device: torch.device) -> list[pd.DataFrame]:
        spaces = train_spaces(few, 1, 0, device)
        classifier, several = spaces["classifier"], list(spaces.values())
        return [
            references.references(few, classifier, several, 50, (2,), 0, device),
            corruptions.corruption_table(few, [classifier], 0, device),
        ]

    on_cpu = tables(CPU)
    with gpu():
        on_gpu = tables(CUDA)
    for a, b in zip(on_gpu, on_cpu, strict=True):
        assert_alike(a, b)


def test_the_check_against_closed_forms(few, monkeypatch):
    fewer_steps(monkeypatch)
    monkeypatch.setattr(closed_forms, "SAMPLES", 10)
    monkeypatch.setattr(closed_forms, "choose_betas", lambda _: (1.0,))
    phases = [replace(phase, epochs=2) for phase in closed_forms.PHASES[:2]]
    on_cpu = closed_forms.selfcheck(few, 0, CPU, phases)
    with gpu():
        on_gpu = closed_forms.selfcheck(few, 0, CUDA, phases)
    assert_alike(on_gpu, on_cpu)


@pytest.mark.parametrize("show", [mistakes.mean_reduction, mistakes.free_density])
def test_the_mistakes(show, make, few, monkeypatch):
    monkeypatch.setattr(mistakes, "LEAST_EPOCHS", 3)
    on_cpu = show(make(), few, 0, CPU)
    with gpu():
        on_gpu = show(make(), few, 0, CUDA)
    assert_alike(on_gpu, on_cpu)


@pytest.mark.skipif(REAL, reason="looks into the fake device")
@pytest.mark.parametrize("levels", [LEVELS, 2], ids=["grey", "binarised at every use"])
def test_an_epoch_waits_once_for_a_gpu_and_its_validation_once(make, few, levels):
    without_pictures = replace(make().training, previews=2)
    sweep = make(autoencoder=True, training=without_pictures)
    with fake_cuda() as fake:
        stack = Stack(sweep, sweep.cells, replace(few, levels=levels).to(CUDA), CUDA)
        stack.validate()
        for step in (stack.train_epoch, stack.validate):
            fake.waits.clear()
            step()
            assert fake.waits.total() == 1, fake.waits


@pytest.mark.skipif(REAL, reason="looks into the fake device")
def test_more_samples_make_nobody_wait_longer(make, few, monkeypatch):
    monkeypatch.setattr(models, "DECODED_FLOATS", 1)  # so few codes at once as there may be
    monkeypatch.setattr(importance, "LEAST_SAMPLES", 1)
    waits = []
    with fake_cuda() as fake:
        model = build_model(make(), few.mean_image(), few.levels).requires_grad_(False).to(CUDA)
        x = few.unit("test")[:8].to(CUDA)
        q = model.encode(x)
        for samples in (50, 100):
            importance._rows.cache_clear()
            fake.waits.clear()
            mixture = importance.Mixture((q, q), (0, 0, 1))
            stream = generator(CUDA, 0, "samples")
            importance.weights_of(model, x, mixture, samples, stream, importance.density)
            waits.append(fake.waits.total())
    assert waits[0] == waits[1]


@pytest.mark.skipif(REAL, reason="looks into the fake device")
def test_copies_are_looked_for_without_waiting_for_every_region():
    stream = torch.Generator().manual_seed(0)
    training, test, generated = (torch.randn(100, 2, generator=stream) for _ in range(3))
    on_cpu = copying.DataCopying(training, test, 0)(generated)
    with fake_cuda() as fake:
        there, theirs = (
            copying.DataCopying(training.to(CUDA), test.to(CUDA), 0),
            generated.to(CUDA),
        )
        fake.waits.clear()
        found = there(theirs)
        assert fake.waits.total() < copying.REGIONS
    assert found["data_copying"] == on_cpu["data_copying"]


@pytest.mark.skipif(REAL, reason="fills the fake device")
def test_out_of_memory_halves_the_stack_and_says_so(make, few, tmp_path, capsys):
    sweep = make(betas=(0.5, 1.0, 2.0), autoencoder=True)

    def trained(name: str, size: int, memory: int = 2**30):
        with fake_cuda(memory) as fake:
            train(sweep, few, tmp_path / name, tmp_path / "checkpoints", CUDA, size)
        return fake.peak, pd.read_csv(tmp_path / name / "history.csv")

    (two, by_two), (four, _) = trained("two", 2), trained("four", 4)
    capsys.readouterr()
    _, halved = trained("halved", 4, (two + four) // 2)
    said = [line for line in capsys.readouterr().out.splitlines() if "memory" in line]
    assert len(said) == 1
    assert "4 cells at a time, going on with 2" in said[0]
    pd.testing.assert_frame_equal(halved, by_two)


@pytest.mark.skipif(REAL, reason="fills the fake device")
def test_too_little_memory_for_one_cell_is_said_in_a_sentence(make, few, tmp_path, input_error):
    with fake_cuda(10**5), input_error("cuda", "memory", "training.batch_size"):
        train(make(), few, tmp_path / "models", tmp_path / "checkpoints", CUDA)
