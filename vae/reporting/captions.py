"""The catalogue's captions as reStructuredText, which `snakemake --report` asks for."""

import re
from pathlib import Path

from vae.files import write_text
from vae.reporting.catalogue import CHARTS, GALLERY


def write_captions(folder: Path) -> None:
    """Write ``<folder>/<figure>.rst`` for every figure there is."""
    for name, figure in (CHARTS | GALLERY).items():
        write_text(folder / f"{name}.rst", literal(figure.caption) + "\n")


def literal(text: str) -> str:
    """``text`` with its punctuation escaped, so that nothing in it is read as markup."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)
