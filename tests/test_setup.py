"""The files that install the project agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def pins(lines: list[str]) -> dict[str, Requirement]:
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {re.sub("[-_.]+", "-", r.name.lower()): r for r in requirements}


@pytest.fixture(scope="module")
def required() -> dict[str, Requirement]:
    return pins((ROOT / "requirements.txt").read_text().splitlines())


@pytest.fixture(scope="module")
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text())


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_requirement_is_pinned_exactly(required):
    assert all(re.fullmatch(r"==[^*]+", str(r.specifier)) for r in required.values())


def test_conda_installs_the_same_pins(required, environment):
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert {n: str(r) for n, r in pins(pip).items()} == {n: str(r) for n, r in required.items()}


def test_conda_has_a_python_that_the_project_supports(environment, project):
    (python,) = [e for e in environment["dependencies"] if str(e).startswith("python=")]
    minimum = project["requires-python"].removeprefix(">=")
    assert [int(n) for n in python.split("=")[1].split(".")] >= [
        int(n) for n in minimum.split(".")
    ]
    assert set(environment) == {"name", "channels", "dependencies"}


def test_the_pins_satisfy_the_project(required, project):
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for name, requirement in pins(wanted).items():
        pinned = str(required[name].specifier).removeprefix("==")
        assert requirement.specifier.contains(pinned), f"{name} {pinned} is not {requirement}"


def test_everything_imported_is_a_declared_dependency(project):
    modules = {"sklearn": "scikit-learn", "yaml": "pyyaml", "PIL": "pillow"}
    text = "\n".join(path.read_text() for path in (ROOT / "vae").rglob("*.py"))
    found = re.findall(r"^\s*(?:import (\w+)|from (\w+)[\w.]* import )", text, re.M)
    imported = {whole or part for whole, part in found} - {"vae"}
    third_party = {modules.get(name, name.replace("_", "-")) for name in imported - STANDARD}
    assert third_party <= set(pins(project["dependencies"]))


STANDARD = set(__import__("sys").stdlib_module_names)


def test_no_file_names_a_registry_or_a_machine_path():
    names = ("requirements.txt", "environment.yml", "pyproject.toml", "Makefile", ".ci/run")
    for name in names:
        assert "://" not in (ROOT / name).read_text(), name
