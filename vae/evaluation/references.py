"""What metrics of samples are read against: real images, pure noise, the classifier's accuracy."""

import pandas as pd
import torch
from torch import Tensor

from vae.collapse import collapse_references
from vae.data import Dataset
from vae.evaluation.baselines import bernoulli_floor, histogram_bits_per_dim
from vae.evaluation.distances import extract, fid, kid
from vae.features import Classifier, FeatureExtractor, accuracy
from vae.randomness import generator


def real_images(dataset: Dataset, split: str, count: int, seed: int) -> Tensor:
    """The first ``count`` images of a split in [0, 1], (N, C, H, W), on the CPU.

    Training images that are binarised at every use are binarised here as well: test images are.
    """
    if split != "train":
        return dataset.unit(split)[:count].cpu()
    stream = generator("cpu", seed, "reference images")
    return dataset.to("cpu").training_batch(torch.arange(count)[None], [stream])[0]


def noise_images(dataset: Dataset, count: int, seed: int) -> Tensor:
    """Images of the dataset's shape, every pixel uniform in [0, 1]: (N, C, H, W), on the CPU."""
    stream = generator("cpu", seed, "noise images")
    return torch.rand(count, *dataset.shape, generator=stream)


def references(
    dataset: Dataset,
    classifier: Classifier,
    extractor: FeatureExtractor,
    count: int,
    seed: int,
    device: torch.device,
) -> pd.DataFrame:
    """One row per reference value of a dataset: columns ``dataset, reference, value``.

    ``fid_floor`` and ``kid_floor`` compare real images: as many from the training split as from
    the test split; ``fid_noise`` compares uniform noise with the test split. All have ``count``
    images on each side, as samples have, and the prefix of the extractor's metrics. The last
    four say where linear theory expects posterior collapse, from all training images.
    """
    images = {split: real_images(dataset, split, count, seed) for split in ("train", "test")}
    images["noise"] = noise_images(dataset, count, seed)
    features = {k: extract(extractor, x.to(device), dataset.levels) for k, x in images.items()}
    prefix, test = extractor.metric_prefix, features["test"]
    values = {
        "classifier_accuracy": accuracy(classifier, dataset),
        "feature_count": test.shape[1],
        "fid_images": count,
        "histogram_bits_per_dim": histogram_bits_per_dim(dataset),
        "bernoulli_floor": bernoulli_floor(dataset),
        f"{prefix}fid_floor": fid(features["train"], test),
        f"{prefix}fid_noise": fid(features["noise"], test),
        f"{prefix}kid_floor": kid(features["train"], test).value,
        **collapse_references(real_images(dataset, "train", len(dataset.images["train"]), seed)),
    }
    return pd.DataFrame(
        [{"dataset": dataset.name, "reference": name, "value": v} for name, v in values.items()]
    )
