"""The configuration file: the grid, how it is trained and how it is measured."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import yaml

from vae.checks import build, choice, distinct, positive_integer, require
from vae.errors import InputError
from vae.metrics import CRITERIA, METRICS
from vae.sweep import DATASETS, Likelihood, Network, Sweep, Training, beta_axis

DEFAULT_FEATURES = ("classifier", "selfsupervised", "pixels")
FEATURES = (*DEFAULT_FEATURES, "inception")
LEAST_SAMPLES = 100


@dataclass(frozen=True)
class Evaluation:
    """How every cell is measured; 0 images are the whole test split, 0 samples ten times it."""

    importance_samples: int
    likelihood_images: int = 0
    samples: int = 0
    classifier_epochs: int = 20
    features: tuple[str, ...] = DEFAULT_FEATURES
    inception_weights: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for key in ("importance_samples", "classifier_epochs"):
            positive_integer(getattr(self, key), f"evaluation.{key}")
        for key in ("likelihood_images", "samples", "seed"):
            value = getattr(self, key)
            require(
                isinstance(value, int) and value >= 0,
                f"evaluation.{key}: {value!r} must be a whole number, 0 or more",
            )
        distinct(self.features, "evaluation.features")
        for space in self.features:
            choice(space, FEATURES, "evaluation.features")
        object.__setattr__(self, "features", tuple(self.features))
        few = f"evaluation.samples: {self.samples} are too few to compare: 0, or at least 100"
        require(self.samples == 0 or self.samples >= LEAST_SAMPLES, few)
        require(
            self.inception_weights is None or isinstance(self.inception_weights, str),
            f"evaluation.inception_weights: {self.inception_weights!r} must be the name of a file",
        )


@dataclass(frozen=True)
class Benchmark:
    """A whole configuration file: the grid, the training and the measuring."""

    datasets: tuple[str, ...]
    networks: tuple[Network, ...]
    latent_dims: tuple[int, ...]
    likelihoods: tuple[Likelihood, ...]
    betas: tuple[float, ...]
    seeds: tuple[int, ...]
    training: Training
    evaluation: Evaluation
    autoencoder: bool = True
    criteria: tuple[str, ...] = CRITERIA
    results: str = "results"
    report: str = "report"
    dataset_mirror: str | None = None

    @classmethod
    def from_dict(cls, values: object) -> "Benchmark":
        """Check a configuration and make it.

        Raises:
            InputError: naming the key that is unknown, missing or out of range.
        """
        require(isinstance(values, Mapping), "the configuration is no mapping of keys to values")
        benchmark = build(cls, values, "configuration")
        parts = {
            "training": build(Training, benchmark.training, "training"),
            "evaluation": build(Evaluation, benchmark.evaluation, "evaluation"),
            "betas": beta_axis(benchmark.betas, "betas"),
        }
        for key in ("datasets", "latent_dims", "seeds", "criteria"):
            distinct(getattr(benchmark, key), key)
            parts[key] = tuple(getattr(benchmark, key))
        for key, part in (("networks", Network), ("likelihoods", Likelihood)):
            entries = getattr(benchmark, key)
            require(isinstance(entries, list | tuple), f"{key}: must be a list")
            parts[key] = tuple(build(part, _named(entry), key) for entry in entries)
            distinct([e.slug if key == "likelihoods" else e.name for e in parts[key]], key)
        for dataset in parts["datasets"]:
            choice(dataset, DATASETS, "datasets")
        directed = tuple(name for name, metric in METRICS.items() if metric.better)
        for criterion in parts["criteria"]:
            choice(criterion, directed, "criteria")
        for latent_dim in parts["latent_dims"]:
            positive_integer(latent_dim, "latent_dims")
        for seed in parts["seeds"]:
            require(
                isinstance(seed, int) and seed >= 0,
                f"seeds: {seed!r} must be a whole number, 0 or more",
            )
        require(isinstance(benchmark.autoencoder, bool), "autoencoder: must be true or false")
        return cls(**{f.name: parts.get(f.name, getattr(benchmark, f.name)) for f in fields(cls)})

    @cached_property
    def sweeps(self) -> dict[str, Sweep]:
        """Every sweep of the grid by its slug."""
        sweeps = [
            Sweep(
                dataset,
                network,
                latent_dim,
                likelihood,
                likelihood.betas or self.betas,
                self.seeds,
                self.autoencoder,
                self.training,
            )
            for dataset in self.datasets
            for network in self.networks
            for latent_dim in self.latent_dims
            for likelihood in self.likelihoods
        ]
        return {sweep.slug: sweep for sweep in sweeps}


def _named(entry: object) -> object:
    return {"name": entry} if isinstance(entry, str) else entry


def read_yaml(path: Path | str) -> object:
    """Read a YAML file.

    Raises:
        InputError: if the file is missing or no YAML, naming the line.
    """
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"cannot be read ({reason}): name a configuration file") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "somewhere"
        raise InputError(f"no valid YAML ({where}): correct it and run again") from None


def load_benchmark(path: Path | str) -> Benchmark:
    """Read a configuration file.

    Raises:
        InputError: if the file is missing, no YAML, or not a valid configuration.
    """
    try:
        return Benchmark.from_dict(read_yaml(path))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
