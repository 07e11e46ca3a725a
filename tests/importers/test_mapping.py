"""Where columns are not clear: what is asked, what a mapping answers, what a cell may be."""

from __future__ import annotations

from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.importers._asking import with_columns
from hone.importers._forms import Draft
from hone.importers._mapping import drafter
from hone.importers._rows import RowUnfit
from hone.importers._shapes import recognise
from tests.importers.shaping import CHAT, PICKUP, QA, TALK, drafts, pair


@pytest.mark.parametrize(
    ("row", "asked", "mend"),
    [
        (
            {"question_1": "a", "question_2": "b", "similar": "1"},
            "pairs of questions",
            "question=question_1",
        ),
        (
            {"Question": "q", "Reasoning": {"End": "a long text"}},
            "not clear",
            "--map question=Question --map answer=Reasoning.End",
        ),
        ({"text": "only text"}, "plain text only", "--map question=text"),
        ({"question_id": 1, "choices": [{"turns": ["a"]}]}, "a model's answers", "join it"),
        ({"prompt_template": "{q}", "name": "x"}, "prompt templates", "nothing to import"),
        (
            {"one": {"file": "a"}, "two": {"file": "b"}},
            "one object of 2 named entries",
            "one record per line",
        ),
        ({"turns": ["q1", "q2"], "id": 1}, "questions (turns) without answers", "question=turns.0"),
        ({"query": "q", "question": "q", "response": "a"}, "not clear", "--map"),
    ],
)
def test_what_is_not_clear_is_asked_with_a_ready_command(
    row: dict[str, Any], asked: str, mend: str
) -> None:
    found = recognise([row], QA)
    assert asked in found.question
    assert mend in found.mend


def test_a_mapping_answers_the_question() -> None:
    row = {"Question": "q", "Reasoning": {"End": "a"}, "n": 1}
    assert pair(row, QA, answer="Reasoning.End") == ({"question": "q"}, [{"answer": "a"}])
    assert pair({"turns": ["q1", "q2"]}, QA, question="turns.1") == ({"question": "q2"}, [])
    assert pair({"x": "q", "y": 42}, QA, question="x", answer="y") == (
        {"question": "q"},
        [{"answer": "42"}],
    )
    assert pair({"a.b": "q", "a": {"b": "other"}, "y": "z"}, QA, question="a.b", answer="y")[0] == {
        "question": "q"
    }
    assert pair({"talk": TALK, "x": 1}, CHAT, messages="talk")[1] == [{"reply": "Hello"}]


def test_a_mapping_of_group_tags_and_time_adds_to_what_was_recognised() -> None:
    row = {"question": "q", "answer": "a", "part": 7, "labels": ["x", "y"], "when": "2020/03/17"}
    (draft,) = drafts(row, QA, group="part", tags="labels", occurred_at="when")
    assert isinstance(draft, Draft)
    assert (draft.group, draft.tags) == ("7", ["x", "y"])
    assert draft.occurred_at is not None
    assert draft.occurred_at.isoformat() == "2020-03-17T00:00:00+00:00"


def test_a_time_that_is_none_refuses_its_row() -> None:
    row = {"question": "q", "answer": "a", "when": "yesterday"}
    (unfit,) = drafts(row, QA, occurred_at="when")
    assert isinstance(unfit, RowUnfit)
    assert unfit.reason == "occurred_at 'yesterday' is no time"


def test_every_wrong_name_in_a_mapping_is_reported_at_once() -> None:
    row = {"Question": "q", "Answer": "a"}
    with pytest.raises(InvalidInput) as caught:
        with_columns(recognise([row], QA), {"qestion": "Question", "answer": "Anwser"}, [row], QA)
    assert len(caught.value.problems) == 2
    assert 'Did you mean "question"?' in caught.value.problems[0]
    assert 'Did you mean "Answer"?' in caught.value.problems[1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": " ", "answer": "a"}, "the question is empty"),
        ({"question": "q", "answer": ""}, "the answer is empty"),
        ({"question": "q", "answer": None}, "the answer is empty"),
        ({"question": ["x"], "answer": "a"}, "the question is a list, not text"),
        ({"question": "q", "answer": True}, "the answer is true or false, not text"),
        ({"question": "q", "answer": {"deep": 1}}, "the answer is an object, not text"),
    ],
)
def test_empty_and_wrong_cells_are_refused_by_name(row: dict[str, Any], reason: str) -> None:
    found = recognise([{"question": "q", "answer": "a"}, row], QA)
    try:
        (unfit,) = drafter(found, QA)(row)
    except RowUnfit as raised:
        unfit = raised
    assert isinstance(unfit, RowUnfit)
    assert unfit.reason == reason


def test_a_list_of_answers_gives_the_first_and_further_suggestions() -> None:
    assert pair({"question": "q", "answers": ["a", "b", "a"]})[1] == [
        {"answer": "a"},
        {"answer": "b"},
    ]


def test_slots_of_another_task_are_asked_about() -> None:
    found = recognise([{"message": "m", "slots": {"people": "2", "time": "7pm"}}], PICKUP)
    assert found.question == "its slots (people, time) are no fields of the task pickup"
    assert "--new-task NAME" in found.mend
