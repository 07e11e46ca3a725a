"""What a model answered last to each example, over all its evaluations.

Of several versions of one name the highest counts, of several evaluations of it the newest. So an
evaluation that is repeated doubles nothing, and an example that a later version answers well is
no longer flagged. What a contender was trained on is left out: it shows memory, not skill.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from hone.checks._normal import normal
from hone.errors import HoneError, NotFound
from hone.records.dataset import SPLITS
from hone.records.evaluation import Band, Evaluation
from hone.records.identity import example_id
from hone.records.task import Task
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace


class Question(NamedTuple):
    """One example as it was asked; `id` is that of the store, `named` that in the evaluation."""

    id: str
    named: str
    input: dict[str, Any]
    context: list[dict[str, Any]]
    expected: str


class Answer(NamedTuple):
    """The newest answer of a model to one example, with the score of the version before it."""

    id: str
    named: str
    evaluation: Evaluation
    contender: str
    score: float
    band: Band
    text: str
    earlier: tuple[str, float] | None
    """The next lower version that answered the example, and its score."""


class Answers(NamedTuple):
    """The answers of one model by example, and what to know about them."""

    model: str
    task: str
    found: dict[str, Answer]
    notes: list[str]


def latest_answers(ws: Workspace, model: str | None, *, task: str | None = None) -> Answers:
    """What a model answered last, by example; `model` is NAME, NAME@VERSION or a base.

    Without one, whoever was evaluated last. NotFound where nobody was.
    """
    evaluations = [
        one
        for one in ws.store.evaluations.list()
        if one.measures == "answers" and (task is None or one.task == task)
    ]
    if not evaluations:
        raise NotFound("Nothing was evaluated yet.", hint="hone evaluate MODEL")
    name, version = _named(model or evaluations[0].model)
    asked = [(one, row) for one in evaluations for row in _rows_of(one, name, version)]
    if not asked:
        raise NotFound(
            f"{model or name} was not evaluated yet.", hint=f"hone evaluate {model or name}"
        )
    of_task = asked[0][0].task
    # In the order in which later ones replace earlier ones: by version, then by time.
    asked = [pair for pair in asked if pair[0].task == of_task]
    asked.sort(key=lambda pair: (_number(pair[1]), pair[0].at))
    found: dict[str, Answer] = {}
    notes: list[str] = []
    for evaluation, contender in asked:
        if evaluation.trained_on:
            if evaluation.on.endswith("/train"):
                continue  # whoever asked for it by name knows
            notes.append(f"Left out: {evaluation.id}, which asked what {contender} was trained on.")
            continue
        try:
            _take(ws, evaluation, contender, found)
        except HoneError as error:
            notes.append(f"Left out: {evaluation.id}: {error.message}")
    return Answers(name, of_task, found, list(dict.fromkeys(notes)))


def _take(ws: Workspace, evaluation: Evaluation, contender: str, found: dict[str, Answer]) -> None:
    # Rows of a file have no ids of their own: their content says which examples they are.
    is_split = is_of_split(evaluation.on)
    ids = None if is_split else {one.named: one.id for one in questions(ws, evaluation)}
    for score in ws.store.evaluations.scores(evaluation.id, contender):
        named = score.example_id
        known = named if ids is None else ids.get(named, named)
        last = found.get(known)
        earlier = None
        if last is not None:
            is_same_version = last.contender == contender
            earlier = last.earlier if is_same_version else (last.contender, last.score)
        found[known] = Answer(
            known, named, evaluation, contender, score.score, score.band, score.text, earlier
        )


def questions(ws: Workspace, evaluation: Evaluation) -> Iterator[Question]:
    """What an evaluation asked, in order; HoneError where its folder was deleted."""
    folder = JobFolder(ws.jobs / evaluation.id)
    file = folder.inputs / "examples.jsonl"
    task = task_of(ws, evaluation)
    is_split = is_of_split(evaluation.on)
    with explained("read", file), file.open(encoding="utf-8") as lines:
        for fields in map(json.loads, lines):
            named, expected = str(fields["id"]), str(fields["answer"])
            known = named if is_split else content_id(task, fields)
            yield Question(known, named, fields["input"], fields["context"], expected)


def task_of(ws: Workspace, evaluation: Evaluation) -> Task:
    """The task as it was asked; HoneError where the evaluation's folder was deleted."""
    return Task.model_validate(JobFolder(ws.jobs / evaluation.id).job.spec["task"])


def content_id(task: Task, fields: Any) -> str:
    """The id that a row of a file gets when it is imported; its expected answer is in it."""
    from hone import shelf

    output = shelf.load("tasks", task.kind).parse(task, str(fields["answer"]))
    return example_id(task.name, fields["input"], output, fields["context"])


def is_of_split(on: str) -> bool:
    """Whether an evaluation asked a split of a dataset, and not a file."""
    ref, _, split = on.rpartition("/")
    return "@" in ref and split in SPLITS


def asked_text(question: Question) -> str:
    """What makes two questions the same one."""
    context = [passage.get("text", "") for passage in question.context]
    return normal(json.dumps([question.input, context], ensure_ascii=False, sort_keys=True))


def _named(model: str) -> tuple[str, int | None]:
    name, _, version = model.partition("@")
    number = version.removeprefix("v")
    return name, int(number) if number.isdecimal() else None


def _rows_of(evaluation: Evaluation, name: str, most: int | None) -> Iterator[str]:
    """The contenders of an evaluation that are this model, up to a version."""
    for row in evaluation.rows:
        own, at, version = row.contender.partition("@")
        is_version = bool(at) and own == name and version.removeprefix("v").isdecimal()
        is_base = row.contender == "base" and evaluation.model == name
        if is_base or (is_version and (most is None or _number(row.contender) <= most)):
            yield row.contender


def _number(contender: str) -> int:
    version = contender.rpartition("@")[2].removeprefix("v")
    return int(version) if version.isdecimal() else 0
