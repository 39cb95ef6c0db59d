"""The JSON schema and the checks of ``vae.configuration`` say the same of every key.

Every key of either is given values at and just beyond all the bounds and from all the
enumerations that either knows, and texts, lists and nothing at all: both take it or both refuse.
"""

import copy
import math
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from functools import cache

import pytest
import yaml
from jsonschema import Draft202012Validator
from test_workflow import ROOT

from vae import checks
from vae.configuration import evaluation, sweep
from vae.configuration.benchmark import Benchmark
from vae.configuration.evaluation import Evaluation
from vae.configuration.sweep import Likelihood, Network, Objective, Training
from vae.data import catalogue, own
from vae.data.own import OwnData
from vae.errors import InputError

SCHEMA = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
GOOD = {
    "datasets": ["digits", {"name": "a", "path": "a.npz"}, {"name": "b", "folder": "pictures"}],
    "networks": [{"name": "mlp", "hidden": [16]}],
    "latent_dims": [3],
    "likelihoods": [
        {"name": "gaussian_fixed_sigma", "sigma": 0.1},
        {"name": "bernoulli", "betas": [1], "objective": {"name": "iwae", "samples": 5}},
    ],
    "betas": [1, 0.5],
    "seeds": [0, 1],
    "training": {"epochs": sweep.MOST_EPOCHS, "batch_size": 100, "learning_rate": 0.001},
    "evaluation": {"importance_samples": 10},
}
PARTS = {
    (): Benchmark,
    ("training",): Training,
    ("evaluation",): Evaluation,
    ("networks", 0): Network,
    ("likelihoods", 0): Likelihood,
    ("likelihoods", 1, "objective"): Objective,
    ("datasets", 1): OwnData,
    ("datasets", 2): OwnData,
}
"""Where an object of each class stands in ``GOOD``."""
KEYS = [(path, field) for path, cls in PARTS.items() for field in fields(cls)]
NAMES_ELSEWHERE = (("criteria",), ("likelihoods",), ("likelihoods", 0, "name"))
"""Of these the schema knows the form alone: registries have the names that may stand there."""
WORDLESS = ("$ref", "$schema", "type", "required", "title", "description", "pattern")
TEXTS = (
    *("", " ", "x", "x y", "0.1", "a/b", "a\nb", "{a}", "a*"),
    *("a/../b", "..", ".", "/a", "~a", "-a"),
    *("x" * n for n in (39, 40, 41, 199, 200, 201, 4096, 4097)),
)


def constants(part: object) -> Iterator[str | float]:
    """Every bound and every word of an enumeration in a part of the schema, or in a constant."""
    if isinstance(part, dict):
        part = [value for key, value in part.items() if key not in WORDLESS]
    if isinstance(part, list | tuple):
        for value in part:
            yield from constants(value)
    elif isinstance(part, str | int | float) and not isinstance(part, bool):
        yield part


def around(bound: float) -> tuple[float, ...]:
    """The bound and its neighbours."""
    if isinstance(bound, int):
        return bound - 1, bound, bound + 1
    return math.nextafter(bound, 0), bound, math.nextafter(bound, math.inf)


def values() -> list[object]:
    """What every key is tried with."""
    modules = (checks, sweep, evaluation, catalogue, own)
    of_modules = [v for m in modules for n, v in vars(m).items() if n.isupper()]
    known = set(constants([SCHEMA, *of_modules]))
    words = {c for c in known if isinstance(c, str)}
    numbers = {n for c in known - words for n in around(c)} | {-1, 0.5, math.inf}
    scalars = [None, True, False, *TEXTS, *sorted(words), *sorted(numbers)]
    lists = [[], *([v] for v in scalars), [0.5, 0.5], ["x", "x"]]
    return [*scalars, *lists, *([8] * n for n in around(sweep.MOST_LAYERS)), {}, {"x": 1}, [{}]]


VALUES = values()


def inside(configuration: dict, path: tuple) -> dict:
    for step in path:
        configuration = configuration[step]
    return configuration


def changed(path: tuple, key: str, value: object) -> dict:
    configuration = copy.deepcopy(GOOD)
    inside(configuration, path)[key] = value
    return configuration


def checks_accept(configuration: dict) -> bool:
    try:
        Benchmark.from_dict(configuration)
    except InputError:
        return False
    return True


def named(part: object) -> str:
    return ".".join(map(str, part)) if isinstance(part, tuple) else part.name


@cache
def validator(key: str) -> Draft202012Validator:
    """Of one key of a configuration: to check all others again takes three times as long."""
    return Draft202012Validator(SCHEMA["properties"][key] | {"$defs": SCHEMA["$defs"]})


def follows_from_another_key(key: str, value: object) -> bool:
    """What a schema cannot say: a warm-up ends before the training, some likelihoods need a σ."""
    too_late = key == "warmup_epochs" and isinstance(value, int) and value >= sweep.MOST_EPOCHS
    return too_late or (key == "sigma" and value is None)


@pytest.mark.parametrize(("path", "field"), KEYS, ids=named)
def test_both_take_the_same_values(path, field):
    wider = (*path, field.name) in NAMES_ELSEWHERE
    good = inside(GOOD, path).get(field.name, field.default)
    good = asdict(good) if is_dataclass(good) else list(good) if isinstance(good, tuple) else good
    verdicts = set()
    for value in [*VALUES, good]:
        if follows_from_another_key(field.name, value):
            continue
        configuration = changed(path, field.name, value)
        root = (*path, field.name)[0]
        by_checks = checks_accept(configuration)
        by_schema = validator(root).is_valid(configuration[root])
        agree = by_schema or not by_checks if wider else by_checks == by_schema
        assert agree, f"{value!r}: taken by the checks {by_checks}, by the schema {by_schema}"
        verdicts.add(by_checks)
    assert verdicts == {True, False}


@pytest.mark.parametrize("path", PARTS, ids=str)
def test_both_want_the_same_keys_and_no_others(path):
    unknown = changed(path, "colour_of_the_sky", 1)
    assert not checks_accept(unknown) and not VALIDATOR.is_valid(unknown)
    for key in {field.name for place, field in KEYS if place == path} - {"sigma"}:
        fewer = changed(path, key, None)
        del inside(fewer, path)[key]
        assert checks_accept(fewer) == VALIDATOR.is_valid(fewer)
