"""Whether a GPU keeps what stacking promises, by what training.py and peers.py measured on it."""

import sys

import pandas as pd
from measuring import parser, publish
from peers import PYTHAE

from vae.command import run

STACK = 64
TIMES_ONE, TIMES_PYTHAE = 10, 50


def main(arguments: list[str] | None = None) -> None:
    """Print both promises, what was measured, and whether they are kept."""
    options = parser(__doc__).parse_args(arguments)
    training = pd.read_csv(options.output / "training.csv")
    rows = [row(f"× a stack of one, {STACK} MLPs", TIMES_ONE, gain(training))]
    peers = pd.read_csv(options.output / "peers.csv")
    if PYTHAE in set(peers.trained_by):
        stacked = peers.times_pythae[peers.models == STACK].item()
        rows.append(row(f"× pythae, {STACK} MLPs", TIMES_PYTHAE, stacked))
    else:
        print("pythae is not installed, so the promise about it was not measured")
    publish(rows, "promises", options)


def gain(training: pd.DataFrame) -> float:
    """Throughput of the stacked MLPs over that of a stack of one."""
    rate = training[training.network == "mlp"].set_index("stack_size").image_models_per_second
    return rate[STACK] / rate[1]


def row(promise: str, least: float, measured: float) -> dict:
    return {
        "promise": promise,
        "at_least": least,
        "measured": measured,
        "kept": "yes" if measured >= least else "no",
    }


if __name__ == "__main__":
    sys.exit(run(main))
