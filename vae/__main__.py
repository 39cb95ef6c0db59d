"""The command line: thin verbs over the package, called by the workflow and by hand."""

import argparse
import os
import sys
from dataclasses import MISSING
from pathlib import Path

from vae import verbs
from vae.command import Parser, count, positive, run
from vae.configuration.jobs import JOBS, given, option, settings
from vae.data.catalogue import DATASETS
from vae.metrics import CRITERIA, METRICS


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; bad input prints one sentence and returns 2."""
    return run(lambda: _call_verb(arguments))


def _call_verb(arguments: list[str] | None) -> None:
    options = _parser().parse_args(arguments)
    if hasattr(options, "measuring"):
        options.settings = given(options, options.measuring)
    options.verb(options)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m vae",
        description="Train, evaluate and compare VAEs over β and likelihoods.",
    )
    subparsers = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    _add_preparation(subparsers)
    _add_training(subparsers)
    _add_mistakes(subparsers)
    _add_features(subparsers)
    _add_evaluations(subparsers)
    _add_tables(subparsers)
    _add_answers(subparsers)
    _add_figures(subparsers)
    _add_pages(subparsers)
    _add_publication(subparsers)
    _add_selfcheck(subparsers)
    return parser


def _criterion(text: str) -> str:
    if text not in METRICS or not METRICS[text].better:
        known = ", ".join(name for name, metric in METRICS.items() if metric.better)
        raise argparse.ArgumentTypeError(f"unknown criterion {text!r}; choose among {known}")
    return text


def _folder(text: str) -> Path | None:
    return Path(text) if text else None


def _add_preparation(subparsers) -> None:
    text = "write a dataset as one .npz file, and a picture of some of its images beside it"
    prepare = _add(subparsers, "prepare", verbs.prepare, text)
    prepare.add_argument(
        "dataset",
        help=f"{', '.join(DATASETS)} (static, dynamic: binarised once, or anew at every use); "
        "or any other name for images of your own",
    )
    prepare.add_argument("output", type=Path)
    prepare.add_argument("--path", help="your images: an .npz file with an array images")
    prepare.add_argument("--folder", help="your images: a folder, its subfolders are classes")
    prepare.add_argument(
        "--size", type=positive, help="pixels of a side to crop and scale a folder's images to"
    )
    prepare.add_argument("--colour", action="store_true", help="keep the colours of a folder")
    prepare.add_argument(
        "--mirror",
        type=_folder,
        default=os.environ.get("VAE_DATASET_MIRROR"),
        help="directory in torchvision's layout (default: VAE_DATASET_MIRROR)",
    )


def _add_training(subparsers) -> None:
    train = _add(subparsers, "train", verbs.train, "train all cells of a sweep")
    train.add_argument("sweep", type=Path, help="its settings, a file of results/sweeps")
    train.add_argument("data", type=Path, help="a file written by 'prepare'")
    train.add_argument(
        "output", type=Path, help="folder for weights, record, history and previews"
    )
    train.add_argument(
        "--checkpoints",
        type=Path,
        help="folder for the state of an unfinished run (default: OUTPUT.checkpoints)",
    )
    train.add_argument(
        "--stack-size",
        type=positive,
        help="cells trained at once (default: what suits the device)",
    )
    _add_device(train)


def _add_mistakes(subparsers) -> None:
    text = "show what a loss averaged over pixels does, and a density without a ceiling"
    mistakes = _add(subparsers, "mistakes", verbs.mistakes, text)
    mistakes.add_argument("sweep", type=Path, help="its settings, a file of results/sweeps")
    mistakes.add_argument("data", type=Path)
    mistakes.add_argument("mean_reduction", type=Path, help="table with a row per training")
    mistakes.add_argument("free_density", type=Path, help="table with rows over each training")
    _add_device(mistakes)


def _add_features(subparsers) -> None:
    features = _add(
        subparsers, "features", verbs.features, "learn the features that samples are compared in"
    )
    features.add_argument("data", type=Path)
    features.add_argument("output", type=Path, help="the weights of what was learned")
    features.add_argument(
        "references", type=Path, help="table of the metrics of real images, noise and copies"
    )
    features.add_argument("corruptions", type=Path, help="table of the metrics of faulty images")
    text = "sizes of principal components whose use is a reference for codes"
    features.add_argument("--latent-dims", type=positive, nargs="*", default=[], help=text)
    text = "folder of another run's features: a dataset's spaces are taken from it if it has them"
    features.add_argument("--learned", type=Path, help=text)
    _add_settings(features, "features")
    _add_device(features)


def _add_tables(subparsers) -> None:
    collect = _add(subparsers, "collect", verbs.collect, "gather the tables of all sweeps")
    collect.add_argument("output", type=Path, help="folder for metrics.csv and the other tables")
    text = "other tables: those of the same name become one"
    for name, help in (("models", None), ("metrics", None), ("tables", text)):
        collect.add_argument(f"--{name}", type=Path, nargs="+", required=True, help=help)

    text = "find the best β of every sweep and the best likelihood by every criterion"
    compare = _add(subparsers, "compare", verbs.compare, text)
    compare.add_argument("results", type=Path, help="folder with metrics.csv, also written to")
    compare.add_argument("--criteria", type=_criterion, nargs="+", default=CRITERIA)


def _add_evaluations(subparsers) -> None:
    for job in JOBS:
        text = f"measure every cell of a sweep: {job.text}"
        parser = _add(subparsers, f"evaluate-{job.name}", verbs.evaluate, text)
        parser.set_defaults(job=job)
        parser.add_argument("models", type=Path, help="a folder written by 'train'")
        parser.add_argument("data", type=Path)
        parser.add_argument("output", type=Path, help="table of metrics")
        for table in job.tables:
            parser.add_argument(table, type=Path, help=f"table of {table}")
        if job.spaces:
            parser.add_argument("spaces", type=Path, help="a file written by 'features'")
        _add_settings(parser, job.name)
        _add_device(parser)


def _add_settings(parser: argparse.ArgumentParser, job: str) -> None:
    """An option for every key of the configuration's ``evaluation`` that concerns ``job``."""
    parser.set_defaults(measuring=job)
    for key in settings(job):
        several = {"nargs": "+"} if isinstance(key.default, tuple) else {}
        value = {"required": True} if key.default is MISSING else {"default": key.default}
        kind = int if key.type is int else str
        text = key.metadata["text"]
        parser.add_argument(option(key.name), type=kind, help=text, **several, **value)


def _add_answers(subparsers) -> None:
    where = _add(subparsers, "status", verbs.status, "show how far a run has come")
    where.add_argument("--config", type=Path, default=Path("config/config.yaml"))

    best = _add(subparsers, "best-beta", verbs.best_beta, "print the best β from existing results")
    best.add_argument("--results", type=Path, default=Path("results"))
    for key in ("dataset", "network", "likelihood"):
        best.add_argument(f"--{key}", help=f"this {key} only")
    best.add_argument("--latent-dim", type=positive, help="this latent size only")
    text = "any metric with a better direction (default: the criteria of the configuration)"
    best.add_argument("--criterion", help=text)
    best.add_argument("--betas", type=float, nargs="+", help="compare these β only")
    best.add_argument("--seeds", type=count, nargs="+", help="with these seeds only")
    text = "also what these β cost compared with the best one"
    best.add_argument("--price", type=float, nargs="+", default=(), metavar="BETA", help=text)
    text = "make all answers hold at once with 95 %%, not each by itself"
    best.add_argument("--together", action="store_true", help=text)
    best.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _add_figures(subparsers) -> None:
    figures = _add(subparsers, "figures", verbs.figures, "draw the figures that need only tables")
    figures.add_argument("results", type=Path)
    figures.add_argument("output", type=Path)

    gallery = _add(subparsers, "gallery", verbs.gallery, "draw the figures that need models")
    gallery.add_argument("results", type=Path, help="folder with metrics.csv")
    gallery.add_argument("output", type=Path)
    _add_drawing(gallery)

    text = "gather what the interactive page shows of trained models"
    pictures = _add(subparsers, "explorer-pictures", verbs.explorer_pictures, text)
    pictures.add_argument("output", type=Path, help="folder for a JSON file per sweep")
    _add_drawing(pictures)


def _add_drawing(parser: argparse.ArgumentParser) -> None:
    for name, text in (("models", "all trained sweeps"), ("data", "their datasets")):
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True, help=text)
    parser.add_argument("--seed", type=count, default=0)
    parser.add_argument("--threads", type=positive, default=1)


def _add_pages(subparsers) -> None:
    report = _add(subparsers, "report", verbs.report, "render the report from tables and figures")
    report.add_argument("config", type=Path, help="the resolved configuration as JSON")
    report.add_argument("results", type=Path)
    text = "the page in Jinja2; captions and tables written by hand lie beside it"
    report.add_argument("template", type=Path, help=text)
    text = "the Markdown page; its figures lie in figures/ beside it"
    report.add_argument("output", type=Path, help=text)
    report.add_argument("captions", type=Path, help="folder for the captions of all figures")

    explorer = _add(subparsers, "explorer", verbs.explorer, "write the interactive page")
    explorer.add_argument("results", type=Path, help="folder with metrics.csv and best_beta.csv")
    explorer.add_argument("output", type=Path, help="the page, one HTML file")
    text = "files written by 'explorer-pictures' (default: none, a page without pictures)"
    explorer.add_argument("--pictures", type=Path, nargs="*", default=[], help=text)


def _add_publication(subparsers) -> None:
    text = "take over the tables of a run's finished sweeps, and draw what needs their models"
    publish = _add(subparsers, "publish", verbs.publish, text)
    text = "print, for every sweep not yet published, the files that snakemake must make"
    unpublished = _add(subparsers, "unpublished", verbs.unpublished, text)
    for parser in (publish, unpublished):
        parser.add_argument("config", type=Path)
        parser.add_argument("tables", type=Path, help="folder of published tables")
    publish.add_argument("report", type=Path, help="folder of their report")
    text = "the project's folder in which the run was made (default: this one)"
    publish.add_argument("--run", type=Path, help=text)
    publish.add_argument("--threads", type=positive, default=1)

    text = "draw and render the report of published tables, without data or models"
    render = _add(subparsers, "render", verbs.render, text)
    render.add_argument("tables", type=Path, help="a folder written by 'publish'")
    render.add_argument("report", type=Path)


def _add_selfcheck(subparsers) -> None:
    text = "train linear VAEs and check them and every measure of likelihood against closed forms"
    selfcheck = _add(subparsers, "selfcheck", verbs.selfcheck, text)
    selfcheck.add_argument("--data", type=Path, help="written by 'prepare' (default: the digits)")
    selfcheck.add_argument("--seed", type=count, default=0)
    _add_device(selfcheck)


def _add(subparsers, name: str, verb, text: str) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(verb=verb)
    return parser


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto (default), cpu or cuda")
    parser.add_argument("--threads", type=positive, default=1, help="CPU threads (default: 1)")


if __name__ == "__main__":
    sys.exit(main())
