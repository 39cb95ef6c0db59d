"""Importance-weighted evaluation: decoder evaluations per second, and memory against K.

The floor is the time of a matrix product with as many floating-point operations as decoding
needs. Every K is measured in a process of its own, so that its peak memory is its own.
"""

import sys

import torch
from measuring import (
    NETWORKS,
    MatrixProduct,
    decoding_flops,
    in_own_process,
    make_sweep,
    medians,
    mnist,
    parser,
    peak_memory,
    publish,
)

from vae.command import positive, run
from vae.devices import set_up
from vae.evaluation.importance import importance_weights
from vae.families import FAMILIES
from vae.models import initial_model

SAMPLES = (100, 1000, 5000)


def main(arguments: list[str] | None = None) -> None:
    """Print decodings per second and peak memory for every K."""
    options = parser(__doc__)
    options.add_argument("--networks", nargs="+", choices=NETWORKS, default=["mlp"])
    options.add_argument("--likelihoods", nargs="+", choices=FAMILIES, default=["bernoulli"])
    options.add_argument("--samples", type=positive, nargs="+", default=SAMPLES, help="K")
    options.add_argument("--images", type=positive, default=100)
    options = options.parse_args(arguments)
    rows = [
        in_own_process(measure, network, likelihood, samples, options)
        for network in options.networks
        for likelihood in options.likelihoods
        for samples in options.samples
    ]
    publish(rows, "likelihood", options)


def measure(network: str, likelihood: str, samples: int, options) -> dict:
    """One row: a network, a likelihood and a K."""
    device = set_up(options.device, options.threads)
    dataset = mnist(options.data, train=1, test=options.images)
    stream = torch.Generator().manual_seed(0)
    sweep = make_sweep(network, likelihood=likelihood)
    model = initial_model(sweep, dataset.mean_image(), dataset.levels, stream)
    model = model.requires_grad_(False).eval().to(device)
    x, product = dataset.unit("test").to(device), MatrixProduct(device)
    product()
    before = peak_memory(device)
    tasks = {
        "evaluation": lambda: importance_weights(model, x, samples, 0),
        "product": product,
    }
    seconds = medians(tasks, options.repetitions, device)
    per_second = samples * len(x) / seconds["evaluation"]
    rate, flops = product.flops / seconds["product"], decoding_flops(model, device)
    return {
        "network": network,
        "likelihood": likelihood,
        "samples": samples,
        "images": len(x),
        "decodings_per_second": per_second,
        "mflop_per_decoding": flops / 1e6,
        "matrix_product_gflops": rate / 1e9,
        "share_of_matrix_product": per_second * flops / rate,
        "peak_memory_mb": peak_memory(device),
        "of_that_before_mb": before,
    }


if __name__ == "__main__":
    sys.exit(run(main))
