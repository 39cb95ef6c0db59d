"""Fitting encoders again at β = 1 with their decoders frozen, to compare decoders fairly.

A β other than 1 trains q(z|x) towards p(z) p(x|z)^(1/β), not towards the posterior, and every
bound through it under-estimates the decoder.
"""

import dataclasses
from pathlib import Path

import torch

from vae.data import Dataset
from vae.files import read_json, write_json
from vae.models import TrainedSweep
from vae.stack import Stack
from vae.training import calibrate, default_stack_size, train_stack, write_results


def refit(
    trained: TrainedSweep,
    dataset: Dataset,
    directory: Path | str,
    epochs: int,
    device: torch.device,
    stack_size: int | None = None,
) -> None:
    """Write a copy of the VAEs of ``trained`` with refitted encoders to ``directory``.

    The encoder starts where training left it and is chosen on the validation split. A fixed σ is
    first set to its best value on the training images, or a wrong σ would count against β.
    """
    directory, dataset = Path(directory), dataset.to(device)
    settings = dataclasses.replace(trained.sweep.training, epochs=epochs, warmup_epochs=0)
    sweep = dataclasses.replace(trained.sweep, training=settings, autoencoder=False)
    cells = sweep.cells
    size = stack_size or default_stack_size(sweep, dataset, device)
    stacks = []
    for start in range(0, len(cells), size):
        part = cells[start : start + size]
        stack = Stack(sweep, part, dataset, device, trained.stacked(part), "encoder.")
        stack.beta.fill_(1.0)
        stack.template.eval()  # the density that evaluation measures, also for an optimal σ
        if sweep.likelihood.name == "gaussian_fixed_sigma":
            calibrate(stack)
        train_stack(stack)
        stacks.append(stack)
    write_results(directory, stacks)
    _keep_status(trained, directory / "sweep.json")


def _keep_status(trained: TrainedSweep, path: Path) -> None:
    """A cell that diverged in training stays diverged."""
    record = read_json(path)
    status = {(c.model, c.beta, c.seed): entry["status"] for c, entry in trained.cells.items()}
    for entry in record["cells"]:
        if status[entry["model"], entry["beta"], entry["seed"]] == "diverged":
            entry["status"] = "diverged"
    write_json(path, record)
