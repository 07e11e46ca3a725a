"""Files that cannot be taken in: of no kind, too large, nobody's, another task's."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.errors import InvalidInput
from hone.records.task import Task
from hone.stages.ingest import import_examples, load_session
from hone.stages.ingest.ordered import Order, carry_out, look_at_import, place_order
from hone.stages.ingest.uploads import MOST_BYTES, receive, uploads_folder
from hone.workspace.open import Workspace, init_workspace

SESSION = {
    "hone": 1,
    "kind": "session",
    "task": "qa",
    "position": 0,
    "items": [{"question": "Who?", "answer": "I", "status": "accepted"}],
}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def test_a_file_of_no_kind_is_refused_with_the_kinds_that_there_are(
    ws: Workspace, tmp_path: Path
) -> None:
    # A page break before JSON: neither JSON nor a table.
    odd = tmp_path / "odd.txt"
    odd.write_text('\f{"question": "Who?", "answer": "I"}\n')
    with pytest.raises(InvalidInput) as told:
        import_examples(ws, [odd])
    assert told.value.message == f"{odd} is of no known kind."
    assert told.value.hint.startswith(f"hone import {odd} --as KIND") and "jsonl" in told.value.hint


def test_a_file_that_is_too_large_for_the_browser_leaves_nothing(ws: Workspace) -> None:
    with (
        mmap.mmap(-1, MOST_BYTES + 1) as huge,
        pytest.raises(InvalidInput, match="The file is larger than 4 GB") as told,
        receive(ws, "huge.csv") as receiving,
    ):
        receiving.write(huge)  # type: ignore[arg-type]
    assert told.value.hint.startswith("hone import FILE")
    assert not list(uploads_folder(ws).iterdir())


def test_a_session_is_taken_up_by_somebody(ws: Workspace) -> None:
    with receive(ws, "session.json") as receiving:
        receiving.write(json.dumps(SESSION).encode())
        upload = receiving.finish().upload
    place_order(ws, upload, Order(kind="session"))
    carry_out(ws, upload)
    ended = look_at_import(ws, upload)
    assert (ended.state, ended.error) == ("failed", "Nobody takes this session up.")
    assert ended.hint == "Sign in first."


def test_items_of_a_session_of_another_kind_are_refused_with_the_reason(
    ws: Workspace, tmp_path: Path
) -> None:
    task = Task.model_validate({"kind": "score", "name": "news", "dimensions": ["agency"]})
    (ws.root / "tasks" / "news.yaml").write_text(task.model_dump_json())
    file = tmp_path / "session.json"
    file.write_text(json.dumps(SESSION))
    report = load_session(ws, file, task="news", reviewer="ann")
    assert (report.items, report.refused, report.taken) == (1, 1, 0)
    assert report.reasons == {"it asks a question, and the task news is of the kind score": 1}
