"""The published reports that are kept with the code are what their tables say."""

import re
import shutil
from pathlib import Path

import pytest

from vae.checkout import ROOT
from vae.reporting.page.publish import TEMPLATE
from vae.reporting.page.render import render
from vae.results.publication import ORIGINS

PUBLISHED = [path.parent for path in sorted((ROOT / "results" / "benchmark").rglob(ORIGINS))]


@pytest.mark.parametrize("tables", PUBLISHED, ids=lambda path: path.name)
def test_the_report_is_rendered_from_the_committed_tables(tables: Path, tmp_path: Path):
    report = ROOT / "report" / tables.relative_to(ROOT / "results")
    shutil.copytree(report / "figures", tmp_path / "figures")
    render(tables / "config.json", tables, TEMPLATE, tmp_path / "report.md")
    made = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert made == (report / "report.md").read_text(encoding="utf-8"), "run 'make published'"


@pytest.mark.parametrize("tables", PUBLISHED, ids=lambda path: path.name)
def test_every_picture_of_the_report_is_kept(tables: Path):
    report = ROOT / "report" / tables.relative_to(ROOT / "results")
    text = (report / "report.md").read_text(encoding="utf-8")
    named = {part.partition(")")[0] for part in text.split("](figures/")[1:]}
    assert named and all((report / "figures" / name).is_file() for name in named)


def test_the_readme_quotes_the_published_report():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quoted = readme.partition("## Published so far")[2].partition("\n## ")[0]
    answers = re.findall(r"\*\*[^*|]+\*\* · [^|]+?(?= bits/dim| nats| \|)", quoted)
    report = (ROOT / "report" / "benchmark" / "report.md").read_text(encoding="utf-8")
    assert len(answers) >= 3
    assert [answer for answer in answers if answer not in report] == [], "quote it anew"
    bounds = re.findall(r"−\d+\.\d ± \d+\.\d", quoted)
    beside = (ROOT / "report" / "benchmark" / "burda" / "report.md").read_text(encoding="utf-8")
    assert len(bounds) == 2
    assert all(bound.replace("−", "-") in beside for bound in bounds), "quote them anew"
