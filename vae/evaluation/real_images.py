"""The training images that models and samples are compared with in evaluation."""

import torch
from torch import Tensor

from vae.data.datasets import Dataset, spaced
from vae.randomness import generator

MOST_TRAINING = 10_000  # that codes are fitted on, and copies looked for among


def training_images(dataset: Dataset, most: int, seed: int) -> Tensor:
    """At most ``most`` training images in [0, 1], evenly spaced, (N, C, H, W), on the CPU.

    Those that are binarised at every use are binarised here as well: test images are.
    """
    indices = spaced(torch.arange(len(dataset.images["train"])), most)
    stream = generator("cpu", seed, "reference images")
    return dataset.to("cpu").training_batch(indices[None], [stream])[0]
