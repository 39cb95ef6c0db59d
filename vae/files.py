"""Files: written all or nothing, with a digest beside them, and compared with it when read."""

import errno
import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError

from vae.errors import InputError

DIGESTED = (".csv", ".json", ".npz", ".safetensors")  # what numbers are read from
DAMAGE = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    OSError,
    RuntimeError,
    SafetensorError,
    TypeError,
    ValueError,  # with what json, pandas and Unicode raise
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; move it into place if the block succeeds.

    The file has reached the disk before it takes its name, and others may read it as umask says.
    Its SHA-256 is noted beside it: ``reading`` compares the two.

    Raises:
        OSError: naming ``path``, if it cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        _settle(temporary)
        digest = sha256(temporary) if path.suffix in DIGESTED else None
        note(path).unlink(missing_ok=True)  # a file without a note is whole, and not compared
        temporary.replace(path)
        if digest:
            note(path).write_text(f"{digest}  {path.name}\n", encoding="utf-8")
    except OSError as error:
        if error.errno and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise
    except SafetensorError as error:
        code = re.search(r"os error (\d+)", str(error))
        if not code:
            raise
        raise OSError(int(code[1]), os.strerror(int(code[1])), str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


def _settle(path: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)  # safetensors and tempfile write for the owner alone
    with path.open("rb") as file:
        os.fsync(file.fileno())


def note(path: Path | str) -> Path:
    """The file with the digest of ``path``, in the form that ``sha256sum --check`` reads."""
    return Path(f"{path}.sha256")


def sha256(path: Path | str) -> str:
    """The digest of a file's bytes."""
    state = Path(path).stat()
    return _sha256(Path(path), state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=1024)
def _sha256(path: Path, *state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path | str) -> None:
    """Compare ``path`` with the digest beside it, if there is one.

    Raises:
        InputError: if they differ.
    """
    if note(path).is_file():
        noted = note(path).read_text(encoding="utf-8", errors="replace").split()
        if noted[:1] != [sha256(path)]:
            raise InputError(
                f"{path} is not as it was written (its SHA-256 is another than in "
                f"{note(path).name}): take it from git again if it is kept there, "
                "else delete it and run the step that writes it"
            )


@contextmanager
def reading(path: Path | str, remedy: str = "delete it and run again") -> Iterator[None]:
    """Read ``path`` inside the block: it is as it was written, or one sentence says what is wrong.

    Args:
        remedy: what to do about it, ending the sentence.

    Raises:
        InputError: if the file is missing, was changed, or what it holds raises in the block.
    """
    if not Path(path).is_file():
        what = "is no file" if Path(path).exists() else "does not exist"
        raise InputError(f"{path} {what}: {remedy}")
    try:
        verify(path)
        yield
    except PermissionError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): change its mode") from None
    except DAMAGE as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:100]
        raise InputError(f"{path} is damaged or none of ours ({reason}): {remedy}") from error


ENVIRONMENT = {
    errno.ENOSPC: "free some space and run again",
    errno.EDQUOT: "free some space and run again",
    errno.EACCES: "change its mode or name another",
    errno.EPERM: "change its mode or name another",
    errno.EROFS: "name another place",
    errno.ENOENT: "correct the name, or make it first",
    errno.EISDIR: "name a file",
    errno.ENOTDIR: "name another place",
    errno.EEXIST: "name another place",
    errno.ENAMETOOLONG: "name a shorter one",
    errno.ELOOP: "name another place",
    errno.EIO: "look after the disk",
    errno.EFBIG: "raise the limit of file sizes and run again",
}


def sentence(error: OSError) -> str | None:
    """What the machine refused and what to do, or None if the program is at fault."""
    remedy = ENVIRONMENT.get(error.errno)
    if remedy is None or not error.filename:
        return None
    return f"{error.filename}: {(error.strerror or str(error)).lower()}: {remedy}"


def write_text(path: Path | str, text: str) -> None:
    """Write ``text`` to ``path``, all or nothing."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path | str, value: object) -> None:
    """Write ``value`` to ``path`` as indented JSON, all or nothing."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path | str, remedy: str = "run the step that writes it") -> dict:
    """Read a JSON object.

    Args:
        remedy: what to do where it cannot be read.

    Raises:
        InputError: if the file is missing, was changed since it was written, or is no JSON object.
    """
    with reading(path, remedy):
        value = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise TypeError("no JSON object")
        return value
