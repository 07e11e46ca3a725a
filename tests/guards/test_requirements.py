"""Every requirement that is called built names tests that exist."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.requirements import REQUIREMENTS

PROVEN = [(id, test) for id, requirement in REQUIREMENTS.items() for test in requirement.tests]


@pytest.mark.parametrize(("id", "test"), PROVEN, ids=[f"{i}-{t}" for i, t in PROVEN])
def test_the_proving_test_exists(id: str, test: str, repository: Path) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((repository / file).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_something_is_proven() -> None:
    assert PROVEN
