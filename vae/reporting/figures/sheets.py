"""The charts of a group that show images of all its likelihoods."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from vae.data.datasets import Dataset
from vae.reporting.figures import style
from vae.reporting.figures.fid_check import draw_fid_check
from vae.reporting.figures.generated import Generated
from vae.reporting.figures.memory import draw_memory
from vae.reporting.figures.samples_matrix import draw_matrix
from vae.reporting.group import Group


def draw_sheets(
    group: Group,
    generated: Sequence[Generated],
    dataset: Dataset,
    training: Tensor,
    output: Path,
    seed: int,
) -> None:
    """Write the charts ``catalogue.FROM_MODELS`` of ``group``.

    Args:
        generated: the pictures of its likelihoods, in order.
        training: all training images as models see them, (N, C, H, W).
    """
    example = example_image(training, dataset.labels["train"])
    test = dataset.unit("test").to(training.device)
    figures = {
        "samples_matrix": draw_matrix(group, generated),
        "fid_check": draw_fid_check(group, example, seed),
        "memory": draw_memory(group, generated, training, test),
    }
    for name, figure in figures.items():
        style.save(figure, output / f"{name}.png")


def example_image(training: Tensor, labels: Tensor) -> Tensor:
    """A training image (C, H, W) of the fourth class, a 3 or a dress, or of the last there is."""
    return training[(labels == min(3, int(labels.max()))).nonzero()[0, 0]].cpu()
