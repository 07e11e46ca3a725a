"""Answers one message, without leaving anything behind."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from hone import shelf
from hone.errors import InvalidInput
from hone.importers._questions import Asked, input_of
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
    """Answer one message (its text, or an input with the task's fields).

    A model answers in a worker process of its own, in a folder that is gone afterwards.
    """
    asking = Asking(ws, options or PredictOptions())
    task = asking.task
    given = input_of(task, message) if isinstance(message, str) else dict(message)
    problems = shelf.load("tasks", task.kind).input_problems(task, given)
    if problems:
        raise InvalidInput(
            " ".join(problems), hint="hone predict --message TEXT", problems=problems
        )
    if asking.able is None:
        return by_rules(asking, Asked(1, given, []), rules_answers(asking))
    home = Path(tempfile.mkdtemp(prefix="hone-predict-"))
    try:
        job = jobs.new_job("suggest", asking.spec(ws, "a message"))
        line = json.dumps({"id": "1", "input": given, "context": []}, ensure_ascii=False)
        folder = JobFolder.create(home / job.id, job, inputs={"examples.jsonl": line + "\n"})
        _run_here(folder, target, asking.options.deadline_seconds)
        found = {
            one.name: read_predictions(folder.predictions / f"{one.name}.jsonl").get("1")
            for one in asking.contenders
        }
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return put_together(task, asking.contenders, Asked(1, given, []), found)


def _run_here(folder: JobFolder, target: jobs.Target | None, deadline_seconds: float) -> None:
    """Start a worker in a folder outside the workspace and wait; it never outlives the wait."""
    chosen = target or cast("jobs.Target", shelf.load("targets", "local"))
    chosen.start(folder)
    try:
        follow(folder, deadline_seconds=deadline_seconds, go_on="Run the same command again.")
    finally:
        if folder.is_alive():
            chosen.stop(folder, STOP_SECONDS)
