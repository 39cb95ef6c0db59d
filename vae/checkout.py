"""Which commit of the project is checked out."""

import subprocess
from contextlib import suppress
from pathlib import Path

from vae.checks import PUBLISHED
from vae.dependencies import PACKAGE

ROOT = PACKAGE.parent


def commit(root: Path = ROOT) -> str:
    """The commit checked out in ``root``, and whether tracked files differ from it.

    Published tables and reports may differ: they are what is made, not what makes.
    """
    name = _git(root, "rev-parse", "--short", "HEAD")
    made = [f":(exclude){path}" for path in PUBLISHED]
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", *made)
    known = f"{name} + local changes" if changed else name
    return known or "unknown (the code lies in no git checkout)"


def commit_date(root: Path = ROOT) -> str:
    """The day of that commit, as 2026-01-31; empty outside a git checkout."""
    return _git(root, "show", "--no-patch", "--format=%cs", "HEAD")


def _git(root: Path, *arguments: str) -> str:
    """What git says, empty if it cannot."""
    if (root / ".git").exists():
        with suppress(OSError, subprocess.CalledProcessError):
            command = ["git", *arguments]
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
            return done.stdout.strip()
    return ""
