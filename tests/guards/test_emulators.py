"""The emulators stand apart from the product; each of their faults and facts is accounted for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from emulators.facts import MEANING
from tools.build_docs.contracts import CONTRACTS, facts, menu

# What an emulator may be made of, beside Python itself: so it shares nothing with src/.
LIBRARIES = {"asyncssh", "emulators", "psutil", "uvicorn"}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


def test_emulators_share_no_module_with_the_product(repository: Path) -> None:
    import sys

    wrong = {}
    for path in (repository / "emulators").rglob("*.py"):
        strange = imported(path) - LIBRARIES - set(sys.stdlib_module_names)
        if strange:
            wrong[path.name] = strange
    assert not wrong, wrong


def test_the_product_knows_nothing_of_the_emulators(repository: Path) -> None:
    wrong = [
        str(path)
        for path in (repository / "src").rglob("*.py")
        if re.search(r"\bemulators?\b", path.read_text())
    ]
    assert not wrong, wrong


def test_the_wheel_leaves_the_emulators_out(repository: Path) -> None:
    import tomllib

    project = tomllib.loads((repository / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/hone"]
    assert "emulators" not in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]


@pytest.mark.parametrize(
    ("name", "fault"), [(name, fault) for name in CONTRACTS for fault in menu(name)]
)
def test_every_fault_has_a_test_of_its_name(name: str, fault: str, repository: Path) -> None:
    tests = (repository / "tests/emulators").glob(f"test_{name}*.py")
    assert any(f"def test_fault_{fault}(" in path.read_text() for path in tests)


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_fact_has_a_source_a_date_and_a_confidence(name: str) -> None:
    assert facts(name)
    for fact in facts(name):
        assert fact.sentence.endswith((".", ")", "`")) and fact.source
        assert re.fullmatch(r"2026-\d\d-\d\d", fact.date)
        assert fact.confidence in MEANING


def test_every_emulator_is_in_the_readme_of_the_emulators(repository: Path) -> None:
    readme = (repository / "emulators/README.md").read_text()
    assert not [name for name in CONTRACTS if f"`{name}`" not in readme]
