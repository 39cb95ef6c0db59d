"""Rendering the report: tables, sentences and figures into one Markdown page."""

import json
from itertools import groupby
from pathlib import Path

import jinja2
import pandas as pd

from vae import __version__
from vae.config import Benchmark
from vae.files import read_json, write_text
from vae.metrics import METRICS
from vae.reporting.answers import answer_table, summary_table
from vae.reporting.catalogue import CHARTS, GALLERY, Figure, charts_for
from vae.reporting.findings import fid_check, findings
from vae.reporting.names import likelihood_name
from vae.reporting.tables import (
    against_autoencoder,
    markdown_table,
    mean_loss_table,
    metric_table,
    recipes,
    without_constants,
)
from vae.table import GROUP, read_table


def chart_sections(likelihoods: list[str]) -> list[tuple[str, dict[str, Figure]]]:
    """The charts of a group below the answer, by the heading they stand under."""
    names = [name for name in charts_for(likelihoods) if name != "answer"]
    sections = groupby(names, key=lambda name: CHARTS[name].category)
    return [(heading, {name: CHARTS[name] for name in part}) for heading, part in sections]


def _group(
    benchmark: Benchmark, results: Path, key: tuple, tables: dict[str, pd.DataFrame]
) -> dict:
    """What the template needs to know of one dataset, network and latent size."""
    dataset, network, latent_dim = key
    metrics, best = (
        frame[(frame[GROUP] == list(key)).all(axis=1)]
        for frame in (tables["metrics"], tables["best_beta"])
    )
    references = tables["references"].query("dataset == @dataset").set_index("reference").value
    sweeps = [
        s for s in benchmark.sweeps.values() if (s.dataset, s.network.name, s.latent_dim) == key
    ]
    return {
        "name": f"{dataset}-{network}-{latent_dim}d",
        "sections": chart_sections([sweep.likelihood.slug for sweep in sweeps]),
        "mean_loss": markdown_table(
            mean_loss_table(tables["mean_loss"].query("dataset == @dataset"))
        ),
        "against_autoencoder": markdown_table(against_autoencoder(metrics)),
        "title": f"{dataset}, {network}, {latent_dim} latent dimensions",
        "findings": findings(metrics, best),
        "references": references.to_dict(),
        "fid_check": fid_check(tables["corruptions"].query("dataset == @dataset")),
        "record": read_json(results / "models" / sweeps[0].slug / "sweep.json"),
        "sweeps": [
            {
                "slug": sweep.slug,
                "title": likelihood_name(sweep.likelihood.slug),
                "table": markdown_table(
                    metric_table(
                        metrics[metrics.likelihood == sweep.likelihood.slug],
                        references.bernoulli_floor
                        if sweep.likelihood.name == "bernoulli"
                        else 0.0,
                    )
                ),
            }
            for sweep in sweeps
        ],
    }


def render(config: Path, results: Path, template: Path, output: Path) -> None:
    """Write the report.

    Args:
        config: the resolved configuration as JSON.
        results: folder with the tables and the models' records.
        template: a Jinja2 template of Markdown.
        output: the page; its figures lie in ``figures/`` beside it.
    """
    benchmark = Benchmark.from_dict(read_json(config))
    tables = {
        name: read_table(results / f"{name}.csv")
        for name in ("metrics", "best_beta", "references", "corruptions", "mean_loss")
    }
    keys = list(tables["metrics"].groupby(GROUP, sort=False).groups)
    measured = set(tables["metrics"].metric)
    page = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).from_string(template.read_text(encoding="utf-8"))
    text = page.render(
        summary=markdown_table(without_constants(summary_table(tables["best_beta"]))),
        answers=markdown_table(without_constants(answer_table(tables["best_beta"]))),
        benchmark=benchmark,
        answer=CHARTS["answer"],
        gallery=GALLERY,
        recipes=markdown_table(recipes()),
        groups=[_group(benchmark, results, key, tables) for key in keys],
        metrics={name: METRICS[name] for name in METRICS if name in measured},
        settings=json.dumps(read_json(config), indent=2),
        version=__version__,
    )
    write_text(output, text)
