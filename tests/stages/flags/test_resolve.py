"""What a person says of a flag becomes a review, with where it came from, or changes nothing."""

from __future__ import annotations

import json

import pytest

from hone.errors import Conflict, InvalidInput
from hone.records.flag import Flag, FlagVerdict
from hone.records.review import Decision
from hone.stages.flags import Resolved, Saying, find_flag, find_flags, next_flag, resolve
from hone.workspace.open import Workspace
from tests.stages.answering import message, output, write_lines
from tests.stages.flags.flagged import WRONG, answer, by_version, number_of, split_of, wrong_on


def first(ws: Workspace) -> Flag:
    answer(ws, "pickup@v1", wrong_on(3))
    return find_flags(ws).flags[0]


def say(ws: Workspace, flag: Flag, verdict: FlagVerdict, **more: object) -> Resolved:
    return resolve(ws, flag, Saying(verdict, "ann", **more))  # type: ignore[arg-type]


def test_confirming_accepts_the_expected_answer_and_keeps_what_was_wrong(ws: Workspace) -> None:
    flag = first(ws)
    done = say(ws, flag, "confirm", note="bread was never picked up")
    example = ws.store.examples.get(flag.id)
    assert (example.status, example.reviewer, example.note) == (
        "accepted", "ann", "bread was never picked up",
    )  # fmt: skip
    assert done.flag.state == "resolved"
    kept = done.resolution
    assert kept is not None
    assert (kept.verdict, kept.model, kept.answer, kept.reference, kept.evaluation) == (
        "confirm", "pickup@v1", WRONG, flag.expected, flag.evaluation,
    )  # fmt: skip
    assert ws.store.journal.history(flag.id)[-1].op_id == kept.operation
    assert kept.version == example.version
    assert flag.id not in {one.id for one in find_flags(ws).flags}
    assert find_flags(ws).resolved == 1


def test_an_edit_is_the_new_truth_and_the_same_answer_again_a_confirmation(ws: Workspace) -> None:
    flag = first(ws)
    right = [{"item": "rye", "quantity": 2}]
    done = say(ws, flag, "edit", output=right)
    example = ws.store.examples.get(flag.id)
    assert (example.status, example.output) == ("edited", right)
    assert done.resolution is not None and done.resolution.verdict == "edit"
    other = find_flags(ws).flags[0]
    same = say(ws, other, "edit", output=json.loads(other.expected))
    assert same.resolution is not None and same.resolution.verdict == "confirm"


def test_where_the_reference_is_wrong_the_model_s_answer_takes_its_place(ws: Workspace) -> None:
    flag = first(ws)
    say(ws, flag, "reference_wrong")
    example = ws.store.examples.get(flag.id)
    assert (example.status, example.output) == ("edited", json.loads(WRONG))


def test_an_answer_that_fits_nothing_cannot_become_the_expected_one(ws: Workspace) -> None:
    answer(ws, "pickup@v1", lambda contender, example: "nonsense")
    flag = find_flags(ws).flags[0]
    with pytest.raises(InvalidInput, match="cannot become the expected one"):
        say(ws, flag, "reference_wrong")
    with pytest.raises(InvalidInput, match="unknown field 'colour'"):
        say(ws, flag, "edit", output=[{"item": "rice", "colour": "red"}])
    with pytest.raises(InvalidInput, match="needs the right answer"):
        say(ws, flag, "edit")
    assert ws.store.flags.standing() == {}


def test_rejecting_takes_the_example_out_and_dismissing_leaves_it_alone(ws: Workspace) -> None:
    flag = first(ws)
    say(ws, flag, "reject")
    assert ws.store.examples.get(flag.id).status == "rejected"
    other = find_flags(ws).flags[0]
    before = ws.store.examples.get(other.id)
    done = say(ws, other, "dismiss")
    assert done.flag.state == "resolved" and ws.store.examples.get(other.id) == before


def test_dismissing_holds_for_the_same_answer_and_not_for_another_one(ws: Workspace) -> None:
    flag = first(ws)
    say(ws, flag, "dismiss")
    answer(ws, "pickup@v2", wrong_on(3))
    assert find_flag(ws, flag.id).state == "resolved"
    answer(ws, "pickup@v2", lambda contender, example: '[{"item": "soap"}]', seed=3)
    assert find_flag(ws, flag.id).state == "open"


def test_a_correction_stands_for_later_versions_too(ws: Workspace) -> None:
    flag = first(ws)
    say(ws, flag, "confirm")
    answer(ws, "pickup@v2", lambda contender, example: '[{"item": "soap"}]')
    assert find_flag(ws, flag.id).state == "resolved"


def test_what_is_skipped_comes_last_and_stays_open(ws: Workspace) -> None:
    flag = first(ws)
    count = len(find_flags(ws).flags)
    say(ws, flag, "skip")
    flags = find_flags(ws).flags
    assert len(flags) == count
    assert (flags[-1].id, flags[-1].state) == (flag.id, "skipped")
    opened = next_flag(ws)
    assert opened is not None and opened.flag.id == flags[0].id != flag.id


def test_reopening_takes_the_review_back(ws: Workspace) -> None:
    flag = first(ws)
    before = ws.store.examples.get(flag.id)
    say(ws, flag, "edit", output=[{"item": "rye"}])
    done = say(ws, flag, "reopen")
    example = ws.store.examples.get(flag.id)
    assert (example.output, example.status) == (before.output, before.status)
    assert done.flag.state == "open"
    assert find_flag(ws, flag.id).state == "open"
    assert [one.verdict for one in ws.store.flags.history(flag.id)] == ["edit", "reopen"]


def test_a_review_that_is_undone_elsewhere_opens_the_flag_again(ws: Workspace) -> None:
    flag = first(ws)
    say(ws, flag, "edit", output=[{"item": "rye"}])
    ws.store.journal.undo("elsewhere", reviewer="ann")
    assert find_flag(ws, flag.id).state == "open"


def test_saying_it_twice_by_one_name_says_it_once(ws: Workspace) -> None:
    flag = first(ws)
    say(ws, flag, "confirm", op_id="once-and-again")
    version = ws.store.examples.get(flag.id).version
    again = say(ws, flag, "confirm", op_id="once-and-again")
    assert again.receipt.outcome == "duplicate"
    assert ws.store.examples.get(flag.id).version == version
    assert len(ws.store.flags.history(flag.id)) == 1


def test_whoever_was_too_slow_is_told(ws: Workspace) -> None:
    flag = first(ws)
    seen = ws.store.examples.get(flag.id).version
    edit = Decision(
        op_id="ben", example_id=flag.id, verdict="edit", reviewer="ben", output=[{"item": "rye"}]
    )
    ws.store.journal.decide([edit])
    with pytest.raises(Conflict, match="was seen, "):
        say(ws, flag, "reject", base_version=seen)
    with pytest.raises(Conflict, match="was changed after pickup@v1 was asked"):
        say(ws, flag, "confirm")
    assert ws.store.flags.standing() == {}


def test_what_is_tested_cannot_be_corrected(ws: Workspace) -> None:
    answer(ws, "pickup@v1", wrong_on(3), on="pickup@1/test")
    flag = find_flags(ws, is_tested=True).flags[0]
    for verdict in ("confirm", "reference_wrong", "dismiss", "skip"):
        with pytest.raises(InvalidInput, match="stands in a test or val split"):
            say(ws, flag, verdict)  # type: ignore[arg-type]
    assert ws.store.flags.history(flag.id) == []


def test_a_row_of_a_file_is_taken_in_when_it_is_corrected(ws: Workspace) -> None:
    rows = [{"message": message(number), "output": output(number)} for number in range(301, 307)]
    file = write_lines(ws.root / "new.jsonl", rows)
    answer(ws, "pickup@v1", wrong_on(3), on=str(file))
    flag = find_flags(ws).flags[0]
    say(ws, flag, "confirm", note="from the field")
    example = ws.store.examples.get(flag.id)
    assert (example.origin.file, example.origin.row) == ("new.jsonl", int(flag.on[-1]))
    assert (example.status, example.reviewer) == ("accepted", "ann")
    assert example.output == output(number_of({"input": flag.input}))
    from hone import loop

    report = loop.import_examples(ws, file)
    assert (report.taken, report.duplicate) == (5, 1)


def test_every_correction_of_the_probe_split_stays_out_of_the_test_split(ws: Workspace) -> None:
    plan = by_version({"pickup@v1": wrong_on(2)})
    answer(ws, "pickup@v1", plan)
    for flag in find_flags(ws).flags:
        say(ws, flag, "confirm")
    assert set(ws.store.flags.standing()) <= split_of(ws, "probe")
    assert find_flags(ws).flags == []


def test_a_verdict_that_is_none_is_refused(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match='"perhaps" says nothing of a flag'):
        say(ws, first(ws), "perhaps")  # type: ignore[arg-type]
