"""docs/architecture.md against the code: its rooms, who imports whom, what an addition touches."""

import re

import pytest
from test_dependencies import MODULES, room_of
from test_extending import PAGE, RECIPE

from vae.dependencies import PACKAGE, _imports

ROOT = PACKAGE.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SEARCHED = [
    path
    for folder in ("vae", "workflow", "report")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".smk", ".yaml", ".md", ".js", ".html") and path.name != "report.md"
]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its header."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in lines[2:]]


def files(text: str) -> set[str]:
    return set(re.findall(r"`([\w./*]+\.\w+)`", text))


ADDITIONS = {what: (files(where), example) for what, where, example in rows("To add a …, touch …")}
RECIPES = {
    section.splitlines()[0].split(" ", 1)[1]: {found[0] for found in RECIPE.findall(section)}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    if RECIPE.search(section)
}


def test_the_rooms_are_those_on_disk_and_import_what_is_said():
    said = {name.strip("`"): imports for name, imports, _ in rows("Rooms")[1:]}
    arrows: dict[str, set[str]] = {}
    for module in MODULES:
        if room := room_of(module):
            found = {room_of(name) for name in _imports(module)} - {None, room}
            arrows.setdefault(f"vae/{room}/", set()).update(found)
    assert {r: ", ".join(sorted(found)) or "–" for r, found in arrows.items()} == said


def test_every_room_has_its_paragraph_whose_files_exist_and_the_root_is_whole():
    paragraphs = dict(re.findall(r"^\*\*(.+?)\.\*\* (.+?)\n\n", TEXT, re.M | re.S))
    rooms = {name.strip("`/").split("/")[-1] for name, *_ in rows("Rooms")[1:]}
    assert {name.lower() for name in paragraphs} == {"`vae/` itself", *rooms, "workflow"}
    for name, paragraph in paragraphs.items():
        folder = PACKAGE / name.lower() if name.lower() in rooms else PACKAGE
        for file in files(paragraph):
            assert (folder / file).exists() or (ROOT / file).exists(), f"{name}: {file}"
    root = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    assert files(paragraphs["`vae/` itself"]) == root


def test_files_that_additions_touch_exist():
    for touched, _ in ADDITIONS.values():
        for file in touched:
            assert (ROOT / file).is_file() or f"`{file}` (new)" in TEXT, file


def test_every_recipe_touches_the_files_of_its_row():
    assert set(RECIPES) == {
        what for what, (_, example) in ADDITIONS.items() if "recipe" in example
    }
    for what, touched in RECIPES.items():
        assert ADDITIONS[what][0] == touched, what


@pytest.mark.parametrize("what", [w for w in ADDITIONS if w not in RECIPES])
def test_no_file_but_those_of_its_row_knows_the_example(what):
    touched, example = ADDITIONS[what]
    word = re.compile(rf"\b{example.strip('`')}\b")
    found = {str(p.relative_to(ROOT)) for p in SEARCHED if word.search(p.read_text("utf-8"))}
    assert found == touched
