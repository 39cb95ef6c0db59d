"""The values of single test images, kept beside the tables for paired comparisons."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vae.configuration.sweep import Cell
from vae.files import reading, replacing


def save_per_image(path: Path | str, values: Mapping[str, np.ndarray]) -> None:
    """Write arrays of shape (images,) under the names of ``PerImage.key``."""
    with replacing(path) as temporary:
        np.savez(temporary, **values)


class PerImage:
    """Reads what the evaluations of all sweeps left in ``<metrics>/<sweep>/*.npz``."""

    def __init__(self, metrics: Path | str) -> None:
        self.metrics = Path(metrics)

    @staticmethod
    def key(cell: Cell, metric: str) -> str:
        """The name of one cell's values of one metric."""
        return f"{cell.slug}/{metric}"

    def values(self, sweep: str, metric: str, cells: Sequence[Cell]) -> np.ndarray | None:
        """One metric of ``cells``, (cells, images), or None unless all of them have it.

        Args:
            sweep: the sweep's slug.
        """
        keys = [self.key(cell, metric) for cell in cells]
        for path in sorted((self.metrics / sweep).glob("*.npz")):
            with reading(path), path.open("rb") as file, np.load(file) as arrays:
                if all(key in arrays for key in keys):
                    return np.stack([arrays[key] for key in keys]).astype(float)
        return None

    @staticmethod
    def count_key(metric: str) -> str:
        """The name under which a file of means over blocks says of how many images they are."""
        return f"images/{metric}"

    def images(self, sweep: str, metric: str) -> int | None:
        """Of how many test images the values of a metric are means, where they are of blocks."""
        key = self.count_key(metric)
        for path in sorted((self.metrics / sweep).glob("*.npz")):
            with reading(path), path.open("rb") as file, np.load(file) as arrays:
                if key in arrays:
                    return int(arrays[key])
        return None
