"""Answers: evaluate, compare, predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hone.loop.progress import Progress
from hone.records.comparison import Comparison
from hone.records.evaluation import Evaluation
from hone.stages import compare as comparison
from hone.stages import evaluate as evaluation
from hone.stages import predict as prediction
from hone.workspace.open import Workspace


def evaluate(
    workspace: Workspace,
    model: str,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> Evaluation:
    """Let a model and those beside it answer, and score; choices: see `EvaluateOptions`."""
    options = evaluation.evaluate_options(**choices)
    job = evaluation.evaluate(workspace, model, options)
    return evaluation.finish(workspace, job.id, on_progress=on_progress)


def compare(
    workspace: Workspace,
    models: Sequence[str],
    *,
    on: str | None = None,
    repeats_base: bool = True,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> Comparison:
    """Versions, and bases, on the same examples, paired; who has not answered them is asked first.

    `on` as in `evaluate`. With `repeats_base` the base answers once more, for the noise floor.
    Choices: confidence and seed of what is said; judge, an endpoint of the workspace that says
    which answers it prefers; task, max_new_tokens, and others of `evaluate`, for who is asked. The
    report is written beside those of evaluations.
    """
    terms = {name: choices.pop(name) for name in ("confidence", "seed") if name in choices}
    wanted = comparison.wanted(workspace, models, on, task=choices.pop("task", None))
    judge: str | None = choices.pop("judge", None)
    judging = comparison.judge_named(workspace, judge) if judge is not None else None
    asked: dict[str, Any] = {**choices, "on": on or wanted.on, "task": wanted.task.name}
    owed = comparison.owed(workspace, wanted)
    if owed.models:
        first, *further = owed.models
        rows = list(evaluation.ROWS) if first == wanted.refs[0] else ["tuned"]
        asked_now = {**asked, "rows": rows, "further": further}
        evaluate(workspace, first, on_progress=on_progress, **asked_now)
        owed = comparison.owed(workspace, wanted)
    if owed.repeat is not None and repeats_base:
        base, batch_size = owed.repeat
        again = {**asked, "rows": ["base"], "batch_size": batch_size}
        evaluate(workspace, base, on_progress=on_progress, **again)
    found = comparison.compare(workspace, wanted, **terms)
    if judging is not None:
        found = comparison.add_judgement(workspace, wanted, found, judging, on_progress=on_progress)
    comparison.write_report(workspace, found)
    return found


def predict(
    workspace: Workspace, message: str | Mapping[str, Any], **choices: Any
) -> prediction.Predicted:
    """Answers to one message; choices: see `PredictOptions`."""
    options = prediction.predict_options(**choices)
    return prediction.predict_message(workspace, message, options)


def predict_file(
    workspace: Workspace,
    source: Path,
    output: Path,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> prediction.PredictReport:
    """Answers to every row of a file, in order, into a JSONL file."""
    options = prediction.predict_options(**choices)
    return prediction.predict_file(workspace, (source, output), options, on_progress=on_progress)
