"""Features for comparing sets of images: what they are, and a classifier that has some."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR

from vae.data.datasets import Dataset
from vae.features.damage import damage_loss, damaged
from vae.networks import Shape
from vae.randomness import generator

MAX_FEATURES = 84  # as wide as LeNet's last hidden layer
IMAGES_PER_FEATURE = 10  # a covariance matrix wants several images per dimension
BATCH = 100
LEARNING_RATE = 2e-3


class FeatureExtractor(Protocol):
    """A network whose features FID, KID and the other metrics of samples compare.

    Attributes:
        metric_prefix: begins the names of all metrics measured in these features, so that values
            in different features never share a column.
    """

    metric_prefix: str

    def features(self, images: Tensor) -> Tensor:
        """One feature vector per image: (N, F) for images (N, C, H, W) in [0, 1]."""


def trunk(shape: Shape, features: int) -> nn.Sequential:
    """A small convolutional network from images (N, C, H, W) to ``features`` values each."""
    channels, height, width = shape
    network = nn.Sequential(
        nn.Conv2d(channels, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * (height // 4) * (width // 4), features),
        nn.SiLU(),  # unlike ReLU it leaves no dead feature, and so no singular covariance
        nn.BatchNorm1d(features, affine=False),  # of about unit variance each: FID has a scale
    )
    return network.to(memory_format=torch.channels_last)  # twice as fast on a CPU


class Classifier(nn.Module):
    """A small convolutional classifier; its last hidden layer is the feature space."""

    metric_prefix = ""

    def __init__(self, shape: Shape, features: int, classes: int) -> None:
        super().__init__()
        self.features = trunk(shape, features)
        self.output = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Class logits (B, classes) for images (B, C, H, W) in [0, 1]."""
        return self.output(self.features(x))


def feature_count(test_images: int) -> int:
    """How wide the feature layer may be, given how many images FID can compare."""
    return max(2, min(MAX_FEATURES, test_images // IMAGES_PER_FEATURE))


def class_count(dataset: Dataset) -> int:
    """How many classes the training images have."""
    return int(dataset.labels["train"].max()) + 1


def train_classifier(dataset: Dataset, epochs: int, seed: int, device: torch.device) -> Classifier:
    """Train a classifier on damaged images of the training split, and to see the damage."""
    features = feature_count(len(dataset.images["test"]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Classifier(dataset.shape, features, class_count(dataset)).to(device)
        damage_head = nn.Linear(features, 1).to(device)
    dataset, labels = dataset.to(device), dataset.labels["train"].to(device)
    parameters = [*model.parameters(), *damage_head.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    steps = -(-len(labels) // BATCH)
    schedule = OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps * epochs)
    for epoch in range(epochs):
        stream = generator(device, seed, "classifier", epoch)
        order = torch.randperm(len(labels), generator=stream, device=device)
        for indices in order.tensor_split(steps):  # no batch of one image, which has no variance
            x, damage = damaged(dataset.training_batch(indices[None], [stream])[0], stream)
            seen = model.features(x)
            loss = cross_entropy(model.output(seen), labels[indices])
            optimiser.zero_grad()
            (loss + damage_loss(damage_head(seen), damage)).backward()
            optimiser.step()
            schedule.step()
    return model.requires_grad_(False).eval()


@torch.no_grad()
def accuracy(model: Classifier, dataset: Dataset, split: str = "test") -> float:
    """Share of the split's images that are classified correctly."""
    device = model.output.weight.device
    guesses = [model(part.to(device)).argmax(1).cpu() for part in dataset.unit(split).split(1000)]
    return (torch.cat(guesses) == dataset.labels[split]).double().mean().item()
