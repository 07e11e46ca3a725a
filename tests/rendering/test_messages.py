"""Messages of a task: who says what, in which order."""

from __future__ import annotations

import pytest

from hone.errors import HoneError
from hone.records.example import Passage
from hone.records.task import Task
from hone.rendering.messages import messages_of, template_fingerprint

QUESTIONS = Task(kind="qa", name="q", system="Be brief.", context=True)
TALK = Task(kind="chat", name="talk", system="You are Ben.", roles=["Anna", "Carl", "Ben"])


def test_worked_examples_stand_between_system_prompt_and_question() -> None:
    messages = messages_of(
        QUESTIONS, {"question": "Q3"}, answer="A3",
        shots=[({"question": "Q1"}, "A1"), ({"question": "Q2"}, "A2")],
    )  # fmt: skip
    assert [(one["role"], one["content"]) for one in messages] == [
        ("system", "Be brief."),
        ("user", "Q1"), ("assistant", "A1"),
        ("user", "Q2"), ("assistant", "A2"),
        ("user", "Q3"), ("assistant", "A3"),
    ]  # fmt: skip


def test_passages_stand_before_the_question_where_the_task_has_context() -> None:
    passages = [Passage(text="First."), "Second."]
    (_, user) = messages_of(QUESTIONS, {"question": "Why?"}, context=passages, answer=None)
    assert user["content"] == "Context:\n[1] First.\n\n[2] Second.\n\nQuestion: Why?"
    without = QUESTIONS.model_copy(update={"context": False})
    (_, user) = messages_of(without, {"question": "Why?"}, context=passages, answer=None)
    assert user["content"] == "Why?"


def test_an_article_is_title_and_content() -> None:
    task = Task(kind="score", name="s", dimensions=["a"])
    (user,) = messages_of(task, {"title": "T", "content": "C"}, answer=None)
    assert user["content"] == "T\n\nC"
    (user,) = messages_of(task, {"content": "C"}, answer=None)
    assert user["content"] == "C"


def test_speakers_become_user_and_assistant_and_alternate() -> None:
    said = [
        {"role": "Anna", "content": "Hi"},
        {"role": "Carl", "content": "Hello"},
        {"role": "Ben", "content": "Good day"},
        {"role": "user", "content": "Well?"},
    ]
    messages = messages_of(TALK, {"messages": said}, answer="Fine")
    assert [(one["role"], one["content"]) for one in messages] == [
        ("system", "You are Ben."),
        ("user", "Hi\n\nHello"),
        ("assistant", "Good day"),
        ("user", "Well?"),
        ("assistant", "Fine"),
    ]


def test_a_speaker_that_the_task_does_not_know_is_named() -> None:
    with pytest.raises(HoneError, match='Nobody called "Dora"'):
        messages_of(TALK, {"messages": [{"role": "Dora", "content": "x"}]}, answer=None)


def test_the_fingerprint_changes_with_what_a_model_sees_or_writes() -> None:
    pickup = {"kind": "extract", "name": "p", "fields": {"item": {}, "unit": {}}}
    turned = {"kind": "extract", "name": "p", "fields": {"unit": {}, "item": {}}}
    variants = [
        QUESTIONS,
        QUESTIONS.model_copy(update={"system": "Be long."}),
        QUESTIONS.model_copy(update={"context": False}),
        QUESTIONS.model_copy(update={"unanswerable": "No."}),
        TALK,
        Task.model_validate(pickup),
        Task.model_validate(turned),
        Task.model_validate({**pickup, "many": True}),
        Task(kind="score", name="s", dimensions=["a"]),
        Task(kind="score", name="s", dimensions=["a"], scale=(0, 5)),
    ]
    assert len({template_fingerprint(task) for task in variants}) == len(variants)
    renamed = QUESTIONS.model_copy(update={"name": "other", "weights_in_pounds": {"lbs": 1}})
    assert template_fingerprint(renamed) == template_fingerprint(QUESTIONS)
