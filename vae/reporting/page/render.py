"""Rendering the report: tables, sentences and figures into one Markdown page."""

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd

from vae import __version__
from vae.configuration.benchmark import Benchmark
from vae.configuration.sweep import Sweep
from vae.files import read_json, replacing, write_text
from vae.metrics import METRICS, Metric, available, without_space
from vae.reporting.figures.captions import captions, write_captions
from vae.reporting.figures.catalogue import CHARTS, GALLERY, charts_for
from vae.reporting.findings import findings
from vae.reporting.findings.checks import agreement_table
from vae.reporting.findings.lead import lead
from vae.reporting.findings.repeats import longer_table
from vae.reporting.group import Group, read_groups
from vae.reporting.names import likelihood_name
from vae.reporting.page import tables
from vae.reporting.page.claims import claims_table
from vae.reporting.page.details import other_metrics, samples_in_every_space
from vae.reporting.page.literature import believe, ladder, literature
from vae.reporting.page.provenance import provenance, split_sizes
from vae.reporting.page.published import published_values
from vae.reporting.page.tables import NOT_EXCLUDED, markdown_table
from vae.results.publication import origins
from vae.results.statistics import LEAST_SEEDS

BLANK_LINES = re.compile(r"\n{3,}")  # where something was to stand that this run does not have
TABLES: dict[str, Callable[[Group], pd.DataFrame]] = {
    "uses": tables.use_table,
    "sizes": tables.sizes_table,
    "always_one": tables.always_one,
    "side_by_side": tables.side_by_side,
    "against_autoencoder": tables.against_autoencoder,
    "agreement": agreement_table,
    "longer": longer_table,
    "sets": tables.set_table,
    "sum_or_mean": tables.sum_or_mean,
    "free_density": tables.free_density,
    "other_metrics": other_metrics,
    "samples": samples_in_every_space,
}
"""The tables of a group by their names in the template; what is empty is left out."""
OF_SEVERAL_BETAS = ("answer", "criteria_plane", "dimensions")
"""Charts that say nothing of a single β."""
FULL_TABLES = ("best_beta", "best_likelihood", "metrics")


def render(
    config: Path, results: Path, template: Path, output: Path, folder: Path | None = None
) -> None:
    """Write the report, and beside it the tables that it rounds: ``tables/*.csv``.

    Args:
        config: the resolved configuration as JSON.
        results: folder with the tables and the models' records.
        template: a Jinja2 template of Markdown; beside it lies all else that is written by hand:
            ``captions.yaml``, ``recipes.csv`` and ``published*.csv``.
        output: the page; its figures lie in ``figures/`` beside it.
        folder: for the captions of Snakemake's own report; None if it is not wanted.
    """
    benchmark, groups = Benchmark.from_dict(read_json(config)), read_groups(results)
    figures = output.parent / "figures"
    sweeps = _known(benchmark, groups)
    written = template.parent
    said = captions(written / "captions.yaml", groups)
    text = _page(template).render(
        benchmark=benchmark,
        sweeps=sweeps,
        missing=missing(benchmark, sweeps),
        explorer=not origins(results),
        least_seeds=LEAST_SEEDS,
        not_excluded=NOT_EXCLUDED,
        charts=CHARTS,
        gallery=GALLERY,
        captions=said,
        recipes=markdown_table(tables.recipes(written / "recipes.csv")),
        groups=[_section(sweeps, group, results, written, figures) for group in groups],
        metrics=glossary(groups),
        provenance=provenance(benchmark, sweeps, results),
        settings=json.dumps(read_json(config), indent=2),
        version=__version__,
    )
    for name in FULL_TABLES:
        with replacing(output.parent / "tables" / f"{name}.csv") as temporary:
            shutil.copyfile(results / f"{name}.csv", temporary)
    if folder:
        write_captions(folder, said)
    write_text(output, BLANK_LINES.sub("\n\n", text))


def _known(benchmark: Benchmark, groups: Sequence[Group]) -> dict[str, Sweep]:
    """The sweeps that the tables have: all, unless a published run is not complete yet."""
    known = {(group.name, likelihood) for group in groups for likelihood in group.likelihoods}
    return {
        slug: sweep
        for slug, sweep in benchmark.sweeps.items()
        if (sweep.group, sweep.likelihood.slug) in known
    }


def missing(benchmark: Benchmark, known: Mapping[str, Sweep]) -> list[str]:
    """What is not measured yet, by group: its likelihoods, or all of it."""
    planned, lacking = defaultdict(list), defaultdict(list)
    for slug, sweep in benchmark.sweeps.items():
        planned[_title(sweep)].append(slug)
        if slug not in known:
            lacking[_title(sweep)].append(sweep.likelihood.title)
    return [
        f"{title} ({'all' if len(names) == len(planned[title]) else '; '.join(names)})"
        for title, names in lacking.items()
    ]


def _title(sweep: Sweep) -> str:
    return f"{sweep.dataset}, {sweep.network.name}, {sweep.latent_dim} latent dimensions"


def glossary(groups: Sequence[Group]) -> list[Metric]:
    """What was measured; in several feature spaces, in the first of them."""
    measured = set().union(*(group.metric_names for group in groups))
    plain = dict.fromkeys(map(without_space, METRICS))
    return [METRICS[name] for name in (available(m, measured) for m in plain) if name in measured]


def _classes(group: Group) -> str:
    """What was left out where the images have no classes."""
    if group.references.get("classes", 2) > 1:
        return ""
    return " (no classes: nothing is measured in a classifier's features, no probe names classes)"


def _page(template: Path) -> jinja2.Template:
    return jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).from_string(template.read_text(encoding="utf-8"))


def _section(
    every: Mapping[str, Sweep], group: Group, results: Path, data: Path, figures: Path
) -> dict:
    """What the template needs to know of one dataset, network and latent size.

    Args:
        every: the sweeps of all groups.
        figures: folder of the figures; those that need models are not drawn anew without them.
    """
    sweeps = {
        sweep.likelihood.slug: sweep for sweep in every.values() if sweep.group == group.name
    }
    first = next(iter(sweeps.values()))
    record = read_json(results / "models" / first.slug / "sweep.json")
    return {
        "name": group.name,
        "title": _title(first),
        "trained": trained(group, first, record, split_sizes(results, first.dataset)),
        "source": record["data"]["source"] + _classes(group),
        "parameters": parameters(results, sweeps.values()),
        "leads": group.leads,
        "one_beta": len(group.betas) == 1,
        "limited": "continuous_bernoulli" in group.likelihoods,
        "lead": list(lead(group)),
        "said": findings(group),
        "tables": {name: markdown_table(make(group)) for name, make in TABLES.items()},
        "charts": [
            name
            for name in charts_for(group.likelihoods)
            if (figures / group.name / f"{name}.png").is_file()
            and (len(group.betas) > 1 or name not in OF_SEVERAL_BETAS)
        ],
        "published": markdown_table(published_values(data, group)),
        **_literature(group, data),
        "featured": _one_likelihood(group, sweeps[group.featured], figures),
        "others": [
            _one_likelihood(group, sweep, figures)
            for slug, sweep in sweeps.items()
            if slug != group.featured
        ],
    }


def _literature(group: Group, data: Path) -> dict:
    """What is published beside what was measured."""
    claims = literature(group, data)
    return {
        "claims": markdown_table(claims_table(claims)),
        "ladder": markdown_table(ladder(group, data)),
        "believe": believe(group, claims),
    }


def parameters(results: Path, sweeps: Iterable[Sweep]) -> str:
    """How many parameters a model has, from the smallest likelihood to the largest."""
    records = [read_json(results / "models" / sweep.slug / "sweep.json") for sweep in sweeps]
    counts = sorted({record["parameters"] for record in records})
    return " to ".join(f"{count:,}" for count in dict.fromkeys([counts[0], counts[-1]]))


def trained(group: Group, sweep: Sweep, record: dict, sizes: dict[str, int]) -> str:
    """What was trained, in one line."""
    height, width = record["shape"][-2:]
    splits = ", ".join(f"{count:,} {split}" for split, count in sizes.items())
    images = f"{sweep.dataset} ({f'{splits} images, ' if splits else ''}{height}×{width} pixels)"
    vaes = group.metrics[group.metrics.model == "vae"]
    models = len(vaes[["likelihood", "beta", "seed"]].drop_duplicates())
    return (
        f"{models} VAEs ({sweep.network.name}, {group.latent_dim} latent dimensions, "
        f"{len(group.likelihoods)} likelihood{'s' * (len(group.likelihoods) > 1)}, "
        f"{len(group.betas)} β{'s' * (len(group.betas) > 1)}, {group.seeds} "
        f"seed{'s' * (group.seeds > 1)}) on {images}"
    )


def _one_likelihood(group: Group, sweep: Sweep, figures: Path) -> dict:
    """All metrics of one sweep against β, and where its pictures lie."""
    table = tables.every_beta(group, sweep.likelihood.slug)
    return {
        "slug": sweep.slug,
        "title": likelihood_name(sweep.likelihood.slug),
        "table": markdown_table(table),
        "best": group.best_likelihood == sweep.likelihood.slug,
        "pictures": [name for name in GALLERY if (figures / sweep.slug / f"{name}.png").is_file()],
    }
