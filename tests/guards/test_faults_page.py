"""The page of faults is whole, and every test that it names makes its fault happen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulators.faults import OF_THE_WIRE
from hone import shelf
from tools.build_docs.contracts import menu
from tools.build_docs.faults import MENUS, TABLES, Fault

ENTRIES = [(target, fault) for target, faults in TABLES.items() for fault in faults]


def test_every_target_has_a_table() -> None:
    assert set(TABLES) == set(shelf.names("targets"))


@pytest.mark.parametrize("emulator", MENUS)
def test_every_fault_of_a_menu_has_an_outcome_at_its_target(emulator: str) -> None:
    known = {fault.what for fault in TABLES[MENUS[emulator]]}
    assert not {*menu(emulator), *OF_THE_WIRE} - known


@pytest.mark.parametrize(
    ("target", "fault"), ENTRIES, ids=[f"{target}: {fault.what}" for target, fault in ENTRIES]
)
def test_the_test_of_a_fault_exists_and_makes_it_happen(
    target: str, fault: Fault, repository: Path
) -> None:
    file, _, name = fault.test.partition("::")
    text = (repository / "tests" / file).read_text()
    assert re.search(rf"^def {name}\($", text, re.MULTILINE) or f"def {name}(" in text
    shown = fault.shown_by or f'"{fault.what}"'
    assert shown in text, f"{file} does not show {shown}"
    if "test_a_job_ends_as_it_should" in name and not fault.shown_by:
        assert f'Trouble("{target}", "{fault.what}"' in text
