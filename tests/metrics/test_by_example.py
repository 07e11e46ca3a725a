"""Figures example by example: the names of each kind of task, and their values."""

from __future__ import annotations

import json

import pytest

from hone.metrics.by_example import example_scores, figure_names, task_scores
from hone.records.task import Task

SCORE = Task(kind="score", name="uplifting", dimensions=["agency", "progress"])
QA = Task(kind="qa", name="catechism")


def test_each_kind_has_its_figures_and_its_score_first() -> None:
    assert figure_names(QA) == ["token_f1", "exact_match", "rouge_l"]
    assert figure_names(SCORE) == ["closeness", "dimension.agency", "dimension.progress"]
    assert figure_names(Task(kind="chat", name="talk")) == ["token_f1", "rouge_l"]


def test_a_dimension_is_closeness_on_it_alone() -> None:
    answers = [json.dumps({"agency": 4, "progress": 10})] * 3
    texts = [json.dumps({"agency": 6, "progress": 10}), json.dumps({"agency": 4}), "no idea"]
    assert example_scores(SCORE, "dimension.agency", texts, answers) == pytest.approx([0.8, 1, 0])
    assert example_scores(SCORE, "dimension.progress", texts, answers) == pytest.approx([1, 0, 0])
    assert example_scores(SCORE, "score", texts, answers) == pytest.approx([0.9, 0.5, 0])


def test_words_are_compared_as_reports_compare_them() -> None:
    texts, answers = ["The Lord.", "a shepherd", ""], ["the lord", "my shepherd", ""]
    assert example_scores(QA, "exact_match", texts, answers).tolist() == [1.0, 0.0, 1.0]
    assert example_scores(QA, "token_f1", texts, answers).tolist() == task_scores(
        QA, texts, answers
    )
    # Worked: one of two words in order, on both sides.
    assert example_scores(QA, "rouge_l", texts, answers)[1] == pytest.approx(0.5)
