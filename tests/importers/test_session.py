"""Session files: their items, their head, and what is wrong with a file that is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput, WorkspaceTooNew
from hone.importers import session
from tests.importers.reading import read, read_text

ITEM: dict[str, Any] = {
    "id": "1",
    "question": "q",
    "answer": "b",
    "original_answer": "a",
    "status": "edited",
    "notes": "",
    "origin": {"file": "q.csv", "row": 7},
}


def saved(folder: Path, *items: dict[str, Any], **head: Any) -> Path:
    path = folder / "session.json"
    whole = {"hone": 1, "kind": "session", "task": "qa", "position": 41} | head
    path.write_text(json.dumps(whole | {"items": list(items)}))
    return path


def test_items_and_head_are_read(tmp_path: Path) -> None:
    path = saved(tmp_path, ITEM)
    assert read("session", path).fields == [ITEM]
    assert session.header(path)["position"] == 41
    assert session.sniff(path, path.read_bytes()) > 0.9


def test_an_empty_session_is_a_session(tmp_path: Path) -> None:
    assert read("session", saved(tmp_path)).rows == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "done"}, 'unknown status "done"'),
        ({"question": None}, ""),
        ({"origin": "q.csv"}, "the origin is no object"),
        ({"context": ["x"]}, "the context is no list of passages"),
    ],
)
def test_items_that_are_not_understood_are_refused(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    found = read("session", saved(tmp_path, ITEM | change, ITEM))
    assert found.reasons == ([reason] if reason else [])
    assert len(found.rows) == (1 if reason else 2)


def test_an_item_without_contents_is_refused(tmp_path: Path) -> None:
    found = read("session", saved(tmp_path, {"status": "pending"}))
    assert found.reasons == ["no question and no input"]


def test_a_session_of_a_later_hone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceTooNew):
        session.header(saved(tmp_path, ITEM, hone=2))


@pytest.mark.parametrize("text", ['{"kind": "other", "items": []}', '{"a": 1}', "[1]", "{}"])
def test_other_json_is_no_session(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput, match="is no session"):
        read_text("session", tmp_path, text)


def test_a_cut_session_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = saved(tmp_path, ITEM)
    path.write_text(path.read_text()[:-30])
    with pytest.raises(InvalidInput, match="line 1"):
        session.header(path)
