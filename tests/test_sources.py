import json
import subprocess
import sys

import pytest

from vae.sources import PACKAGE, source_files

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


def really_imported(module: str) -> set[str]:
    command = [sys.executable, "-c", LISTING.format(module=module)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    files = [PACKAGE.parent / name for name in json.loads(done.stdout)]
    return {f.relative_to(PACKAGE).as_posix() for f in files if f.name != "__init__.py"}


def test_evaluation_depends_on_distributions_and_not_on_training():
    files = closure("vae.evaluation.likelihood")
    assert {"distributions/__init__.py", "models.py", "evaluation/likelihood.py"} <= files
    assert not files & {"training.py", "stack.py", "checkpoints.py", "previews.py"}


def test_training_depends_on_all_it_runs_and_not_on_evaluation():
    files = closure("vae.training")
    assert {"stack.py", "objectives.py", "data.py", "randomness.py", "sweep.py"} <= files
    assert not [file for file in files if file.startswith(("evaluation", "reporting"))]
    assert not files & {"metrics.py", "config.py"}, "a metric's new name must not retrain"


@pytest.mark.parametrize("module", ["vae.training", "vae.evaluation.likelihood", "vae.config"])
def test_nothing_that_is_really_imported_is_missing(module):
    assert really_imported(module) <= closure(module)


@pytest.mark.parametrize("module", MODULES)
def test_files_exist_are_sorted_and_belong_to_the_package(module):
    files = source_files(module)
    assert files == sorted(set(files))
    assert all(path.is_file() and path.is_relative_to(PACKAGE) for path in files)
    assert PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py") in files


def test_a_leaf_depends_on_itself_alone():
    assert closure("vae.errors") == {"errors.py"}
    assert closure("vae.files") == {"errors.py", "files.py"}
