"""Scores example by example under the names that tasks, reports and gates use.

Needs: the task, the texts that were written, the canonical texts of the right answers.
Gives: numbers in 0 to 1, one per example, all of one figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from hone import shelf
from hone.metrics.together import run_together
from hone.records.task import Task

SCORE = "score"
DIMENSION = "dimension."


def figure_names(task: Task) -> list[str]:
    """The figures of a task that have a value on every example, the task's own score first.

    Corpus BLEU and sums over fields are no means over examples, so nothing can be paired there.
    """
    metrics = shelf.load("tasks", task.kind).METRICS
    names = [task.score_name]
    names += ["exact_match"] if "exact_match" in metrics else []
    names += ["rouge_l"] if "rouge" in metrics else []
    if task.kind == "score":
        names += [f"{DIMENSION}{name}" for name in task.dimensions]
    return list(dict.fromkeys(names))


def judged_texts(task: Task, texts: Sequence[str]) -> Sequence[str]:
    """What is judged of answers: in qa without the quotation that they rest on."""
    part = getattr(shelf.load("tasks", task.kind), "judged_text", None)
    return texts if part is None else [part(text) for text in texts]


def example_scores(
    task: Task, name: str, texts: Sequence[str], answers: Sequence[str]
) -> np.ndarray:
    """One figure on every example; `name` is one of `figure_names`, or "score"."""
    texts, answers = judged_texts(task, texts), judged_texts(task, answers)
    if name == "exact_match":
        return _one(texts, answers, name, exact_match_options(task))
    if name == "rouge_l":
        return _one(texts, answers, "rouge", None)
    if name.startswith(DIMENSION):
        return _closeness(task, name.removeprefix(DIMENSION), texts, answers)
    return np.asarray(task_scores(task, texts, answers), dtype=np.float64)


def task_scores(task: Task, texts: Sequence[str], answers: Sequence[str]) -> list[float]:
    """The task's 0-to-1 score of each answer, as its `score` gives it one by one."""
    texts, answers = judged_texts(task, texts), judged_texts(task, answers)
    if task.kind == "extract":
        return _one(texts, answers, "json_fields", None).tolist()
    if task.kind in ("qa", "chat"):
        return _one(texts, answers, "token_f1", token_f1_options()).tolist()
    kind = shelf.load("tasks", task.kind)
    return [
        float(kind.score(task, text, kind.parse(task, answer)))
        for text, answer in zip(texts, answers, strict=True)
    ]


def token_f1_options() -> BaseModel:
    """Two empty answers agree, as the tasks' own score has it."""
    return shelf.load("metrics", "token_f1").Options(squad_version="2.0")


def exact_match_options(task: Task) -> BaseModel | None:
    """Words of an answer are compared as SQuAD does; an extracted record as it is written."""
    if task.kind == "extract":
        return None
    return shelf.load("metrics", "exact_match").Options(normalise="squad")


def _one(
    texts: Sequence[str], answers: Sequence[str], name: str, options: BaseModel | None
) -> np.ndarray:
    return run_together(texts, answers, {name: options})[name].per_example


def _closeness(
    task: Task, dimension: str, texts: Sequence[str], answers: Sequence[str]
) -> np.ndarray:
    """1 - error / range on one dimension; what is missing or unreadable is wrong by the scale."""
    kind: Any = shelf.load("tasks", task.kind)
    one_task = task.model_copy(update={"dimensions": [dimension]})
    return np.array(
        [
            kind.score(one_task, text, kind.parse(task, answer))
            for text, answer in zip(texts, answers, strict=True)
        ],
        dtype=np.float64,
    )
