"""What is said of each figure: written by hand, completed with the numbers of the run."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vae.configuration.benchmark import read_yaml
from vae.errors import InputError
from vae.files import write_text
from vae.metrics import LIKELIHOOD_CRITERIA
from vae.reporting.figures.catalogue import CHARTS, GALLERY
from vae.reporting.group import Group

FIELDS = {"caption", "alt"}
OF_BINARISED = " (Bernoulli, which says nothing of grey levels: of binarised images)"


@dataclass(frozen=True)
class Caption:
    """What stands below a figure, and ``alt``, what stands in its place."""

    caption: str
    alt: str


def written_captions(path: Path) -> dict[str, Caption]:
    """What is written of every figure, ``{seeds}``, ``{images}`` and ``{likelihood_images}``.

    Raises:
        InputError: if the file is no table of captions, or a figure has none.
    """
    values = read_yaml(path)
    for name in CHARTS | GALLERY:
        entry = values.get(name) if isinstance(values, dict) else None
        if not isinstance(entry, dict) or set(entry) != FIELDS:
            raise InputError(f"{path}: figure {name} needs a caption and an alt: write them there")
    return {name: Caption(**values[name]) for name in CHARTS | GALLERY}


def captions(path: Path, groups: Sequence[Group]) -> dict[str, Caption]:
    """What is said of every figure, with the numbers of seeds and images of ``groups``.

    Args:
        path: the table of captions.
    """
    numbers = {
        "seeds": counted([group.seeds for group in groups], "seed"),
        "images": counted(map(test_images, groups), "test image"),
        "likelihood_images": counted(map(likelihood_images, groups), "test image"),
        "of_binarised": OF_BINARISED * any(map(_binarises, groups)),
    }
    return {
        name: replace(one, caption=one.caption.format(**numbers))
        for name, one in written_captions(path).items()
    }


def _binarises(group: Group) -> bool:
    return "log_likelihood_binarised" in group.metric_names


def test_images(group: Group) -> int:
    """How many images a group was tested on; 0 if no table says so."""
    return int(max([0, group.reference("fid_images") or 0, *group.best.images]))


def likelihood_images(group: Group) -> int:
    """On how many of them log p was measured; 0 if no table says so."""
    return int(max([0, *group.best.images[group.best.criterion.isin(LIKELIHOOD_CRITERIA)]]))


def counted(numbers: Iterable[int], noun: str) -> str:
    """``3 seeds``, ``1 seed``, or ``397 to 10,000 test images`` where groups differ."""
    known = sorted({number for number in numbers if number})
    if not known:
        return f"the {noun}s"
    span = " to ".join(f"{number:,}" for number in dict.fromkeys([known[0], known[-1]]))
    return f"{span} {noun}" + ("" if known == [1] else "s")


def write_captions(folder: Path, said: dict[str, Caption]) -> None:
    """Write ``<folder>/<figure>.rst`` for every figure, for Snakemake's own report."""
    for name, one in said.items():
        write_text(folder / f"{name}.rst", literal(one.caption) + "\n")


def literal(text: str) -> str:
    """``text`` with its punctuation escaped, so that nothing in it is read as markup."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)
