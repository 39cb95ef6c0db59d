"""Where a table comes from: noted beside it by the job that measured, read by whoever keeps it."""

import json
from collections.abc import Mapping
from pathlib import Path

from vae.checkout import commit, commit_date
from vae.files import read_json, write_json


def note_origin(table: Path, settings: Mapping[str, object], **parts: str) -> None:
    """Note beside ``table`` how it was measured.

    Args:
        settings: of the evaluation, by key.
        parts: SHA-256 of what was measured, by name.
    """
    made = {"commit": commit(), "date": commit_date()}
    write_json(table.with_suffix(".json"), {"settings": settings, "parts": parts, **made})


def origin_of(table: Path) -> dict | None:
    """What was noted; None of a table that was measured before such notes were taken."""
    note = table.with_suffix(".json")
    return read_json(note) if note.is_file() else None


def made_so(table: Path, settings: Mapping[str, object], **parts: str) -> bool:
    """Whether ``table`` was measured with these settings, of these parts, as far as is noted."""
    noted = origin_of(table)
    wanted = json.loads(json.dumps({"settings": settings, "parts": parts}))
    return noted is None or wanted.items() <= noted.items()
