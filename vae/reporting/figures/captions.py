"""The catalogue's captions with their numbers, also for ``snakemake --report``."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from vae.files import write_text
from vae.reporting.figures.catalogue import CHARTS, GALLERY
from vae.reporting.group import Group


def captions(groups: Sequence[Group]) -> dict[str, str]:
    """Caption of every figure there is, with the numbers of seeds and images of ``groups``."""
    numbers = {
        "seeds": counted([group.seeds for group in groups], "seed"),
        "images": counted(map(test_images, groups), "test image"),
    }
    figures = CHARTS | GALLERY
    return {name: figure.caption.format(**numbers) for name, figure in figures.items()}


def test_images(group: Group) -> int:
    """How many images a group was tested on; 0 if no table says so."""
    return int(max([0, group.reference("fid_images") or 0, *group.best.images]))


def counted(numbers: Iterable[int], noun: str) -> str:
    """``3 seeds``, ``1 seed``, or ``397 to 10,000 test images`` where groups differ."""
    known = sorted({number for number in numbers if number})
    if not known:
        return f"the {noun}s"
    span = " to ".join(f"{number:,}" for number in dict.fromkeys([known[0], known[-1]]))
    return f"{span} {noun}" + ("" if known == [1] else "s")


def write_captions(folder: Path, groups: Sequence[Group]) -> None:
    """Write ``<folder>/<figure>.rst`` for every figure there is."""
    for name, caption in captions(groups).items():
        write_text(folder / f"{name}.rst", literal(caption) + "\n")


def literal(text: str) -> str:
    """``text`` with its punctuation escaped, so that nothing in it is read as markup."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)
