"""Files and functions stay small; names stay telling."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import REPOSITORY

MOST_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS = 600, 60, 5
BANNED = set("utils common helpers misc manager handler base core data info process do".split())


def files(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        yield from read(folder)


@cache
def read(folder: str) -> tuple[tuple[Path, ast.Module], ...]:
    return tuple(
        (path.relative_to(REPOSITORY), ast.parse(path.read_text()))
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
    )


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_longer_than_the_limit() -> None:
    everywhere = files("src", "tests", "tools", "benchmarks", "emulators")
    lengths = {path: len((REPOSITORY / path).read_text().splitlines()) for path, _ in everywhere}
    assert not {path: n for path, n in lengths.items() if n > MOST_LINES}


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    # The signature of a command is its table of options; what it does begins at its body.
    begin = node.body[0].lineno if is_command(node) else node.lineno
    return (node.end_lineno or 0) - begin + 1


def test_no_function_is_longer_than_the_limit() -> None:
    wrong = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in files("src", "tools", "benchmarks", "emulators")
        for node in functions(tree)
        if length(node) > MOST_FUNCTION_LINES
    ]
    assert not wrong, "\n".join(wrong)


def is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    # A command's parameters are its command-line options: the user's interface, not ours.
    return any("app." in ast.unparse(decorator) for decorator in node.decorator_list)


def test_no_function_takes_too_many_parameters() -> None:
    wrong = []
    for path, tree in files("src", "emulators"):
        for node in functions(tree):
            named = [
                a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            ]
            count = len([name for name in named if name not in ("self", "cls")])
            if count > MOST_PARAMETERS and not is_command(node):
                wrong.append(f"{path}:{node.lineno} {node.name} takes {count}")
    assert not wrong, "\n".join(wrong)


def test_every_file_opens_with_a_sentence() -> None:
    wrong = [
        str(path)
        for path, tree in files("src", "tools", "benchmarks", "emulators")
        if not ast.get_docstring(tree)
    ]
    assert not wrong, wrong


def test_no_file_or_class_has_an_empty_name() -> None:
    wrong = [str(path) for path, _ in files("src", "emulators") if path.stem in BANNED]
    for path, tree in files("src", "emulators"):
        wrong += [
            f"{path} class {node.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and node.name.lower() in BANNED
        ]
    assert not wrong, wrong


def test_no_unfinished_work_is_left_in_the_source() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")
    wrong = [
        f"{path}: {word}"
        for path, _ in files("src", "tests", "tools", "benchmarks", "emulators")
        for word in words
        if word in (REPOSITORY / path).read_text()
    ]
    assert not wrong, wrong
