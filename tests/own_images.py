"""Small made-up images of shapes, as a user might bring them."""

from pathlib import Path

import numpy as np
from PIL import Image

SHAPES = ("disc", "square", "stripes")


def colour_images(count: int, side: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (count, side, side, 3), with the shape of each as an index into ``SHAPES``."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(SHAPES)
    y, x = np.mgrid[:side, :side] / side
    images = np.empty((count, side, side, 3))
    for image, label in zip(images, labels, strict=True):
        (cx, cy), radius = rng.uniform(0.35, 0.65, 2), rng.uniform(0.2, 0.35)
        inside = [
            (x - cx) ** 2 + (y - cy) ** 2 < radius**2,
            np.maximum(abs(x - cx), abs(y - cy)) < radius,
            ((x - cx) / radius * 2).astype(int) % 2 == 0,
        ][label]
        ink, paper = rng.uniform(0.6, 1, 3), rng.uniform(0, 0.4, 3)
        image[:] = np.where(inside[..., None], ink, paper) + rng.normal(0, 0.03, (side, side, 1))
    return (images.clip(0, 1) * 255).round().astype(np.uint8), labels


def write_folder(folder: Path, count: int, side: int = 16, subfolders: bool = True) -> Path:
    """PNG files, in a subfolder per shape or all in one folder."""
    images, labels = colour_images(count, side)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        parent = folder / SHAPES[label] if subfolders else folder
        parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(parent / f"{i:05d}.png")
    return folder
