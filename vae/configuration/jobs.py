"""The evaluation jobs: what is measured of every trained sweep, described once.

The workflow's rules, the verbs of the command line and what is collected follow from ``JOBS``.
"""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields

from vae.configuration.benchmark import Evaluation


@dataclass(frozen=True)
class Job:
    """One process per sweep that measures all of its cells.

    The module ``vae.evaluation.<name>`` has ``evaluate(trained, dataset, device, **settings)``,
    which returns ``Measurements``. Its settings are the keys of the configuration's ``evaluation``
    that name this job, or none.

    Attributes:
        name: of the rule and the verb, which begin with "evaluate", and of the table of metrics.
        text: what it measures.
        tables: what else it writes, beside the metrics: collected under the same names.
        spaces: whether ``evaluate`` is given the dataset's feature spaces as well.
        gpu: whether a GPU pays.
        priority: jobs with a higher one go first. Training has 0: a sweep is measured before
            another is trained.
        memory_mb, minutes: what a cluster is asked for.
    """

    name: str
    text: str
    tables: tuple[str, ...] = ()
    spaces: bool = False
    gpu: bool = False
    priority: int = 1
    memory_mb: int = 8000
    minutes: int = 120

    @property
    def module(self) -> str:
        """The module that measures."""
        return f"vae.evaluation.{self.name}"

    @property
    def sources(self) -> list[str]:
        """The modules whose change makes what was measured out of date."""
        return [self.module, *(["vae.features.spaces"] if self.spaces else [])]


JOBS = (
    Job(
        "likelihood",
        "log p(x), bits/dim, and the bounds below them",
        gpu=True,
        priority=2,
        minutes=600,
    ),
    Job(
        "codes",
        "whether codes follow the prior, what they carry, what decoding them loses",
        tables=("dimensions", "spectra"),
    ),
    Job(
        "samples",
        "how real, diverse and new generated images are",
        spaces=True,
        gpu=True,
        minutes=240,
    ),
)


def settings(job: str) -> list[Field]:
    """The keys of the configuration's ``evaluation`` that concern the job called ``job``."""
    return [f for f in fields(Evaluation) if job in f.metadata["jobs"] or not f.metadata["jobs"]]


def option(key: str) -> str:
    """The command-line option of a key."""
    return "--" + key.replace("_", "-")


def as_options(evaluation: Evaluation, job: str) -> list[str]:
    """The settings of ``job`` as command-line options; those without a value are left out."""
    return list(_words(configured(evaluation, job)))


def configured(evaluation: Evaluation, job: str) -> dict[str, object]:
    """The settings of ``job`` by key, as the configuration has them."""
    return {key.name: getattr(evaluation, key.name) for key in settings(job)}


def given(options: Namespace, job: str) -> dict[str, object]:
    """The settings of ``job`` by key, as the command line gives them.

    Raises:
        InputError: if one is no value that the configuration may have.
    """
    found = {key.name: getattr(options, key.name) for key in settings(job)}
    for key in settings(job):
        key.metadata["check"](found[key.name], option(key.name))
    return found


def _words(chosen: Mapping[str, object]) -> Iterator[str]:
    for key, value in chosen.items():
        values = value if isinstance(value, tuple) else (value,)
        if value is not None:
            yield from (option(key), *map(str, values))
