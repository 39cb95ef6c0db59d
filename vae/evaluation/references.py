"""What metrics of samples are read against: real images, pure noise, copies, label accuracy."""

from collections.abc import Iterator, Sequence

import pandas as pd
import torch
from torch import Tensor

from vae.data.datasets import Dataset
from vae.evaluation.baselines import bernoulli_floor, histogram_bits_per_dim
from vae.evaluation.collapse import collapse_references
from vae.evaluation.probes import Probe
from vae.evaluation.real_images import MOST_TRAINING, training_images
from vae.evaluation.realism import Realism, generated_count
from vae.features.classifier import (
    Classifier,
    FeatureExtractor,
    accuracy,
    class_count,
    feature_count,
)
from vae.randomness import generator

SUBSETS = 20


def noise_images(dataset: Dataset, count: int, seed: int) -> Tensor:
    """Images of the dataset's shape, every pixel uniform in [0, 1]: (N, C, H, W), on the CPU."""
    stream = generator("cpu", seed, "noise images")
    return torch.rand(count, *dataset.shape, generator=stream)


Reference = tuple[str, float, float | None]  # name, value, standard deviation


def references(
    dataset: Dataset,
    classifier: Classifier | None,
    spaces: Sequence[FeatureExtractor],
    samples: int,
    latent_dims: Sequence[int],
    seed: int,
    device: torch.device,
) -> pd.DataFrame:
    """One row per reference value of a dataset: columns ``dataset, reference, value, sd``.

    What the dataset is (``_of_dataset``), what images that no model made score in every feature
    space (``_of_space``), and what codes are read against (``_of_probes``).

    Args:
        classifier: None if the images have no classes.
    """
    everything = training_images(dataset, len(dataset.images["train"]), seed)
    rows = [*_of_dataset(dataset, everything, samples)]
    if classifier is not None:
        rows.append(("classifier_accuracy", accuracy(classifier, dataset), None))
    rows += [(name, value, None) for name, value in collapse_references(everything).items()]
    test, training = dataset.unit("test"), training_images(dataset, MOST_TRAINING, seed)
    for extractor in spaces:
        space = Realism(extractor, test.to(device), training.to(device), dataset.levels, seed)
        rows += _of_space(space, dataset, everything.to(device), samples, seed)
    rows += _of_probes(Probe(dataset, seed, device), spaces, latent_dims)
    frame = pd.DataFrame(rows, columns=["reference", "value", "sd"])
    frame.insert(0, "dataset", dataset.name)
    return frame


def _of_dataset(dataset: Dataset, training: Tensor, samples: int) -> list[Reference]:
    """How many classes and images there are, and what needs no model."""
    test = dataset.unit("test")
    return [
        ("classes", class_count(dataset), None),
        ("feature_count", feature_count(len(test)), None),
        ("fid_images", len(test), None),
        ("fid_generated_images", generated_count(len(test), samples), None),
        ("histogram_bits_per_dim", histogram_bits_per_dim(dataset, training), None),
        ("bernoulli_floor", bernoulli_floor(dataset), None),
    ]


def _of_probes(
    probe: Probe, spaces: Sequence[FeatureExtractor], latent_dims: Sequence[int]
) -> Iterator[Reference]:
    """Probes of pixels, ``probe_accuracy_pixels``, of principal components, as many as a code has
    dimensions, ``probe_accuracy_pca_10``, and of the features of a space,
    ``probe_accuracy_selfsupervised_features``; none without classes.
    """
    codes = {"pixels": probe.of_pixels()}
    codes |= {f"{s.metric_prefix}features": probe.of_features(s.features) for s in spaces}
    codes |= {f"pca_{d}": probe.of_components(d) for d in latent_dims}
    for name, found in codes.items():
        for metric, estimate in found.items():
            yield f"{metric}_{name}", estimate.value, estimate.se


def _of_space(
    space: Realism, dataset: Dataset, training: Tensor, samples: int, seed: int
) -> Iterator[Reference]:
    """With the prefix of a feature space, the metrics of images that no model made.

    Random sets of training images, as many as there are test images: ``kid_floor``,
    ``precision_real``, ``recall_real``, ``density_real``, ``coverage_real``, each a mean over
    sets with its standard deviation; likewise ``fid_floor``, of as many as models generate. All
    training images (at most 10,000, those that are reconstructed): ``fid_floor_training``; as
    copies, ``data_copying_copies`` and ``authentic_share_copies``. Validation images, which
    nobody has copied: ``data_copying_real``, ``authentic_share_real``. Uniform noise:
    ``fid_noise``.
    """
    features, count = space.extract(training), len(space.test)
    generated = generated_count(count, samples)
    for name, values in _random_subsets(space, features, count, generated, seed).items():
        of = "floor" if name in ("fid", "kid") else "real"
        yield f"{space.prefix}{name}_{of}", values.mean().item(), values.std().item()
    yield f"{space.prefix}fid_floor_training", space.fid(space.training).value, None
    noise = noise_images(dataset, count, seed).to(training.device)
    yield f"{space.prefix}fid_noise", space.fid(space.extract(noise)).value, None
    unseen = space.extract(dataset.unit("validation").to(training.device))
    for of, images in (("real", unseen), ("copies", space.training)):
        for name, estimate in space.copying(images).items():
            yield f"{space.prefix}{name}_{of}", estimate.value, None


def _random_subsets(
    space: Realism, features: Tensor, count: int, generated: int, seed: int
) -> dict[str, Tensor]:
    """Every distance between test images and ``SUBSETS`` random sets of ``count`` images.

    FID, whose bias depends on the number of images, is that of ``generated`` images.
    """
    stream = generator(features.device, seed, "random subsets")
    found: dict[str, list[float]] = {}
    for _ in range(SUBSETS):
        order = torch.randperm(len(features), generator=stream, device=features.device)
        found.setdefault("fid", []).append(fid_of_many(space, features[order], generated))
        for name, estimate in space.of_pairs(features[order[:count]]).items():
            found.setdefault(name, []).append(estimate.value)
    return {name: torch.tensor(values, dtype=torch.float64) for name, values in found.items()}


def fid_of_many(space: Realism, features: Tensor, count: int) -> float:
    """FID of the first ``count`` real images; where there are fewer, what so many would have.

    Its bias falls as one over the number of images (Chong & Forsyth 2020, "Effectively unbiased
    FID and Inception Score and where to find them"): what half of the images add tells how far.
    """
    n = min(count, len(features))
    whole = space.fid(features[:n]).value
    if n == count:
        return whole
    half = space.fid(features[: n // 2]).value
    return whole - (half - whole) * (1 - n / count)
