"""Rows that repeat each other: within a split, across splits, nearly, or with another answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hone.records.task import Task
from hone.rendering.messages import messages_of, question_in
from hone.stages.doctor.report import Report
from tests.stages.doctor.frozen import answer_row, asked, said

Look = Callable[..., Report]
LONG = "Which river flows past the old mill at the edge of the town of {}, and why is it so slow?"
TOWNS = ["Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Ginkgo", "Hazel"]


def different(count: int, prefix: str) -> list[dict[str, Any]]:
    return [answer_row(f"{prefix}{n} {chr(97 + n) * 9}?", f"{prefix} {n}") for n in range(count)]


def test_a_question_in_two_splits_is_a_leak_whatever_its_case(look: Look) -> None:
    train = [*different(4, "t"), answer_row("What is  kale?", "A cabbage.", "k")]
    report = look(
        {
            "train": train,
            "val": [answer_row("what is KALE?", "Food.", "v")],
            "test": [*different(2, "e"), answer_row("What is kale?", "A cabbage.", "e")],
        }
    )
    assert report.likeness.leaks == {"train/val": 1, "train/test": 1}
    assert report.likeness.contradicting == report.likeness.repeated == {}
    first = report.likeness.pairs[0]
    assert (first.what, first.split, first.row, first.id) == ("leaks", "val", 1, "v")
    assert (first.other_split, first.other_row, first.other_id) == ("train", 5, "k")
    whats = [one.what for one in report.problems]
    assert whats == [
        "1 question of val in train too: its scores would be memory",
        "1 question of test in train too: its scores would be memory",
    ]
    assert report.problems[0].mend == "hone datasets build set --format sft --task qa"


def test_the_same_row_is_a_repetition_and_another_answer_a_contradiction(look: Look) -> None:
    rows = [answer_row("Why?", "So."), answer_row("why?", "So."), answer_row("Why?", "No.", "x")]
    report = look({"train": [*different(3, "t"), *rows], "val": different(2, "v")})
    assert report.likeness.repeated == {"train": 1}
    assert report.likeness.contradicting == {"train": 1}
    told = {one.what: one.mend for one in report.warnings}
    assert told["1 question of train with different answers (rows 4 and 6)"].startswith(
        "hone examples show x"
    )
    assert report.problems == []


def test_many_of_a_kind_in_one_split_do_not_hide_those_of_another(look: Look) -> None:
    def torn(prefix: str, count: int) -> list[dict[str, Any]]:
        rows = different(count, prefix)
        return [row for one in rows for row in (one, {**one, "completion": said("No.")})]

    report = look({"train": torn("t", 9), "val": torn("v", 2)})
    assert report.likeness.contradicting == {"train": 9, "val": 2}
    told = [one for one in report.likeness.pairs if one.what == "contradicting"]
    assert [one.split for one in told] == ["train"] * 5 + ["val"] * 2
    assert "2 questions of val with different answers (rows 1 and 2)" in [
        one.what for one in report.warnings
    ]


def test_nearly_the_same_question_is_a_leak_where_the_task_says_so(look: Look) -> None:
    train = [answer_row(LONG.format(town), f"{town} Brook.") for town in ("Alder", "quite near")]
    val = [answer_row(LONG.format("Birch"), "Birch Brook.")]
    report = look({"train": train, "val": val})
    assert report.likeness.near_leaks == {"train/val": 1}
    assert "1 question of val in train too, in nearly the same words" in [
        one.what for one in report.problems
    ]
    assert report.problems[0].mend.endswith("--similarity 0.8")
    # One other word is another record for extraction.
    rows = {"train": [answer_row(t["prompt"][0]["content"], "[]") for t in train]}
    rows["train"].append(answer_row("else", '[{"item": "kale"}]'))
    rows["val"] = [answer_row(LONG.format("Birch"), "[]")]
    report = look(rows, "extract")
    assert report.likeness.near_leaks == {"train/val": 1}
    assert report.likeness.rule == "equal text" and report.problems == []


@pytest.mark.parametrize("built_with", [0.99, 1.0])
def test_what_was_allowed_when_it_was_built_is_a_warning(look: Look, built_with: float) -> None:
    rows = {
        "train": [answer_row(LONG.format("Alder"), "a"), answer_row("Else?", "b")],
        "val": [answer_row(LONG.format("Birch"), "c")],
    }
    report = look(rows, built_with=built_with)
    assert report.likeness.is_near_allowed and report.problems == []
    assert "1 question of val in train too, in nearly the same words" in [
        one.what for one in report.warnings
    ]


def test_several_pairs_of_one_question_are_no_repetition(look: Look) -> None:
    pairs = [
        {"id": "p", "prompt": asked("Why?"), "chosen": said("So."), "rejected": said(text)}
        for text in ("No.", "Never.", "No.")
    ]
    report = look({"train": pairs, "val": pairs[:1]}, format="dpo")
    assert report.likeness.repeated == {"train": 1}
    assert report.likeness.contradicting == {} and report.likeness.near == {}
    assert report.likeness.leaks == {"train/val": 1}
    signals = [
        {"id": "k", "prompt": asked("Why?"), "completion": said("So."), "label": label}
        for label in (True, False)
    ]
    report = look({"train": signals}, format="kto")
    assert report.likeness.repeated == report.likeness.contradicting == {}


def test_passages_and_system_prompt_are_not_the_question() -> None:
    task = Task(kind="qa", name="q", context=True, system="Answer.")
    passages = ["Kale is a cabbage.", "Question: none\n\nQuestion: really none"]
    written = messages_of(task, {"question": "What is kale?"}, context=passages, answer=None)
    assert "Kale is a cabbage" in written[-1]["content"]
    assert question_in(written) == "What is kale?"
    chat = [*asked("Hello?", system="Be kind."), *said("Yes?"), *asked("Context: none")]
    assert question_in(chat) == "Hello?\nYes?\nContext: none"


def test_the_same_passages_before_other_questions_are_no_leak(look: Look) -> None:
    task = Task(kind="qa", name="q", context=True)
    passage = ["A long passage about rivers and mills. " * 20]
    prompts = [
        messages_of(task, {"question": text}, context=passage, answer=None)
        for text in ("Where is it?", "Who wrote down the story of the miller?")
    ]
    rows = [{"id": "", "prompt": one, "completion": said(str(n))} for n, one in enumerate(prompts)]
    report = look({"train": rows[:1], "val": rows[1:]})
    assert report.likeness.near_leaks == {} == report.likeness.leaks
