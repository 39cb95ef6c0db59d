"""Options that choose sweeps of a configuration, for benchmarks that train."""

import argparse
import dataclasses
from collections.abc import Iterable
from pathlib import Path

from measuring import parser

from vae.checks import choice
from vae.command import count
from vae.configuration.benchmark import load_benchmark
from vae.configuration.sweep import Sweep
from vae.data.datasets import Dataset, load_dataset
from vae.devices import set_up


def sweep_parser(description: str) -> argparse.ArgumentParser:
    """The options of every benchmark, and which sweeps and cells to train."""
    options = parser(description)
    options.set_defaults(data=None)
    options.add_argument("--config", type=Path, default=Path("config/config.yaml"))
    options.add_argument("--datasets", nargs="+", help="(default: all)")
    options.add_argument("--likelihoods", nargs="+", help="slugs (default: all)")
    options.add_argument("--betas", nargs="+", type=float, help="(default: all)")
    options.add_argument("--seeds", nargs="+", type=count, help="(default: all)")
    return options


def chosen_sweeps(options: argparse.Namespace) -> list[Sweep]:
    """The sweeps of the configuration that were asked for, without autoencoders.

    Raises:
        InputError: if a dataset or likelihood is asked for that none of them has.
    """
    sweeps = load_benchmark(options.config).sweeps.values()
    expect(options.datasets, [sweep.dataset for sweep in sweeps], "--datasets")
    expect(options.likelihoods, [sweep.likelihood.slug for sweep in sweeps], "--likelihoods")
    return [
        dataclasses.replace(
            sweep,
            betas=tuple(options.betas or sweep.betas),
            seeds=tuple(sweep.seeds if options.seeds is None else options.seeds),
            autoencoder=False,
        )
        for sweep in sweeps
        if sweep.likelihood.slug in (options.likelihoods or [sweep.likelihood.slug])
        and sweep.dataset in (options.datasets or [sweep.dataset])
    ]


def expect(asked: Iterable[str] | None, known: Iterable[str], where: str) -> None:
    """Refuse a name that was asked for, if any was, and is not ``known``."""
    for name in asked or ():
        choice(name, tuple(dict.fromkeys(known)), where)


def data_of(sweep: Sweep, options: argparse.Namespace) -> Dataset:
    """The images of a sweep, on the device; ``--data`` names their file."""
    device = set_up(options.device, options.threads)
    return load_dataset(options.data or f"results/data/{sweep.dataset}.npz").to(device)
