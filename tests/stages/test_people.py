"""People who may sign in: passwords that nobody can read back, names that stay known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from hone.cli.run import run
from hone.errors import Conflict, InvalidInput, NotFound
from hone.records.person import ROLES, may
from hone.stages import people
from hone.workspace.open import Workspace, init_workspace, open_workspace

PASSWORD = "a café and a half"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "w") as workspace:
        yield workspace


def test_who_was_added_signs_in_with_the_password_and_with_nothing_else(ws: Workspace) -> None:
    assert not people.has_people(ws)
    added = people.add_person(ws, "ann", "reviewer", PASSWORD)
    assert (added.name, added.role, added.is_active) == ("ann", "reviewer", True)
    assert people.has_people(ws)
    assert people.check_password(ws, "ann", PASSWORD) == added
    assert people.check_password(ws, "ann", "a cafe\u0301 and a half") == added, "typed otherwise"
    for name, password in (
        ("ann", PASSWORD + " "),
        ("ann", ""),
        ("bob", PASSWORD),
        ("ANN", PASSWORD),
    ):
        assert people.check_password(ws, name, password) is None


def test_the_password_is_nowhere_on_the_disk(ws: Workspace) -> None:
    people.add_person(ws, "ann", "admin", "xylophone-4711")
    people.add_person(ws, "bob", "admin", "xylophone-4711")
    first, second = (ws.store.people.find(name) for name in ("ann", "bob"))
    assert first is not None and second is not None
    assert first[1].password_hash != second[1].password_hash, "each has a salt of its own"
    for file in ws.root.rglob("*"):
        if file.is_file():
            assert b"xylophone" not in file.read_bytes(), file


def test_who_is_removed_is_out_at_once_and_stays_known(ws: Workspace) -> None:
    people.add_person(ws, "ann", "trainer", PASSWORD)
    removed = people.remove_person(ws, "ann")
    assert not removed.is_active
    assert people.check_password(ws, "ann", PASSWORD) is None
    assert people.find_person(ws, "ann") is None and not people.has_people(ws)
    assert [one.name for one in people.list_people(ws)] == ["ann"]
    with pytest.raises(NotFound, match="ann can sign in"):
        people.remove_person(ws, "ann")
    with pytest.raises(Conflict, match="already"):
        people.add_person(ws, "ann", "viewer", PASSWORD)
    again = people.add_person(ws, "ann", "viewer", "another word", is_replacing=True)
    assert (again.role, again.is_active, again.created_at) == ("viewer", True, removed.created_at)
    assert people.check_password(ws, "ann", PASSWORD) is None
    assert people.check_password(ws, "ann", "another word") == again


def test_everything_that_is_wrong_is_told_at_once(ws: Workspace) -> None:
    with pytest.raises(InvalidInput) as told:
        people.add_person(ws, " ann", "revewer", "short")  # type: ignore[arg-type]
    assert len(told.value.problems) == 3
    assert 'Did you mean "reviewer"?' in told.value.problems[1]
    assert people.list_people(ws) == []


@pytest.mark.parametrize("name", ["", "a\nb", "a\x00", "x" * 65, "ann ", "a\u202eb"])
def test_a_name_that_could_mislead_is_refused(ws: Workspace, name: str) -> None:
    with pytest.raises(InvalidInput, match="A name has"):
        people.add_person(ws, name, "viewer", PASSWORD)


def test_names_that_differ_only_in_case_are_one_too_many(ws: Workspace) -> None:
    people.add_person(ws, "Ann", "viewer", PASSWORD)
    with pytest.raises(InvalidInput, match="too much like Ann"):
        people.add_person(ws, "ann", "viewer", PASSWORD)


def test_a_role_includes_the_ones_before_it() -> None:
    assert [[may(role, needed) for needed in ROLES].count(True) for role in ROLES] == [1, 2, 3, 4]
    assert may("admin", "viewer") and not may("viewer", "reviewer")


def test_an_unknown_name_costs_a_hash_too(ws: Workspace) -> None:
    # What takes the time is the hash; without one for the unknown, a clock would tell the names.
    assert people._NOBODY.cost == people.COST
    assert len(people._NOBODY.salt) == 16 and len(people._NOBODY.password_hash) == 32
    assert people.check_password(ws, "nobody", "") is None


def test_the_commands_add_list_and_remove(
    ws: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ["--workspace", str(ws.root)]
    monkeypatch.setattr("sys.stdin", StringIO(f"{PASSWORD}\n"))
    assert run(["users", "add", "ann", "--role", "trainer", *where]) == 0
    assert capsys.readouterr().out == "ann can sign in as trainer.\n"
    monkeypatch.setattr("sys.stdin", StringIO("\n"))
    assert run(["users", "add", "bob", *where]) == 1
    assert "A password has 8 to" in capsys.readouterr().err
    assert run(["users", "list", "--json", *where]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["name"], listed["role"], listed["disabled_at"]) == ("ann", "trainer", None)
    assert not {"salt", "password_hash", "password"} & set(listed)
    assert run(["users", "remove", "ann", *where]) == 0
    assert run(["users", "remove", "ann", *where]) == 1
    with open_workspace(ws.root) as opened:
        assert not people.has_people(opened)
    assert run(["users", "list", *where]) == 0
    assert "trainer" in capsys.readouterr().out
