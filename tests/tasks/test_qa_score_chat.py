"""Questions, scored articles and conversations: what is particular to each."""

from __future__ import annotations

from typing import Any

import pytest

from hone.metrics.by_example import example_scores, task_scores
from hone.rendering.quotations import with_quote
from hone.stages.evaluate.score import figures
from hone.tasks import chat, qa, score
from tests.tasks.kinds import ARTICLES, QUESTIONS, TALK


def test_words_of_an_answer_count_whatever_their_order() -> None:
    truth = {"answer": "The free gift of God"}
    assert qa.score(QUESTIONS, "god's? no: gift free of God!", truth) == pytest.approx(8 / 10)
    assert qa.score(QUESTIONS, "", truth) == 0.0
    assert qa.score(QUESTIONS, "", {"answer": "..."}) == 1.0


def test_of_an_answer_that_quotes_the_answer_alone_is_judged() -> None:
    quoting = with_quote("By grace are ye saved through faith.", "by grace")
    truth = {"answer": "by grace"}
    assert qa.score(QUESTIONS, quoting, truth) == 1.0
    # Also where a person wrote the quotation, and where the model quotes rightly and answers wrong.
    assert qa.score(QUESTIONS, "by grace", {"answer": quoting}) == 1.0
    assert qa.score(QUESTIONS, with_quote("By grace are ye saved.", "by works"), truth) == 0.5
    # A quotation that never ends has no answer behind it: all of it is judged.
    assert 0 < qa.score(QUESTIONS, "##Reason: ##begin_quote## by grace", truth) < 1
    scored = task_scores(QUESTIONS, [quoting, "by faith"], ["by grace", quoting])
    assert scored == [1.0, 0.5]
    assert example_scores(QUESTIONS, "exact_match", [quoting], ["by grace"]).tolist() == [1.0]
    assert figures(QUESTIONS, [quoting], ["by grace"])["rouge_l"].value == 1.0


def test_questions_with_and_without_an_answer_are_told_apart() -> None:
    assert qa.label_of(QUESTIONS, {"answer": " I do not know. "}) == "unanswerable"
    assert qa.label_of(QUESTIONS, {"answer": "Grace."}) == "answered"
    plain = QUESTIONS.model_copy(update={"unanswerable": None})
    assert qa.label_of(plain, {"answer": "Grace."}) == ""


def test_an_answer_of_half_characters_is_made_writable() -> None:
    assert qa.parse(QUESTIONS, "a\ud800b") == {"answer": "a?b"}
    assert "half of a character" in qa.output_problems(QUESTIONS, {"answer": "a\ud800b"})[0]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"agency": 1}, ["progress is missing."]),
        ({"agency": 11, "progress": -1}, ["agency must lie from 0 to 10, not 11.",
                                         "progress must lie from 0 to 10, not -1."]),
        ({"agency": "1", "progress": 1}, ["agency must be a number, not text ('1')."]),
        ({"agency": 1, "progress": 1, "progres": 1}, [
            "The labels object has an unknown field 'progres'. "
            'Did you mean "progress"? Known: agency, progress.'
        ]),
    ],
)  # fmt: skip
def test_labels_are_checked_by_dimension(labels: dict[str, Any], said: list[str]) -> None:
    assert score.output_problems(ARTICLES, {"labels": labels}) == said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"agency": 4, "progress": 6}', 1.0),
        ('{"agency": 5, "progress": 8}', 1 - 1.5 / 10),
        ('{"agency": 4}', 1 - 5 / 10),
        ('{"agency": 1e300, "progress": 6}', 1 - 5 / 10),
        ('{"agency": "4", "progress": 6}', 0.0),
        ("[4, 6]", 0.0),
        ("", 0.0),
    ],
)
def test_closeness_is_one_minus_the_mean_error_over_the_range(text: str, expected: float) -> None:
    truth = {"labels": {"agency": 4, "progress": 6}}
    assert score.score(ARTICLES, text, truth) == pytest.approx(expected)


def test_articles_are_low_medium_or_high_by_their_mean() -> None:
    means = [score.label_of(ARTICLES, {"labels": {"agency": n, "progress": n}}) for n in (1, 5, 9)]
    assert means == ["low", "medium", "high"]


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([], "list of at least one turn"),
        ("hello", "list of at least one turn"),
        ([{"role": "Anna", "content": ""}], "content of message 1 is missing"),
        ([{"role": "Carl", "content": "x"}], "role of message 1 must be one of"),
        ([{"role": "Anna", "content": [{"type": "image"}]}], "must be text, not a list"),
        (
            [{"role": "Anna", "content": "x"}, {"role": "system", "content": "x"}],
            "only stand first",
        ),
        (
            [{"role": "Anna", "content": "x"}, {"role": "Ben", "content": "x"}],
            "nothing to reply to",
        ),
        ([{"role": "Anna", "content": "x", "name": "y"}], "unknown field 'name'"),
        (["x"], "message 1 must be an object"),
    ],
)
def test_each_turn_of_a_conversation_is_checked(messages: Any, said: str) -> None:
    problems = chat.input_problems(TALK, {"messages": messages})
    assert any(said in problem for problem in problems)


def test_system_prompts_do_not_make_conversations_alike() -> None:
    messages = [{"role": "system", "content": "Be kind"}, {"role": "Anna", "content": "Hello"}]
    assert chat.near_duplicate_text(TALK, {"messages": messages}) == "Hello"
