"""tests/failures.json: for each sentence that Hone fails with, the test that causes it."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

from tools.failures.sites import REPOSITORY

FILE = REPOSITORY / "tests" / "failures.json"


def read() -> dict[str, str | None]:
    """Site -> test, or None where no test causes it yet."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def write(proven: dict[str, str | None]) -> None:
    """In the order of the sites."""
    FILE.write_text(json.dumps(proven, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def function_of(test: str) -> str:
    """A test's id without its parameters."""
    return test.partition("[")[0]


def still_there(test: str) -> bool:
    """Whether the function that a test's id names exists."""
    file, _, name = test.partition("::")
    return name in _functions(REPOSITORY / file)


@cache
def _functions(file: Path) -> frozenset[str]:
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
