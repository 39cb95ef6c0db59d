"""The same network, data and batches trained by this project, pythae and a plain PyTorch loop.

MLP 784-512-20-512-784 with Bernoulli pixels, batch 128, Adam, one epoch at a time. pythae runs
its own trainer and default networks, as it comes; the plain loop reads tensors through a
DataLoader.
"""

import contextlib
import importlib.util
import io
import math
import sys
import tempfile
from collections.abc import Callable, Iterator

import torch
from measuring import BATCH_SIZE, LATENT_DIM, cells_of, make_sweep, medians, mnist, parser, publish
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader, TensorDataset

from vae.command import positive, run
from vae.data.datasets import Dataset
from vae.devices import set_up
from vae.training.capacity import default_stack_size
from vae.training.stack import Stack

PYTHAE = "pythae"


class PlainVAE(nn.Module):
    """The network as most people write it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 2 * LATENT_DIM)
        )
        self.decoder = nn.Sequential(nn.Linear(LATENT_DIM, 512), nn.ReLU(), nn.Linear(512, 784))

    def forward(self, x: Tensor) -> Tensor:
        """The negative ELBO of a batch."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        logits = self.decoder(z)
        distortion = binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="sum")
        rate = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
        return (distortion + rate) / len(x)


def plain_epoch(dataset: Dataset, device: torch.device) -> Callable[[], None]:
    """An epoch of a plain loop over a DataLoader."""
    model = PlainVAE().to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    images = TensorDataset(dataset.unit("train").cpu())
    loader = DataLoader(images, batch_size=BATCH_SIZE, shuffle=True)

    def epoch() -> None:
        for (x,) in loader:
            optimiser.zero_grad()
            model(x.to(device)).backward()
            optimiser.step()

    return epoch


@contextlib.contextmanager
def pythae_epoch(dataset: Dataset, device: torch.device) -> Iterator[Callable[[], None]]:
    """An epoch of pythae's trainer, without what it does before and after its epochs."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    x = dataset.unit("train").cpu()
    config = VAEConfig(
        input_dim=tuple(x.shape[1:]), latent_dim=LATENT_DIM, reconstruction_loss="bce"
    )
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        settings = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=1,
            learning_rate=1e-3,
            per_device_train_batch_size=BATCH_SIZE,
            no_cuda=device.type == "cpu",
        )
        data = BaseDataset(x, torch.zeros(len(x)))
        trainer = BaseTrainer(VAE(config), train_dataset=data, training_config=settings)
        trainer.prepare_training()
        yield lambda: trainer.train_step(1)


def unflushed(epoch: Callable[[], None]) -> Callable[[], None]:
    """The others run with denormal numbers, PyTorch's default; this project flushes them."""

    def run() -> None:
        torch.set_flush_denormal(False)
        epoch()
        torch.set_flush_denormal(True)

    return run


def main(arguments: list[str] | None = None) -> None:
    """Print images × models per second of each."""
    options = parser(__doc__)
    options.add_argument("--batches", type=positive, default=50, help="in an epoch (default: 50)")
    options.add_argument("--stack-size", type=positive, help="stacked (default: the rule's)")
    options = options.parse_args(arguments)
    device = set_up(options.device, options.threads)
    dataset = mnist(options.data, options.batches * BATCH_SIZE)
    with contextlib.ExitStack() as resources:
        tasks = {"plain loop with DataLoader": (1, unflushed(plain_epoch(dataset, device)))}
        if importlib.util.find_spec(PYTHAE):
            epoch = resources.enter_context(pythae_epoch(dataset, device))
            tasks[PYTHAE] = (1, unflushed(epoch))
        else:
            print("pythae is not installed: pip install -e '.[benchmarks]' adds it")
        tasks |= own_epochs(dataset.to(device), device, options.stack_size)
        seconds = medians(
            {name: epoch for name, (_, epoch) in tasks.items()}, options.repetitions, device
        )
    publish(_rows(tasks, seconds, len(dataset.images["train"])), "peers", options)


def own_epochs(dataset: Dataset, device: torch.device, stack_size: int | None) -> dict:
    """Epochs of this project: one model, and as many as are trained together by default."""
    sweep = make_sweep("mlp", 64)
    size = stack_size or default_stack_size(sweep, dataset, device)
    stacks = [Stack(sweep, cells_of(sweep, n), dataset, device) for n in (1, size)]
    names = ("this project, one model", f"this project, {size} stacked models")
    return {n: (len(s.cells), s.train_epoch) for n, s in zip(names, stacks, strict=True)}


def _rows(tasks: dict, seconds: dict[str, float], images: int) -> list[dict]:
    rate = {name: models * images / seconds[name] for name, (models, _) in tasks.items()}
    return [
        {
            "trained_by": name,
            "models": models,
            "image_models_per_second": rate[name],
            "times_plain_loop": rate[name] / rate["plain loop with DataLoader"],
            "times_pythae": rate[name] / rate.get(PYTHAE, math.nan),
        }
        for name, (models, _) in tasks.items()
    ]


if __name__ == "__main__":
    sys.exit(run(main))
