"""Which commit the code is."""

import subprocess
from pathlib import Path

import pytest

from vae.checkout import commit


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    result = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("x = 1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_the_commit_and_whether_the_code_is_that_commit(checkout):
    first = git(checkout, "rev-parse", "--short", "HEAD")
    (checkout / "notes.txt").write_text("not part of the code")
    assert commit(checkout) == first
    (checkout / "code.py").write_text("x = 2\n")
    assert commit(checkout) == f"{first} + local changes"


def test_a_copy_within_another_checkout_has_no_commit(checkout):
    copy = checkout / "copy"
    copy.mkdir()
    assert "no git checkout" in commit(copy)
