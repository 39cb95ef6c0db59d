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
from vae.models import build_model
from vae.progress import Progress
from vae.randomness import generator
from vae.training.calibration import LOG_SIGMA, calibrated_log_sigma
from vae.training.checkpoints import Checkpoint
from vae.training.previews import save_filmstrip
from vae.training.stack import VALIDATION_BATCH, Stack

CACHE_FLOATS = 2**19  # activations of one layer that still lie in a CPU's cache
MEMORY_SHARE = 0.8  # of a GPU's free memory that training may fill
FLOAT_BYTES = 4
SECONDS_BETWEEN_CHECKPOINTS = 30


def default_stack_size(sweep: Sweep, dataset: Dataset, device: torch.device) -> int:
    """How many cells to train at once: what fits a GPU's free memory, or a CPU's cache."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        fits = int(MEMORY_SHARE * free) // cell_bytes(sweep, dataset)
        return max(1, min(len(sweep.cells), fits))
    widest = max(math.prod(dataset.shape), *layer_outputs(sweep, dataset))
    return max(1, CACHE_FLOATS // (sweep.training.batch_size * widest))


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


def cell_bytes(sweep: Sweep, dataset: Dataset) -> int:
    """Memory that training one cell takes, estimated from above.

    Weights, gradients, their copies, Adam's two moments, the average and the best weights so far;
    the outputs of all layers with their gradients, and as many numbers again in computing the
    likelihood.
    """
    model = build_model(sweep, dataset.mean_image().cpu(), dataset.levels)
    weights = sum(p.numel() for p in model.parameters())
    batch = max(sweep.training.batch_size, VALIDATION_BATCH)
    return FLOAT_BYTES * (7 * weights + 4 * batch * sum(layer_outputs(sweep, dataset)))


def layer_outputs(sweep: Sweep, dataset: Dataset) -> list[int]:
    """How many numbers each layer puts out for one image."""
    model = build_model(sweep, dataset.mean_image().cpu(), dataset.levels)
    outputs: list[int] = []
    for layer in (*model.encoder.network, *model.decoder.network):
        layer.register_forward_hook(lambda _, __, output: outputs.append(output.numel()))
    with torch.no_grad():
        noise = torch.zeros(*sweep.likelihood.objective.axis, 1, sweep.latent_dim)
        model(torch.zeros(1, *dataset.shape), noise)
    return outputs


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
    cells = sweep.cells
    print(f"{sweep.slug}: {len(cells)} cells on {device}, {size} at a time", flush=True)
    stacks = []
    for stack in stacks_of(sweep, dataset, device, size):
        start, part = size * len(stacks), f"part {len(stacks) + 1} of {-(-len(cells) // size)}, "
        end = start + len(stack.cells) - 1
        train_stack(stack, Checkpoint(checkpoints / f"cells_{start}_to_{end}.safetensors"), part)
        stacks.append(stack)
    if sweep.likelihood.family.calibrated:
        for stack in stacks:
            calibrate(stack)
    write_previews(directory / "previews", stacks)
    write_results(directory, stacks)
    for path in checkpoints.glob("cells_*"):
        path.unlink()


def calibrate(stack: Stack) -> None:
    """Set the σ of every cell's Gaussian likelihood to its best value on the training images."""
    x = stack.dataset.unit("train")
    for i, cell in enumerate(stack.cells):
        stream = generator(stack.device, cell.seed, "calibration")
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
