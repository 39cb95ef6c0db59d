"""The charts of a group that show images, for which the models of all likelihoods are loaded."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vae.data.datasets import Dataset
from vae.evaluation.real_images import training_images
from vae.models import TrainedSweep
from vae.reporting.figures import style
from vae.reporting.figures.fid_check import draw_fid_check
from vae.reporting.figures.memory import draw_memory
from vae.reporting.figures.samples_matrix import draw_matrix
from vae.reporting.group import Group


def draw_sheets(
    group: Group,
    sweeps: Sequence[TrainedSweep],
    dataset: Dataset,
    output: Path,
    seed: int,
    device: torch.device,
) -> None:
    """Write the charts ``catalogue.FROM_MODELS`` of ``group``, of which ``sweeps`` are trained."""
    training = training_images(dataset, len(dataset.images["train"]), seed)
    train, test = training.to(device), dataset.unit("test").to(device)
    figures = {
        "samples_matrix": draw_matrix(group, sweeps, seed, device),
        "fid_check": draw_fid_check(group, example_image(training, dataset.labels["train"]), seed),
        "memory": draw_memory(group, sweeps, train, test, seed),
    }
    for name, figure in figures.items():
        style.save(figure, output / f"{name}.png")


def example_image(training: Tensor, labels: Tensor) -> Tensor:
    """A training image (C, H, W) of the fourth class, a 3 or a dress, or of the last there is."""
    return training[(labels == min(3, int(labels.max()))).nonzero()[0, 0]].cpu()
