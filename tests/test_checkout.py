"""Which commit the code is."""

import subprocess
from pathlib import Path

import pytest

from vae.checkout import commit
from vae.checks import PUBLISHED


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


def test_what_publishing_writes_is_no_local_change(checkout):
    for folder in PUBLISHED:
        (checkout / folder).mkdir(parents=True)
        (checkout / folder / "table.csv").write_text("1")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "published")
    published = git(checkout, "rev-parse", "--short", "HEAD")
    for folder in PUBLISHED:
        (checkout / folder / "table.csv").write_text("2")
    assert commit(checkout) == published
    (checkout / "code.py").unlink()
    assert commit(checkout) == f"{published} + local changes"


def test_a_copy_within_another_checkout_has_no_commit(checkout):
    copy = checkout / "copy"
    copy.mkdir()
    assert "no git checkout" in commit(copy)
