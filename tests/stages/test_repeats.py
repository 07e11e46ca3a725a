"""Blind repeats: they look new, change nothing, are compared with the decision of then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hone.errors import NotFound
from hone.records.choice import Choice, Span
from hone.records.example import Example, Suggestion
from hone.records.review import Decision, Receipt, Verdict
from hone.stages import review
from hone.stages.configure import change_setting
from hone.stages.evaluate.ceiling import human_ceiling
from hone.stages.ingest import save_session
from hone.workspace.open import Workspace, init_workspace, open_workspace
from hone.workspace.store import new_example
from hone.workspace.store.repeat_acts import is_same_answer
from hone.workspace.store.repeat_offers import LEAST_BETWEEN

PENDING = Choice(status=["pending"])


def example(number: int, task: str = "qa") -> Example:
    return Example(
        id=f"q{number}",
        task=task,
        input={"question": f"Is it {number}?"},
        suggestions=[
            Suggestion(agent="import", output={"answer": f"It is {number}."}),
            Suggestion(agent="rules", output={"answer": "No."}),
        ],
        fingerprint=f"q{number}",
        group="g",
    )


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """200 examples of which ann decided the first 60: accept, reject, edit in turn."""
    with init_workspace(tmp_path / "w") as made:
        made.store.examples.add_many(new_example(example(n), search="") for n in range(200))
        change_setting(made, "review.repeat_share", "0.2")
    with open_workspace(tmp_path / "w") as workspace:
        for number in range(60):
            verdict: Verdict = ("accept", "reject", "edit")[number % 3]
            output = {"answer": f"Rather {number}."} if verdict == "edit" else None
            decide(workspace, f"q{number}", verdict, output=output)
        yield workspace


def decide(ws: Workspace, name: str, verdict: Verdict, **more: Any) -> Receipt:
    wanted = {"op_id": review.new_op_id(), "reviewer": "ann", "output": None, **more}
    (receipt,) = review.decide(ws, [Decision(example_id=name, verdict=verdict, **wanted)])
    return receipt


def repeats_on(ws: Workspace, reviewer: str = "ann", **span: Any) -> list[Example]:
    page = review.page(ws, PENDING, Span(**{"limit": 200, **span}), repeats_for=reviewer)
    return [one for one in page.items if not one.id.startswith("q")]


def original(ws: Workspace, repeated: Example) -> Example:
    return ws.store.examples.get(f"q{repeated.position - 1}")


def as_then(ws: Workspace, repeated: Example) -> Receipt:
    """Decides a repeat as its example was decided."""
    before = original(ws, repeated)
    verdicts: dict[str, Verdict] = {"accepted": "accept", "rejected": "reject", "edited": "edit"}
    verdict = verdicts[before.status]
    output = before.output if verdict == "edit" else None
    return decide(ws, repeated.id, verdict, output=output)


def test_repeats_make_the_asked_share_and_look_undecided(ws: Workspace) -> None:
    page = review.page(ws, PENDING, Span(limit=100), repeats_for="ann")
    repeats = [one for one in page.items if not one.id.startswith("q")]
    assert len(page.items) <= 100 and 8 <= len(repeats) <= 20
    assert page.total == 200 and page.counters["pending"] == 140
    for one in repeats:
        assert (one.status, one.output, one.reviewer, one.note, one.version) == (
            *("pending", None, None, "", 1),
        )
        before = original(ws, one)
        assert before.reviewer == "ann" and before.status != "pending"
        assert len(one.id) == 32 and before.position <= 60 - LEAST_BETWEEN
        assert (one.input, one.suggestions) == (before.input, before.suggestions)
    assert len({one.position for one in repeats}) == len(repeats), "each at most once"


def test_pages_follow_each_other_as_without_repeats(ws: Workspace) -> None:
    seen: list[str] = []
    span = Span(limit=30)
    while True:
        page = review.page(ws, PENDING, span, repeats_for="ann")
        seen += [one.id for one in page.items if one.id.startswith("q")]
        if not page.has_after:
            break
        span = Span(limit=30, after=page.last)
    assert seen == [f"q{number}" for number in range(60, 200)]


def test_the_same_page_again_holds_the_same_repeats(ws: Workspace) -> None:
    first = [one.id for one in repeats_on(ws)]
    assert [one.id for one in repeats_on(ws)] == first
    with open_workspace(ws.root) as restarted:
        assert [one.id for one in repeats_on(restarted)] == first


@pytest.mark.parametrize(
    "choice",
    [
        Choice(),
        Choice(status=["accepted"]),
        Choice(status=["pending"], text="is"),
        Choice(status=["pending"], ids=["q70"]),
    ],
)
def test_only_the_plain_queue_is_mixed(ws: Workspace, choice: Choice) -> None:
    page = review.page(ws, choice, repeats_for="ann")
    assert all(one.id.startswith("q") for one in page.items)


def test_nothing_is_mixed_for_nobody_and_for_who_decided_little(ws: Workspace) -> None:
    assert all(one.id.startswith("q") for one in review.page(ws, PENDING).items)
    for number in range(LEAST_BETWEEN):
        decide(ws, f"q{number}", "accept", reviewer="bob")
    assert repeats_on(ws, "bob") == []


def test_without_the_setting_nothing_is_mixed(ws: Workspace) -> None:
    change_setting(ws, "review.repeat_share", "0")
    with open_workspace(ws.root) as plain:
        assert repeats_on(plain) == []


def test_deciding_a_repeat_changes_nothing_but_the_consistency(ws: Workspace) -> None:
    repeats = repeats_on(ws)
    state = [one.model_dump() for one in ws.store.examples.iterate()]
    seq, counters = ws.store.journal.last_seq(), review.counters(ws)
    first, second, third, fourth = repeats[:4]
    receipts = [as_then(ws, first), as_then(ws, second)]
    receipts.append(decide(ws, third.id, "edit", output={"answer": "Something else."}))
    receipts.append(decide(ws, fourth.id, "skip"))
    assert [(one.outcome, one.version, one.changed) for one in receipts] == [("applied", 2, 0)] * 4
    assert [one.model_dump() for one in ws.store.examples.iterate()] == state
    assert (ws.store.journal.last_seq(), review.counters(ws)) == (seq, counters)
    told = review.statistics(ws).consistency["ann"]
    assert (told.repeats, told.same, told.share) == (4, 2, 0.5)
    assert told.same_verdict == (3 if original(ws, third).status == "edited" else 2)
    assert 0.1 < told.low < 0.5 < told.high < 0.9
    assert review.statistics(ws, task="other").consistency == {}
    assert {one.id for one in repeats_on(ws)} == {one.id for one in repeats[4:]}


def test_the_answer_counts_as_well_as_the_verdict(ws: Workspace) -> None:
    edited = next(one for one in repeats_on(ws) if original(ws, one).status == "edited")
    text = original(ws, edited).output["answer"]
    decide(ws, edited.id, "accept", output={"answer": f" {text}\n"})
    told = review.statistics(ws).consistency["ann"]
    # An accept that brings an answer which nobody suggested is an edit, here as everywhere.
    assert (told.repeats, told.same) == (1, 1)


def test_a_repeat_is_decided_once_and_asked_twice_it_is_answered_alike(ws: Workspace) -> None:
    (one, *_) = repeats_on(ws)
    assert decide(ws, one.id, "accept", op_id="mine").outcome == "applied"
    assert decide(ws, one.id, "accept", op_id="mine").outcome == "duplicate"
    assert decide(ws, one.id, "reject").outcome == "conflict"
    shown = review.find_example(ws, one.id)
    assert (shown.status, shown.version, shown.reviewer) == ("accepted", 2, "ann")


def test_a_repeat_of_somebody_else_does_not_exist(ws: Workspace) -> None:
    (one, *_) = repeats_on(ws)
    assert decide(ws, one.id, "accept", reviewer="bob").outcome == "missing"
    assert review.statistics(ws).consistency == {}


def test_an_answer_that_does_not_fit_or_is_empty_is_refused(ws: Workspace) -> None:
    (one, *_) = repeats_on(ws)
    assert decide(ws, one.id, "edit", output={"reply": "x"}).outcome == "refused"
    assert decide(ws, one.id, "edit", output={"answer": " "}).outcome == "refused"


def test_undo_takes_what_was_decided_last_whatever_it_was(ws: Workspace) -> None:
    one, two, *_ = repeats_on(ws)
    decide(ws, "q100", "accept", op_id="real")
    as_then(ws, one)
    decide(ws, "q101", "accept", op_id="later")
    receipts = review.decide(
        ws,
        [
            Decision(op_id="r2", example_id=two.id, verdict="accept", reviewer="ann"),
            Decision(op_id="last", example_id="q102", verdict="accept", reviewer="ann"),
        ],
    )
    assert [one.op_id for one in receipts] == ["r2", "last"]

    def statuses() -> list[str]:
        names = ("q100", one.id, "q101", two.id, "q102")
        return [review.find_example(ws, name).status for name in names]

    for undone in range(1, 6):
        receipt = review.undo(ws, reviewer="ann", op_id=f"u{undone}")
        assert receipt.outcome == "applied"
        assert statuses()[-undone:] == ["pending"] * undone
        assert "pending" not in statuses()[:-undone]
    touched = review.changed_by(ws, "u2")
    assert (touched.ids, touched.has_more) == ([two.id], False)
    assert review.undo(ws, reviewer="ann", op_id="u2").outcome == "duplicate"
    assert review.statistics(ws).consistency == {}


def test_redo_lets_a_repeat_count_again(ws: Workspace) -> None:
    (one, *_) = repeats_on(ws)
    decide(ws, one.id, "accept", op_id="mine")
    review.undo(ws, reviewer="ann", op_id="back")
    assert review.redo(ws, reviewer="ann", op_id="again").outcome == "applied"
    assert review.redo(ws, reviewer="ann", op_id="again").outcome == "duplicate"
    assert review.undo(ws, reviewer="ann", op_id="back").outcome == "duplicate", "a late request"
    assert review.find_example(ws, one.id).status == "accepted"
    assert review.statistics(ws).consistency["ann"].repeats == 1
    assert review.undo(ws, reviewer="ann", target="mine", op_id="b2").outcome == "applied"
    assert review.undo(ws, reviewer="ann", target="mine").outcome == "conflict"
    assert review.redo(ws, reviewer="ann", target="mine").outcome == "applied"
    assert review.redo(ws, reviewer="ann", target="mine").outcome == "conflict"
    review.undo(ws, reviewer="ann")
    decide(ws, "q120", "accept")
    assert review.redo(ws, reviewer="ann").outcome == "missing", "something was decided since"


def test_a_decision_that_was_taken_back_is_no_measure(ws: Workspace) -> None:
    (one, *_) = repeats_on(ws)
    as_then(ws, one)
    before = review.history(ws, original(ws, one).id)[0]
    review.undo(ws, reviewer="ann", target=before.op_id)
    assert review.statistics(ws).consistency == {}


def test_everything_about_a_repeat_can_be_looked_at_and_gives_nothing_away(ws: Workspace) -> None:
    (one, *_) = repeats_on(ws)
    assert review.find_example(ws, one.id) == one
    assert review.history(ws, one.id) == []
    assert [column.agent for column in review.comparison(ws, one.id)] == ["import", "rules"]
    assert "only suggested so far" in review.training_view(ws, one.id).note
    assert original(ws, one).id not in {other.id for other in review.similar(ws, one.id).group}
    around = review.page(ws, PENDING, Span(around=one.id, limit=20), repeats_for="ann")
    assert one.id in {other.id for other in around.items}
    bulk = review.preview_bulk(ws, "accept", Choice(ids=[one.id]))
    assert bulk.count == 0
    with pytest.raises(NotFound):
        review.find_example(ws, "0" * 32)


def test_every_repeat_is_shown_and_counted_only_once_in_the_end(ws: Workspace) -> None:
    decided = 0
    while batch := repeats_on(ws):
        for one in batch:
            assert as_then(ws, one).outcome == "applied"
            decided += 1
    told = review.statistics(ws).consistency["ann"]
    assert (told.repeats, told.same, told.share, told.high) == (decided, decided, 1.0, 1.0)
    assert 10 < decided <= 60 and told.low > 0.7


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ({"answer": "a  b"}, {"answer": "a b\n"}, True),
        ({"answer": "a b"}, {"answer": "A b"}, False),
        ([{"item": "x", "n": 2}], [{"n": 2.0, "item": "x "}], True),
        ([{"item": "x"}], [{"item": "x"}, {"item": "y"}], False),
        ({"a": 1}, {"b": 1}, False),
        (None, None, True),
        (None, {"answer": ""}, False),
    ],
)
def test_answers_are_alike_but_for_white_space(first: Any, second: Any, is_same: bool) -> None:
    assert is_same_answer(first, second) is is_same


def test_decisions_are_counted_by_day_and_task(ws: Workspace) -> None:
    ws.store.examples.add_many(new_example(example(n, "other"), search="") for n in (300, 301))
    review.decide_many(
        ws,
        review.BulkDecision(
            op_id="b", verdict="flag", choice=Choice(ids=["q199", "q300", "q301"]), reviewer="bob"
        ),
    )
    decide(ws, "q198", "accept")
    review.undo(ws, reviewer="ann")
    today = datetime.now(UTC).date()
    assert review.statistics(ws).by_day == [(today, 61, 63)]
    assert review.statistics(ws, task="qa").by_day == [(today, 61, 61)]
    assert review.statistics(ws, task="other").by_day == [(today, 1, 2)]
    assert review.statistics(ws, task="none").by_day == []
    assert review.statistics(ws, days=-1).by_day == []


def test_a_session_that_is_saved_on_a_repeat_stands_where_the_reviewer_stands(
    ws: Workspace, tmp_path: Path
) -> None:
    alias = repeats_on(ws)[0].id
    path = tmp_path / "session.json"
    report = save_session(ws, path, task="qa", current=alias)
    saved = json.loads(path.read_text())
    assert saved["items"][report.position]["id"] == ws.store.repeats.anchor_of(alias)
    assert alias not in path.read_text()


def test_the_human_ceiling_scores_second_answers_against_the_first(ws: Workspace) -> None:
    assert human_ceiling(ws, ws.task("qa")) is None
    repeats = repeats_on(ws)
    with_answer = [one for one in repeats if original(ws, one).status != "rejected"]
    steady, changed = with_answer[:-2], with_answer[-2:]
    for one in steady:
        as_then(ws, one)
    for one in changed:
        decide(ws, one.id, "edit", output={"answer": "Something else entirely"})
    found = human_ceiling(ws, ws.task("qa"))
    assert found is not None and (found.repeats, found.reviewers) == (len(with_answer), 1)
    assert found.exact.value == pytest.approx(len(steady) / len(with_answer))
    assert found.score.value == pytest.approx(found.exact.value)
    assert found.score.low is not None and found.score.low < found.score.value
    assert f"over {len(with_answer):,} blind repeats" in found.says


def test_an_answer_the_one_time_and_none_the_other_counts_as_wrong(ws: Workspace) -> None:
    first, second = [one for one in repeats_on(ws) if original(ws, one).status != "rejected"][:2]
    as_then(ws, first)
    decide(ws, second.id, "reject")
    refused = next(one for one in repeats_on(ws) if original(ws, one).status == "rejected")
    as_then(ws, refused)  # no answer both times: nothing to compare
    found = human_ceiling(ws, ws.task("qa"))
    assert found is not None and found.repeats == 2 and found.score.value == 0.5
    assert found.says.endswith("over 2 blind repeats. Too few to count on.")


def test_what_was_taken_back_is_no_part_of_the_ceiling(ws: Workspace) -> None:
    one = next(one for one in repeats_on(ws) if original(ws, one).status == "edited")
    receipt = as_then(ws, one)
    assert human_ceiling(ws, ws.task("qa")) is not None
    review.undo(ws, reviewer="ann", target=receipt.op_id)
    assert human_ceiling(ws, ws.task("qa")) is None
