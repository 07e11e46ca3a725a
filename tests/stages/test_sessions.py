"""Saving a review session and taking it up again: here, elsewhere, and after changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.records.example import Example
from hone.records.review import Decision, Verdict
from hone.stages.ingest import import_examples, load_session, save_session
from hone.workspace.open import Workspace, init_workspace

PAIRS = [{"question": f"q{n}", "answer": f"a{n}"} for n in range(7)]
VERDICTS: list[Verdict] = ["accept", "edit", "reject", "skip", "flag", "unknown"]


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """Seven examples: one in every state, the last one pending."""
    path = tmp_path / "q.json"
    path.write_text(json.dumps(PAIRS))
    with init_workspace(tmp_path / "workspace") as opened:
        import_examples(opened, [path])
        for example, verdict in zip(every(opened), VERDICTS, strict=False):
            decide(opened, example, verdict)
        yield opened


def every(ws: Workspace) -> list[Example]:
    return list(ws.store.examples.iterate(None))


def decide(ws: Workspace, example: Example, verdict: Verdict, **more: Any) -> None:
    output = {"answer": "edited"} if verdict == "edit" else None
    ws.store.journal.decide(
        [
            Decision(
                op_id=f"{verdict}-{example.id}-{example.version}",
                example_id=example.id,
                verdict=verdict,
                reviewer="ada",
                base_version=None,
                output=more.get("output", output),
                note=more.get("note", f"note of {verdict}"),
            )
        ]
    )


def state(ws: Workspace) -> list[dict[str, Any]]:
    fields = {"id", "input", "output", "suggestions", "status", "note", "origin", "context", "tags"}
    return [example.model_dump(include=fields) for example in every(ws)]


def test_a_saved_session_has_the_documented_form(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    report = save_session(ws, path, position=2)
    assert (report.items, report.position) == (7, 2)
    saved = json.loads(path.read_text("utf-8"))
    assert {name: saved[name] for name in ("hone", "kind", "task", "position")} == {
        "hone": 1,
        "kind": "session",
        "task": "qa",
        "position": 2,
    }
    assert saved["items"][1] == {
        "id": every(ws)[1].id,
        "question": "q1",
        "answer": "edited",
        "original_answer": "a1",
        "status": "edited",
        "notes": "note of edit",
        "origin": {"file": "q.json", "row": 2, "line": 1},
    }
    assert [item["status"] for item in saved["items"]] == [
        "accepted",
        "edited",
        "rejected",
        "skipped",
        "flagged",
        "unknown",
        "pending",
    ]


def test_a_session_taken_up_in_another_workspace_gives_the_same_state(
    ws: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "session.json"
    save_session(ws, path, position=4)
    with init_workspace(tmp_path / "other") as other:
        report = load_session(other, path, reviewer="bo")
        assert (report.items, report.taken, report.decided, report.refused) == (7, 7, 6, 0)
        assert report.position == 4
        assert state(other) == state(ws)
        assert {operation.reviewer for operation in other.store.journal.operations()} == {"bo"}
        again = load_session(other, path, reviewer="bo")
        assert (again.taken, again.duplicate, again.decided) == (0, 7, 0)
        assert len(list(other.store.journal.operations())) == 6


def test_a_session_taken_up_where_it_was_saved_changes_nothing(
    ws: Workspace, tmp_path: Path
) -> None:
    before, operations = state(ws), list(ws.store.journal.operations())
    path = tmp_path / "session.json"
    save_session(ws, path)
    assert load_session(ws, path, reviewer="bo").decided == 0
    assert state(ws) == before
    assert list(ws.store.journal.operations()) == operations


def test_an_older_session_takes_the_review_back_to_where_it_stood_as_decisions(
    ws: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "session.json"
    save_session(ws, path)
    before = state(ws)
    decide(ws, every(ws)[0], "reject")
    decide(ws, every(ws)[1], "edit", output={"answer": "again"})
    assert load_session(ws, path, reviewer="bo").decided == 2
    assert state(ws) == before


def test_passages_tags_and_groups_survive(tmp_path: Path) -> None:
    asked = {"question": "q", "answers": [{"text": "a"}]}
    article = {"title": "Grace", "paragraphs": [{"context": "text", "qas": [asked]}]}
    source = tmp_path / "squad.json"
    source.write_text(json.dumps({"data": [article]}))
    path = tmp_path / "session.json"
    with init_workspace(tmp_path / "one") as one, init_workspace(tmp_path / "two") as two:
        import_examples(one, [source])
        save_session(one, path)
        load_session(two, path, reviewer="bo")
        assert state(one) == state(two)
        assert every(two)[0].group == "Grace"
        # The same example is known again when its source is imported afterwards.
        assert import_examples(two, [source]).duplicate == 1


def test_sessions_of_other_tasks_hold_inputs_and_outputs(tmp_path: Path) -> None:
    source = tmp_path / "slots.json"
    source.write_text(json.dumps([{"message": "2 kale", "slots": {"item": "kale", "quantity": 2}}]))
    path = tmp_path / "session.json"
    with (
        init_workspace(tmp_path / "one", template="extract") as one,
        init_workspace(tmp_path / "two", template="extract") as two,
    ):
        import_examples(one, [source], accept_as="ada")
        save_session(one, path)
        item = json.loads(path.read_text("utf-8"))["items"][0]
        assert item["output"] == item["original_output"] == [{"item": "kale", "quantity": 2}]
        assert load_session(two, path, reviewer="bo").decided == 1
        assert state(one) == state(two)


def test_hone_import_takes_a_session_up_as_well(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    save_session(ws, path)
    with init_workspace(tmp_path / "other") as other:
        report = import_examples(other, [path], accept_as="bo")
        assert (report.read, report.taken, report.files[0].shape) == (7, 7, "session")
        assert report.files[0].notes[-1] == "6 decisions taken up"
        assert state(other) == state(ws)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question": ""}, "question is missing"),
        ({"status": "accepted", "answer": ""}, "output must be an object"),
        ({"question": "another"}, "its id belongs to another example"),
        ({"status": "finished"}, 'unknown status "finished"'),
        ({"tags": 7}, "the tags are no list"),
        ({"group": ["x"]}, "the group is no text"),
        ({"occurred_at": "soon"}, "occurred_at 'soon' is no time"),
        ({"question": "half \ud800"}, "lone surrogate"),
        ({"original_answer": 7}, "answer must be text"),
    ],
)
def test_items_that_do_not_fit_are_refused_and_the_others_taken(
    ws: Workspace, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "session.json"
    save_session(ws, path)
    saved = json.loads(path.read_text("utf-8"))
    saved["items"][0] |= change
    path.write_text(json.dumps(saved))
    before = state(ws)
    report = load_session(ws, path, reviewer="bo")
    assert (report.items, report.refused, report.duplicate) == (7, 1, 6)
    assert reason in next(iter(report.reasons))
    assert state(ws) == before


def test_a_cut_session_changes_nothing(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    save_session(ws, path)
    path.write_text(path.read_text("utf-8")[:-60])
    with init_workspace(tmp_path / "other") as other:
        with pytest.raises(InvalidInput, match="not JSON from here on"):
            load_session(other, path, reviewer="bo")
        assert not every(other)


def test_saving_over_a_session_never_leaves_half_of_one(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "session.json"
    save_session(ws, path)
    first = path.read_text("utf-8")
    save_session(ws, path)
    assert [one.name for one in path.parent.iterdir()] == ["session.json"]
    assert json.loads(first)["items"] == json.loads(path.read_text("utf-8"))["items"]
