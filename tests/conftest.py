"""What all tests share: one thread, the digits, a tiny sweep, and what a bad input must say."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest
import torch

from vae.configuration.sweep import Likelihood, Network, Sweep, Training
from vae.data.datasets import Dataset, load_dataset, prepare
from vae.errors import InputError
from vae.models import TrainedSweep
from vae.training.loop import train

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    """Make what a test draws without a generator of its own the same in every run."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The digits with 17 grey levels, read back from the file that ``prepare`` wrote."""
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    prepare("digits", path)
    return load_dataset(path)


@pytest.fixture(scope="session")
def make_sweep() -> Callable[..., Sweep]:
    """A tiny sweep; keyword arguments replace its fields."""
    sweep = Sweep(
        dataset="digits",
        network=Network("mlp", (16,)),
        latent_dim=3,
        likelihood=Likelihood("bernoulli"),
        betas=(0.5, 1.0),
        seeds=(0, 1),
        autoencoder=True,
        training=Training(epochs=2, batch_size=100, learning_rate=1e-3, previews=2),
    )
    return lambda **changes: replace(sweep, **changes)


@contextmanager
def _input_error(*names: object) -> Iterator[None]:
    with pytest.raises(InputError) as caught:
        yield
    message = str(caught.value)
    assert "\n" not in message
    for name in names:
        assert str(name) in message


@pytest.fixture(scope="session")
def input_error() -> Callable[..., AbstractContextManager]:
    """A context that must raise an ``InputError`` of one line which contains all ``names``."""
    return _input_error


@pytest.fixture(scope="session")
def trained(digits, make_sweep, tmp_path_factory: pytest.TempPathFactory) -> TrainedSweep:
    """The tiny sweep, trained long enough that its cells differ."""
    folder = tmp_path_factory.mktemp("trained")
    sweep = make_sweep(training=Training(epochs=8, batch_size=100, learning_rate=1e-2))
    train(sweep, digits, folder / "models", folder / "checkpoints", torch.device("cpu"))
    return TrainedSweep(folder / "models")
