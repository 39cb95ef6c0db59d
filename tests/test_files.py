import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from vae.files import note, read_json, reading, replacing, verify, write_json, write_text

VALUE = {"name": "β", "numbers": [1, 0.1, None], "nested": {"a": True}}


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_json_round_trip(tmp_path):
    write_json(tmp_path / "a.json", VALUE)
    assert read_json(tmp_path / "a.json") == VALUE


def test_folders_are_made_and_nothing_is_left_beside(tmp_path):
    write_text(tmp_path / "new" / "folder" / "a.txt", "β\n")
    assert (tmp_path / "new" / "folder" / "a.txt").read_text(encoding="utf-8") == "β\n"
    assert names(tmp_path / "new" / "folder") == ["a.txt"]


def test_old_file_stays_whole_until_the_new_one_is(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with replacing(path) as temporary:
        temporary.write_text("new, half")
        assert path.read_text() == "old"
        temporary.write_text("new, whole")
    assert path.read_text() == "new, whole"


@pytest.mark.parametrize("old", [None, "old"])
def test_failure_changes_nothing(tmp_path, old):
    path = tmp_path / "a.txt"
    if old:
        write_text(path, old)
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert names(tmp_path) == (["a.txt"] if old else [])
    assert not old or path.read_text() == old


def test_value_that_is_no_json_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", VALUE)
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"set": {1}})
    assert read_json(tmp_path / "a.json") == VALUE
    assert names(tmp_path) == ["a.json", "a.json.sha256"]


def test_temporary_file_keeps_the_ending(tmp_path):
    with replacing(tmp_path / "a.npz") as temporary:
        assert temporary.suffix == ".npz"
        assert temporary.parent == tmp_path
        temporary.touch()


def test_missing_json(tmp_path, input_error):
    with input_error(tmp_path / "none.json"):
        read_json(tmp_path / "none.json")


@pytest.mark.parametrize("text", ["", '{"a": 1', "{'a': 1}\n\nand more"])
def test_damaged_json(tmp_path, input_error, text):
    write_text(tmp_path / "a.json", text)
    with input_error(tmp_path / "a.json"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["[]", "3", '"text"', "null"])
def test_json_that_is_no_object(tmp_path, input_error, text):
    write_text(tmp_path / "a.json", text)
    with input_error(tmp_path / "a.json"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\x00" * 100])
def test_json_that_is_no_text(tmp_path, input_error, content):
    (tmp_path / "a.json").write_bytes(content)
    with input_error(tmp_path / "a.json"):
        read_json(tmp_path / "a.json")


def test_folder_instead_of_a_file(tmp_path, input_error):
    with input_error(tmp_path, "no file"):
        read_json(tmp_path)


# Integrity


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.npz", "a.safetensors"])
def test_a_changed_file_is_refused_where_it_is_read(tmp_path, input_error, name):
    path = tmp_path / name
    write_text(path, "one\ntwo\n")
    verify(path)
    path.write_text("one\n")
    with input_error(path, "SHA-256", "again"), reading(path):
        pytest.fail("was read")


def test_the_note_is_what_sha256sum_reads(tmp_path):
    write_text(tmp_path / "a.csv", "β\n")
    command = ["sha256sum", "--check", "--status", "a.csv.sha256"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0


def test_a_file_without_a_note_is_read(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    assert read_json(tmp_path / "a.json") == {}


def test_pictures_and_pages_have_no_note(tmp_path):
    write_text(tmp_path / "report.md", "text")
    assert names(tmp_path) == ["report.md"]


def test_a_kill_between_file_and_note_leaves_a_readable_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})

    def killed(self, *arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"{type(path).__module__}.Path.write_text", killed)
        with replacing(path) as temporary:
            temporary.write_bytes(b'{"new": 1}')
    assert read_json(path) == {"new": 1}
    assert not note(path).exists()


# What the machine may refuse


def test_files_are_as_readable_as_umask_lets_them_be(tmp_path):
    umask = os.umask(0o027)
    try:
        with replacing(tmp_path / "a.safetensors") as temporary:
            save_file({"a": torch.zeros(2)}, temporary)
        with replacing(tmp_path / "a.npz") as temporary:
            np.savez(temporary, a=np.zeros(2))
    finally:
        os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("a.*")} == {0o640}


def test_a_file_has_reached_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    path, seen = tmp_path / "a.txt", []
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(path.exists()))
    write_text(path, "text")
    assert seen == [False]


def test_a_full_disk_names_the_file(tmp_path):
    """In a process of its own, whose files may not grow: what a full disk looks like."""
    writers = ("text", "npz", "safetensors")
    code = f"""
import resource, signal, sys
import numpy as np, torch
from safetensors.torch import save_file
from vae import __main__, verbs
from vae.files import replacing
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for writer in {writers}:
    def fill(options):
        with replacing({str(tmp_path)!r} + f"/a.{{writer}}") as path:
            if writer == "text": path.write_text("x" * 5000)
            elif writer == "npz": np.savez(path, a=np.zeros(5000))
            else: save_file({{"a": torch.zeros(5000)}}, path)
    verbs.status = fill
    print(__main__.main(["status"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.split() == ["2"] * len(writers), done.stderr
    for writer, line in zip(writers, done.stderr.splitlines(), strict=True):
        assert f"a.{writer}" in line and "too large" in line
    assert names(tmp_path) == []
