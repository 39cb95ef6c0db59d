"""Training throughput against the number of models trained together.

The floor is the time that a matrix product of the same device needs for the same number of
floating-point operations. The operations of one image and model are counted, and stated.
"""

import sys

from measuring import (
    BATCH_SIZE,
    NETWORKS,
    MatrixProduct,
    cells_of,
    make_sweep,
    medians,
    mnist,
    parser,
    publish,
    training_flops,
)

from vae.command import positive, run
from vae.devices import set_up
from vae.training.stack import Stack

STACK_SIZES = (1, 2, 4, 8, 16, 32, 64)


def main(arguments: list[str] | None = None) -> None:
    """Print images × models per second for every stack size and network."""
    options = parser(__doc__)
    options.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    options.add_argument("--stack-sizes", type=positive, nargs="+", default=STACK_SIZES)
    options.add_argument("--batches", type=positive, default=4, help="in an epoch (default: 4)")
    options = options.parse_args(arguments)
    rows = [row for network in options.networks for row in measure(network, options)]
    publish(rows, "training", options)


def measure(network: str, options) -> list[dict]:
    """A row per stack size."""
    device = set_up(options.device, options.threads)
    dataset = mnist(options.data, options.batches * BATCH_SIZE).to(device)
    images = len(dataset.images["train"])
    sweep, product = make_sweep(network, max(options.stack_sizes)), MatrixProduct(device)
    stacks = {n: Stack(sweep, cells_of(sweep, n), dataset, device) for n in options.stack_sizes}
    tasks = {n: stack.train_epoch for n, stack in stacks.items()}
    seconds = medians({**tasks, "product": product}, options.repetitions, device)
    flops, rate = training_flops(sweep, dataset), product.flops / seconds["product"]
    throughput = {n: n * images / seconds[n] for n in stacks}
    return [
        {
            "network": network,
            "stack_size": n,
            "image_models_per_second": throughput[n],
            "times_stack_of_one": throughput[n] / throughput[min(stacks)],
            "mflop_per_image": flops / 1e6,
            "matrix_product_gflops": rate / 1e9,
            "share_of_matrix_product": throughput[n] * flops / rate,
        }
        for n in stacks
    ]


if __name__ == "__main__":
    sys.exit(run(main))
