import json
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from vae.dependencies import PACKAGE, _imports, source_files

MODULES = sorted(
    ".".join(("vae", *path.relative_to(PACKAGE).with_suffix("").parts))
    for path in PACKAGE.rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)
LISTING = """
import importlib, json, sys
importlib.import_module({module!r})
print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.startswith("vae.")]))
"""


def closure(module: str) -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in source_files(module)}


def room_of(module: str) -> str | None:
    """The folder that a module lies in; None for those at the root."""
    name = module.split(".")[1]
    return name if (PACKAGE / name).is_dir() else None


def really_imported(module: str) -> set[str]:
    command = [sys.executable, "-c", LISTING.format(module=module)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    files = [PACKAGE.parent / name for name in json.loads(done.stdout)]
    return {f.relative_to(PACKAGE).as_posix() for f in files if f.name != "__init__.py"}


def test_evaluation_depends_on_distributions_and_not_on_training():
    files = closure("vae.evaluation.likelihood")
    assert {"distributions/__init__.py", "models.py", "evaluation/likelihood.py"} <= files
    assert not [file for file in files if file.startswith(("training", "reporting"))]


def test_training_depends_on_all_it_runs_and_not_on_evaluation():
    files = closure("vae.training.loop")
    stack = {"training/stack.py", "objectives.py", "randomness.py", "configuration/sweep.py"}
    assert stack | {"data/datasets.py"} <= files
    assert not [file for file in files if file.startswith(("evaluation", "reporting"))]
    own = {"metrics.py", "configuration/benchmark.py"}
    assert not files & own, "a metric's new name must not retrain"


@pytest.mark.parametrize(
    "module", ["vae.training.loop", "vae.evaluation.likelihood", "vae.configuration.benchmark"]
)
def test_nothing_that_is_really_imported_is_missing(module):
    assert really_imported(module) <= closure(module)


@pytest.mark.parametrize("module", MODULES)
def test_files_exist_are_sorted_and_belong_to_the_package(module):
    files = source_files(module)
    assert files == sorted(set(files))
    assert all(path.is_file() and path.is_relative_to(PACKAGE) for path in files)
    assert PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py") in files


def test_rooms_depend_on_each_other_in_one_direction():
    arrows: dict[str, set[str]] = {}
    for module in MODULES:
        if (room := room_of(module)) is not None:
            found = {room_of(name) for name in _imports(module)}
            arrows.setdefault(room, set()).update(found - {None, room})
    TopologicalSorter(arrows).prepare()  # raises CycleError


def test_a_leaf_depends_on_itself_alone():
    assert closure("vae.errors") == {"errors.py"}
    assert closure("vae.files") == {"errors.py", "files.py"}
