"""What a reviewer's requests do, one promise at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hone.errors import InvalidInput, NotFound
from hone.records.review import Decision, Receipt, Verdict
from hone.workspace.store import Filter, Store
from hone.workspace.store.json_text import to_text
from tests.workspace.conftest import row

Fill = Callable[[int], Store]
PENDING = Filter(status=("pending",))


def decide(store: Store, op_id: str, example_id: str, verdict: Verdict, **more: Any) -> Receipt:
    wanted = {"reviewer": "ann", **more}
    [receipt] = store.journal.decide(
        [Decision(op_id=op_id, example_id=example_id, verdict=verdict, **wanted)]
    )
    return receipt


def test_accepting_takes_the_first_suggestion_or_the_chosen_one(store: Store) -> None:
    further = to_text([{"agent": "rules", "output": {"answer": "other"}, "score": 0.5}])
    store.examples.add_many([row(1, suggestions=further), row(2, suggestions=further)])
    decide(store, "a", "e1", "accept")
    decide(store, "b", "e2", "accept", output={"answer": "other"})
    assert store.examples.get("e1").output == {"answer": "It is 1."}
    assert store.examples.get("e2").output == {"answer": "other"}
    assert store.examples.get("e2").status == "accepted"


def test_accepting_an_answer_that_nobody_suggested_is_an_edit(filled: Fill) -> None:
    store = filled(1)
    receipt = decide(store, "a", "e1", "accept", output={"answer": "mine"})
    assert receipt.outcome == "applied" and "kept as an edit" in receipt.reason
    assert store.examples.get("e1").status == "edited"
    assert store.journal.history("e1")[0].verdict == "edit"
    assert decide(store, "a", "e1", "accept", output={"answer": "mine"}).outcome == "duplicate"


def test_an_example_without_a_suggestion_must_be_edited(store: Store) -> None:
    store.examples.add_many([row(1, proposal=None, proposal_agent=None), row(2)])
    refused, applied = store.journal.decide(
        [
            Decision(op_id="a", example_id="e1", verdict="accept", reviewer="ann"),
            Decision(op_id="b", example_id="e2", verdict="accept", reviewer="ann"),
        ]
    )
    assert refused.outcome == "refused" and "edit it" in refused.reason
    assert applied.outcome == "applied"
    assert store.journal.count_bulk("accept", PENDING) == 0
    assert store.examples.get("e1").status == "pending"


@pytest.mark.parametrize("output", [None, "", " \n", {"answer": " "}, {"answer": None}])
def test_an_empty_edit_is_refused(filled: Fill, output: object) -> None:
    receipt = decide(filled(1), "a", "e1", "edit", output=output)
    assert receipt.outcome == "refused" and "empty" in receipt.reason


def test_an_edit_to_nothing_found_is_an_answer(filled: Fill) -> None:
    store = filled(1)
    assert decide(store, "a", "e1", "edit", output=[]).outcome == "applied"
    assert store.examples.get("e1").output == []


def test_an_edit_that_is_no_json_is_refused(filled: Fill) -> None:
    receipt = decide(filled(1), "a", "e1", "edit", output={"labels": float("nan")})
    assert receipt.outcome == "refused" and "NaN" in receipt.reason


def test_accepting_an_edit_keeps_it_an_edit_also_after_a_flag(filled: Fill) -> None:
    store = filled(1)
    decide(store, "a", "e1", "edit", output={"answer": "mine"}, note="spelling")
    decide(store, "b", "e1", "flag", reviewer="bob")
    flagged = store.examples.get("e1")
    assert (flagged.status, flagged.output) == ("flagged", {"answer": "mine"})
    decide(store, "c", "e1", "accept", reviewer="bob")
    kept = store.examples.get("e1")
    assert (kept.status, kept.output, kept.note) == ("edited", {"answer": "mine"}, "spelling")


def test_a_late_decision_never_overwrites(filled: Fill) -> None:
    store = filled(1)
    decide(store, "a", "e1", "edit", output={"answer": "ann's"}, base_version=1)
    late = decide(store, "b", "e1", "reject", reviewer="bob", base_version=1)
    assert (late.outcome, late.version) == ("conflict", 2)
    assert store.examples.get("e1").output == {"answer": "ann's"}
    assert decide(store, "b", "e1", "reject", reviewer="bob", base_version=2).outcome == "applied"


def test_the_same_request_again_gets_the_same_receipt(filled: Fill) -> None:
    store = filled(3)
    first = decide(store, "a", "e1", "accept", base_version=1)
    decide(store, "b", "e1", "reject")
    again = decide(store, "a", "e1", "accept", base_version=1)
    assert again == first.model_copy(update={"outcome": "duplicate"})
    bulk = store.journal.bulk("c", "accept", PENDING, "ann", 2)
    assert store.journal.bulk("c", "accept", PENDING, "ann", 2) == bulk.model_copy(
        update={"outcome": "duplicate"}
    )
    undo = store.journal.undo("d", reviewer="ann")
    assert store.journal.undo("d", reviewer="ann") == undo.model_copy(
        update={"outcome": "duplicate"}
    )
    assert store.examples.counters()["accepted"] == 0
    assert store.journal.last_seq() == 4


def test_a_name_is_not_used_for_two_operations(filled: Fill) -> None:
    store = filled(2)
    decide(store, "a", "e1", "accept")
    for receipt in (
        decide(store, "a", "e2", "accept"),
        decide(store, "a", "e1", "reject"),
        store.journal.bulk("a", "accept", PENDING, "ann"),
        store.journal.undo("a", reviewer="ann"),
        store.journal.redo("a", reviewer="ann"),
    ):
        assert (receipt.outcome, "another operation" in receipt.reason) == ("refused", True)


def test_a_bulk_accept_that_fits_another_number_than_shown_does_nothing(filled: Fill) -> None:
    store = filled(5)
    shown = store.journal.count_bulk("accept", PENDING)
    decide(store, "x", "e3", "reject")
    receipt = store.journal.bulk("b", "accept", PENDING, "ann", shown)
    assert receipt.outcome == "conflict" and "5 were shown, 4 fit now" in receipt.reason
    assert store.examples.counters()["accepted"] == 0


def test_a_bulk_operation_is_one_row_with_ranges_and_undone_as_one(filled: Fill) -> None:
    store = filled(10)
    decide(store, "x", "e4", "reject")
    store.journal.bulk("b", "accept", PENDING, "ann")
    rows = list(store.journal.operations(after=1))
    assert [one.members for one in rows] == [[(1, 3), (5, 10)]]
    receipt = store.journal.undo("u", reviewer="ann")
    assert (receipt.changed, receipt.kept) == (9, 0)
    assert store.examples.counters()["pending"] == 9


def test_undoing_a_bulk_operation_leaves_later_decisions_and_says_so(filled: Fill) -> None:
    store = filled(4)
    store.journal.bulk("b", "accept", PENDING, "ann")
    decide(store, "x", "e2", "edit", output={"answer": "better"}, reviewer="bob")
    receipt = store.journal.undo("u", reviewer="ann")
    assert (receipt.changed, receipt.kept) == (3, 1)
    assert store.examples.get("e2").output == {"answer": "better"}
    assert store.journal.undo("v", reviewer="bob").outcome == "applied"
    assert store.examples.get("e2").status == "pending"


def test_undo_gives_back_exactly_what_stood_before(filled: Fill) -> None:
    store = filled(1)
    decide(store, "a", "e1", "edit", output={"answer": "one"}, note="first", reviewer="bob")
    before = store.examples.get("e1")
    decide(store, "b", "e1", "reject", note="no")
    store.journal.undo("u", reviewer="ann")
    after = store.examples.get("e1")
    assert after == before.model_copy(update={"version": 4})


def test_undo_and_redo_walk_back_and_forth_and_a_new_decision_ends_it(filled: Fill) -> None:
    store = filled(3)
    for number in (1, 2, 3):
        decide(store, f"a{number}", f"e{number}", "accept")
    states: list[int] = []
    for number in range(4):
        store.journal.undo(f"u{number}", reviewer="ann")
        states.append(store.examples.counters()["accepted"])
    for number in range(4):
        store.journal.redo(f"r{number}", reviewer="ann")
        states.append(store.examples.counters()["accepted"])
    assert states == [2, 1, 0, 0, 1, 2, 3, 3]
    store.journal.undo("u", reviewer="ann")
    decide(store, "new", "e3", "reject")
    assert store.journal.redo("r", reviewer="ann").outcome == "missing"
    assert store.journal.redo("s", reviewer="ann", target="a3").kept == 1


def test_undo_without_a_target_never_touches_another_reviewer(filled: Fill) -> None:
    store = filled(2)
    decide(store, "a", "e1", "accept", reviewer="ann")
    decide(store, "b", "e2", "accept", reviewer="bob")
    store.journal.undo("u", reviewer="ann")
    assert store.examples.get("e1").status == "pending"
    assert store.examples.get("e2").status == "accepted"
    assert store.journal.undo("v", reviewer="ann").outcome == "missing"
    assert store.journal.undo("w", reviewer="ann", target="b").outcome == "applied"


def test_an_undo_cannot_be_undone_and_says_what_to_do(filled: Fill) -> None:
    store = filled(1)
    decide(store, "a", "e1", "accept")
    store.journal.undo("u", reviewer="ann")
    receipt = store.journal.undo("v", reviewer="ann", target="u")
    assert receipt.outcome == "refused" and "redo" in receipt.reason
    assert store.journal.undo("w", reviewer="ann", target="a").outcome == "conflict"
    assert store.journal.redo("x", reviewer="ann", target="u").changed == 1


def test_many_cannot_be_edited_at_once(filled: Fill) -> None:
    with pytest.raises(InvalidInput, match="one by one"):
        filled(2).journal.bulk("b", "edit", PENDING, "ann")


def test_the_history_of_an_example_tells_what_was_taken_back(filled: Fill) -> None:
    store = filled(3)
    store.journal.bulk("b", "accept", PENDING, "ann")
    decide(store, "x", "e2", "edit", output={"answer": "new"}, note="why", reviewer="bob")
    store.journal.undo("u", reviewer="ann", target="b")
    told = store.journal.history("e2")
    assert [(one.op_id, one.kind, one.undone_by) for one in told] == [
        ("b", "bulk", "u"),
        ("x", "decide", None),
    ]
    assert (told[1].old_output, told[1].new_output) == (
        {"answer": "It is 2."},
        {"answer": "new"},
    )
    assert [one.op_id for one in store.journal.history("e1")] == ["b"]
    with pytest.raises(NotFound):
        store.journal.history("nobody")


def test_what_each_reviewer_did_is_counted(filled: Fill) -> None:
    store = filled(4)
    store.journal.bulk("b", "accept", PENDING, "ann")
    decide(store, "x", "e2", "reject", reviewer="bob")
    assert store.journal.by_reviewer() == {"ann": {"accepted": 3}, "bob": {"rejected": 1}}


def test_reviewers_who_decide_at_the_same_time_lose_nothing(filled: Fill) -> None:
    store = filled(60)
    receipts: dict[str, list[Receipt]] = {"ann": [], "bob": [], "eve": []}

    def review(who: str) -> None:
        for number in range(1, 61):
            receipts[who].append(
                decide(
                    store, f"{who}-{number}", f"e{number}", "accept", reviewer=who, base_version=1
                )
            )

    threads = [threading.Thread(target=review, args=(who,)) for who in receipts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes = [one.outcome for several in receipts.values() for one in several]
    assert (outcomes.count("applied"), outcomes.count("conflict")) == (60, 120)
    assert store.examples.counters()["accepted"] == 60
    assert store.journal.last_seq() == 60
