import pytest

from vae.files import read_json, replacing, write_json, write_text

VALUE = {"name": "β", "numbers": [1, 0.1, None], "nested": {"a": True}}


def names(folder) -> list[str]:
    return [path.name for path in folder.iterdir()]


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
    assert names(tmp_path) == ["a.json"]


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
