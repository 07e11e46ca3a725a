"""Reviewing: decisions that fit the task, scripted reviews that apply once, and the counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput, NotFound
from hone.records.example import Example, Suggestion
from hone.records.review import Decision, Verdict
from hone.stages import review
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import new_example

PICKUP = """\
kind: extract
name: pickup
fields:
  item: {type: string, required: true}
  quantity: {type: number}
  many: true
"""


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "w") as workspace:
        (workspace.root / "tasks" / "pickup.yaml").write_text(PICKUP)
        examples = [
            Example(
                id=f"q{number}",
                task="qa",
                input={"question": f"Question {number}?"},
                suggestions=[Suggestion(agent="import", output={"answer": f"Answer {number}."})],
                fingerprint=f"q{number}",
            )
            for number in range(1, 6)
        ]
        examples.append(
            Example(id="p1", task="pickup", input={"message": "2 apples"}, fingerprint="p1")
        )
        workspace.store.examples.add_many(new_example(one, search="") for one in examples)
        yield workspace


def decision(example_id: str, verdict: Verdict, **more: Any) -> Decision:
    wanted = {"op_id": review.new_op_id(), "reviewer": "ann", **more}
    return Decision(example_id=example_id, verdict=verdict, **wanted)


def script(ws: Workspace, *lines: Any) -> Path:
    path = ws.root / "decisions.jsonl"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines))
    return path


def test_an_answer_that_does_not_fit_the_task_is_refused_and_the_rest_applied(
    ws: Workspace,
) -> None:
    receipts = review.decide(
        ws,
        [
            decision("q1", "accept"),
            decision("p1", "edit", output=[{"item": "apples", "quantity": "two"}]),
            decision("p1", "edit", output=[{"item": "apples", "quantity": 2}]),
            decision("q2", "edit", output={"reply": "wrong field"}),
            decision("nobody", "edit", output={"answer": "x"}),
            decision("q3", "reject"),
        ],
    )
    assert [one.outcome for one in receipts] == [
        *("applied", "refused", "applied", "refused", "missing", "applied")
    ]
    assert "quantity" in receipts[1].reason
    assert ws.store.examples.get("p1").output == [{"item": "apples", "quantity": 2}]
    assert ws.store.examples.get("q2").status == "pending"


def test_accept_all_accepts_the_number_that_was_shown(ws: Workspace) -> None:
    review.decide(ws, [decision("q1", "reject")])
    count = review.count_acceptable(ws)
    assert count == 4, "the one without a suggestion is not counted"
    receipt = review.accept_all(ws, reviewer="ann", expected_count=count)
    assert (receipt.outcome, receipt.changed) == ("applied", 4)
    assert ws.store.examples.get("p1").status == "pending"
    assert review.undo(ws, reviewer="ann").changed == 4
    assert review.redo(ws, reviewer="ann").changed == 4


def test_accept_all_does_nothing_when_the_number_has_changed(ws: Workspace) -> None:
    count = review.count_acceptable(ws, task="qa")
    review.decide(ws, [decision("q1", "reject")])
    receipt = review.accept_all(ws, reviewer="ann", expected_count=count, task="qa")
    assert receipt.outcome == "conflict"
    assert ws.store.examples.counters()["accepted"] == 0


def test_statistics_say_how_far_the_review_is(ws: Workspace) -> None:
    review.decide(ws, [decision("q1", "accept"), decision("q2", "skip", reviewer="bob")])
    told = review.statistics(ws)
    assert told.sentence == "Reviewed 2 of 6 (4 pending)"
    assert told.by_reviewer == {"ann": {"accepted": 1}, "bob": {"skipped": 1}}
    assert review.statistics(ws, task="pickup").sentence == "Reviewed 0 of 1 (1 pending)"


def test_the_history_of_an_example_is_told(ws: Workspace) -> None:
    review.decide(ws, [decision("q1", "accept"), decision("q1", "reject", note="wrong")])
    assert [(one.verdict, one.note) for one in review.history(ws, "q1")] == [
        ("accept", None),
        ("reject", "wrong"),
    ]


def test_a_file_of_decisions_applies_once(ws: Workspace) -> None:
    path = script(
        ws,
        {"id": "q1", "verdict": "accept"},
        "",
        {"id": "q2", "verdict": "edit", "output": {"answer": "Better."}, "note": "short"},
        {"id": "q3", "verdict": "reject", "reviewer": "bob"},
        {"id": "nobody", "verdict": "accept"},
        {"id": "q4", "verdict": "accept", "base_version": 7},
        {"id": "p1", "verdict": "accept"},
    )
    shown: list[int] = []
    report = review.apply_decisions(ws, path, reviewer="ann", on_progress=shown.append)
    assert report.read == 6 and shown == [6]
    assert report.outcomes == {
        "applied": 3,
        "duplicate": 0,
        "conflict": 1,
        "missing": 1,
        "refused": 1,
    }
    assert [one.split(":")[0] for one in report.problems] == ["line 5", "line 6", "line 7"]
    edited = ws.store.examples.get("q2")
    assert (edited.output, edited.note, edited.reviewer) == ({"answer": "Better."}, "short", "ann")
    assert ws.store.examples.get("q3").reviewer == "bob"
    review.undo(ws, reviewer="bob")
    again = review.apply_decisions(ws, path, reviewer="ann")
    assert again.outcomes["duplicate"] == 3 and again.outcomes["applied"] == 0
    assert ws.store.examples.get("q3").status == "pending", "what was taken back stays so"


def test_a_file_with_lines_that_are_no_decisions_applies_nothing_and_names_them(
    ws: Workspace,
) -> None:
    path = script(
        ws,
        {"id": "q1", "verdict": "accept"},
        {"id": "q2", "verdict": "aprove"},
        "{not json",
        {"example": "q3", "verdict": "accept"},
        "[1, 2]",
        "[" * 100_000,
    )
    with pytest.raises(InvalidInput, match="5 lines that are no decisions") as told:
        review.apply_decisions(ws, path, reviewer="ann")
    assert [one.split(":")[0] for one in told.value.problems] == [
        *("line 2", "line 3", "line 4", "line 5", "line 6")
    ]
    assert "Did you mean" in " ".join(told.value.problems) or "Known:" in " ".join(
        told.value.problems
    )
    assert ws.store.journal.last_seq() == 0


def test_a_file_in_another_encoding_is_refused_by_line(ws: Workspace) -> None:
    path = ws.root / "latin.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "q1", "verdict": "accept"}\n'
                     b'{"id": "q2", "verdict": "reject", "note": "fa\xe7on"}\n')  # fmt: skip
    with pytest.raises(InvalidInput) as told:
        review.apply_decisions(ws, path, reviewer="ann")
    assert [one.split(":")[0] for one in told.value.problems] == ["line 2"]


def test_a_file_that_is_not_there_is_named(ws: Workspace) -> None:
    with pytest.raises(NotFound, match=r"none\.jsonl"):
        review.apply_decisions(ws, ws.root / "none.jsonl", reviewer="ann")


def test_a_long_file_is_applied_batch_by_batch(ws: Workspace) -> None:
    lines = [{"id": f"q{1 + n % 5}", "verdict": "skip", "op_id": f"s{n}"} for n in range(2300)]
    shown: list[int] = []
    report = review.apply_decisions(
        ws, script(ws, *lines), reviewer="ann", on_progress=shown.append
    )
    assert shown == [1000, 2000, 2300] and report.outcomes["applied"] == 2300
