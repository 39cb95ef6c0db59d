"""What an outsider finds first: licence, citation, a package that installs, checks of changes."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import vae
from vae.__main__ import main
from vae.configuration.benchmark import Benchmark

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def citation() -> dict:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def targets() -> set[str]:
    """The targets of the Makefile that are commands."""
    (phony,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M)
    return set(phony.split())


def test_licence_citation_and_package_agree(project, citation):
    assert project["license"] == citation["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")
    assert project["name"] == citation["title"]
    assert citation["version"] == vae.__version__
    names = {author["name"] for author in project["authors"]}
    assert names == {author["name"] for author in citation["authors"]}


def test_the_newest_version_of_the_changelog_is_the_package_s():
    versions = re.findall(r"^## (\d+\.\d+\.\d+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert versions[0] == vae.__version__


def test_a_wheel_carries_types_licence_and_the_command(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    source = tmp_path / "source"
    for name in ("vae", "pyproject.toml", "README.md", "LICENSE"):
        target = source / name
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(ROOT / name)
    subprocess.run([*command, "--no-build-isolation", "--wheel-dir", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
        text = archive.read(entry_points).decode()
    assert {"vae/py.typed", "vae/__main__.py", "vae/evaluation/cells.py"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests") for name in names)
    assert "vae-benchmark = vae.__main__:main" in text


def test_the_command_runs_a_verb_and_returns_its_exit_status(project, capsys, monkeypatch):
    module, _, name = project["scripts"]["vae-benchmark"].partition(":")
    assert (module, name) == (main.__module__, main.__name__)
    monkeypatch.setattr(sys, "argv", ["vae-benchmark", "status", "--config", "none.yaml"])
    assert main() == 2
    assert "none.yaml" in capsys.readouterr().err


def test_checks_of_every_change_are_the_commands_of_the_guide():
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = {step["run"] for step in steps if "run" in step}
    assert commands == {"make lint", "make test"}
    for command in (*commands, "make report"):
        assert f"{command} " in guide
        assert command.removeprefix("make ") in targets()


def test_checks_use_pythons_that_the_package_supports(project):
    text = (ROOT / ".github" / "workflows" / "checks.yml").read_text()
    minimum = project["requires-python"].removeprefix(">=")
    pythons = re.findall(r'"(3\.\d+)"', text)
    assert min(pythons, key=lambda v: int(v.split(".")[1])) == minimum


def test_help_lists_every_target():
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split(maxsplit=1) for line in shown.stdout.splitlines()]
    assert {name for name, _ in lines} == targets()
    assert all(text for _, text in lines)


@pytest.mark.parametrize("target", ["report", "status"])
def test_targets_that_take_another_configuration(target):
    command = ["make", "--no-print-directory", "--dry-run", target, "CONFIG=config/burda.yaml"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(r"--config(file)? config/burda\.yaml", shown.stdout)
    command[-1] = "CONFIG=config/burdo.yaml"
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert shown.returncode == 2 and shown.stdout == ""
    assert shown.stderr.count("\n") == 1 and "config/burdo.yaml" in shown.stderr


def test_files_that_the_catalogue_of_workflows_asks_for():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["report"] is True
    assert usage["software-stack-deployment"]["conda"] is (ROOT / "environment.yml").is_file()
    for name in ("workflow/Snakefile", "config/config.yaml", "config/README.md"):
        assert (ROOT / name).is_file()


@pytest.mark.parametrize(
    "page",
    [
        *("README.md", "CONTRIBUTING.md", "config/README.md"),
        *(f"docs/{name}.md" for name in ("architecture", "extending", "running")),
    ],
)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / page).parent.joinpath(link).exists(), link


NAMED = re.findall(r"tests/[a-z_*/]+\.py", (ROOT / "CONTRIBUTING.md").read_text())


def test_test_files_that_the_guide_names_exist():
    for name in NAMED:
        assert list(ROOT.glob(name)), name


def test_every_test_file_belongs_to_a_module_or_a_room_or_is_named_in_the_guide():
    named = {path for name in NAMED for path in ROOT.glob(name)}
    for path in {*(ROOT / "tests").rglob("test_*.py")} - named:
        part = ROOT / "vae" / path.parent.relative_to(ROOT / "tests") / path.stem[len("test_") :]
        assert part.with_suffix(".py").is_file() or part.is_dir(), path


def test_the_configuration_in_the_readme_is_valid():
    text = (ROOT / "README.md").read_text().split("## Your own images")[1]
    (block,) = re.findall(r"```yaml\n(.*?)```", text.split("## Reading the report")[0], re.S)
    benchmark = Benchmark.from_dict(yaml.safe_load(block))
    assert [data.folder for data in benchmark.datasets] == ["data/images"]
    assert benchmark.report == "report/mine"
