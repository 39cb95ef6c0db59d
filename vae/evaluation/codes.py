"""What the codes carry, and what decoding them loses: one job, or its time would be imports."""

import pandas as pd
import torch

from vae.data.datasets import Dataset
from vae.evaluation import images, latents
from vae.evaluation.cells import Measurements
from vae.models import TrainedSweep


def evaluate(
    trained: TrainedSweep, dataset: Dataset, device: torch.device, seed: int
) -> Measurements:
    """The metrics and tables of ``latents`` and ``images``."""
    of_codes, of_images = (
        part.evaluate(trained, dataset, device, seed) for part in (latents, images)
    )
    return Measurements(
        pd.concat([of_codes.table, of_images.table]),
        of_codes.per_image | of_images.per_image,
        of_codes.tables | of_images.tables,
    )
