"""What corrections did: fixed, stuck or broken, on corrected rows and on untouched look-alikes.

The two stand in separate columns, since a model may learn a row by heart without getting better at
anything like it; and both against a control that was retrained without the corrections, since more
training alone moves scores too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hone.metrics._intervals import Interval, mean_interval
from hone.metrics._paired import paired_interval
from hone.records.feedback import (
    BrokenLine,
    ColumnName,
    CorrectionLine,
    CorrectionState,
    Efficacy,
    EfficacyColumn,
)
from hone.records.model import Measured
from hone.stages.feedback.look_alikes import Likes, look_alikes
from hone.stages.feedback.says import MEANS, say
from hone.stages.feedback.trial import Answered, Trial, answered, example_origin
from hone.workspace import clock
from hone.workspace.open import Workspace


class _Scores(NamedTuple):
    """One example as all three answered it."""

    id: str
    on: str
    before: float
    control: float | None
    after: float


def efficacy(ws: Workspace, trial: Trial, *, seed: int = 0) -> Efficacy:
    """The report; HoneError where somebody has not answered yet."""
    task = ws.task(trial.manifest.task)
    threshold = ws.config.scores.flag_below
    corrected, *untouched = answered(ws, trial)
    held_out = [one for each in untouched for one in _shared(each)]
    likes = look_alikes(
        ws,
        task,
        trial.manifest.ref,
        corrected=list(trial.corrections),
        held_out=[one.id for one in held_out],
    )
    clean = [one for one in held_out if one.id not in likes.leaked]
    alike = likes.all
    parts: dict[ColumnName, list[_Scores]] = {
        "corrected": _shared(corrected),
        "look_alikes": [one for one in clean if one.id in alike],
        "others": [one for one in clean if one.id not in alike],
    }
    columns = [_column(name, rows, threshold, seed) for name, rows in parts.items()]
    lines = [_line(ws, trial, one, threshold, likes) for one in parts["corrected"]]
    broken = [
        BrokenLine(
            id=one.id,
            on=one.on,
            before=one.before,
            control=one.control,
            after=one.after,
            is_look_alike=one.id in alike,
        )
        for one in clean
        if one.before >= threshold > one.after
    ]
    states: Counter[CorrectionState] = Counter(one.state for one in lines)
    found = Efficacy(
        model=trial.after,
        before=trial.before,
        control=trial.control,
        dataset=trial.manifest.ref,
        control_dataset=trial.control_dataset,
        task=task.name,
        score=task.score_name,
        at=clock.now(),
        threshold=threshold,
        seed=seed,
        columns=columns,
        states=dict(sorted(states.items())),
        corrections=lines,
        newly_broken=sorted(broken, key=lambda one: (one.after - one.before, one.id)),
        leaked=len(likes.leaked),
        evaluations=[one.evaluation.id for one in (corrected, *untouched)],
        says=[],
        notes=_notes(trial, corrected, [corrected, *untouched]),
    )
    return found.model_copy(update={"says": say(found)})


def _shared(found: Answered) -> list[_Scores]:
    """The examples that all of them answered, in one order."""
    ids = sorted(found.after.keys() & found.before.keys())
    if found.control is not None:
        ids = [id for id in ids if id in found.control]
    return [
        _Scores(
            id,
            found.on,
            found.before[id],
            found.control[id] if found.control is not None else None,
            found.after[id],
        )
        for id in ids
    ]


def _column(
    name: ColumnName, rows: Sequence[_Scores], threshold: float, seed: int
) -> EfficacyColumn:
    column = EfficacyColumn(name=name, means=MEANS[name], examples=len(rows))
    if not rows:
        return column
    before = np.array([one.before for one in rows])
    after = np.array([one.after for one in rows])
    right = {"before": before, "after": after}
    column.before = _measured(mean_interval(before, seed=seed))
    column.after = _measured(mean_interval(after, seed=seed))
    column.gained = _measured(paired_interval(after - before, seed=seed))
    given = [one.control for one in rows if one.control is not None]
    if given:
        control = np.array(given)
        column.control = _measured(mean_interval(control, seed=seed))
        column.due = _measured(paired_interval(after - control, seed=seed))
        right["control"] = control
    column.right = {who: int((scores >= threshold).sum()) for who, scores in right.items()}
    return column


def _measured(interval: Interval) -> Measured:
    return Measured(value=interval.value, low=interval.low, high=interval.high)


def _line(
    ws: Workspace, trial: Trial, scores: _Scores, threshold: float, likes: Likes
) -> CorrectionLine:
    said = trial.corrections[scores.id]
    return CorrectionLine(
        id=scores.id,
        origin=example_origin(ws, scores.id),
        verdict=said.verdict,
        reviewer=said.reviewer,
        at=said.at,
        note=said.note,
        evaluation=said.evaluation,
        dataset=f"{trial.manifest.ref}/train",
        model=trial.after,
        before=scores.before,
        control=scores.control,
        after=scores.after,
        state=_state(scores, threshold),
        look_alikes=likes.of.get(scores.id, []),
    )


def _state(scores: _Scores, threshold: float) -> CorrectionState:
    was, is_now = scores.before >= threshold, scores.after >= threshold
    if was:
        return "right_before" if is_now else "broken"
    return "fixed" if is_now else "stuck"


def _notes(trial: Trial, corrected: Answered, every: Sequence[Answered]) -> list[str]:
    notes: list[str] = []
    made = trial.manifest.options["feedback"]["corrections"]
    gone = len(made) - len(trial.corrections)
    if gone:
        notes.append(
            f"{gone} of {len(made)} corrections are not counted: they did not come to train, or "
            "were taken back since."
        )
    missing = len(trial.corrections) - len(_shared(corrected))
    if missing:
        notes.append(f"{missing} corrections were not asked: they are gone from the workspace.")
    for one in every:
        notes += [
            f"{one.on}: {note}"
            for note in one.evaluation.notes
            if not note.startswith(("Trained on:", "The val split"))
        ]
    return list(dict.fromkeys(notes))
