"""Features learned without labels: a small encoder trained by SimCLR (Chen et al. 2020)."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample, normalize
from torch.optim.lr_scheduler import OneCycleLR

from vae.data.datasets import Dataset
from vae.features.classifier import BATCH, LEARNING_RATE, feature_count, trunk
from vae.features.damage import damage_loss, damaged
from vae.metrics import SELF_SUPERVISED
from vae.networks import Shape
from vae.randomness import generator

TEMPERATURE = 0.2
PROJECTED = 64  # dimensions in which views are compared
ROTATION, SCALE, SHIFT = math.radians(10), 0.1, 0.06  # largest; no flips, which change digits
CONTRAST, NOISE, PATCH = 0.3, 0.1, 0.25  # the patch's side as a share of the image's


class SelfSupervised(nn.Module):
    """An encoder that knows which pictures show the same image, but no classes."""

    metric_prefix = SELF_SUPERVISED

    def __init__(self, shape: Shape, features: int) -> None:
        super().__init__()
        self.features = trunk(shape, features)


def augment(x: Tensor, stream: torch.Generator) -> Tensor:
    """A view of every image (N, C, H, W): turned, scaled, moved, with other contrast and noise.

    A square of every view is blackened, so that no single part of an image suffices.
    """

    def uniform(*shape: int) -> Tensor:
        return 2 * torch.rand(shape, generator=stream, device=x.device) - 1

    n, _, height, width = x.shape
    angle, scale = ROTATION * uniform(n), 1 + SCALE * uniform(n)
    rows = [scale * angle.cos(), -scale * angle.sin(), scale * angle.sin(), scale * angle.cos()]
    turn = torch.stack(rows, 1).view(n, 2, 2)
    matrix = torch.cat([turn, 2 * SHIFT * uniform(n, 2, 1)], 2)
    view = grid_sample(
        x, affine_grid(matrix, list(x.shape), align_corners=False), align_corners=False
    )
    rows, columns = (torch.arange(size, device=x.device) / size for size in (height, width))
    corner = (1 - PATCH) * (uniform(2, n, 1) + 1) / 2
    down, right = rows - corner[0], columns - corner[1]
    patch = _inside(down)[:, None, :, None] & _inside(right)[:, None, None, :]
    noise = NOISE * torch.randn(view.shape, generator=stream, device=x.device)
    view = view * (1 + CONTRAST * uniform(n, 1, 1, 1)) + noise
    return torch.where(patch, 0, view)


def _inside(offset: Tensor) -> Tensor:
    return (offset >= 0) & (offset < PATCH)


def contrastive_loss(a: Tensor, b: Tensor) -> Tensor:
    """Cross-entropy of telling each view's partner from all other views (NT-Xent).

    Args:
        a, b: two views of the same images, (N, P); row i of one belongs to row i of the other.
    """
    views = normalize(torch.cat([a, b]))
    similarity = views @ views.T / TEMPERATURE
    similarity.fill_diagonal_(-torch.inf)
    partners = torch.arange(len(views), device=a.device).roll(len(a))
    return cross_entropy(similarity, partners)


def train_selfsupervised(
    dataset: Dataset, epochs: int, seed: int, device: torch.device
) -> SelfSupervised:
    """Train an encoder on the training split, without its labels, and to see damage."""
    features = feature_count(len(dataset.images["test"]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SelfSupervised(dataset.shape, features).to(device)
        head = nn.Sequential(nn.ReLU(), nn.Linear(features, PROJECTED)).to(device)
        damage_head = nn.Linear(features, 1).to(device)
    dataset, count = dataset.to(device), len(dataset.images["train"])
    parameters = [*model.parameters(), *head.parameters(), *damage_head.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    steps = -(-count // BATCH) * epochs
    schedule = OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    for epoch in range(epochs):
        stream = generator(device, seed, "self-supervised", epoch)
        for indices in torch.randperm(count, generator=stream, device=device).split(BATCH):
            x = dataset.training_batch(indices[None], [stream])[0]
            spoiled, damage = damaged(x, stream)
            views = torch.cat([augment(x, stream), augment(x, stream), spoiled])
            a, b, seen = model.features(views).chunk(3)
            optimiser.zero_grad()
            loss = contrastive_loss(head(a), head(b)) + damage_loss(damage_head(seen), damage)
            loss.backward()
            optimiser.step()
            schedule.step()
    return model.requires_grad_(False).eval()
