"""The real workflow, end to end, on a copy of the project with a tiny grid."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from markdown_it import MarkdownIt

from vae.__main__ import main
from vae.reporting.figures.captions import written_captions
from vae.results.comparison import BEST_BETA_COLUMNS
from vae.results.table import CELL, COLUMNS

ROOT = Path(__file__).parent.parent
TINY = {
    "datasets": ["digits"],
    "networks": [{"name": "mlp", "hidden": [16]}],
    "latent_dims": [2],
    "likelihoods": ["bernoulli", {"name": "gaussian_fixed_sigma", "sigma": 0.3}],
    "betas": [0.5, 1, 4],
    "seeds": [0, 1],
    "training": {"epochs": 3, "batch_size": 100, "learning_rate": 0.01, "previews": 2},
    "evaluation": {"importance_samples": 20, "classifier_epochs": 3},
}


def snakemake(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=600
    )


def copy_project(folder: Path) -> Path:
    for name in ("vae", "workflow"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("environment.yml", "README.md"):
        shutil.copy(ROOT / name, folder)
    kept = [path for path in (ROOT / "report").iterdir() if path.suffix in (".csv", ".yaml")]
    kept.append(ROOT / "report" / "template.md")
    for path in (*kept, ROOT / "benchmarks" / "results" / "twice.csv"):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (folder / "config").mkdir()
    write_config(folder, TINY)
    return folder


def write_config(project: Path, config: dict) -> None:
    (project / "config" / "config.yaml").write_text(yaml.safe_dump(config))


def jobs(project: Path) -> dict[str, int]:
    """How many jobs of each rule a run would have."""
    result = snakemake(project, "--dry-run", "all")
    assert result.returncode == 0, result.stdout + result.stderr
    text = result.stdout + result.stderr
    stats = re.findall(r"^(\w+) +(\d+)$", text.split("Job stats:")[-1], re.M)
    return {rule: int(count) for rule, count in stats if rule not in ("all", "total")}


VERBS = """
import shlex, sys
from vae.__main__ import main
for line in sys.stdin:
    if status := main(shlex.split(line)):
        sys.exit(f"{line}: status {status}")
"""


def run_in_one_process(project: Path) -> None:
    """The commands of a whole run without their processes, each of which imports torch again."""
    result = snakemake(project, "--until", "configuration", "sweep", "--", "all")
    assert result.returncode == 0, result.stdout + result.stderr
    planned = snakemake(project, "--dry-run", "--printshellcmds", "all")
    lines = re.findall(r"python -m vae (.*) > ", planned.stdout + planned.stderr)
    done = subprocess.run(
        [sys.executable, "-c", VERBS],
        cwd=project,
        input="\n".join(lines),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert jobs(project) == {}, "every file is there"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("project"))
    result = snakemake(folder, "all")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.mark.slow
class TestWholeRun:
    def test_every_cell_has_every_metric(self, project):
        metrics = pd.read_csv(project / "results" / "metrics.csv")
        assert list(metrics.columns) == COLUMNS
        assert metrics.value.notna().all()
        counts = metrics.groupby(CELL).size()
        assert len(counts) == 2 * (3 + 1) * 2
        assert counts.groupby(["model", "likelihood"]).nunique().eq(1).all()

    def test_the_elbo_is_below_the_importance_weighted_bound(self, project):
        metrics = pd.read_csv(project / "results" / "metrics.csv")
        wide = metrics.pivot(index=CELL, columns="metric", values=["value", "se"])
        wide = wide.xs("vae", level="model")
        slack = 2 * wide["se"]["elbo"]
        assert (wide["value"]["elbo"] <= wide["value"]["importance_bound"] + slack).all()

    def test_answers_for_every_likelihood_and_criterion(self, project):
        answers = pd.read_csv(project / "results" / "best_beta.csv")
        assert list(answers.columns) == BEST_BETA_COLUMNS
        counts = answers.groupby("likelihood").criterion.nunique()
        assert counts.to_dict() == {"bernoulli": 8, "gaussian_fixed_sigma_0.3": 8}

    def test_the_report_renders_with_all_its_pictures_and_whole_tables(self, project):
        page = project / "report" / "report.md"
        tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text())
        images = [
            child for token in tokens for child in token.children or [] if child.type == "image"
        ]
        assert len(images) >= 10
        for image in images:
            assert (page.parent / image.attrs["src"]).is_file(), image.attrs["src"]
            assert image.content, "every image has an alternative text"
        lines = [line for line in page.read_text().splitlines() if line.startswith("|")]
        assert lines and all("nan" not in line for line in lines)

    def test_the_interactive_page_has_every_sweep(self, project):
        page = (project / "report" / "explorer.html").read_text(encoding="utf-8")
        for likelihood in ("bernoulli", "gaussian_fixed_sigma_0.3"):
            assert f'id="sweep-digits-mlp-2d-{likelihood}"' in page

    def test_it_can_be_published_and_rendered_without_models(self, project, tmp_path):
        tables, report = tmp_path / "tables", tmp_path / "report"
        config = project / "config" / "config.yaml"
        main(["publish", *map(str, (config, tables, report)), "--run", str(project)])
        main(["render", str(tables), str(report)])
        shown = re.findall(r"\]\((figures/[^)]+)\)", (report / "report.md").read_text())
        assert all((report / path).is_file() for path in shown)
        for picture in ("mlp-2d/memory", "mlp-2d-bernoulli/images"):
            assert f"figures/digits-{picture}.png" in shown

    def test_snakemake_s_own_report_has_the_captions(self, project):
        result = snakemake(project, "--report", "page.html")
        assert result.returncode == 0, result.stderr
        page = (project / "page.html").read_text()
        said = written_captions(ROOT / "report" / "captions.yaml")
        for name in ("training", "images"):
            first_words = said[name].caption[:40]
            assert json.dumps(first_words)[1:-1] in page

    def test_a_second_run_has_nothing_to_do(self, project):
        assert "Nothing to be done" in snakemake(project, "all").stderr

    def test_changes_rerun_what_they_affect_and_nothing_else(self, project):
        cases = {
            "vae/likelihoods.py": {"train", "evaluate_likelihood", "report"},
            "vae/reporting/figures/charts.py": {"figures", "report"},
            "report/captions.yaml": {"report"},
            "report/published.csv": {"report"},
            "vae/results/statistics.py": {
                *("compare", "figures", "gallery"),
                *("report", "explorer", "explorer_pictures"),
            },
        }
        for name, expected in cases.items():
            original = (project / name).read_text()
            (project / name).write_text(original + "\n# changed\n")
            rules = set(jobs(project))
            (project / name).write_text(original)
            assert expected <= rules, name
            if "train" not in expected:
                assert rules == expected, name
        assert jobs(project) == {}

    def test_a_new_beta_retrains_only_its_sweep(self, project):
        config = yaml.safe_load(yaml.safe_dump(TINY))
        config["likelihoods"][0] = {"name": "bernoulli", "betas": [0.5, 1, 2, 4]}
        write_config(project, config)
        counts = jobs(project)
        write_config(project, TINY)
        assert counts["train"] == counts["evaluate_likelihood"] == 1

    def test_training_again_gives_the_same_bytes(self, project):
        folder = Path("results/metrics/digits-mlp-2d-bernoulli")
        names = [folder / f"{name}.csv" for name in ("likelihood", "samples")]
        before = [(project / name).read_bytes() for name in names]
        result = snakemake(project, "--forcerun", "train", "--", *map(str, names))
        assert result.returncode == 0, result.stderr
        assert "rule train" in result.stderr
        assert [(project / name).read_bytes() for name in names] == before

    def test_best_beta_prints_the_answer(self, project):
        command = [sys.executable, "-m", "vae", "best-beta", "--likelihood", "bernoulli"]
        result = subprocess.run(
            [*command, "--criterion", "elbo"], cwd=project, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
        assert "Bernoulli" in result.stdout and "ELBO" in result.stdout
        result = subprocess.run(
            [*command, "--criterion", "beauty"], cwd=project, capture_output=True, text=True
        )
        assert result.returncode == 2
        assert "beauty" in result.stderr and "fid_prior" in result.stderr


@pytest.mark.slow
def test_a_run_in_which_everything_diverged_still_has_its_report(tmp_path):
    project = copy_project(tmp_path)
    training = {**TINY["training"], "learning_rate": 1.0e12, "epochs": 1}
    write_config(project, TINY | {"training": training, "likelihoods": ["bernoulli"]})
    run_in_one_process(project)
    metrics = pd.read_csv(project / "results" / "metrics.csv")
    vaes = metrics[(metrics.model == "vae") & (metrics.metric == "diverged")]
    assert len(vaes) == 6 and (vaes.value == 1).all()
    assert "diverged" in (project / "report" / "report.md").read_text()
    command = [sys.executable, "-m", "vae", "best-beta"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode != 0 and done.stdout == ""
    assert "no answer" in done.stderr and done.stderr.count("\n") == 1


BAD = {
    "unknown key": ({"epoch": 3}, "epoch"),
    "unknown dataset": ({"datasets": ["cifar"]}, "cifar"),
    "unknown likelihood": ({"likelihoods": ["cauchy"]}, "cauchy"),
    "unknown network": ({"networks": [{"name": "gnn", "hidden": [8]}]}, "gnn"),
    "negative beta": ({"betas": [-1]}, "-1"),
    "empty grid": ({"betas": []}, "betas"),
    "zero epochs": ({"training": {**TINY["training"], "epochs": 0}}, "epochs"),
    "images that are not there": (
        {"datasets": [{"name": "mine", "folder": "data/imges"}]},
        "data/imges",
    ),
    "latent size 0": ({"latent_dims": [0]}, "latent_dims"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_configuration_is_one_clear_message(tmp_path, case):
    change, named = BAD[case]
    project = copy_project(tmp_path)
    write_config(project, TINY | change)
    check_refusal(snakemake(project, "all"), named)
    assert not (project / "results").exists()


def test_a_configuration_that_is_no_yaml(tmp_path):
    project = copy_project(tmp_path)
    (project / "config" / "config.yaml").write_text("datasets: [digits\nbetas: {")
    check_refusal(snakemake(project, "all"), "YAML (line 2)")


def test_values_in_shell_commands_are_quoted():
    """Every field of a shell command goes through the shell's quoting."""
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        commands = re.findall(r"^    shell:\n((?: {8}.*\n?)+)", path.read_text(), re.M)
        fields = [field for text in commands for field in re.findall(r"\{([^}]*)\}", text)]
        assert [field for field in fields if not field.endswith(":q")] == [], path
    assert fields


def test_the_slurm_profile_gives_rules_that_exist_no_gpu_by_default():
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/profile.yaml").read_text())
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert set(profile["set-resources"]) <= set(re.findall(r"^rule (\w+):", text, re.M))
    assert all("gpu" not in wanted for wanted in profile["set-resources"].values())
    assert profile["default-resources"]["gpu"] == 0
    assert profile["slurm-status-command"] == "squeue" and profile["retries"] >= 1


@pytest.mark.parametrize("nvidia_smi", [False, True], ids=["no GPU here", "a GPU here"])
def test_a_cluster_is_asked_for_a_gpu_where_it_pays(tmp_path, monkeypatch, nvidia_smi):
    """Whatever the node has from which jobs are submitted."""
    project = copy_project(tmp_path)
    write_config(project, TINY | {"likelihoods": ["bernoulli"]})
    slug = "digits-mlp-2d-bernoulli"
    model = [f"models/{slug}/{name}" for name in ("sweep.json", "weights.safetensors")]
    for name in ("data/digits.npz", f"sweeps/{slug}.json", *model):
        (project / "results" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "results" / name).touch()
    (tmp_path / "bin").mkdir()
    if nvidia_smi:
        (tmp_path / "bin" / "nvidia-smi").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "cluster"))
    options = ("--executor", "recording", "--jobs", "9", "--keep-going")
    wanted = [f"metrics/{slug}/{name}.csv" for name in ("likelihood", "codes")]
    wanted += [f"mistakes/digits/{name}.csv" for name in ("free_density", "mean_reduction")]
    result = snakemake(project, *options, "--", *(f"results/{name}" for name in wanted))
    asked = {line.split()[1]: line.split()[2] for line in re.findall("asked: .*", result.stdout)}
    assert asked == {"evaluate_likelihood": "1", "evaluate_codes": "0", "mistakes": "0"}


def test_folders_with_any_name_run_nothing_but_the_rules(tmp_path):
    project = copy_project(tmp_path)
    results = "res $(touch injected) 'x';touch injected"
    write_config(project, TINY | {"results": results, "report": "re port`touch injected`"})
    targets = [f"{results}/{name}" for name in ("config.json", "data/digits.npz")]
    result = snakemake(project, "--", *targets)
    assert result.returncode == 0, result.stderr
    assert all((project / target).stat().st_size for target in targets)
    assert not (project / "injected").exists()
    assert snakemake(project, "--dry-run", "all").returncode == 0


def test_a_configuration_that_would_run_code_is_refused_unrun(tmp_path):
    project = copy_project(tmp_path)
    code = "__use_yte__: true\nx: ?open('injected', 'w')\n"
    (project / "config" / "config.yaml").write_text(code + yaml.safe_dump(TINY))
    check_refusal(snakemake(project, "--dry-run", "all"), "__use_yte__")
    assert not (project / "injected").exists()


def test_lists_on_the_command_line(tmp_path):
    project = copy_project(tmp_path)
    options = ["betas=[0.5,1]", "training={epochs: 4}"]
    result = snakemake(project, "--dry-run", "results/config.json", "-p", "--config", *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert '"betas": [0.5, 1]' in result.stderr + result.stdout
    assert '"epochs": 4' in result.stderr + result.stdout


def check_refusal(result: subprocess.CompletedProcess, named: str) -> None:
    text = result.stdout + result.stderr
    assert result.returncode != 0
    assert "Traceback" not in text
    (sentence,) = [line for line in text.splitlines() if line.startswith("config/config.yaml: ")]
    assert named in sentence
