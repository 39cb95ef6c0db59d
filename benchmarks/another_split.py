"""Split a dataset anew: as many images in every part, but others, to see what answers owe to that.

Images are taken in the order in which they are stored, training ones first: those that come first
become test images, those after them validation images. Counts that end where a writer does keep
writers apart, as these do for digits:

    python benchmarks/another_split.py results/data/digits.npz results/resplit.npz \\
        --test 386 --validation 260
    snakemake --cores 2 --config 'datasets=[{name: resplit, path: results/resplit.npz}]' \\
        results=results/resplit report=results/resplit/report -- results/resplit/best_beta.csv
    python benchmarks/agreement.py results results/resplit --name resplit_digits
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from vae.checks import require
from vae.command import Parser, positive, run
from vae.data.datasets import SPLITS, Dataset, load_dataset
from vae.files import replacing


def main(arguments: list[str] | None = None) -> None:
    """Write the images with their new parts, for ``datasets.path`` of a configuration."""
    options = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("dataset", type=Path, help="that 'python -m vae prepare' wrote")
    options.add_argument("output", type=Path, help="the .npz file to write")
    for part in ("test", "validation"):
        options.add_argument(f"--{part}", type=positive, help="images (default: as many as now)")
    options = options.parse_args(arguments)
    dataset = load_dataset(options.dataset)
    require(
        not dataset.binarised_on_use,
        f"{options.dataset}: its training images are grey and its test images are not; split "
        "the grey dataset",
    )
    arrays = resplit(dataset, options.test, options.validation)
    with replacing(options.output) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    counts = zip(*np.unique(arrays["split"], return_counts=True), strict=True)
    print(", ".join(f"{part} {count}" for part, count in counts))


def resplit(
    dataset: Dataset, test: int | None = None, validation: int | None = None
) -> dict[str, np.ndarray]:
    """All images (N, H, W, C) with their labels, and the part that each is in now.

    Raises:
        InputError: if no image is left for training.
    """
    images = torch.cat([dataset.images[split] for split in SPLITS]).permute(0, 2, 3, 1)
    labels = torch.cat([dataset.labels[split] for split in SPLITS])
    test = test or len(dataset.images["test"])
    validation = validation or len(dataset.images["validation"])
    left = len(images) - test - validation
    require(
        left > 0, f"--test, --validation: {test + validation} of {len(images)} images; take fewer"
    )
    split = np.repeat(["test", "validation", "train"], [test, validation, left])
    levels = np.uint16(dataset.levels)
    return {"images": images.numpy(), "labels": labels.numpy(), "split": split, "levels": levels}


if __name__ == "__main__":
    sys.exit(run(main))
