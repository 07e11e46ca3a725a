"""Who is asked for a learning curve, on what, and what they scored; nobody is asked twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hone.errors import InvalidInput
from hone.records.curve import CurveRun, LearningCurve
from hone.records.evaluation import Contender, Evaluation, Row
from hone.stages.curve.judging import Known, judge
from hone.stages.curve.options import CurveOptions
from hone.workspace.clock import now
from hone.workspace.open import Workspace


class Wanted(NamedTuple):
    """A dataset's version, and the held-out examples that every training on it is asked."""

    dataset: str
    on: str
    options: CurveOptions


class Answered(NamedTuple):
    """What one training's model scored; it is known by the id of its job."""

    evaluation: Evaluation
    row: Row


def wanted(ws: Workspace, dataset: str, options: CurveOptions) -> Wanted:
    """The newest version where none is named; InvalidInput without held-out examples."""
    manifest = ws.store.datasets.get(dataset)
    split = options.split
    if split not in manifest.splits or not manifest.splits[split].rows:
        raise InvalidInput(
            f"{manifest.ref} has no {split} split, so there is nothing fair to ask.",
            hint=f"hone datasets build {manifest.name} --{split}-ratio 0.2",
        )
    return Wanted(manifest.ref, f"{manifest.ref}/{split}", options)


def whoever_has_not_answered(
    ws: Workspace, on: str, learned: Mapping[str, Mapping[str, Any]]
) -> list[Contender]:
    """The models (job -> generator and options) that no evaluation on all of `on` has asked."""
    there = read_answers(ws, on, list(learned))
    return [Contender(name=job, **parts) for job, parts in learned.items() if job not in there]


def read_answers(ws: Workspace, on: str, names: Sequence[str]) -> dict[str, Answered]:
    """What each of these jobs' models scored on all of `on`, as it was recorded last."""
    named = set(names)
    found: dict[str, Answered] = {}
    for evaluation in ws.store.evaluations.list():
        if evaluation.on != on or evaluation.sample is not None:
            continue
        for row in evaluation.rows:
            if row.contender in named:
                found.setdefault(row.contender, Answered(evaluation, row))
    return found


def judge_answers(
    ws: Workspace, asked: Wanted, facts: Mapping[str, Any], runs: Sequence[CurveRun]
) -> LearningCurve:
    """The curve of what was answered; `facts` are method, base and examples of the whole."""
    answered = read_answers(ws, asked.on, [run.job for run in runs])
    scored = [
        run.model_copy(update={"score": answered[run.job].row.score})
        if run.job in answered
        else run
        for run in runs
    ]
    evaluations = {one.evaluation.id: one.evaluation for one in answered.values()}
    notes = [note for one in evaluations.values() for note in one.notes]
    manifest, at = ws.store.datasets.get(asked.dataset), now()
    known = Known(
        id=f"{at:%Y%m%d-%H%M%S}",
        at=at,
        dataset=asked.dataset,
        task=manifest.task,
        score=ws.task(manifest.task).score_name,
        on=asked.on,
        asked=max((one.row.examples for one in answered.values()), default=0),
        method=str(facts["method"]),
        base=str(facts["base"]),
        examples=int(facts["examples"]),
        seed=asked.options.seed,
        reach=asked.options.reach,
        notes=list(dict.fromkeys(notes)),
    )
    return judge(known, scored)
