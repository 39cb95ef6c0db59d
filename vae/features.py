"""Features for comparing sets of images: a small classifier trained once per dataset."""

from pathlib import Path
from typing import Protocol

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from vae.data import Dataset
from vae.files import reading, replacing
from vae.networks import Shape
from vae.randomness import generator

MAX_FEATURES = 84  # as wide as LeNet's last hidden layer
IMAGES_PER_FEATURE = 10  # a covariance matrix wants several images per dimension
BATCH = 100
LEARNING_RATE = 2e-3


class FeatureExtractor(Protocol):
    """A network whose features FID and KID compare.

    Attributes:
        metric_prefix: begins the names of all metrics measured in these features, so that values
            in different features never share a column.
    """

    metric_prefix: str

    def features(self, images: Tensor) -> Tensor:
        """One feature vector per image: (N, F) for images (N, C, H, W) in [0, 1]."""


class Classifier(nn.Module):
    """A small convolutional classifier; its last hidden layer is the feature space."""

    metric_prefix = ""

    def __init__(self, shape: Shape, classes: int, features: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.features = nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * (height // 4) * (width // 4), features),
            nn.SiLU(),  # unlike ReLU it leaves no dead feature, and so no singular covariance
        )
        self.output = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Class logits (B, classes) for images (B, C, H, W) in [0, 1]."""
        return self.output(self.features(x))


def feature_count(test_images: int) -> int:
    """How wide the feature layer may be, given how many images FID can compare."""
    return max(2, min(MAX_FEATURES, test_images // IMAGES_PER_FEATURE))


def train_classifier(dataset: Dataset, epochs: int, seed: int, device: torch.device) -> Classifier:
    """Train a classifier on the training split."""
    features = feature_count(len(dataset.images["test"]))
    classes = int(dataset.labels["train"].max()) + 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Classifier(dataset.shape, classes, features).to(device)
    dataset, labels = dataset.to(device), dataset.labels["train"].to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    steps = -(-len(labels) // BATCH) * epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    for epoch in range(epochs):
        stream = generator(device, seed, "classifier", epoch)
        for indices in torch.randperm(len(labels), generator=stream, device=device).split(BATCH):
            x = dataset.training_batch(indices[None], [stream])[0]
            optimiser.zero_grad()
            cross_entropy(model(x), labels[indices]).backward()
            optimiser.step()
            schedule.step()
    return model.requires_grad_(False).eval()


@torch.no_grad()
def accuracy(model: Classifier, dataset: Dataset, split: str = "test") -> float:
    """Share of the split's images that are classified correctly."""
    device = model.output.weight.device
    guesses = [model(part.to(device)).argmax(1).cpu() for part in dataset.unit(split).split(1000)]
    return (torch.cat(guesses) == dataset.labels[split]).double().mean().item()


def save_classifier(model: Classifier, dataset: Dataset, path: Path | str) -> None:
    """Write the weights to ``path`` as safetensors."""
    with replacing(path) as temporary:
        shape = ",".join(map(str, dataset.shape))
        save_file(
            {k: v.cpu() for k, v in model.state_dict().items()},
            temporary,
            metadata={"shape": shape},
        )


def load_classifier(path: Path | str, device: torch.device) -> Classifier:
    """Read what ``save_classifier`` wrote.

    Raises:
        InputError: if the file does not exist, was changed, or is none of those.
    """
    with reading(path, "make it with 'python -m vae features'"):
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            shape = tuple(int(size) for size in file.metadata()["shape"].split(","))
        classes, features = weights["output.weight"].shape
        model = Classifier(shape, classes, features)
        model.load_state_dict(weights)
    return model.requires_grad_(False).eval().to(device)
