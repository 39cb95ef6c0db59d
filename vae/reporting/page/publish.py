"""The report of a published run: what needs models is drawn once, the rest at any time."""

from pathlib import Path

import torch
from PIL import Image

from vae.checkout import ROOT
from vae.configuration.benchmark import Benchmark
from vae.files import read_json
from vae.reporting.figures.charts import draw_all
from vae.reporting.figures.from_models import draw_from_models
from vae.reporting.group import read_groups
from vae.reporting.page.render import render
from vae.results.publication import published

TEMPLATE = ROOT / "report" / "template.md"


def draw_pictures(
    benchmark: Benchmark, results: Path, folder: Path, figures: Path, device: torch.device
) -> None:
    """Draw what needs trained models: of every published sweep whose weights are in ``results``.

    What they generate is kept in ``folder``. The sheets of a group are drawn where that is there
    of all its published sweeps.

    Args:
        folder: of published tables.
    """
    sweeps = published(benchmark, folder)
    models = {slug: results / "models" / slug for slug in sweeps}
    here = [slug for slug in sweeps if _has_weights(models[slug], folder / "models" / slug)]
    if here:
        data = dict.fromkeys(results / "data" / f"{sweeps[slug].dataset}.npz" for slug in here)
        draw_from_models(
            folder,
            [models[slug] for slug in here],
            list(data),
            figures,
            benchmark.evaluation.seed,
            device,
            kept=folder,
        )


def _has_weights(models: Path, tables: Path) -> bool:
    """Whether a run still has the very weights that the published tables are of."""
    records = [folder / "sweep.json" for folder in (models, tables)]
    if not all(path.is_file() for path in (models / "weights.safetensors", *records)):
        return False
    here, published = (read_json(path).get("weights") for path in records)
    return here == published


def shrink(figures: Path) -> None:
    """Save every picture with 256 colours: a third of the size, and no difference to see."""
    for path in sorted(figures.rglob("*.png")):
        with Image.open(path) as picture:
            small = picture if picture.mode == "P" else picture.convert("RGB").quantize(256)
            if small is not picture:
                small.save(path, optimize=True)


def render_published(folder: Path, report: Path) -> None:
    """Draw the charts of published tables and render their report, from the tables alone."""
    benchmark, groups = Benchmark.from_dict(read_json(folder / "config.json")), read_groups(folder)
    draw_all(groups, report / "figures", benchmark.training.warmup_epochs)
    shrink(report / "figures")
    render(folder / "config.json", folder, TEMPLATE, report / "report.md")
