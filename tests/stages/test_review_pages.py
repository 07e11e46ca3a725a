"""Choosing, paging and deciding many at once, as the review app asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from hone.errors import InvalidInput
from hone.records.choice import Choice, Span
from hone.records.example import Example, Suggestion
from hone.records.review import Decision, Verdict
from hone.stages import review
from hone.stages.review import BulkDecision
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import new_example


def example(number: int) -> Example:
    suggested = [Suggestion(agent="rules", output={"answer": "yes"}, score=number / 10)]
    return Example(
        id=f"q{number}",
        task="qa",
        input={"question": f"Is {number} enough?"},
        suggestions=suggested if number != 7 else [],
        fingerprint=f"q{number}",
    )


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """Eight examples; q7 has no suggestion."""
    with init_workspace(tmp_path / "w") as workspace:
        workspace.store.examples.add_many(
            new_example(example(number), search=f"is {number} enough") for number in range(1, 9)
        )
        yield workspace


def decide(ws: Workspace, verdict: Verdict, *ids: str, reviewer: str = "ann") -> None:
    review.decide(
        ws,
        [
            Decision(op_id=review.new_op_id(), example_id=id, verdict=verdict, reviewer=reviewer)
            for id in ids
        ],
    )


def many(choice: Choice, **more: object) -> BulkDecision:
    wanted = {"op_id": "many", "verdict": "accept", "reviewer": "bob", "choice": choice}
    return BulkDecision.model_validate({**wanted, **more})


def statuses(ws: Workspace) -> str:
    """The first letter of every example's status."""
    return "".join(one.status[0] for one in review.page(ws).items)


def test_a_page_says_what_is_on_it_and_around_it(ws: Workspace) -> None:
    decide(ws, "reject", "q2")
    first = review.page(ws, Choice(task="qa"), Span(order="newest", limit=3))
    assert [one.id for one in first.items] == ["q8", "q7", "q6"]
    assert (first.has_before, first.has_after, first.total) == (False, True, 8)
    assert first.counters["rejected"] == 1
    back = review.page(ws, Choice(), Span(order="newest", before=first.last, limit=10))
    assert [one.id for one in back.items] == ["q8", "q7"]


def test_days_and_moments_are_those_of_the_decision_that_stands(ws: Workspace) -> None:
    decide(ws, "accept", "q1", "q2")
    today, now = datetime.now(UTC).date(), datetime.now(UTC)

    def found(**asked: object) -> list[str]:
        return [one.id for one in review.page(ws, Choice.model_validate(asked)).items]

    assert found(since=today, until=today) == ["q1", "q2"]
    assert found(since=today.isoformat()) == ["q1", "q2"]
    assert found(until=today - timedelta(days=1)) == []
    assert found(since=now + timedelta(seconds=1)) == []
    assert found(until=now + timedelta(seconds=1)) == ["q1", "q2"]
    at = ws.store.journal.history("q1")[0].at
    assert found(since=at, until=at) == ["q1", "q2"], "one transaction is one moment"
    assert found(since=at.replace(tzinfo=None)) == ["q1", "q2"], "without a zone it is UTC"
    review.undo(ws, reviewer="ann")
    assert found(since=today) == ["q1"]


@pytest.mark.parametrize("asked", [{"since": date(999, 1, 1)}, {"until": date(9999, 12, 31)}])
def test_a_time_out_of_reach_is_refused(ws: Workspace, asked: dict[str, date]) -> None:
    with pytest.raises(InvalidInput, match="out of reach"):
        review.page(ws, Choice.model_validate(asked))


def test_a_page_has_one_beginning() -> None:
    with pytest.raises(ValidationError, match="one of after, before and around"):
        Span(after="x", around="y")


def test_what_was_previewed_is_decided_and_taken_back_as_one(ws: Workspace) -> None:
    choice = Choice(status=["pending"], min_score=0.3)
    shown = review.preview_bulk(ws, "accept", choice)
    assert shown.count == 5
    receipt = review.decide_many(
        ws, many(choice, expected_count=5, snapshot=shown.snapshot, note="looks right")
    )
    assert (receipt.outcome, receipt.changed, receipt.kept) == ("applied", 5, 0)
    assert statuses(ws) == "ppaaaapa"
    assert review.find_example(ws, "q3").note == "looks right"
    again = review.decide_many(ws, many(choice, expected_count=5, snapshot=shown.snapshot))
    assert (again.outcome, again.changed) == ("duplicate", 5)
    assert review.undo(ws, reviewer="bob", target="many").changed == 5
    assert review.find_example(ws, "q3").note == ""
    assert statuses(ws) == "p" * 8


def test_ids_are_decided_and_nothing_else(ws: Workspace) -> None:
    choice = Choice(ids=["q1", "q5", "nobody", "q7"])
    shown = review.preview_bulk(ws, "accept", choice)
    assert shown.count == 2, "q7 has nothing to accept"
    review.decide_many(ws, many(choice, expected_count=2, snapshot=shown.snapshot))
    assert statuses(ws) == "apppappp"


def test_what_came_or_was_touched_after_the_preview_is_left_alone(ws: Workspace) -> None:
    choice = Choice(status=["pending"])
    decide(ws, "accept", "q1", reviewer="carl")
    shown = review.preview_bulk(ws, "reject", choice)
    assert shown.count == 7
    review.undo(ws, reviewer="carl")
    decide(ws, "flag", "q2")
    decide(ws, "flag", "q3")
    review.undo(ws, reviewer="ann")
    ws.store.examples.add_many([new_example(example(9), search="")])
    review.decide_many(
        ws,
        BulkDecision(
            op_id="other", verdict="skip", reviewer="ann", choice=Choice(ids=["q4", "q5"])
        ),
    )
    review.undo(ws, reviewer="ann", target="other")
    receipt = review.decide_many(
        ws, many(choice, verdict="reject", expected_count=7, snapshot=shown.snapshot)
    )
    # q1 is pending again, but was not shown; q3, q4 and q5 were touched, though they stand as
    # before.
    assert statuses(ws) == "pfppprrrp"
    assert (receipt.outcome, receipt.changed, receipt.kept) == ("applied", 3, 4)
    assert "later decision" in receipt.reason
    again = review.decide_many(
        ws, many(choice, verdict="reject", expected_count=7, snapshot=shown.snapshot)
    )
    assert (again.outcome, again.changed, again.kept) == ("duplicate", 3, 4)


def test_more_than_was_shown_is_a_conflict_and_changes_nothing(ws: Workspace) -> None:
    shown = review.preview_bulk(ws, "reject", Choice(ids=["q1"]))
    receipt = review.decide_many(
        ws, many(Choice(), verdict="reject", expected_count=1, snapshot=shown.snapshot)
    )
    assert (receipt.outcome, statuses(ws)) == ("conflict", "p" * 8)


def test_nothing_is_left_where_everything_was_decided_meanwhile(ws: Workspace) -> None:
    choice = Choice(ids=["q1"])
    shown = review.preview_bulk(ws, "reject", choice)
    decide(ws, "accept", "q1")
    receipt = review.decide_many(
        ws, many(choice, verdict="reject", expected_count=1, snapshot=shown.snapshot)
    )
    assert (receipt.outcome, receipt.kept) == ("missing", 1)
    assert review.find_example(ws, "q1").status == "accepted"


@pytest.mark.parametrize("snapshot", ["", "1", "1-", "-1-2", "1-2-3", "x-y", "9" * 30 + "-1"])
def test_what_is_no_snapshot_is_refused(ws: Workspace, snapshot: str) -> None:
    with pytest.raises(InvalidInput, match="no snapshot"):
        review.decide_many(ws, many(Choice(), snapshot=snapshot))


def test_many_cannot_be_edited_at_once(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="edited at once"):
        review.decide_many(ws, many(Choice(), verdict="edit"))


@pytest.mark.parametrize("verdict", ["accept", "reject"])
@pytest.mark.parametrize(
    "choice",
    [
        Choice(),
        Choice(status=["pending"]),
        Choice(task="qa"),
        Choice(task="none"),
        Choice(text="is"),
    ],
)
def test_the_previewed_number_is_what_a_bulk_decision_changes(
    ws: Workspace, verdict: Verdict, choice: Choice
) -> None:
    decide(ws, "reject", "q7")
    decide(ws, "accept", "q1")
    shown = review.preview_bulk(ws, verdict, choice)
    receipt = review.decide_many(ws, many(choice, verdict=verdict))
    assert receipt.changed == shown.count
