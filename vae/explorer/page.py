"""Putting the page together: one HTML file with its library, data, scripts and styles in it."""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from plotly.offline import get_plotlyjs

from vae import __version__
from vae.errors import InputError
from vae.explorer.tables import table_data
from vae.files import read_json, write_text

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = (
    *("codec", "decoder", "dom", "names", "state"),
    *("curve", "charts", "answers", "models", "map", "knob", "main"),
)
DECODERS = 6 << 20
"""Bytes for the decoders of all sweeps together, as base64."""


def write_page(results: Path, pictures: Sequence[Path], output: Path) -> None:
    """Write the page to ``output``.

    Args:
        results: folder with ``metrics.csv`` and ``best_beta.csv``.
        pictures: files written by ``vae.explorer.pictures``, one per sweep; those of sweeps
            without one have no pictures and no decoders.

    Raises:
        InputError: if a table or a file is missing, or a file is no such one.
    """
    sweeps = [_read_pictures(path) for path in pictures]
    for sweep in sweeps:
        thin(sweep["cells"], DECODERS // len(sweeps))
    packed = {f"sweep-{s['group']}-{s['likelihood']}": json.dumps(s) for s in sweeps}
    write_text(output, page(table_data(results), packed))


def _read_pictures(path: Path) -> dict:
    sweep = read_json(path)
    if not {"group", "likelihood", "cells"} <= set(sweep):
        raise InputError(f"{path} holds no pictures: write it with 'explorer-pictures'")
    return sweep


def thin(cells: Sequence[dict], limit: int) -> None:
    """Take decoders out of ``cells`` until the rest has at most ``limit`` bytes.

    First the autoencoder's, then those of every second β, again and again.
    """
    able = [cell for cell in cells if cell["decoder"]]
    vaes = sorted((c for c in able if c["model"] == "vae"), key=lambda c: c["beta"])
    fewer = (vaes[:: 2**i] for i in range(len(vaes)))
    kept = next(part for part in (able, *fewer, []) if _size(part) <= limit)
    for cell in able:
        if cell not in kept:
            cell["decoder"] = None


def _size(cells: Sequence[dict]) -> int:
    return sum(len(cell["decoder"]["weights"]) for cell in cells)


def page(tables: Mapping, packed: Mapping[str, str]) -> str:
    """The page as text.

    Args:
        tables: what the page says in numbers.
        packed: further texts that the page unpacks when it needs them, by name.
    """
    library = get_plotlyjs().replace("\r\n", "\n")
    script = "\n".join(asset(f"{name}.js") for name in SCRIPTS)
    packed = {"tables": json.dumps(tables, allow_nan=False), "library": library, **packed}
    return jinja2.Template(asset("page.html")).render(
        policy=policy(library, script),
        style=asset("style.css"),
        script=script,
        packed={name: pack(text) for name, text in packed.items()},
        version=__version__,
    )


def asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def policy(*scripts: str) -> str:
    """The page's Content-Security-Policy: these scripts run, and nothing is fetched or sent."""
    hashes = " ".join(f"'sha256-{digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def pack(text: str) -> str:
    """Gzipped, then base64: nothing in it closes a tag, and equal texts give equal results."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
