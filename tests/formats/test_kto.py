"""Single judgements: true for what was taken, false for what was shown and not taken."""

from __future__ import annotations

from hone.formats import kto
from hone.records.review import Reviewed
from tests.formats.made import QA, reviewed, suggested


def judged(given: Reviewed, **options: object) -> list[tuple[str, bool, float]]:
    rows = kto.run(QA, given, kto.Options.model_validate(options)).rows
    return [(row["completion"][0]["content"], row["label"], row["weight"]) for row in rows]


def test_an_accepted_output_is_true() -> None:
    [row] = kto.run(QA, reviewed("accepted"), kto.Options()).rows
    assert row == {
        "id": "e1",
        "prompt": [
            {"role": "system", "content": "Answer briefly."},
            {"role": "user", "content": "Who made you?"},
        ],
        "completion": [{"role": "assistant", "content": "God."}],
        "label": True,
        "weight": 1.0,
    }
    assert kto.conversations(row) == [[*row["prompt"], *row["completion"]]]


def test_an_edit_is_true_and_what_it_replaced_is_false() -> None:
    given = reviewed("edited", shown="Nobody.")
    assert judged(given, edited_weight=2) == [("God.", True, 2.0), ("Nobody.", False, 2.0)]


def test_a_rejected_output_is_false() -> None:
    given = reviewed("rejected", None, shown="Nobody.")
    assert judged(given, rejected_weight=0.5) == [("Nobody.", False, 0.5)]


def test_no_text_is_true_and_false_at_once() -> None:
    made = kto.run(QA, reviewed("edited", shown="God. "), kto.Options())
    assert [row["label"] for row in made.rows] == [True]
    assert [one.reason for one in made.refused] == ["equal_pair"]


def test_an_edit_without_an_original_is_still_true() -> None:
    assert judged(reviewed("edited")) == [("God.", True, 1.0)]


def test_what_was_not_shown_is_no_judgement() -> None:
    beside = suggested("Somebody.", agent="rules")
    assert judged(reviewed("accepted", suggestions=(suggested("God."), beside))) == [
        ("God.", True, 1.0)
    ]
    made = kto.run(QA, reviewed("rejected", None), kto.Options())
    assert (list(made.rows), made.refused[0].reason) == ([], "nothing_shown")


def test_other_verdicts_say_nothing_of_the_output() -> None:
    for status in ("flagged", "skipped", "unknown", "pending"):
        made = kto.run(QA, reviewed(status), kto.Options())
        assert (list(made.rows), made.refused[0].reason) == ([], "no_verdict")


def test_an_output_that_no_model_could_write_is_refused() -> None:
    made = kto.run(QA, reviewed("rejected", None, shown={"answer": 3}), kto.Options())
    assert (list(made.rows), made.refused[0].reason) == ([], "invalid_rejected")
