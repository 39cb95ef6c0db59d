"""The verbs of the command line. Each imports what it needs, so that none waits for the others."""

import sys
from argparse import Namespace
from pathlib import Path

from vae.errors import InputError


def prepare(options: Namespace) -> None:
    """Write a dataset as one .npz file, say what is in it and show some of its images."""
    from vae.data.datasets import load_dataset, prepare
    from vae.data.own import OwnData
    from vae.training.previews import save_contact_sheet

    given = (options.path, options.folder, options.size, options.colour)
    data = OwnData(options.dataset, *given) if any(given) else options.dataset
    prepare(data, options.output, options.mirror)
    dataset = load_dataset(options.output)
    sheet = options.output.with_suffix(".png")
    save_contact_sheet(sheet, dataset)
    counts = ", ".join(f"{len(images)} {split}" for split, images in dataset.images.items())
    print(f"{options.output}: {counts} images of {dataset.shape}, {dataset.levels} grey levels")
    print(f"{_classes_of(dataset)}; some of the images: {sheet}")


def _classes_of(dataset) -> str:
    if not dataset.labelled:
        return "no classes: classifier features and probes of the codes will be left out"
    counts = dataset.labels["train"].bincount().tolist()
    names = dataset.provenance.get("classes") or range(len(counts))
    pairs = [f"{name} {count}" for name, count in zip(names, counts, strict=True)]
    more = f" and {len(pairs) - 20} more" if len(pairs) > 20 else ""
    return f"{len(pairs)} classes, training images of each: {', '.join(pairs[:20])}{more}"


def train(options: Namespace) -> None:
    """Train all cells of a sweep."""
    from vae.devices import set_up
    from vae.training.loop import train

    sweep, dataset = _sweep_and_data(options)
    checkpoints = options.checkpoints or options.output.with_name(
        options.output.name + ".checkpoints"
    )
    device = set_up(options.device, options.threads)
    train(sweep, dataset, options.output, checkpoints, device, options.stack_size)


def _sweep_and_data(options: Namespace):
    """A sweep whose settings the workflow wrote, and its dataset."""
    from vae.configuration.sweep import Sweep
    from vae.data.datasets import expect, load_dataset
    from vae.files import read_json, reading

    values = read_json(options.sweep)
    with reading(options.sweep, f"write it with 'snakemake --cores 1 {options.sweep}'"):
        sweep = Sweep.from_dict(values)
    dataset = load_dataset(options.data)
    expect(dataset, sweep.dataset)
    return sweep, dataset


def selfcheck(options: Namespace) -> None:
    """Check training and measuring against closed forms; exit with 1 if they disagree."""
    from vae.data.datasets import load_dataset
    from vae.devices import set_up
    from vae.selfcheck import closed_forms

    device = set_up(options.device, options.threads)
    dataset = load_dataset(options.data) if options.data else closed_forms.digits()
    table = closed_forms.selfcheck(dataset, options.seed, device)
    print(closed_forms.text(table, dataset))
    if failed := closed_forms.failures(table):
        sys.exit("selfcheck failed: " + "; ".join(failed))


def mistakes(options: Namespace) -> None:
    """Show what a distortion averaged over pixels does, and a density without a ceiling."""
    from vae.devices import set_up
    from vae.selfcheck.mistakes import free_density, mean_reduction

    sweep, dataset = _sweep_and_data(options)
    device = set_up(options.device, options.threads)
    for show, path in (
        (mean_reduction, options.mean_reduction),
        (free_density, options.free_density),
    ):
        frame = show(sweep, dataset, sweep.seeds[0], device)
        frame.insert(0, "dataset", sweep.dataset)
        _write_csv(frame, path)


def features(options: Namespace) -> None:
    """Learn the spaces that samples are compared in, and measure what they are read against."""
    from vae.data.datasets import load_dataset
    from vae.devices import set_up
    from vae.evaluation.corruptions import corruption_table
    from vae.evaluation.references import references
    from vae.features.spaces import adopt_spaces, load_spaces, save_spaces, train_spaces
    from vae.results.origin import note_origin

    settings = Namespace(**options.settings)
    device = set_up(options.device, options.threads)
    dataset = load_dataset(options.data)
    if "inception" in settings.features:
        from vae.features.inception import find_weights

        find_weights(settings.inception_weights)  # before training: they may be missing
    if known := _learned_before(options, dataset.name):
        adopt_spaces(known, dataset, options.output)
    else:
        learned = train_spaces(dataset, settings.classifier_epochs, settings.seed, device)
        save_spaces(learned, dataset, options.output)
    spaces = load_spaces(options.output, settings.features, device, settings.inception_weights)
    named = load_spaces(options.output, ["classifier"], device) if dataset.labelled else [None]
    shared = (settings.samples, options.latent_dims, settings.seed, device)
    note_origin(options.references, options.settings)
    _write_csv(references(dataset, *named, spaces, *shared), options.references)
    _write_csv(corruption_table(dataset, spaces, settings.seed, device), options.corruptions)


def _learned_before(options: Namespace, dataset: str) -> Path | None:
    """The spaces of another run to be taken over; None where there are none to be named."""
    from vae.checks import require
    from vae.results.origin import origin_of

    if not options.learned:
        return None
    known = options.learned / dataset / options.output.name
    if not known.is_file():
        print(f"{options.learned} has no spaces of {dataset}: they are learned here")
        return None
    noted = (origin_of(known.with_name("references.csv")) or {}).get("settings", {})
    for key in ("classifier_epochs", "seed"):
        wanted = options.settings[key]
        require(
            noted.get(key) == wanted,
            f"the spaces in {known} were learned with evaluation.{key} {noted.get(key)}, not "
            f"{wanted}: name another folder as feature_spaces, or none",
        )
    print(f"{dataset}: in the spaces of {known}")
    return known


def _write_csv(frame, path: Path) -> None:
    from vae.files import write_text

    write_text(path, frame.to_csv(index=False))
    print(f"{path}: {len(frame)} rows")


def evaluate(options: Namespace) -> None:
    """Measure every cell of a sweep: one of the evaluation jobs."""
    from importlib import import_module

    from vae.data.datasets import load_dataset
    from vae.devices import set_up
    from vae.models import TrainedSweep
    from vae.results.origin import note_origin
    from vae.results.per_image import save_per_image

    job, settings = options.job, dict(options.settings)
    trained, dataset = TrainedSweep(options.models), load_dataset(options.data)
    trained.expect(dataset)
    parts = {"weights": trained.record.get("weights")}
    device = set_up(options.device, options.threads)
    if job.spaces:
        from vae.features.spaces import load_spaces
        from vae.files import sha256

        parts["spaces"] = sha256(options.spaces)
        chosen = settings.pop("features"), device, settings.pop("inception_weights")
        settings["spaces"] = load_spaces(options.spaces, *chosen)
    found = import_module(job.module).evaluate(trained, dataset, device, **settings)
    note_origin(options.output, options.settings, **parts)  # before what it is of
    save_per_image(options.output.with_suffix(".npz"), found.per_image)
    for name in job.tables:
        _write_csv(found.tables[name], getattr(options, name))
    _write_csv(found.table, options.output)


def collect(options: Namespace) -> None:
    """Gather the tables of all sweeps."""
    from vae.results import collection

    collection.collect(options.models, options.metrics, options.output / "metrics.csv")
    collection.collect_others(options.tables, options.output)
    collection.collect_history(options.models, options.output / "history.csv")


def compare(options: Namespace) -> None:
    """Find the best β of every sweep and the best likelihood of every group."""
    from vae.results.comparison import compare

    compare(options.results, options.criteria)


def status(options: Namespace) -> None:
    """Print where a run stands."""
    from vae.configuration.benchmark import load_benchmark
    from vae.results.status import status

    benchmark = load_benchmark(options.config)
    print(status(benchmark))
    benchmark.expect_images()


def best_beta(options: Namespace) -> None:
    """Print the best β from existing results."""
    from vae.reporting.answers import answer, as_json, terminal_table

    keys = ("dataset", "network", "latent_dim", "likelihood")
    filters = {key: getattr(options, key) for key in keys}
    asked = (options.criterion, options.betas, options.seeds, options.price, options.together)
    answers = answer(options.results, *asked, **filters)
    if options.json or not answers.empty:
        table = terminal_table(answers, options.price, options.together)
        print(as_json(answers) if options.json else table)
    if answers.empty:
        sys.exit("no answer: no VAE that matches was measured, as when every one diverged")


def figures(options: Namespace) -> None:
    """Draw the figures that need only tables."""
    from vae.configuration.benchmark import Benchmark
    from vae.files import read_json
    from vae.reporting.figures.charts import draw_all
    from vae.reporting.group import read_groups

    training = Benchmark.from_dict(read_json(options.results / "config.json")).training
    draw_all(read_groups(options.results), options.output, training.warmup_epochs)


def gallery(options: Namespace) -> None:
    """Draw the figures that need trained models."""
    from vae.devices import set_up
    from vae.reporting.figures.from_models import draw_from_models

    device = set_up("cpu", options.threads)
    folders = options.results, options.models, options.data, options.output
    draw_from_models(*folders, options.seed, device)


def report(options: Namespace) -> None:
    """Render the report."""
    from vae.reporting.page.render import render

    render(options.config, options.results, options.template, options.output, options.captions)


def publish(options: Namespace) -> None:
    """Take over what a run has finished into a folder of published tables."""
    from vae.configuration.benchmark import load_benchmark, read_yaml
    from vae.devices import set_up
    from vae.files import write_json
    from vae.reporting.page.publish import draw_pictures
    from vae.results import publication

    benchmark, run = load_benchmark(options.config), options.run or Path()
    if options.run and not (run / benchmark.results).is_dir():
        raise InputError(f"{run} has no folder {benchmark.results}: name the one of the run")
    taken = publication.publish(benchmark, run, options.tables)
    write_json(options.tables / "config.json", read_yaml(options.config))
    device, results = set_up("cpu", options.threads), run / benchmark.results
    draw_pictures(benchmark, results, options.tables, options.report / "figures", device)
    there = len(publication.published(benchmark, options.tables))
    print(f"{options.tables}: {', '.join(taken) or 'no sweep'} taken over")
    print(f"{there} of {len(benchmark.sweeps)} sweeps are published")


def unpublished(options: Namespace) -> None:
    """Print what is not published yet: a line of files per sweep."""
    from vae.configuration.benchmark import load_benchmark
    from vae.results import publication

    lacking = publication.unpublished(load_benchmark(options.config), options.tables)
    for files in lacking.values():
        print(*files)


def render(options: Namespace) -> None:
    """Draw and render the report of published tables."""
    from vae.reporting.page.publish import render_published

    render_published(options.tables, options.report)


def explorer_pictures(options: Namespace) -> None:
    """Gather what the interactive page shows of trained models."""
    from vae.devices import set_up
    from vae.explorer.pictures import write_pictures

    device = set_up("cpu", options.threads)
    write_pictures(options.models, options.data, options.output, options.seed, device)


def explorer(options: Namespace) -> None:
    """Write the interactive page."""
    from vae.explorer.page import write_page

    write_page(options.results, options.pictures, options.output)
