"""What it gains on a GPU to capture training steps in CUDA graphs.

A captured step is replayed by one launch in place of one for every kernel. Training does not do
so: whether it pays has to be measured first, by this.
"""

import sys
from collections import Counter
from collections.abc import Callable

import torch
from measuring import BATCH_SIZE, NETWORKS, cells_of, make_sweep, medians, mnist, parser, publish
from torch import Tensor

from vae.command import positive, run
from vae.devices import set_up
from vae.training.stack import Stack

WARM_UP = 3  # eager steps before a capture, which finds all libraries set up by them


class Graph:
    """A function of tensors, captured: its arguments are copied to where they lay then."""

    def __init__(self, function: Callable[..., Tensor], *arguments: Tensor) -> None:
        self.arguments = [argument.clone() for argument in arguments]
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.result = function(*self.arguments)

    def __call__(self, *arguments: Tensor) -> Tensor:
        """The result, which the next call overwrites."""
        for own, given in zip(self.arguments, arguments, strict=True):
            own.copy_(given)
        self.graph.replay()
        return self.result


class CapturedStack(Stack):
    """A stack whose steps are captured, in a graph for every shape of a batch."""

    def __init__(self, *arguments, **keywords) -> None:
        super().__init__(*arguments, **keywords)
        self.graphs: dict[torch.Size, Graph] = {}
        self.warm: Counter[torch.Size] = Counter()

    def narrow(self, active) -> None:
        """As the base class. Graphs are forgotten: they change the weights that were."""
        super().narrow(active)
        self.graphs.clear()
        self.warm.clear()

    def _step(self, x: Tensor, noise: Tensor, beta: Tensor) -> Tensor:
        if x.shape not in self.graphs:
            if self.warm[x.shape] < WARM_UP:
                self.warm[x.shape] += 1
                return beside(super()._step, x, noise, beta)
            self.graphs[x.shape] = Graph(super()._step, x, noise, beta)
        return self.graphs[x.shape](x, noise, beta)


def beside(function: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
    """Call ``function`` on a stream of its own, as a capture does."""
    own, current = torch.cuda.Stream(), torch.cuda.current_stream()
    own.wait_stream(current)
    with torch.cuda.stream(own):
        result = function(*arguments)
    current.wait_stream(own)
    return result


def main(arguments: list[str] | None = None) -> None:
    """Print images × models per second of eager and of captured steps, and how they differ."""
    options = parser(__doc__)
    options.set_defaults(device="cuda")
    options.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    options.add_argument("--stack-sizes", type=positive, nargs="+", default=(1, 8, 64))
    options.add_argument("--batches", type=positive, default=50, help="in an epoch (default: 50)")
    options = options.parse_args(arguments)
    if options.device == "cpu":
        sys.exit("captured.py: only a CUDA GPU has graphs, so nothing was measured")
    device = set_up(options.device, options.threads)
    rows = []
    for network in options.networks:
        for size in options.stack_sizes:
            try:
                rows.append(measure(network, size, device, options))
            except RuntimeError as error:
                reason = str(error).splitlines()[0]
                print(f"{network}, {size} stacked: cannot be captured ({reason})")
    publish(rows, "captured", options)


def measure(network: str, size: int, device: torch.device, options) -> dict:
    """A row: both rates, and how far the weights are apart after the same steps."""
    dataset = mnist(options.data, options.batches * BATCH_SIZE).to(device)
    sweep = make_sweep(network, size)
    eager, captured = (
        kind(sweep, cells_of(sweep, size), dataset, device) for kind in (Stack, CapturedStack)
    )
    tasks = {"eager": eager.train_epoch, "captured": captured.train_epoch}
    seconds = medians(tasks, options.repetitions, device)
    rate = {name: size * len(dataset.images["train"]) / s for name, s in seconds.items()}
    apart = [(w - captured.parameters[n]).abs().max() for n, w in eager.parameters.items()]
    return {
        "network": network,
        "stack_size": size,
        "eager_per_second": rate["eager"],
        "captured_per_second": rate["captured"],
        "gain": rate["captured"] / rate["eager"],
        "largest_difference": float(torch.stack(apart).max()),
    }


if __name__ == "__main__":
    sys.exit(run(main))
