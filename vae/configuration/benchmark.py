"""The configuration file: the grid, how it is trained and how it is measured."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import yaml

from vae.checks import (
    boolean,
    build,
    choice,
    distinct,
    file_name,
    folder_of_the_project,
    one_line,
    positive_integer,
    require,
    shown,
)
from vae.configuration.evaluation import Evaluation
from vae.configuration.sweep import (
    WIDEST,
    Likelihood,
    Network,
    Sweep,
    Training,
    beta_axis,
    seed_axis,
)
from vae.data.catalogue import DATASETS, SOURCES
from vae.data.own import OwnData
from vae.errors import InputError
from vae.metrics import CRITERIA, DIAGNOSTICS, METRICS, SPACES

TEMPLATING = "__use_yte__"


@dataclass(frozen=True)
class Benchmark:
    """A whole configuration file: the grid, the training and the measuring."""

    datasets: tuple[str | OwnData, ...]
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
    feature_spaces: str | None = None
    about: str = ""

    @classmethod
    def from_dict(cls, values: object) -> "Benchmark":
        """Check a configuration and make it.

        Raises:
            InputError: naming the key that is unknown, missing or out of range.
        """
        require(isinstance(values, Mapping), "the configuration is no mapping of keys to values")
        benchmark = build(cls, values, "configuration")
        parts: dict[str, object] = {
            "training": build(Training, benchmark.training, "training"),
            "evaluation": build(Evaluation, benchmark.evaluation, "evaluation"),
            "betas": beta_axis(benchmark.betas, "betas"),
            "seeds": seed_axis(benchmark.seeds, "seeds"),
            "networks": _entries(Network, benchmark.networks, "networks"),
            "datasets": _datasets(benchmark.datasets),
            "likelihoods": _entries(Likelihood, benchmark.likelihoods, "likelihoods"),
        }
        for key in ("dataset_mirror", "feature_spaces"):
            parts[key] = None if getattr(benchmark, key) == "" else getattr(benchmark, key)
        for key in ("latent_dims", "criteria"):
            distinct(getattr(benchmark, key), key)
            parts[key] = tuple(getattr(benchmark, key))
        for key in ("results", "report"):
            parts[key] = folder_of_the_project(getattr(benchmark, key), key)
        checked = cls(
            **{f.name: parts.get(f.name, getattr(benchmark, f.name)) for f in fields(cls)}
        )
        checked._check()
        return checked

    def _check(self) -> None:
        for latent_dim in self.latent_dims:
            positive_integer(latent_dim, "latent_dims", WIDEST)
        boolean(self.autoencoder, "autoencoder")
        one_line(self.about, "about")
        for key in ("dataset_mirror", "feature_spaces"):
            if getattr(self, key) is not None:
                file_name(getattr(self, key), key)
        _check_sizes(self.datasets, self.networks)
        _check_criteria(self.criteria, self.evaluation.features)

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """What files and tables call the datasets."""
        return tuple(map(_name, self.datasets))

    @property
    def own(self) -> dict[str, OwnData]:
        """The datasets that a user brings, by name."""
        return {data.name: data for data in self.datasets if isinstance(data, OwnData)}

    def expect_images(self) -> None:
        """Check that a user's own images are there, or were read before.

        Raises:
            InputError: naming those that are neither.
        """
        for name, data in self.own.items():
            if not Path(self.results, "data", f"{name}.npz").is_file():
                data.expect()

    @cached_property
    def sweeps(self) -> dict[str, Sweep]:
        """Every sweep of the grid by its slug."""
        sweeps = [
            self._sweep(dataset, network, latent_dim, likelihood)
            for dataset in self.dataset_names
            for network in self.networks
            for latent_dim in self.latent_dims
            for likelihood in self.likelihoods
        ]
        return {sweep.slug: sweep for sweep in sweeps}

    def _sweep(
        self, dataset: str, network: Network, latent_dim: int, likelihood: Likelihood
    ) -> Sweep:
        """One sweep; that of a bound of several samples has no autoencoder and no warm-up of β."""
        elbo = likelihood.objective.name == "elbo"
        training = self.training if elbo else replace(self.training, warmup_epochs=0)
        what = dataset, network, latent_dim, likelihood, likelihood.betas or self.betas
        return Sweep(*what, self.seeds, self.autoencoder and elbo, training)


def _name(dataset: str | OwnData) -> str:
    return dataset.name if isinstance(dataset, OwnData) else dataset


def _datasets(entries: object) -> tuple[str | OwnData, ...]:
    require(isinstance(entries, list | tuple), f"datasets: {shown(entries)} must be a list")
    made = tuple(
        build(OwnData, entry, "datasets") if isinstance(entry, Mapping) else entry
        for entry in entries
    )
    for dataset in made:
        if isinstance(dataset, OwnData):
            taken = dataset.name in DATASETS
            require(not taken, f"datasets.name: {dataset.name} is a dataset of ours; take another")
        else:
            choice(dataset, DATASETS, "datasets")
    distinct([_name(dataset) for dataset in made], "datasets")
    return made


def _entries(cls: type, entries: object, where: str) -> tuple:
    require(isinstance(entries, list | tuple), f"{where}: must be a list")
    made = tuple(build(cls, _named(entry), where) for entry in entries)
    distinct([entry.slug if cls is Likelihood else entry.name for entry in made], where)
    return made


def _named(entry: object) -> object:
    return {"name": entry} if isinstance(entry, str) else entry


def _check_sizes(datasets: tuple[str | OwnData, ...], networks: tuple[Network, ...]) -> None:
    """Refuse convolutions that do not fit, where the size is known without reading a file."""
    for network in networks:
        for dataset in datasets if network.name == "conv" else ():
            size, layers = _size(dataset), len(network.hidden)
            require(
                size is None or size % 2**layers == 0,
                f"networks.conv.hidden: {layers} layers do not fit dataset {_name(dataset)}; "
                f"each halves its {size}x{size} pixels evenly",
            )


def _size(dataset: str | OwnData) -> int | None:
    if isinstance(dataset, OwnData):
        return dataset.size
    return SOURCES[dataset.removesuffix("_static").removesuffix("_dynamic")]


def _check_criteria(criteria: tuple[str, ...], features: tuple[str, ...]) -> None:
    known = [name for name, m in METRICS.items() if m.better and name not in DIAGNOSTICS]
    for criterion in criteria:
        choice(criterion, tuple(known), "criteria")
    foreign = tuple(prefix for prefix in SPACES if prefix.removesuffix("_") not in features)
    require(
        not all(name.startswith(foreign) for name in criteria),
        f"criteria: {', '.join(criteria)} are not measured with evaluation.features: "
        f"{', '.join(features)}",
    )


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = []
        for at in (key for key, _ in node.value if not key.tag.endswith(":merge")):
            key = self.construct_object(at, deep=True)
            if key in seen:
                line = at.start_mark.line + 1
                raise InputError(f"key {shown(key)} stands twice (line {line}): remove one")
            seen.append(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path | str) -> object:
    """Read a YAML file.

    Raises:
        InputError: if the file is missing or no YAML, naming the line; if a key stands twice, or
            is the one that makes Snakemake run Python from the file.
    """
    try:
        values = yaml.load(Path(path).read_text(encoding="utf-8"), _StrictLoader)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"cannot be read ({reason}): name a configuration file") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "somewhere"
        raise InputError(f"no valid YAML ({where}): correct it and run again") from None
    except (ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:80]
        raise InputError(f"no valid YAML ({reason}): correct it and run again") from None
    if isinstance(values, Mapping) and TEMPLATING in values:
        raise InputError(f"{TEMPLATING} makes Snakemake run code from this file: remove it")
    return values


def as_yaml(value: object) -> object:
    """Texts inside a list or mapping as YAML reads them: of ``--config`` Snakemake makes texts."""
    if isinstance(value, Mapping):
        return {key: as_yaml(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_yaml(part) for part in value]
    try:
        return yaml.safe_load(value) if isinstance(value, str) else value
    except yaml.YAMLError:
        return value


def load_benchmark(path: Path | str) -> Benchmark:
    """Read a configuration file.

    Raises:
        InputError: if the file is missing, no YAML, or not a valid configuration.
    """
    try:
        return Benchmark.from_dict(read_yaml(path))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
