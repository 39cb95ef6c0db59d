"""What metrics of samples are read against: the classifier's accuracy, the FID of real images."""

import pandas as pd
import torch

from vae.data import Dataset
from vae.evaluation.samples import fid_floor, sample_count
from vae.features import Classifier, accuracy


def references(
    dataset: Dataset, classifier: Classifier, samples: int, device: torch.device
) -> pd.DataFrame:
    """One row per reference value of a dataset: columns ``dataset, reference, value``.

    ``fid_floor`` compares as many training images with test images as FID compares samples.
    """
    count = sample_count(dataset, samples)
    values = {
        "classifier_accuracy": accuracy(classifier, dataset),
        "feature_count": classifier.output.in_features,
        "fid_images": count,
        "fid_floor": fid_floor(classifier, dataset, count, device),
    }
    return pd.DataFrame(
        [{"dataset": dataset.name, "reference": name, "value": v} for name, v in values.items()]
    )
