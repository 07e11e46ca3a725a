"""Reads the source: each place where an error of Hone is made, with its two lines as written."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SOURCE = REPOSITORY / "src" / "hone"
ROOT = "HoneError"
NOT_LITERAL = "…"
OF_ARGUMENT = ("str", "len", "sorted", "join", "get", "max", "min", "round")
OF_VALUE = ("strip", "rstrip", "pop", "splitlines", "format", "lower")
"""Calls that are named by what they are given, and by what they work on."""


class Site(NamedTuple):
    """One place; `message` and `hint` are as written, with {words} for what is filled in."""

    file: str
    """From src/hone on."""
    first: int
    last: int
    kind: str
    message: str
    hint: str

    @property
    def key(self) -> str:
        """What a site is known by: it outlives other lines of its file."""
        return f"{self.file}: {self.message}"


def all_sites(source: Path = SOURCE) -> list[Site]:
    """Every site of the source in the order of its files."""
    trees = {
        path.relative_to(source).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(source.rglob("*.py"))
    }
    kinds = _kinds(trees.values())
    return [site for file, tree in trees.items() for site in _sites(file, tree, kinds)]


def _kinds(trees: Iterable[ast.Module]) -> set[str]:
    """Names of HoneError and all that derive from it."""
    bases = {
        node.name: {ast.unparse(base) for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {ROOT}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def _sites(file: str, tree: ast.Module, kinds: set[str]) -> Iterator[Site]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id not in kinds or not node.args:
            continue
        hint = next((one.value for one in node.keywords if one.arg == "hint"), None)
        yield Site(
            file=file,
            first=node.lineno,
            last=node.end_lineno or node.lineno,
            kind=node.func.id,
            message=text_of(node.args[0]),
            hint=text_of(hint) if hint is not None else "",
        )


def text_of(node: ast.expr) -> str:
    """A text as it is written: literal, with values in braces, alternatives beside each other."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _filled(node.value)
    if isinstance(node, ast.IfExp):
        return " / ".join(filter(None, (text_of(node.body), text_of(node.orelse))))
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return " / ".join(filter(None, map(text_of, node.values)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    return _filled(node)


def _filled(node: ast.expr) -> str:
    return "{" + _name(node).strip("_") + "}"


def _name(node: ast.expr) -> str:
    """A word for what is filled in."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    if isinstance(node, ast.Call):
        return _name_of_call(node)
    if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        return _name(node.generators[0].iter)
    return NOT_LITERAL


def _name_of_call(node: ast.Call) -> str:
    """What is asked for or worked on says more than the function that does it."""
    inner = [*node.args, *(one.value for one in node.keywords)]
    own = _name(node.func)
    if own in OF_ARGUMENT and inner:
        return _name(inner[0])
    if own in OF_VALUE and isinstance(node.func, ast.Attribute):
        return _name(node.func.value)
    return own
