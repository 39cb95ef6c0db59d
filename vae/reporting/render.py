"""Rendering the report: tables, sentences and figures into one Markdown page."""

import json
import shutil
from itertools import groupby
from pathlib import Path

import jinja2
import pandas as pd

from vae import __version__
from vae.config import Benchmark
from vae.files import read_json, replacing, write_text
from vae.metrics import METRICS
from vae.reporting.anchors import published
from vae.reporting.answers import answer_table, summary_table
from vae.reporting.catalogue import CHARTS, GALLERY, Figure, charts_for
from vae.reporting.findings import findings, lead
from vae.reporting.group import Group, read_groups
from vae.reporting.names import likelihood_name
from vae.reporting.provenance import provenance
from vae.reporting.questions import questions
from vae.reporting.tables import (
    IMAGE_COLUMNS,
    LIKELIHOOD_COLUMNS,
    TIED,
    against_autoencoder,
    markdown_table,
    mean_loss_table,
    metric_table,
    recipes,
    without_constants,
)
from vae.statistics import LEAST_SEEDS
from vae.sweep import Sweep
from vae.table import read_table

FULL_TABLES = ("best_beta", "best_likelihood", "metrics")


def render(config: Path, results: Path, template: Path, output: Path) -> None:
    """Write the report, and beside it the tables that it rounds: ``tables/*.csv``.

    Args:
        config: the resolved configuration as JSON.
        results: folder with the tables and the models' records.
        template: a Jinja2 template of Markdown.
        output: the page; its figures lie in ``figures/`` beside it.
    """
    benchmark, groups = Benchmark.from_dict(read_json(config)), read_groups(results)
    best = read_table(results / "best_beta.csv")
    sweeps = [key for group in groups for key in group.sweeps]
    measured = set().union(*(group.metric_names for group in groups))
    text = _page(template).render(
        summary=markdown_table(without_constants(summary_table(best, sweeps))),
        answers=markdown_table(without_constants(answer_table(best))),
        benchmark=benchmark,
        least_seeds=LEAST_SEEDS,
        tied=TIED.strip(),
        answer=CHARTS["answer"],
        gallery=GALLERY,
        recipes=markdown_table(recipes()),
        groups=[_section(benchmark, group, results) for group in groups],
        metrics={name: METRICS[name] for name in METRICS if name in measured},
        provenance=provenance(benchmark, results),
        settings=json.dumps(read_json(config), indent=2),
        version=__version__,
    )
    for name in FULL_TABLES:
        with replacing(output.parent / "tables" / f"{name}.csv") as temporary:
            shutil.copyfile(results / f"{name}.csv", temporary)
    write_text(output, text)


def _page(template: Path) -> jinja2.Template:
    return jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).from_string(template.read_text(encoding="utf-8"))


def chart_sections(likelihoods: list[str]) -> list[tuple[str, dict[str, Figure]]]:
    """The charts of a group below the answer, by the heading they stand under."""
    names = [name for name in charts_for(likelihoods) if name != "answer"]
    sections = groupby(names, key=lambda name: CHARTS[name].category)
    return [(heading, {name: CHARTS[name] for name in part}) for heading, part in sections]


def _section(benchmark: Benchmark, group: Group, results: Path) -> dict:
    """What the template needs to know of one dataset, network and latent size."""
    sweeps = [sweep for sweep in benchmark.sweeps.values() if sweep.group == group.name]
    first = sweeps[0]
    record = read_json(results / "models" / first.slug / "sweep.json")
    return {
        "name": group.name,
        "title": f"{first.dataset}, {first.network.name}, {first.latent_dim} latent dimensions",
        "source": record["data"]["source"],
        "parameters": record["parameters"],
        "lead": lead(group),
        "findings": findings(group),
        "questions": questions(group),
        "charts": chart_sections(group.likelihoods),
        "against_autoencoder": markdown_table(against_autoencoder(group.metrics)),
        "mean_loss": markdown_table(mean_loss_table(group.table("mean_loss"))),
        "published": published(first.dataset, first.latent_dim, group.metrics),
        "sweeps": [_every_beta(group, sweep) for sweep in sweeps],
    }


def _every_beta(group: Group, sweep: Sweep) -> dict:
    """All metrics of one sweep against β, in two tables."""
    slug = sweep.likelihood.slug
    metrics, best = (table[table.likelihood == slug] for table in (group.metrics, group.best))
    floor = group.references["bernoulli_floor"] if slug == "bernoulli" else 0.0
    tables: list[pd.DataFrame] = [
        metric_table(metrics, best, LIKELIHOOD_COLUMNS, floor),
        metric_table(metrics, best, IMAGE_COLUMNS),
    ]
    return {
        "slug": sweep.slug,
        "title": likelihood_name(slug),
        "tables": [markdown_table(table) for table in tables],
    }
