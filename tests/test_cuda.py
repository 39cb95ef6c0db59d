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
from safetensors.torch import load_file

from vae.configuration.sweep import NETWORKS, Network
from vae.data.datasets import Dataset
from vae.evaluation import (
    corruptions,
    gaps,
    images,
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

CPU = torch.device("cpu")
REAL = torch.cuda.is_available()
EVERY = (*DENSITIES, *MASSES)
HIDDEN = {"mlp": (16,), "conv": (4, 8), "linear": ()}


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
        levels=5,
        source_levels=5,
        images={split: x[:40] // 4 for split, x in digits.images.items()},
        labels={split: y[:40] for split, y in digits.labels.items()},
    )


@pytest.fixture
def make(make_sweep):
    """A sweep of one seed that needs little work."""
    short = replace(make_sweep().training, epochs=2, batch_size=30, previews=3)
    return lambda **changes: make_sweep(**{"seeds": (0,), "training": short, **changes})


@pytest.mark.parametrize("chosen", EVERY, ids=lambda one: one.slug)
def test_every_likelihood(chosen, make, few):
    sweep, x = make(likelihood=chosen), few.unit("test")[:3]

    def measured(device: torch.device) -> list[torch.Tensor]:
        model = build_model(sweep, few.mean_image().to(device), few.levels).eval().to(device)
        there = x.to(device)
        p = model.decode(model.encode(there).mean.detach())
        drawn = p.sample(generator(device, 0, "drawn"))
        assert (drawn.device.type, drawn.shape) == (device.type, x.shape)
        parts = [p.log_prob(there), p.mean]
        if chosen.over_numbers(few.levels) and not chosen.discrete:
            parts += [p.log_mass(there, few.levels), p.quantised_mean(few.levels)]
        return [part.detach().cpu() for part in parts]

    torch.manual_seed(0)
    on_cpu = measured(CPU)
    torch.manual_seed(0)
    with gpu():
        on_gpu = measured(CUDA)
    for a, b in zip(on_gpu, on_cpu, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def trained_on(device, folder, sweep, dataset) -> tuple[pd.DataFrame, dict[str, torch.Tensor]]:
    train(sweep, dataset, folder, folder / "checkpoints", device)
    assert len(list((folder / "previews").glob("*.png"))) == len(sweep.cells)
    return pd.read_csv(folder / "history.csv"), load_file(folder / "weights.safetensors")


def assert_training_is_alike(sweep, dataset, folder) -> None:
    history, weights = trained_on(CPU, folder / "cpu", sweep, dataset)
    with gpu():
        again, others = trained_on(CUDA, folder / "gpu", sweep, dataset)
    assert_alike(again, history)
    assert weights.keys() == others.keys()
    assert REAL or all(torch.equal(weights[name], others[name]) for name in weights)


@pytest.mark.parametrize("chosen", EVERY, ids=lambda one: one.slug)
def test_training_by_every_likelihood(chosen, make, few, tmp_path):
    assert_training_is_alike(make(likelihood=chosen), few, tmp_path)


@pytest.mark.parametrize("name", NETWORKS)
def test_training_every_network(name, make, few, tmp_path):
    sweep = make(network=Network(name, HIDDEN[name]))
    few = replace(few, levels=2)  # binarised at every use
    assert_training_is_alike(sweep, few, tmp_path)


@pytest.mark.parametrize("chosen", EVERY, ids=lambda one: one.slug)
def test_log_likelihood_of_every_likelihood(chosen, make, few, tmp_path, monkeypatch):
    for module, name in ((gaps, "STEPS"), (posterior, "STEPS"), (scales, "ROUNDS")):
        monkeypatch.setattr(module, name, 1)
    train(make(likelihood=chosen), few, tmp_path / "models", tmp_path / "checkpoints", CPU)
    trained = TrainedSweep(tmp_path / "models")
    tables = [likelihood.evaluate(trained, few, CPU, 10, 4, 0).table]
    with gpu():
        assert_alike(likelihood.evaluate(trained, few, CUDA, 10, 4, 0).table, *tables)


def other_evaluations(trained, dataset, spaces, device) -> Iterator[pd.DataFrame]:
    """Their tables."""
    for job in (latents, images):
        found = job.evaluate(trained, dataset, device, 0)
        yield from (found.table, *found.tables.values())
    several = load_spaces(spaces, ("classifier", "selfsupervised", "pixels"), device)
    yield samples.evaluate(trained, dataset, device, several, 50, 0).table


def test_other_evaluations(make, few, tmp_path):
    train(make(), few, tmp_path / "models", tmp_path / "checkpoints", CPU)
    save_spaces(train_spaces(few, 1, 0, CPU), few, tmp_path / "spaces")
    what = TrainedSweep(tmp_path / "models"), few, tmp_path / "spaces"
    on_cpu = list(other_evaluations(*what, CPU))
    with gpu():
        on_gpu = list(other_evaluations(*what, CUDA))
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
            references.references(few, classifier, several, 50, (3,), 0, device),
            corruptions.corruption_table(few, [classifier], 0, device),
        ]

    on_cpu = tables(CPU)
    with gpu():
        on_gpu = tables(CUDA)
    for a, b in zip(on_gpu, on_cpu, strict=True):
        assert_alike(a, b)


def test_the_check_against_closed_forms(few):
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
