"""Which files of this package a module depends on, read from its import statements.

The workflow lists them as inputs, so that changed code reruns exactly what it affects.
"""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def source_files(module: str) -> list[Path]:
    """Return the file of ``module`` (dotted) and of all that it imports, sorted."""
    found: set[str] = set()
    queue = [module]
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue.extend(_imports(name))
    return sorted(_path(name) for name in found)


def _path(module: str) -> Path:
    base = PACKAGE.joinpath(*module.split(".")[1:])
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


@cache
def _imports(module: str) -> tuple[str, ...]:
    tree = ast.parse(_path(module).read_text(encoding="utf-8"))
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [name if _path(name).is_file() else node.module for name in submodules]
    return tuple(name for name in names if name.startswith("vae.") and _path(name).is_file())
