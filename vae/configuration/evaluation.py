"""How every cell is measured: the keys of the configuration's ``evaluation``."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields

from vae.checks import choice, distinct, file_name, positive_integer, require, whole_number
from vae.configuration.sweep import MOST_EPOCHS

DEFAULT_FEATURES = ("classifier", "selfsupervised", "pixels")
FEATURES = (*DEFAULT_FEATURES, "inception")
FEWEST_IMAGES = 10  # whose standard error is worth having
FEWEST_SAMPLES = 100  # whose covariance is


def _none_or(least: int) -> Callable[[object, str], None]:
    def check(value: object, where: str) -> None:
        whole_number(value, where)
        too_few = f"{where}: {value} is too few; have {least} or more, or 0 for the default"
        require(value == 0 or value >= least, too_few)

    return check


def _epochs(value: object, where: str) -> None:
    positive_integer(value, where, MOST_EPOCHS)


def _spaces(value: object, where: str) -> None:
    distinct(value, where)
    for space in value:
        choice(space, FEATURES, where)


def _file(value: object, where: str) -> None:
    if value is not None:
        file_name(value, where)


def _key(text: str, check: Callable[[object, str], None], *jobs: str, default: object = MISSING):
    """A key that concerns ``jobs``, or all jobs if none is named."""
    return field(default=default, metadata={"text": text, "check": check, "jobs": jobs})


@dataclass(frozen=True)
class Evaluation:
    """How every cell is measured. Every key is an option of the jobs that it names as well."""

    importance_samples: int = _key(
        "codes per image for log p(x), K", positive_integer, "likelihood"
    )
    likelihood_images: int = _key(
        "test images for likelihoods, spread evenly; 0 (default) for all",
        _none_or(FEWEST_IMAGES),
        "likelihood",
        default=0,
    )
    samples: int = _key(
        "generated images; 0 (default) for ten times the test images, at most 50,000",
        _none_or(FEWEST_SAMPLES),
        *("samples", "features"),
        default=0,
    )
    classifier_epochs: int = _key(
        "training of the classifier and of the self-supervised network (default 20)",
        _epochs,
        "features",
        default=20,
    )
    features: tuple[str, ...] = _key(
        f"what samples are compared in (default: {' '.join(DEFAULT_FEATURES)})",
        _spaces,
        *("samples", "features"),
        default=DEFAULT_FEATURES,
    )
    inception_weights: str | None = _key(
        "weights of pytorch-fid's network (default: the file in torch's cache)",
        _file,
        *("samples", "features"),
        default=None,
    )
    seed: int = _key("of everything random (default 0)", whole_number, default=0)

    def __post_init__(self) -> None:
        for key in fields(self):
            key.metadata["check"](getattr(self, key.name), f"evaluation.{key.name}")
        object.__setattr__(self, "features", tuple(self.features))
