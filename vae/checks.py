"""Checks of configured values: each says in one sentence what is wrong, where, and what fits."""

from collections.abc import Mapping
from dataclasses import MISSING, fields

from vae.errors import InputError


def require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


def choice(value: object, known: tuple[str, ...], where: str) -> None:
    require(value in known, f"{where}: unknown value {value!r}; choose one of {', '.join(known)}")


def positive_integer(value: object, where: str) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    require(whole and value >= 1, f"{where}: {value!r} must be a whole number of at least 1")


def positive_number(value: object, where: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    hint = " (YAML reads 1e-3 as text: write 1.0e-3 or 0.001)" if isinstance(value, str) else ""
    require(
        number and 0 < value < float("inf"), f"{where}: {value!r} must be a number above 0{hint}"
    )


def distinct(values: object, where: str) -> None:
    require(isinstance(values, list | tuple), f"{where}: {values!r} must be a list")
    require(len(values) > 0, f"{where}: the list is empty, so there is nothing to train")
    names = [f"{v:g}" if isinstance(v, float) else str(v) for v in values]
    require(len(set(names)) == len(names), f"{where}: {list(values)} repeats a value")


def build(cls: type, values: object, where: str):
    """Make ``cls`` from a mapping; unknown and missing keys raise."""
    require(isinstance(values, Mapping), f"{where}: expected a mapping of keys to values")
    known = [f.name for f in fields(cls)]
    unknown = [str(key) for key in values if key not in known]
    require(
        not unknown, f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(known)}"
    )
    required = [
        f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING
    ]
    missing = [key for key in required if key not in values]
    require(not missing, f"{where}: missing key {', '.join(missing)}")
    return cls(**values)
