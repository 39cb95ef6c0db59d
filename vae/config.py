"""The configuration: what is trained and how it is measured, as frozen dataclasses."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cached_property
from pathlib import Path

import yaml

from vae.errors import InputError

SOURCES = ("digits", "mnist", "fashion_mnist")
BINARISATIONS = ("static", "dynamic")
DATASETS = tuple(
    name for source in SOURCES for name in (source, *(f"{source}_{b}" for b in BINARISATIONS))
)
NETWORKS = ("mlp", "conv", "linear")
LIKELIHOODS = (
    "bernoulli",
    "continuous_bernoulli",
    "gaussian_fixed_sigma",
    "gaussian_learned_sigma",
    "gaussian_dimension_sigma",
    "gaussian_image_sigma",
    "gaussian_pixel_sigma",
    "gaussian_optimal_sigma",
    "laplace_learned_scale",
    "beta",
    "discretized_logistic",
    "categorical",
)
FEATURES = ("classifier", "inception")
SCALE_READINGS = (
    "variance",
    "standard_deviation",
    "log_variance",
    "log_standard_deviation",
    "precision",
)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


def _choice(value: object, known: tuple[str, ...], where: str) -> None:
    _require(value in known, f"{where}: unknown value {value!r}; choose one of {', '.join(known)}")


def _positive_integer(value: object, where: str) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    _require(whole and value >= 1, f"{where}: {value!r} must be a whole number of at least 1")


def _positive_number(value: object, where: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    hint = " (YAML reads 1e-3 as text: write 1.0e-3 or 0.001)" if isinstance(value, str) else ""
    _require(
        number and 0 < value < float("inf"), f"{where}: {value!r} must be a number above 0{hint}"
    )


def _distinct(values: object, where: str) -> None:
    _require(isinstance(values, list | tuple), f"{where}: {values!r} must be a list")
    _require(len(values) > 0, f"{where}: the list is empty, so there is nothing to train")
    names = [f"{v:g}" if isinstance(v, float) else str(v) for v in values]
    _require(len(set(names)) == len(names), f"{where}: {list(values)} repeats a value")


def _build(cls: type, values: object, where: str):
    """Make ``cls`` from a mapping; unknown and missing keys raise."""
    _require(isinstance(values, Mapping), f"{where}: expected a mapping of keys to values")
    known = [f.name for f in fields(cls)]
    unknown = [str(key) for key in values if key not in known]
    _require(
        not unknown, f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(known)}"
    )
    required = [
        f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING
    ]
    missing = [key for key in required if key not in values]
    _require(not missing, f"{where}: missing key {', '.join(missing)}")
    return cls(**values)


@dataclass(frozen=True)
class Network:
    """An architecture: ``mlp`` with hidden widths, ``conv`` with channels, encoder first.

    ``linear`` has none: its encoder and its decoder are one linear map each.
    """

    name: str
    hidden: tuple[int, ...]

    def __post_init__(self) -> None:
        _choice(self.name, NETWORKS, "networks.name")
        _require(
            isinstance(self.hidden, list | tuple), f"networks.{self.name}.hidden: must be a list"
        )
        object.__setattr__(self, "hidden", tuple(self.hidden))
        for width in self.hidden:
            _positive_integer(width, f"networks.{self.name}.hidden")
        _require(
            (self.name == "linear") == (not self.hidden),
            f"networks.{self.name}.hidden: {list(self.hidden)} does not fit; "
            "linear takes [], the others one or more layers",
        )


@dataclass(frozen=True)
class Likelihood:
    """A decoder likelihood p(x|z); ``sigma`` belongs to ``gaussian_fixed_sigma`` alone."""

    name: str
    sigma: float | None = None
    betas: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        _choice(self.name, LIKELIHOODS, "likelihoods.name")
        if self.name == "gaussian_fixed_sigma":
            _positive_number(self.sigma, "likelihoods.gaussian_fixed_sigma.sigma")
        else:
            _require(
                self.sigma is None,
                f"likelihoods.{self.name}.sigma: this likelihood takes no sigma",
            )
        if self.betas is not None:
            object.__setattr__(
                self, "betas", _beta_axis(self.betas, f"likelihoods.{self.name}.betas")
            )

    @property
    def slug(self) -> str:
        """The name used in file names and tables, such as ``gaussian_fixed_sigma_0.1``."""
        return self.name if self.sigma is None else f"{self.name}_{self.sigma:g}"


@dataclass(frozen=True)
class Training:
    """How every cell is trained; one epoch is one pass over the training split."""

    epochs: int
    batch_size: int
    learning_rate: float
    scale_reading: str = "log_variance"
    warmup_epochs: int = 0
    previews: int = 6

    def __post_init__(self) -> None:
        for key in ("epochs", "batch_size", "previews"):
            _positive_integer(getattr(self, key), f"training.{key}")
        _require(self.previews >= 2, "training.previews: at least 2, the start and the end")
        _positive_number(self.learning_rate, "training.learning_rate")
        _choice(self.scale_reading, SCALE_READINGS, "training.scale_reading")
        whole = isinstance(self.warmup_epochs, int) and self.warmup_epochs >= 0
        _require(
            whole,
            f"training.warmup_epochs: {self.warmup_epochs!r} must be a whole number, 0 or more",
        )
        _require(
            self.warmup_epochs < self.epochs,
            "training.warmup_epochs: must be below training.epochs",
        )


@dataclass(frozen=True)
class Evaluation:
    """How every cell is measured; 0 images or samples mean the whole test split."""

    importance_samples: int
    likelihood_images: int = 0
    samples: int = 0
    classifier_epochs: int = 20
    refit_epochs: int = 20
    features: str = "classifier"
    inception_weights: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for key in ("importance_samples", "classifier_epochs", "refit_epochs"):
            _positive_integer(getattr(self, key), f"evaluation.{key}")
        for key in ("likelihood_images", "samples", "seed"):
            value = getattr(self, key)
            _require(
                isinstance(value, int) and value >= 0,
                f"evaluation.{key}: {value!r} must be a whole number, 0 or more",
            )
        _choice(self.features, FEATURES, "evaluation.features")
        _require(
            self.inception_weights is None or isinstance(self.inception_weights, str),
            f"evaluation.inception_weights: {self.inception_weights!r} must be the name of a file",
        )


@dataclass(frozen=True)
class Cell:
    """One trained model of a sweep; the autoencoder (``model="ae"``) has ``beta`` 0."""

    model: str
    beta: float
    seed: int

    @property
    def slug(self) -> str:
        """The name used in file names, such as ``vae_beta_0.5_seed_0``."""
        return (
            f"ae_seed_{self.seed}"
            if self.model == "ae"
            else f"vae_beta_{self.beta:g}_seed_{self.seed}"
        )


@dataclass(frozen=True)
class Sweep:
    """All cells that share dataset, network, latent size and likelihood: one training job."""

    dataset: str
    network: Network
    latent_dim: int
    likelihood: Likelihood
    betas: tuple[float, ...]
    seeds: tuple[int, ...]
    autoencoder: bool
    training: Training

    @property
    def group(self) -> str:
        """The name of all sweeps that differ in likelihood only, such as ``digits-mlp-10d``."""
        return f"{self.dataset}-{self.network.name}-{self.latent_dim}d"

    @property
    def slug(self) -> str:
        """The name used in file names, such as ``digits-mlp-10d-bernoulli``."""
        return f"{self.group}-{self.likelihood.slug}"

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, those of one seed together, the autoencoder first."""
        autoencoders = [Cell("ae", 0.0, seed) for seed in self.seeds] if self.autoencoder else []
        return (
            *autoencoders,
            *(Cell("vae", beta, seed) for beta in self.betas for seed in self.seeds),
        )

    def to_dict(self) -> dict:
        """Return plain JSON values; ``Sweep.from_dict`` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping) -> "Sweep":
        """Read what ``to_dict`` wrote.

        Raises:
            InputError: naming the key that is unknown, missing or out of range.
        """
        parts = dict(values) if isinstance(values, Mapping) else values
        for key, part in (
            ("network", Network),
            ("likelihood", Likelihood),
            ("training", Training),
        ):
            if isinstance(parts, dict) and key in parts:
                parts[key] = _build(part, parts[key], f"sweep.{key}")
        sweep = _build(cls, parts, "sweep")
        _choice(sweep.dataset, DATASETS, "sweep.dataset")
        _positive_integer(sweep.latent_dim, "sweep.latent_dim")
        for key, values in (
            ("betas", _beta_axis(sweep.betas, "sweep.betas")),
            ("seeds", tuple(sweep.seeds)),
        ):
            object.__setattr__(sweep, key, values)
        return sweep


def _beta_axis(betas: object, where: str) -> tuple[float, ...]:
    _require(isinstance(betas, list | tuple), f"{where}: {betas!r} must be a list")
    for beta in betas:
        _positive_number(beta, where)
    _distinct([float(beta) for beta in betas], where)
    return tuple(sorted(float(beta) for beta in betas))


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
    results: str = "results"
    report: str = "report"
    dataset_mirror: str | None = None

    @classmethod
    def from_dict(cls, values: object) -> "Benchmark":
        """Check a configuration and make it.

        Raises:
            InputError: naming the key that is unknown, missing or out of range.
        """
        _require(isinstance(values, Mapping), "the configuration is no mapping of keys to values")
        benchmark = _build(cls, values, "configuration")
        parts = {
            "training": _build(Training, benchmark.training, "training"),
            "evaluation": _build(Evaluation, benchmark.evaluation, "evaluation"),
            "betas": _beta_axis(benchmark.betas, "betas"),
        }
        for key in ("datasets", "latent_dims", "seeds"):
            _distinct(getattr(benchmark, key), key)
            parts[key] = tuple(getattr(benchmark, key))
        for key, part in (("networks", Network), ("likelihoods", Likelihood)):
            entries = getattr(benchmark, key)
            _require(isinstance(entries, list | tuple), f"{key}: must be a list")
            parts[key] = tuple(_build(part, _named(entry), key) for entry in entries)
            _distinct([e.slug if key == "likelihoods" else e.name for e in parts[key]], key)
        for dataset in parts["datasets"]:
            _choice(dataset, DATASETS, "datasets")
        for latent_dim in parts["latent_dims"]:
            _positive_integer(latent_dim, "latent_dims")
        for seed in parts["seeds"]:
            _require(
                isinstance(seed, int) and seed >= 0,
                f"seeds: {seed!r} must be a whole number, 0 or more",
            )
        _require(isinstance(benchmark.autoencoder, bool), "autoencoder: must be true or false")
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
