"""Every figure that needs the trained models, in one process: most of its time is imports."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

import torch

from vae.configuration.sweep import Sweep
from vae.data.datasets import load_dataset
from vae.files import read_json, reading
from vae.models import TRAIN_AGAIN, TrainedSweep
from vae.reporting.figures import style
from vae.reporting.figures.gallery import draw_gallery
from vae.reporting.figures.sheets import draw_sheets
from vae.reporting.group import read_groups


def draw_from_models(
    results: Path,
    models: Sequence[Path],
    data: Sequence[Path],
    output: Path,
    seed: int,
    device: torch.device,
    incomplete: Collection[str] = (),
) -> None:
    """Write the pictures of every sweep and the sheets of every group to folders of ``output``.

    Args:
        results: folder of the tables, which name the βs and numbers to show.
        models: the folders of all trained sweeps.
        data: their datasets.
        incomplete: groups with more sweeps than these: no sheets are written for them.
    """
    style.apply()
    datasets = [load_dataset(path) for path in data]
    groups = {group.name: group for group in read_groups(results)}
    for name, folders in _by_group(models).items():
        sweeps = [TrainedSweep(folder) for folder in folders]
        dataset = sweeps[0].its_own(datasets)
        for trained in sweeps:
            trained.expect(dataset)
            draw_gallery(trained, dataset, groups[name], output / trained.sweep.slug, seed, device)
        if name not in incomplete:
            draw_sheets(groups[name], sweeps, dataset, output / name, seed, device)


def _by_group(models: Sequence[Path]) -> dict[str, list[Path]]:
    folders = defaultdict(list)
    for folder in models:
        record = read_json(folder / "sweep.json")
        with reading(folder / "sweep.json", TRAIN_AGAIN):
            folders[Sweep.from_dict(record["sweep"]).group].append(folder)
    return folders
