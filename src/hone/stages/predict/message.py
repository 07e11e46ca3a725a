"""Answers a few messages, without leaving anything behind."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hone import shelf
from hone.errors import InvalidInput
from hone.importers._questions import Asked, input_of, read_questions
from hone.records.task import Task
from hone.stages import jobs
from hone.stages.predict.answers import by_rules, put_together, rules_answers
from hone.stages.predict.asking import Asking
from hone.stages.predict.options import Predicted, PredictOptions
from hone.workspace.follow import follow
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.predictions import read_predictions

STOP_SECONDS = 5.0


def predict_message(
    ws: Workspace,
    message: str | Mapping[str, Any],
    options: PredictOptions | None = None,
    *,
    target: jobs.Target | None = None,
) -> Predicted:
    """Answer one message: its text, or an input with the task's fields."""
    return predict_messages(ws, [message], options, target=target)[0]


def predict_messages(
    ws: Workspace,
    inputs: Sequence[str | Mapping[str, Any] | Asked],
    options: PredictOptions | None = None,
    *,
    passages: Sequence[str] = (),
    target: jobs.Target | None = None,
) -> list[Predicted]:
    """Answer a few messages, in order: texts, inputs with the task's fields, or rows of a file.

    `passages` stand above every question that brings none of its own. A model answers in a worker
    process of its own, in a folder that is gone afterwards; for a file of messages use
    `predict_file`, which can go on where it was cut off.
    """
    asking = Asking(ws, options or PredictOptions())
    if passages:
        _refuse_passages(asking.task)
    shown = [{"text": text} for text in passages]
    rows = [_row(asking.task, one, place, shown) for place, one in enumerate(inputs, 1)]
    _refuse_unfit(asking, rows)
    if asking.able is None:
        answer = rules_answers(asking)
        return [by_rules(asking, asked, answer) for asked in rows]
    home = Path(tempfile.mkdtemp(prefix="hone-predict-"))
    try:
        job = jobs.new_job("suggest", asking.spec(ws, "messages"))
        folder = JobFolder.create(home / job.id, job, inputs={"examples.jsonl": _lines(rows)})
        _run_here(folder, target, asking.options.deadline_seconds)
        found = {
            one.name: read_predictions(folder.predictions / f"{one.name}.jsonl").answers
            for one in asking.contenders
        }
    finally:
        shutil.rmtree(home, ignore_errors=True)
    predicted: list[Predicted] = []
    for asked in rows:
        answers = {name: by_id.get(str(asked.row)) for name, by_id in found.items()}
        predicted.append(put_together(asking.task, asking.contenders, asked, answers))
    return predicted


def _row(
    task: Task, one: str | Mapping[str, Any] | Asked, place: int, shown: list[dict[str, Any]]
) -> Asked:
    if isinstance(one, Asked):
        return one._replace(row=place, context=one.context or shown)
    return Asked(place, input_of(task, one) if isinstance(one, str) else dict(one), shown)


def _refuse_passages(task: Task) -> None:
    if task.kind != "qa" or not task.context:
        raise InvalidInput(
            f"The task {task.name} is asked without passages.",
            hint=f"context: true in tasks/{task.name}.yaml, for a task of the kind qa",
        )


def sample_inputs(
    ws: Workspace, ref: str, *, messages: Sequence[str], file: Path | None
) -> list[str | Mapping[str, Any] | Asked]:
    """Messages and rows of a file together, as `predict_messages` takes them; all must be sound."""
    inputs: list[str | Mapping[str, Any] | Asked] = list(messages)
    if file is None:
        return inputs
    task = Asking(ws, PredictOptions(model=ref)).task
    problems: list[str] = []
    for asked in read_questions(file, task, needs_answers=False):
        if asked.problem:
            problems.append(f"row {asked.row}: {asked.problem}")
        inputs.append(asked)
    if problems:
        raise InvalidInput(
            f"{len(problems)} rows of {file} cannot be asked.",
            hint="Mend the rows, or leave them out.",
            problems=problems[:5],
        )
    return inputs


def _refuse_unfit(asking: Asking, rows: Sequence[Asked]) -> None:
    kind = shelf.load("tasks", asking.task.kind)
    problems: list[str] = []
    for one in rows:
        where = f"message {one.row}: " if len(rows) > 1 else ""
        problems += [where + problem for problem in kind.input_problems(asking.task, one.input)]
    if problems:
        raise InvalidInput(
            " ".join(problems[:3]), hint="hone predict --message TEXT", problems=problems
        )


def _lines(rows: Sequence[Asked]) -> str:
    lines = ({"id": str(one.row), "input": one.input, "context": one.context} for one in rows)
    return "".join(json.dumps(line) + "\n" for line in lines)


def _run_here(folder: JobFolder, target: jobs.Target | None, deadline_seconds: float) -> None:
    """Start a worker in a folder outside the workspace and wait; it never outlives the wait."""
    chosen = target or cast("jobs.Target", shelf.load("targets", "local"))
    chosen.start(folder)
    try:
        follow(folder, deadline_seconds=deadline_seconds, go_on="Run the same command again.")
    finally:
        if folder.is_alive():
            chosen.stop(folder, STOP_SECONDS)
