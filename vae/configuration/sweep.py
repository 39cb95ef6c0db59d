"""What is trained: a sweep of cells, its network, likelihood and training settings."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache

from vae.checks import (
    boolean,
    build,
    choice,
    distinct,
    name_of_files,
    positive_integer,
    positive_number,
    require,
    shown,
    whole_number,
)
from vae.errors import InputError
from vae.families import BLACK_AND_WHITE, FAMILIES, GREY_LEVELS, Family

NETWORKS = (
    "mlp",
    "conv",
    "linear",
)
OBJECTIVES = ("elbo", "iwae")
IWAE = "_iwae_"  # ends, with their number, the slugs of likelihoods trained on several samples
MOST_SAMPLES = 10**6
DISCRETIZED = "_discretized"  # ends the slugs of likelihoods trained on masses
SLUG = re.compile(
    rf"(.*?)(?:_([0-9.]+(?:e[+-][0-9]+)?))?({DISCRETIZED})?(?:{IWAE}([0-9]+))?", re.DOTALL
)
WIDEST = 16_384  # hidden layers and codes; two such layers have 268 million weights
MOST_LAYERS = 100
MOST_EPOCHS = 10**6
LARGEST_BATCH = 10**6
MOST_PREVIEWS = 100  # each is a row of pictures, kept in memory for every cell
PRECISIONS = ("float32", "tf32", "bfloat16")
SCALE_READINGS = (
    "variance",
    "standard_deviation",
    "log_variance",
    "log_standard_deviation",
    "precision",
)


@dataclass(frozen=True)
class Network:
    """An architecture: ``mlp`` with hidden widths, ``conv`` with channels, encoder first.

    ``linear`` has none: its encoder and its decoder are one linear map each.
    """

    name: str
    hidden: tuple[int, ...]

    def __post_init__(self) -> None:
        choice(self.name, NETWORKS, "networks.name")
        require(
            isinstance(self.hidden, list | tuple), f"networks.{self.name}.hidden: must be a list"
        )
        object.__setattr__(self, "hidden", tuple(self.hidden))
        for width in self.hidden:
            positive_integer(width, f"networks.{self.name}.hidden", WIDEST)
        require(
            len(self.hidden) <= MOST_LAYERS,
            f"networks.{self.name}.hidden: {len(self.hidden)} layers are more than {MOST_LAYERS}",
        )
        require(
            (self.name == "linear") == (not self.hidden),
            f"networks.{self.name}.hidden: {list(self.hidden)} does not fit; "
            "linear takes [], the others one or more layers",
        )


@dataclass(frozen=True)
class Objective:
    """What training minimises: minus the ELBO, or minus a bound of several codes (``iwae``)."""

    name: str = "elbo"
    samples: int = 1

    def __post_init__(self) -> None:
        where = "likelihoods.objective"
        choice(self.name, OBJECTIVES, f"{where}.name")
        positive_integer(self.samples, f"{where}.samples", MOST_SAMPLES)
        one = self.samples == 1 or self.name == "iwae"
        require(one, f"{where}.samples: the ELBO takes one; name iwae for a bound of several")

    @property
    def axis(self) -> tuple[int, ...]:
        """The axis of noise that several codes of an image need; empty for the ELBO."""
        return (self.samples,) if self.name == "iwae" else ()

    @property
    def slug(self) -> str:
        """What the slugs of likelihoods trained on it end with."""
        return f"{IWAE}{self.samples}" if self.name == "iwae" else ""

    @property
    def title(self) -> str:
        """What their names in print end with."""
        return f", bound of {self.samples} samples" if self.name == "iwae" else ""


@dataclass(frozen=True)
class Likelihood:
    """A decoder likelihood p(x|z), one of ``FAMILIES``, as it is trained.

    Attributes:
        sigma: of a family that needs one.
        discretized: whether a density is trained on, and is, the probability of grey levels.
        betas: for this likelihood, in place of the grid's.
        objective: what it is trained on.
    """

    name: str
    sigma: float | None = None
    discretized: bool = False
    betas: tuple[float, ...] | None = None
    objective: Objective = Objective()

    def __post_init__(self) -> None:
        choice(self.name, tuple(FAMILIES), "likelihoods.name")
        where = f"likelihoods.{self.name}"
        if self.family.needs_sigma:
            positive_number(self.sigma, f"{where}.sigma")
        else:
            require(self.sigma is None, f"{where}.sigma: this likelihood takes no sigma")
        require(
            isinstance(self.discretized, bool),
            f"{where}.discretized: {self.discretized!r} must be true or false",
        )
        reason = self.family.no_density if self.discretized else None
        require(reason is None, f"{where}.discretized: this likelihood {reason}; leave it out")
        if self.betas is not None:
            object.__setattr__(self, "betas", beta_axis(self.betas, f"{where}.betas"))
        where = f"{where}.objective"
        if not isinstance(self.objective, Objective):
            object.__setattr__(self, "objective", build(Objective, self.objective, where))
        require(
            self.objective.name == "elbo" or self.betas == (1.0,),
            f"{where}: the bound of several samples is one on log p(x), at β = 1 alone: "
            "give betas: [1]",
        )

    @classmethod
    @cache
    def from_slug(cls, slug: str) -> "Likelihood":
        """The likelihood that tables and files call ``slug``.

        Raises:
            InputError: if there is none of that name.
        """
        try:
            name, sigma, discretized, samples = SLUG.fullmatch(slug).groups()
            how = ((1.0,), Objective("iwae", int(samples))) if samples else ()
            return cls(name, float(sigma) if sigma else None, bool(discretized), *how)
        except (ValueError, InputError):
            raise InputError(f"{shown(slug)} is no likelihood of ours") from None

    @property
    def family(self) -> Family:
        """What is known of all likelihoods of this name."""
        return FAMILIES[self.name]

    @property
    def slug(self) -> str:
        """The name used in file names and tables, such as ``gaussian_fixed_sigma_0.1``."""
        sigma = "" if self.sigma is None else f"_{self.sigma:g}"
        return self.name + sigma + (DISCRETIZED if self.discretized else "") + self.objective.slug

    @property
    def title(self) -> str:
        """The name in print, such as ``Gaussian, σ = 0.1``."""
        title = self.family.title.format(sigma=self.sigma) + " on masses" * self.discretized
        return title + self.objective.title

    @property
    def density(self) -> "Likelihood":
        """The same trained on its density."""
        return replace(self, discretized=False)

    def discrete(self, levels: int) -> bool:
        """Whether its density is the probability of each of ``levels`` grey levels already."""
        black_and_white = self.family.over == BLACK_AND_WHITE and levels == 2
        return self.discretized or self.family.over == GREY_LEVELS or black_and_white

    def over_numbers(self, levels: int) -> bool:
        """Whether it gives each of ``levels`` grey levels a probability."""
        return self.family.over != BLACK_AND_WHITE or levels == 2


@dataclass(frozen=True)
class Training:
    """How every cell is trained; one epoch is one pass over the training split.

    A cell stops when the second half of its epochs improved the validation objective by less
    than ``tolerance`` nats (``vae.training.schedule``), at the latest after ``epochs``.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    scale_reading: str = "log_variance"
    warmup_epochs: int = 0
    tolerance: float = 0.0
    previews: int = 6
    precision: str = "float32"

    def __post_init__(self) -> None:
        positive_integer(self.epochs, "training.epochs", MOST_EPOCHS)
        positive_integer(self.batch_size, "training.batch_size", LARGEST_BATCH)
        whole_number(self.previews, "training.previews", 2, MOST_PREVIEWS)
        whole_number(self.warmup_epochs, "training.warmup_epochs")
        positive_number(self.learning_rate, "training.learning_rate")
        if self.tolerance != 0 or isinstance(self.tolerance, bool):
            positive_number(self.tolerance, "training.tolerance")
        choice(self.scale_reading, SCALE_READINGS, "training.scale_reading")
        choice(self.precision, PRECISIONS, "training.precision")
        require(
            self.warmup_epochs < self.epochs,
            "training.warmup_epochs: must be below training.epochs",
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


def group_name(dataset: str, network: str, latent_dim: int) -> str:
    """The name of all sweeps that differ in likelihood only, such as ``digits-mlp-10d``."""
    return f"{dataset}-{network}-{latent_dim}d"


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
        """The name of the group that it belongs to."""
        return group_name(self.dataset, self.network.name, self.latent_dim)

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
                parts[key] = build(part, parts[key], f"sweep.{key}")
        sweep = build(cls, parts, "sweep")
        name_of_files(sweep.dataset, "sweep.dataset")
        positive_integer(sweep.latent_dim, "sweep.latent_dim", WIDEST)
        boolean(sweep.autoencoder, "sweep.autoencoder")
        for key, part in (
            ("betas", beta_axis(sweep.betas, "sweep.betas")),
            ("seeds", seed_axis(sweep.seeds, "sweep.seeds")),
        ):
            object.__setattr__(sweep, key, part)
        return sweep


def beta_axis(betas: object, where: str) -> tuple[float, ...]:
    require(isinstance(betas, list | tuple), f"{where}: {shown(betas)} must be a list")
    for beta in betas:
        positive_number(beta, where)
    distinct([float(beta) for beta in betas], where)
    return tuple(sorted(float(beta) for beta in betas))


def seed_axis(seeds: object, where: str) -> tuple[int, ...]:
    distinct(seeds, where)
    for seed in seeds:
        whole_number(seed, where)
    return tuple(seeds)
