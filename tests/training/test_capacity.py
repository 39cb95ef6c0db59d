"""How many cells are trained at once: as many as pay, and no more than fit."""

from dataclasses import replace

import pytest
import torch
from fake_cuda import CUDA, fake_cuda

from vae.configuration.sweep import Likelihood, Network, Objective
from vae.models import build_model
from vae.training import capacity
from vae.training.capacity import default_stack_size
from vae.training.stack import Stack

CPU = torch.device("cpu")
MANY = tuple(range(200))
CONV = Network("conv", (4, 8))


def one_cell(sweep, dataset) -> int:
    model = build_model(sweep, dataset.mean_image(), dataset.levels)
    return capacity.cell_bytes(model, sweep)


def with_free_memory(monkeypatch, free: int) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free, 2 * free))


def test_two_jobs_fit_into_the_memory_of_a_gpu(make_sweep, digits, monkeypatch):
    sweep = make_sweep(seeds=MANY)
    one = one_cell(sweep, digits)
    for free, size in ((0, 1), (10 * one, 4), (10**6 * one, len(sweep.cells))):
        with_free_memory(monkeypatch, free)
        assert default_stack_size(sweep, digits, CUDA) == size
    for cells in range(3, 40):
        with_free_memory(monkeypatch, cells * one)
        assert 2 * one * default_stack_size(sweep, digits, CUDA) <= cells * one


def test_on_a_cpu_at_least_one(make_sweep, digits):
    sweep = make_sweep(seeds=MANY)
    slow = replace(sweep.training, batch_size=10**4)
    wide = make_sweep(network=Network("mlp", (16_384,)), training=slow)
    assert default_stack_size(wide, digits, CPU) == 1
    assert 1 < default_stack_size(sweep, digits, CPU) < len(sweep.cells)


def test_on_a_cpu_all_outputs_of_the_decoder_count(make_sweep, digits):
    sizes = [
        default_stack_size(make_sweep(seeds=MANY, likelihood=Likelihood(name)), digits, CPU)
        for name in ("bernoulli", "beta")
    ]
    assert sizes[0] == pytest.approx(2 * sizes[1], abs=1)  # two outputs per pixel


@pytest.mark.parametrize("device", [CPU, CUDA], ids=str)
def test_few_convolutional_networks_are_stacked(make_sweep, digits, monkeypatch, device):
    with_free_memory(monkeypatch, 2**40)
    sweep = make_sweep(seeds=MANY, network=CONV)
    assert default_stack_size(sweep, digits, device) == capacity.MOST_CONVOLUTIONS
    assert default_stack_size(make_sweep(seeds=MANY), digits, device) > capacity.MOST_CONVOLUTIONS


def peak(sweep, dataset, cells: int) -> int:
    """Bytes that an epoch with its validation needs at most, beside the images."""
    with fake_cuda() as gpu:
        there = dataset.to(CUDA)
        images = gpu.peak
        stack = Stack(sweep, sweep.cells[:cells], there, CUDA)
        stack.train_epoch()
        stack.validate()
        return gpu.peak - images


@pytest.mark.parametrize("network", [Network("mlp", (64, 64, 64)), Network("linear", ()), CONV])
@pytest.mark.parametrize(
    "chosen",
    [
        Likelihood("bernoulli"),
        Likelihood("bernoulli", betas=(1.0,), objective=Objective("iwae", 5)),
        Likelihood("categorical"),
        Likelihood("beta", discretized=True),
        Likelihood("gaussian_learned_sigma", discretized=True),
    ],
    ids=lambda one: one.slug,
)
def test_memory_is_estimated_from_above(make_sweep, digits, monkeypatch, chosen, network):
    splits = {"train": 60, "validation": 100, "test": 1}
    images = {split: x[: splits[split]] for split, x in digits.images.items()}
    dataset = replace(digits, images=images)
    monkeypatch.setattr(capacity, "VALIDATION_BATCH", splits["validation"])
    short = replace(make_sweep().training, batch_size=60)
    sweep = make_sweep(likelihood=chosen, network=network, training=short)
    needed = (peak(sweep, dataset, 3) - peak(sweep, dataset, 1)) / 2
    assert needed < one_cell(sweep, dataset) < 6 * needed
