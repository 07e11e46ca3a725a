"""What was shown when an example was decided, whatever became of it since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from hone.records.dataset import ExampleQuery
from hone.records.review import Decision, Verdict
from hone.workspace.store import Filter, Store
from hone.workspace.store.json_text import to_text
from tests.workspace.conftest import row

Fill = Callable[[int], Store]
EVERYTHING = ExampleQuery(status=[], limit=None)


def decide(store: Store, op_id: str, verdict: Verdict, text: str | None = None) -> None:
    output = None if text is None else {"answer": text}
    asked = Decision(op_id=op_id, example_id="e1", verdict=verdict, reviewer="ann", output=output)
    [receipt] = store.journal.decide([asked])
    assert receipt.outcome == "applied", receipt


def shown(store: Store) -> Any:
    first = next(store.reviewed.iterate(EVERYTHING))
    return None if first.shown is None else first.shown["answer"]


def test_an_edit_replaced_the_suggestion(filled: Fill) -> None:
    store = filled(1)
    decide(store, "a", "edit", "better")
    assert shown(store) == "It is 1."


def test_an_edit_of_an_edit_still_replaced_the_suggestion(filled: Fill) -> None:
    store = filled(1)
    for op_id, text in (("a", "better"), ("b", "best"), ("c", "better")):
        decide(store, op_id, "edit", text)
    decide(store, "d", "accept")
    assert store.examples.get("e1").status == "edited"
    assert shown(store) == "It is 1."


def test_an_edit_after_another_suggestion_was_accepted_replaced_that_one(store: Store) -> None:
    further = to_text([{"agent": "rules", "output": {"answer": "other"}, "score": 0.5}])
    store.examples.add_many([row(1, suggestions=further)])
    decide(store, "a", "accept", "other")
    assert shown(store) is None
    decide(store, "b", "edit", "best")
    assert shown(store) == "other"


def test_an_edit_that_was_taken_back_replaced_nothing(filled: Fill) -> None:
    store = filled(1)
    decide(store, "a", "edit", "better")
    store.journal.undo("b", reviewer="ann")
    decide(store, "c", "edit", "best")
    assert shown(store) == "It is 1."


def test_an_edit_where_nothing_was_suggested_replaced_nothing(store: Store) -> None:
    store.examples.add_many([row(1, proposal=None, proposal_agent=None)])
    decide(store, "a", "edit", "first")
    decide(store, "b", "edit", "second")
    assert shown(store) is None


def test_a_rejection_was_about_what_stood_there(filled: Fill) -> None:
    store = filled(1)
    decide(store, "a", "reject")
    assert shown(store) == "It is 1."
    decide(store, "b", "reset")
    decide(store, "c", "edit", "better")
    decide(store, "d", "reject")
    assert shown(store) == "better"


@pytest.mark.parametrize("edits", [True, False])
def test_a_rejection_of_many_was_about_what_stood_there(filled: Fill, edits: bool) -> None:
    store = filled(1)
    if edits:
        decide(store, "a", "edit", "better")
    store.journal.bulk("b", "reject", Filter(task="qa"), reviewer="ann")
    assert shown(store) == ("better" if edits else "It is 1.")


def test_what_is_taken_back_later_does_not_change_what_was_shown(filled: Fill) -> None:
    store = filled(1)
    decide(store, "a", "edit", "better")
    store.journal.bulk("b", "reject", Filter(task="qa"), reviewer="bob")
    store.journal.undo("c", reviewer="ann", target="a")
    assert store.examples.get("e1").status == "rejected"
    assert shown(store) == "better"


def test_many_examples_cost_few_questions(filled: Fill) -> None:
    store = filled(1200)
    store.journal.decide(
        [
            Decision(
                op_id=f"o{number}",
                example_id=f"e{number}",
                verdict="edit" if number % 2 else "reject",
                reviewer="ann",
                output={"answer": f"now {number}"} if number % 2 else None,
            )
            for number in range(1, 1201)
        ]
    )
    asked: list[str] = []
    event.listen(
        store._engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: asked.append(statement),
    )
    found = list(store.reviewed.iterate(EVERYTHING, task="qa"))
    assert [one.shown["answer"] for one in found] == [f"It is {n}." for n in range(1, 1201)]
    # Three chunks of four questions, and what the walk itself asks.
    assert len([one for one in asked if one.startswith("SELECT")]) <= 3 * 4 + 4
