"""Every figure that needs the trained models, in one process: most of its time is imports."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from vae.configuration.sweep import Sweep
from vae.data.datasets import load_dataset
from vae.evaluation.real_images import training_images
from vae.files import read_json, reading
from vae.models import TRAIN_AGAIN, TrainedSweep
from vae.reporting.figures import style
from vae.reporting.figures.gallery import draw_gallery
from vae.reporting.figures.generated import Generated
from vae.reporting.figures.sheets import draw_sheets
from vae.reporting.group import Group, read_groups

PICTURES = "pictures.npz"


def draw_from_models(
    results: Path,
    models: Sequence[Path],
    data: Sequence[Path],
    output: Path,
    seed: int,
    device: torch.device,
    kept: Path | None = None,
) -> None:
    """Write the pictures of every sweep and the sheets of every group to folders of ``output``.

    Args:
        results: folder of the tables, which name the βs and numbers to show.
        models: the folders of trained sweeps.
        data: their datasets.
        kept: folder of published tables, to keep in what these models generate. The sheets of a
            group then show all its sweeps, and are drawn once all are kept.
    """
    style.apply()
    datasets = [load_dataset(path) for path in data]
    groups = {group.name: group for group in read_groups(results)}
    for name, folders in _by_group(models).items():
        sweeps, group = [TrainedSweep(folder) for folder in folders], groups[name]
        dataset = sweeps[0].its_own(datasets)
        train = training_images(dataset, len(dataset.images["train"]), seed).to(device)
        generated = {}
        for trained in sweeps:
            trained.expect(dataset)
            slug = trained.sweep.likelihood.slug
            draw_gallery(trained, dataset, group, output / trained.sweep.slug, seed, device)
            best = group.best_mean(slug, "fid_prior")
            generated[slug] = Generated.of(trained, train, best, seed)
        if kept:
            generated = _kept(generated, kept, group)
        shown = [generated[slug] for slug in group.likelihoods if slug in generated]
        if not kept or len(shown) == len(group.likelihoods):
            draw_sheets(group, shown, dataset, train, output / name, seed)


def _kept(new: Mapping[str, Generated], folder: Path, group: Group) -> dict[str, Generated]:
    """All pictures that ``folder`` has of a group, the ``new`` ones kept in it first."""
    paths = {s: folder / "models" / f"{group.name}-{s}" / PICTURES for s in group.likelihoods}
    for slug, one in new.items():
        one.save(paths[slug])
    return {slug: Generated.load(path) for slug, path in paths.items() if path.is_file()}


def _by_group(models: Sequence[Path]) -> dict[str, list[Path]]:
    folders = defaultdict(list)
    for folder in models:
        record = read_json(folder / "sweep.json")
        with reading(folder / "sweep.json", TRAIN_AGAIN):
            folders[Sweep.from_dict(record["sweep"]).group].append(folder)
    return folders
