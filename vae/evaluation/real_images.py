"""The training images that models and samples are compared with in evaluation."""

from torch import Tensor

from vae.data.datasets import Dataset
from vae.randomness import generator

MOST_TRAINING = 10_000  # that codes are fitted on, and copies looked for among


def training_images(dataset: Dataset, most: int, seed: int) -> Tensor:
    """At most ``most`` training images in [0, 1], evenly spaced, (N, C, H, W), on the CPU.

    Those that are binarised at every use are binarised here as well: test images are.
    """
    return dataset.to("cpu").training_images(generator("cpu", seed, "reference images"), most)
