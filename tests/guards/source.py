"""Reads the source as a graph: which module of `hone` imports which, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parents[2] / "src"


class Import(NamedTuple):
    """One import statement; `is_at_top` is false inside a function."""

    importer: str
    imported: str
    is_at_top: bool
    line: int


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file, for every module of the package."""
    found = {}
    for path in sorted((SOURCE / "hone").rglob("*.py")):
        parts = list(path.relative_to(SOURCE).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


@cache
def imports() -> tuple[Import, ...]:
    """Every import statement of the package, those under TYPE_CHECKING left out."""
    return tuple(
        found
        for name, path in modules().items()
        for found in _imports_of(name, ast.parse(path.read_text()))
    )


def _imports_of(name: str, tree: ast.Module) -> Iterator[Import]:
    yield from _walk(name, tree, is_at_top=True)


def _walk(name: str, node: ast.AST, *, is_at_top: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(name, alias.name, is_at_top, child.lineno)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{name}:{child.lineno}: imports are absolute in this project"
            for alias in child.names:
                whole = f"{child.module}.{alias.name}"
                target = whole if whole in modules() else str(child.module)
                yield Import(name, target, is_at_top, child.lineno)
        else:
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(name, child, is_at_top=is_at_top and not is_function)


def reachable(starts: list[str]) -> dict[str, str]:
    """Every imported name that `starts` can load, with the module that imports it."""
    graph: dict[str, list[str]] = {}
    for found in imports():
        graph.setdefault(found.importer, []).append(found.imported)
    seen: dict[str, str] = {start: "(start)" for start in starts}
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        for imported in graph.get(name, []):
            if imported not in seen:
                seen[imported] = name
                waiting.append(imported)
    return seen
