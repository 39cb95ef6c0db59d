"""Checks of configured values: each says in one sentence what is wrong, where, and what fits."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import PurePosixPath

from vae.errors import InputError

LARGEST_COUNT = 10**9
SMALLEST_NUMBER, LARGEST_NUMBER = 1e-12, 1e12  # far inside the range of float32
LONGEST_PATH = 200
CODE = (".ci", ".github", "benchmarks", "config", "docs", "notebooks", "tests", "vae", "workflow")
PUBLISHED = ("results/benchmark", "report/benchmark")  # by publishing, and kept with the code


def require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


def shown(value: object) -> str:
    """``value`` as messages show it: on one line, and short."""
    try:
        text = repr(value)
    except ValueError:  # Python prints no integer of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:50]}… ({len(text)} characters)"


def choice(value: object, known: tuple[str, ...], where: str) -> None:
    fits = isinstance(value, str) and value in known
    require(fits, f"{where}: unknown value {shown(value)}; choose one of {', '.join(known)}")


def whole_number(
    value: object, where: str, at_least: int = 0, at_most: int = LARGEST_COUNT
) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    require(
        whole and at_least <= value <= at_most,
        f"{where}: {shown(value)} must be a whole number from {at_least} to {at_most}",
    )


def positive_integer(value: object, where: str, at_most: int = LARGEST_COUNT) -> None:
    whole_number(value, where, 1, at_most)


def positive_number(value: object, where: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    hint = " (YAML reads 1e-3 as text: write 1.0e-3 or 0.001)" if isinstance(value, str) else ""
    require(
        number and SMALLEST_NUMBER <= value <= LARGEST_NUMBER,
        f"{where}: {shown(value)} must be a number above 0, "
        f"from {SMALLEST_NUMBER:g} to {LARGEST_NUMBER:g}{hint}",
    )


def boolean(value: object, where: str) -> None:
    require(isinstance(value, bool), f"{where}: {shown(value)} must be true or false")


def file_name(value: object, where: str) -> None:
    """A path on this machine, wherever it leads."""
    fits = isinstance(value, str) and 0 < len(value) <= 4096 and value.isprintable()
    require(fits, f"{where}: {shown(value)} must be the name of a file or folder")


def one_line(value: object, where: str) -> None:
    """A paragraph, or nothing."""
    fits = isinstance(value, str) and len(value) <= 4096 and (value.isprintable() or not value)
    require(fits, f"{where}: {shown(value)} must be a text of one line")


def name_of_files(value: object, where: str) -> None:
    """A name that files, tables and patterns can carry as it is."""
    fits = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]{0,39}", value)
    require(
        bool(fits),
        f"{where}: {shown(value)} must be 1 to 40 letters, digits and underscores (no hyphens)",
    )


def folder_of_the_project(value: object, where: str) -> str:
    """Return ``value`` without redundant parts: a relative path that stays below the project.

    It leads neither into what is kept with the code nor into published tables and reports.
    """
    file_name(value, where)
    path = PurePosixPath(value)
    fits = not path.is_absolute() and path.parts and ".." not in path.parts
    require(
        bool(fits), f"{where}: {shown(value)} must be a folder below the project, such as results"
    )
    require(
        len(value.encode()) <= LONGEST_PATH,
        f"{where}: {shown(value)} is longer than {LONGEST_PATH} bytes",
    )
    require(
        not (set(value) & set("{}\\*?")) and value[0] not in "-~",
        f"{where}: {shown(value)} must have no braces, backslashes or wildcards, "
        "and begin with neither - nor ~",
    )
    inside = {str(path), *map(str, path.parents)}
    require(
        path.parts[0] not in CODE and not inside & set(PUBLISHED),
        f"{where}: {shown(value)} is the project's own: name another, such as results/mine",
    )
    return str(path)


def distinct(values: object, where: str) -> None:
    require(isinstance(values, list | tuple), f"{where}: {shown(values)} must be a list")
    require(len(values) > 0, f"{where}: the list is empty, so there is nothing to train")
    names = [f"{v:g}" if isinstance(v, float) else shown(v) for v in values]
    require(len(set(names)) == len(names), f"{where}: {shown(list(values))} repeats a value")


def build(cls: type, values: object, where: str):
    """Make ``cls`` from a mapping; unknown and missing keys raise."""
    require(isinstance(values, Mapping), f"{where}: expected a mapping of keys to values")
    known = [f.name for f in fields(cls)]
    unknown = [shown(key) for key in values if key not in known]
    require(
        not unknown, f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(known)}"
    )
    required = [
        f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING
    ]
    missing = [key for key in required if key not in values]
    require(not missing, f"{where}: missing key {', '.join(missing)}")
    return cls(**values)
