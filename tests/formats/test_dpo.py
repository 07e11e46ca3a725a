"""Preference pairs: what was taken beside what was replaced or passed over."""

from __future__ import annotations

import pytest

from hone.formats import dpo
from hone.records.review import Reviewed
from tests.formats.made import QA, reviewed, suggested

OLD, OTHER = suggested("Nobody."), suggested("Somebody.", agent="rules")


def rejected(given: Reviewed, **options: object) -> list[str]:
    rows = dpo.run(QA, given, dpo.Options.model_validate(options)).rows
    return [row["rejected"][0]["content"] for row in rows]


def test_an_edit_is_chosen_and_what_it_replaced_is_rejected() -> None:
    given = reviewed("edited", shown="Nobody.", suggestions=(OLD,))
    made = dpo.run(QA, given, dpo.Options(edited_weight=2))
    assert made.refused == []
    assert made.rows == [
        {
            "id": "e1",
            "prompt": [
                {"role": "system", "content": "Answer briefly."},
                {"role": "user", "content": "Who made you?"},
            ],
            "chosen": [{"role": "assistant", "content": "God."}],
            "rejected": [{"role": "assistant", "content": "Nobody."}],
            "weight": 2,
        }
    ]
    assert [one[-1]["content"] for one in dpo.conversations(made.rows[0])] == ["God.", "Nobody."]


def test_an_edit_that_changes_nothing_is_refused_with_the_reason() -> None:
    made = dpo.run(QA, reviewed("edited", shown=" God. "), dpo.Options())
    assert not made.rows
    assert [one.reason for one in made.refused] == ["equal_pair"]
    assert made.refused[0].detail.endswith(".")


def test_an_edit_of_nothing_has_no_original() -> None:
    made = dpo.run(QA, reviewed("edited"), dpo.Options())
    assert [one.reason for one in made.refused] == ["no_original"]


def test_an_original_that_no_model_could_write_is_refused() -> None:
    made = dpo.run(QA, reviewed("edited", shown={"reply": "?"}), dpo.Options())
    assert not made.rows
    assert made.refused[0].reason == "invalid_rejected"
    assert "unknown field 'reply'" in made.refused[0].detail


def test_accepting_what_stands_alone_gives_no_pair() -> None:
    made = dpo.run(QA, reviewed("accepted", suggestions=(suggested("God."),)), dpo.Options())
    assert not made.rows
    assert [one.reason for one in made.refused] == ["no_pair"]


def test_another_agents_suggestion_was_passed_over() -> None:
    given = reviewed("accepted", suggestions=(suggested("God."), OTHER))
    assert rejected(given) == ["Somebody."]
    assert rejected(given, suggestions="rated") == []
    assert rejected(given, suggestions="none") == []


def test_the_first_suggestion_was_passed_over_for_a_further_one() -> None:
    given = reviewed("accepted", suggestions=(OLD, suggested("God."), suggested("The Lord.")))
    assert rejected(given) == ["Nobody."]


def test_alternatives_of_one_agent_are_not_rejected() -> None:
    given = reviewed("accepted", suggestions=(suggested("God."), suggested("The Lord.")))
    assert rejected(given) == []


@pytest.mark.parametrize("choice", ["passed_over", "rated"])
def test_what_is_rated_lower_is_rejected(choice: str) -> None:
    pair = (suggested("God.", score=1.0), suggested("Nobody.", score=0.0))
    assert rejected(reviewed("accepted", suggestions=pair), suggestions=choice) == ["Nobody."]
    turned = (suggested("God.", score=0.2), suggested("Nobody.", score=0.9))
    assert rejected(reviewed("accepted", suggestions=turned), suggestions=choice) == []


def test_an_edit_stands_above_everything_that_was_rated() -> None:
    pair = (suggested("He.", score=1.0), suggested("Nobody.", score=0.0))
    given = reviewed("edited", shown="He.", suggestions=pair)
    assert rejected(given) == ["He.", "Nobody."]


def test_one_text_is_rejected_once_and_never_when_it_is_chosen() -> None:
    many = (OLD, suggested("Nobody.", agent="rules"), suggested("God.", agent="oracle"))
    assert rejected(reviewed("edited", shown="Nobody.", suggestions=many)) == ["Nobody."]
