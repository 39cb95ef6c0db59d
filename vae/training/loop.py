"""Training of a sweep: all its cells, stacked along a leading model axis, resumable."""

import importlib.metadata
import math
import os
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import pandas as pd
import torch
from safetensors.torch import save_file

from vae.configuration.sweep import Cell, Sweep
from vae.data.datasets import Dataset
from vae.devices import describe
from vae.errors import InputError
from vae.files import replacing, sha256, write_json, write_text
from vae.progress import Progress
from vae.randomness import generator
from vae.training.calibration import LOG_SIGMA, calibrated_log_sigma
from vae.training.capacity import default_stack_size
from vae.training.checkpoints import Checkpoint
from vae.training.previews import save_filmstrip
from vae.training.stack import Stack

SECONDS_BETWEEN_CHECKPOINTS = 30


def stacks_of(
    sweep: Sweep,
    dataset: Dataset,
    device: torch.device,
    size: int | None = None,
    kind: Callable[..., Stack] = Stack,
) -> Iterator[Stack]:
    """All cells of a sweep in stacks of ``size``, each made when it is asked for."""
    size = size or default_stack_size(sweep, dataset, device)
    for start in range(0, len(sweep.cells), size):
        yield kind(sweep, sweep.cells[start : start + size], dataset, device)


def train(
    sweep: Sweep,
    dataset: Dataset,
    directory: Path | str,
    checkpoints: Path | str,
    device: torch.device,
    stack_size: int | None = None,
) -> None:
    """Train every cell of ``sweep`` and write weights, record, history and previews.

    Args:
        directory: where the results go (``results/models/<sweep>``).
        checkpoints: folder for the state of an unfinished run; emptied at the end.
        stack_size: cells trained at once; the result does not depend on it beyond rounding.

    Raises:
        InputError: if another process is training into the same checkpoints.
    """
    directory, checkpoints = Path(directory), Path(checkpoints)
    checkpoints.mkdir(parents=True, exist_ok=True)
    trainer = checkpoints / "trainer"
    try:
        with filelock.FileLock(checkpoints / "lock", timeout=0):
            trainer.write_text(f"process {os.getpid()} on {platform.node()}", encoding="utf-8")
            _train_locked(sweep, dataset.to(device), directory, checkpoints, device, stack_size)
            trainer.unlink(missing_ok=True)
    except filelock.Timeout:
        who = trainer.read_text(encoding="utf-8") if trainer.is_file() else "another process"
        raise InputError(
            f"{sweep.slug} is being trained by {who}, which holds {checkpoints / 'lock'} (a job "
            "outlives a snakemake that was killed): wait for it, or stop it and run again"
        ) from None


def _train_locked(sweep, dataset, directory, checkpoints, device, stack_size) -> None:
    size = stack_size or default_stack_size(sweep, dataset, device)
    print(f"{sweep.slug}: {len(sweep.cells)} cells on {device}, {size} at a time", flush=True)
    stacks = _train_cells(sweep, dataset, checkpoints, device, size)
    if sweep.likelihood.family.calibrated:
        for stack in stacks:
            calibrate(stack)
    write_previews(directory / "previews", stacks)
    write_results(directory, stacks)
    for path in checkpoints.glob("cells_*"):
        path.unlink()


def _train_cells(sweep, dataset, checkpoints, device, size: int) -> list[Stack]:
    """Train every cell, ``size`` at a time; half as many from where a GPU's memory runs out."""
    stacks: list[Stack] = []
    while rest := sweep.cells[sum(len(stack.cells) for stack in stacks) :]:
        size, first = min(size, len(rest)), len(sweep.cells) - len(rest)
        checkpoint = Checkpoint(checkpoints / f"cells_{first}_to_{first + size - 1}.safetensors")
        part = f"part {len(stacks) + 1} of {len(stacks) + -(-len(rest) // size)}, "
        try:
            stack = Stack(sweep, rest[:size], dataset, device)
            train_stack(stack, checkpoint, part)
            stack.narrow(())  # makes room: from here on only the weights that are kept matter
            stacks.append(stack)
        except torch.OutOfMemoryError:
            stack = None
            size = _halved(size, f"{sweep.slug}: {device} is out of memory")
    return stacks


def _halved(size: int, trouble: str) -> int:
    if size == 1:
        raise InputError(
            f"{trouble} with a single cell: lower training.batch_size or networks.hidden, "
            "or wait until other jobs leave it more"
        )
    print(f"{trouble} with {size} cells at a time, going on with {size // 2}", flush=True)
    return size // 2


def calibrate(stack: Stack) -> None:
    """Set the σ of every cell's Gaussian likelihood to its best value on the training images."""
    for i, cell in enumerate(stack.cells):
        stream = generator(stack.device, cell.seed, "calibration")
        x = stack.dataset.training_images(stream)
        stack.constants[LOG_SIGMA][i] = calibrated_log_sigma(stack.model(i), x, stream)


def train_stack(stack: Stack, checkpoint: Checkpoint | None = None, part: str = "") -> None:
    """Train ``stack`` until it is finished, from ``checkpoint`` if that is of the same run.

    Args:
        part: begins the title of the progress that is shown.
    """
    epochs = stack.sweep.training.epochs
    if checkpoint:
        checkpoint.restore(stack)
    if stack.epoch == 0 and not stack.history:
        stack.validate()
    saved = time.monotonic()
    names = dict.fromkeys((stack.cells[0].slug, stack.cells[-1].slug))
    title = f"{part}{' … '.join(names)}"
    with Progress(title, epochs, "epoch", stack.epoch) as progress:
        while not stack.finished:
            stack.train_epoch()
            stack.validate()
            progress.advance(stack.summary, stack.finished)
            if checkpoint and (
                stack.finished or time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS
            ):
                checkpoint.save(stack)
                saved = time.monotonic()


def write_previews(folder: Path, stacks: list[Stack]) -> None:
    """Write one picture per cell of how its output changed while it trained."""
    for stack in stacks:
        for i, cell in enumerate(stack.cells):
            path = folder / f"{cell.slug}.png"
            save_filmstrip(path, stack.preview_images, stack.filmstrip(i))


def write_results(directory: Path, stacks: list[Stack]) -> None:
    """Write weights, history and record of a finished run; the record last."""
    names = stacks[0].weights
    weights = {n: torch.cat([s.weights[n] for s in stacks]).cpu().contiguous() for n in names}
    with replacing(directory / "weights.safetensors") as temporary:
        save_file(weights, temporary)
    history = pd.DataFrame([row for stack in stacks for row in stack.history])
    write_text(directory / "history.csv", history.to_csv(index=False))
    digest = {"weights": sha256(directory / "weights.safetensors")}
    write_json(directory / "sweep.json", _record(stacks) | digest)


def _record(stacks: list[Stack]) -> dict:
    first = stacks[0]
    packages = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "pytorch-fid")
    return {
        "sweep": first.sweep.to_dict(),
        "levels": first.dataset.levels,
        "shape": list(first.dataset.shape),
        "parameters": sum(p.numel() for p in first.template.parameters()),
        "cells": [entry for stack in stacks for entry in cell_records(stack)],
        "data": dict(first.dataset.provenance),
        "device": describe(first.device),
        "stack_size": len(first.cells),
        "versions": {"python": platform.python_version()}
        | {package: importlib.metadata.version(package) for package in packages},
    }


def cell_records(stack: Stack) -> list[dict]:
    """What ``sweep.json`` says of each cell: who it is, how and when it ended, what was kept."""
    diverged = stack.diverged_at.tolist()
    return [
        {
            **_identity(cell),
            "status": "trained" if diverged[i] < 0 else "diverged",
            "diverged_at_epoch": diverged[i] if diverged[i] >= 0 else None,
            "converged": diverged[i] < 0 and stack.converged(i),
            "epochs": len(stack.objectives[i]) - 1,
            "best_epoch": int(stack.best_epoch[i]),
            "validation_objective": _finite(float(stack.best_objective[i])),
        }
        for i, cell in enumerate(stack.cells)
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _identity(cell: Cell) -> dict:
    return {"model": cell.model, "beta": cell.beta, "seed": cell.seed}
