"""What all tests share: one thread, the digits, a tiny sweep, and what a bad input must say."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from urllib.error import URLError

import pytest
import torch

from vae.configuration.sweep import Likelihood, Network, Sweep, Training
from vae.data.datasets import Dataset, load_dataset, prepare
from vae.errors import InputError
from vae.features.classifier import Classifier, train_classifier
from vae.models import TrainedSweep
from vae.training.loop import train
from vae.training.stack import Stack

torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules and classes with long tests come first, so that no process ends late."""
    long = {item.parent for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.parent not in long)


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
def dynamic(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The digits, binarised in training at every use."""
    path = tmp_path_factory.mktemp("dynamic") / "digits_dynamic.npz"
    prepare("digits_dynamic", path)
    return load_dataset(path)


@pytest.fixture
def closed_figures() -> Iterator[None]:
    """Figures as the report's look, and none of them left open."""
    import matplotlib.pyplot as plt

    from vae.reporting.figures import style

    style.apply()
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def classifier(digits) -> Classifier:
    """A classifier of the digits, whose features images are compared in."""
    return train_classifier(digits, epochs=10, seed=0, device=torch.device("cpu"))


@pytest.fixture
def no_network(monkeypatch) -> None:
    """As on a machine without internet."""

    def refuse(*args, **kwargs):
        raise URLError("the network is unreachable")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


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


@pytest.fixture
def make_stack(digits, make_sweep) -> Callable[..., Stack]:
    """A stack of all cells of the tiny sweep; arguments replace fields of its ``training``."""

    def make(cells=None, dataset=digits, network=None, **training) -> Stack:
        sweep = make_sweep()
        sweep = replace(
            sweep,
            network=network or sweep.network,
            training=replace(sweep.training, **training),
        )
        return Stack(sweep, cells or sweep.cells, dataset, torch.device("cpu"))

    return make


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
