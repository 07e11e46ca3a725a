"""What others decided is told: every operation once, with its examples, by indexed questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from hone.errors import NotFound
from hone.records.choice import Choice
from hone.records.example import Example, Suggestion
from hone.records.review import Decision
from hone.stages import review
from hone.stages.review.changes import MOST_IDS, MOST_OPERATIONS
from hone.workspace.open import Workspace, init_workspace, open_workspace
from hone.workspace.store import new_example


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "w") as workspace:
        add(workspace, range(1, 101))
        yield workspace


def add(ws: Workspace, numbers: range) -> None:
    ws.store.examples.add_many(
        new_example(
            Example(
                id=f"q{number}",
                task="qa",
                input={"question": str(number)},
                suggestions=[Suggestion(agent="import", output={"answer": "yes"})],
                fingerprint=f"q{number}",
            ),
            search="",
        )
        for number in numbers
    )


def accept(ws: Workspace, name: str, op_id: str) -> None:
    review.decide(ws, [Decision(op_id=op_id, example_id=name, verdict="accept", reviewer="ann")])


def test_every_operation_is_told_once_with_its_examples(ws: Workspace) -> None:
    begin = review.changes(ws, None)
    assert (begin.seq, begin.position, begin.operations) == (0, 100, [])
    with open_workspace(ws.root) as elsewhere:  # another terminal
        accept(elsewhere, "q3", "one")
        review.undo(elsewhere, reviewer="ann", op_id="back")
    told = review.changes(ws, begin.seq)
    assert [(one.op_id, one.kind, one.verdict, one.ids) for one in told.operations] == [
        ("one", "decide", "accept", ["q3"]),
        ("back", "undo", None, ["q3"]),
    ]
    assert (told.seq, told.is_cut) == (2, False)
    assert told.operations[0].at.tzinfo is not None
    review.redo(ws, reviewer="ann", op_id="again")
    assert [one.ids for one in review.changes(ws, told.seq).operations] == [["q3"]]
    assert review.changes(ws, 3).operations == []


def test_of_many_examples_the_first_are_named(ws: Workspace) -> None:
    accept(ws, "q2", "first")
    wanted = review.BulkDecision(
        op_id="many", verdict="accept", choice=Choice(status=["pending"]), reviewer="bob"
    )
    review.decide_many(ws, wanted)
    review.undo(ws, reviewer="bob", op_id="back")
    many, back = review.changes(ws, 1).operations
    expected = [f"q{number}" for number in range(1, 60) if number != 2][:MOST_IDS]
    assert many.ids == back.ids == expected
    assert (many.changed, many.has_more_ids, back.has_more_ids) == (99, True, True)
    touched = review.changed_by(ws, "many")
    assert (len(touched.ids), touched.has_more) == (99, False)
    assert review.changed_by(ws, "back") == touched


def test_an_import_elsewhere_is_seen_by_the_position(ws: Workspace) -> None:
    with open_workspace(ws.root) as elsewhere:
        add(elsewhere, range(101, 104))
    assert review.changes(ws, 0).position == 103


def test_who_missed_too_much_is_told_to_look_anew(ws: Workspace) -> None:
    decisions = [
        Decision(op_id=f"s{n}", example_id="q1", verdict="skip", reviewer="ann")
        for n in range(MOST_OPERATIONS + 1)
    ]
    review.decide(ws, decisions)
    assert review.changes(ws, 0).is_cut
    assert not review.changes(ws, 1).is_cut
    assert review.changes(ws, 10**6).is_cut, "another store than the one that was watched"


def test_an_operation_that_is_not_known_is_named(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="nothing"):
        review.changed_by(ws, "nothing")


def test_a_poll_asks_three_questions_and_scans_nothing(ws: Workspace) -> None:
    for number in range(1, 50):
        accept(ws, f"q{number}", f"a{number}")
    asked: list[tuple[str, Any]] = []
    engine = ws.store.examples._engine
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _k, statement, parameters, *_: asked.append((statement, parameters)),
    )
    review.changes(ws, 49)
    questions = [one for one in asked if one[0].startswith("SELECT")]
    assert len(questions) == 3
    with engine.connect() as connection:
        plan = [
            line.detail
            for statement, parameters in questions
            for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    # The highest number of a table is read from its end.
    assert [line for line in plan if line.startswith("SCAN")] == []
