"""What the benchmarks share: fair timing, the matrix-product floor, memory, tables."""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from vae.checks import require
from vae.command import Parser, positive
from vae.configuration.sweep import Cell, Likelihood, Network, Sweep, Training
from vae.data.datasets import Dataset, load_dataset
from vae.devices import describe, set_up
from vae.models import VAE, initial_model

RESULTS = Path(__file__).parent / "results"
NETWORKS = {"mlp": Network("mlp", (512,)), "conv": Network("conv", (32, 64))}
LATENT_DIM, BATCH_SIZE, LEVELS = 20, 128, 256
MATRIX_SIDE = {"cpu": 1024, "cuda": 8192}


def parser(description: str) -> argparse.ArgumentParser:
    """Options that every benchmark has."""
    options = Parser(description=description)
    options.add_argument("--device", default="auto", help="auto (default), cpu or cuda")
    options.add_argument("--threads", type=positive, default=1, help="CPU threads (default: 1)")
    options.add_argument(
        "--repetitions", type=positive, default=5, help="of a timing (default: 5)"
    )
    options.add_argument("--data", type=Path, default=Path("results/data/mnist.npz"))
    options.add_argument("--output", type=Path, default=RESULTS, help="folder for the table")
    return options


def medians(
    tasks: Mapping[object, Callable[[], object]], repetitions: int, device: torch.device
) -> dict[object, float]:
    """Median seconds of each task, after one call that does not count.

    The tasks take turns, so that a slow minute of the machine hits all of them alike.
    """
    seconds: dict[object, list[float]] = {name: [] for name in tasks}
    for repetition in range(repetitions + 1):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if repetition:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


class MatrixProduct:
    """The floor under everything: a large float32 matrix product on the same device."""

    def __init__(self, device: torch.device, side: int | None = None) -> None:
        side = side or MATRIX_SIDE[device.type]
        self.a, self.b = torch.randn(2, side, side, device=device).unbind()
        self.flops = 2 * side**3

    def __call__(self) -> None:
        torch.mm(self.a, self.b)


def counted_flops(function: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products and convolutions in ``function``."""
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()


def training_flops(sweep: Sweep, dataset: Dataset) -> int:
    """Operations that training needs for one image and model, forwards and backwards."""
    model = initial_model(
        sweep, dataset.mean_image().cpu(), dataset.levels, torch.Generator().manual_seed(0)
    )
    x, noise = dataset.unit("train")[:1].cpu(), torch.zeros(1, sweep.latent_dim)

    def step() -> None:
        distortion, rate = model(x, noise)
        (distortion + rate).sum().backward()

    return counted_flops(step)


def decoding_flops(model: VAE, device: torch.device) -> int:
    """Operations that decoding one code needs."""
    z = torch.zeros(1, model.latent_dim, device=device)
    return counted_flops(lambda: model.decode(z))


def make_sweep(
    network: str,
    cells: int = 1,
    likelihood: str = "bernoulli",
    latent_dim: int = LATENT_DIM,
    batch_size: int = BATCH_SIZE,
) -> Sweep:
    """A sweep of so many cells, which differ in β."""
    betas = tuple(1 + i / cells for i in range(cells))
    training = Training(epochs=10**6, batch_size=batch_size, learning_rate=1e-3)
    return Sweep(
        *("mnist", NETWORKS[network], latent_dim, Likelihood(likelihood)),
        *(betas, (0,), False, training),
    )


def cells_of(sweep: Sweep, count: int) -> tuple[Cell, ...]:
    return sweep.cells[:count]


def mnist(path: Path, train: int, test: int = 1) -> Dataset:
    """The first images of MNIST; random ones of that shape where the file is missing."""
    if path.is_file():
        whole = load_dataset(path)
        images = {
            split: x[: {"train": train}.get(split, test)] for split, x in whole.images.items()
        }
        return Dataset(whole.name, LEVELS, LEVELS, images, {}, whole.provenance)
    print(
        f"{path} does not exist: random images of the same shape are used instead. "
        f"For MNIST itself: python -m vae prepare mnist {path}"
    )
    stream = torch.Generator().manual_seed(0)
    sizes = {"train": train, "validation": test, "test": test}
    images = {
        split: torch.randint(0, LEVELS, (n, 1, 28, 28), generator=stream, dtype=torch.uint8)
        for split, n in sizes.items()
    }
    return Dataset("random", LEVELS, LEVELS, images, {}, {})


def in_own_process(function: Callable[..., dict], *arguments: object) -> dict:
    """``function(*arguments)`` in a fresh process, whose peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def peak_memory(device: torch.device) -> float:
    """Peak memory of this process in MB: allocated on a GPU, resident otherwise."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def publish(rows: list[dict], name: str, options: argparse.Namespace) -> pd.DataFrame:
    """Print the table and write it to ``<output>/<name>.csv``, the hardware beside it.

    Raises:
        InputError: if it has no rows; a table that is there stays.
    """
    require(bool(rows), f"nothing was measured: {name}.csv is not written")
    device = set_up(options.device, options.threads)
    frame = pd.DataFrame(rows)
    print(f"{describe(device)}, {options.threads} thread(s), torch {torch.__version__}")
    print(frame.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
    frame = frame.assign(
        device=describe(device), threads=options.threads, torch=str(torch.__version__)
    )
    options.output.mkdir(parents=True, exist_ok=True)
    frame.to_csv(options.output / f"{name}.csv", index=False, float_format="%.5g")
    return frame
