"""Rendering the report: tables, sentences and figures into one Markdown page."""

import json
from pathlib import Path

import jinja2
import pandas as pd

from vae import __version__
from vae.config import Benchmark
from vae.files import read_json, write_text
from vae.metrics import METRICS
from vae.reporting.answers import GROUP_NAMES, answer_table, summary_table
from vae.reporting.catalogue import CHARTS, GALLERY
from vae.reporting.findings import findings
from vae.reporting.names import beta_name, likelihood_name, with_error
from vae.table import GROUP, read_table

CELL_TABLE = (
    "elbo",
    "log_likelihood",
    "rate",
    "active_units",
    "fid_prior",
    "fid_gmm",
    "fid_reconstruction",
    "mse",
)


def markdown_table(frame: pd.DataFrame) -> str:
    """``frame`` as a GitHub table, without its index."""
    lines = [
        "| " + " | ".join(map(str, frame.columns)) + " |",
        "|" + " --- |" * len(frame.columns),
    ]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False)]
    return "\n".join(lines)


def metric_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """One sweep's metrics, a row per model and β: mean over seeds ± its standard error."""
    arrows = {"higher": " ↑", "lower": " ↓", "": ""}
    rows = []
    for (model, beta), cell in metrics.groupby(["model", "beta"], sort=False):
        row = {"β": "autoencoder" if model == "ae" else beta_name(beta)}
        for name in CELL_TABLE:
            values = cell.value[cell.metric == name].dropna()
            text = with_error(values.mean(), values.sem()) if len(values) else "–"
            row[METRICS[name].label + arrows[METRICS[name].better]] = text
        rows.append(row)
    return pd.DataFrame(rows)


def _without_constants(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[name for name in GROUP_NAMES if frame[name].nunique() == 1])


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
        "title": f"{dataset}, {network}, {latent_dim} latent dimensions",
        "findings": findings(metrics, best),
        "references": references.to_dict(),
        "record": read_json(results / "models" / sweeps[0].slug / "sweep.json"),
        "sweeps": [
            {
                "slug": sweep.slug,
                "title": likelihood_name(sweep.likelihood.slug),
                "table": markdown_table(
                    metric_table(metrics[metrics.likelihood == sweep.likelihood.slug])
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
        for name in ("metrics", "best_beta", "references")
    }
    keys = list(tables["metrics"].groupby(GROUP, sort=False).groups)
    page = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).from_string(template.read_text(encoding="utf-8"))
    text = page.render(
        summary=markdown_table(_without_constants(summary_table(tables["best_beta"]))),
        answers=markdown_table(_without_constants(answer_table(tables["best_beta"]))),
        benchmark=benchmark,
        charts=CHARTS,
        gallery=GALLERY,
        groups=[_group(benchmark, results, key, tables) for key in keys],
        metrics=METRICS,
        settings=json.dumps(read_json(config), indent=2),
        version=__version__,
    )
    write_text(output, text)
