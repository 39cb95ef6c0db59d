"""The feature spaces that samples are compared in: trained once per dataset, kept in one file.

Trained again on another processor they differ, by rounding that training amplifies: who wants to
compare the FIDs of two runs takes the spaces of one of them for both (``adopt_spaces``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from vae.checks import require
from vae.data.datasets import Dataset
from vae.features.classifier import Classifier, FeatureExtractor, class_count, train_classifier
from vae.features.pixels import PrincipalComponents, fit_pixels
from vae.features.selfsupervised import SelfSupervised, train_selfsupervised
from vae.files import reading, replacing


def train_spaces(
    dataset: Dataset, epochs: int, seed: int, device: torch.device
) -> dict[str, nn.Module]:
    """Every space that is learned from the training images, by name."""
    pixels = {"pixels": fit_pixels(dataset, seed, device)}
    return train_networks(dataset, epochs, seed, device) | pixels


def train_networks(
    dataset: Dataset, epochs: int, seed: int, device: torch.device
) -> dict[str, nn.Module]:
    """Those of them that are networks. Without two classes or more there is no classifier."""
    classifier = (
        {"classifier": train_classifier(dataset, epochs, seed, device)} if dataset.labelled else {}
    )
    return classifier | {"selfsupervised": train_selfsupervised(dataset, epochs, seed, device)}


def save_spaces(spaces: Mapping[str, nn.Module], dataset: Dataset, path: Path | str) -> None:
    """Write the weights of all spaces to ``path`` as safetensors, and of which images."""
    weights = {
        f"{name}.{key}": value.cpu().contiguous()
        for name, space in spaces.items()
        for key, value in space.state_dict().items()
    }
    with replacing(path) as temporary:
        save_file(weights, temporary, metadata=_about(dataset))


def adopt_spaces(source: Path, dataset: Dataset, path: Path | str) -> None:
    """Copy the spaces of another run to ``path``.

    Raises:
        InputError: if ``source`` is no such file, or of other images, or learned otherwise.
    """
    with reading(source, "take it from where it was"), safe_open(source, framework="pt") as file:
        noted, here = file.metadata(), _about(dataset)
        other = [f"{k} {noted.get(k)}, not {v}" for k, v in here.items() if v != noted.get(k)]
    require(
        not other,
        f"the spaces in {source} are other ones than are made of {dataset.name} "
        f"({'; '.join(other)}): name another folder as feature_spaces, or none",
    )
    with replacing(path) as temporary:
        temporary.write_bytes(source.read_bytes())


def _about(dataset: Dataset) -> dict[str, str]:
    """What spaces were trained on, and how."""
    return {
        "training": "damaged images",
        "shape": ",".join(map(str, dataset.shape)),
        "classes": str(class_count(dataset)),
        "images": dataset.provenance["sha256"]["train"],
    }


def load_spaces(
    path: Path | str,
    names: Sequence[str],
    device: torch.device,
    inception_weights: Path | None = None,
) -> list[FeatureExtractor]:
    """Read what ``save_spaces`` wrote; ``inception`` is read from its own weights.

    A classifier is left out of ``names`` where the images have no classes.

    Raises:
        InputError: if a file does not exist, was changed or is none of those, or no space is left.
    """
    with reading(path, "make it with 'python -m vae features'"):
        with safe_open(path, framework="pt") as file:
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            about = file.metadata()
        shape = tuple(int(size) for size in about["shape"].split(","))
    if int(about["classes"]) < 2:
        names = [name for name in names if name != "classifier"]
        require(
            bool(names),
            f"{path}: the images have no classes, so there is no classifier: "
            "set evaluation.features to [selfsupervised, pixels]",
        )
    spaces = []
    for name in names:
        if name == "inception":
            from vae.features.inception import Inception, find_weights  # slow, and rarely used

            spaces.append(Inception(find_weights(inception_weights), device))
            continue
        start = f"{name}."
        own = {k.removeprefix(start): v for k, v in weights.items() if k.startswith(start)}
        space = _empty(name, shape, own, int(about["classes"]))
        space.load_state_dict(own)
        spaces.append(space.requires_grad_(False).eval().to(device))
    return spaces


def _empty(name: str, shape: tuple[int, ...], weights: Mapping, classes: int) -> nn.Module:
    if name == "pixels":
        return PrincipalComponents(shape, len(weights["components"]))
    features = len(weights["features.7.bias"])
    if name == "classifier":
        return Classifier(shape, features, classes)
    return SelfSupervised(shape, features)
