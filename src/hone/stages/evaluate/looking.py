"""Looks at evaluations that were taken in: a list, the spread of scores, pages of examples.

Scores come from the store; what was asked from the job's folder, where it stands as it was asked.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from hone.errors import HoneError, InvalidInput, NotFound, nearest
from hone.records.evaluation import Band, Evaluation
from hone.records.model import Measured
from hone.records.task import Task
from hone.rendering.messages import messages_of
from hone.workspace.contenders import safe_name
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.store.evaluations import Chosen, Order

BINS = 20
MOST_ITEMS = 200
CACHED = 2  # files of questions whose lines are known by their ids, and orders that are kept
MOST_RANKED = 200_000
_RANKINGS: OrderedDict[Any, tuple[str, ...]] = OrderedDict()
_LOCK = Lock()
_ID = re.compile(rb'\{"id": ("(?:[^"\\]|\\.)*")')


class EvaluationLine(BaseModel):
    """One evaluation in a list."""

    id: str
    model: str
    task: str
    on: str
    at: datetime
    examples: int
    sample: int | None = Field(description="a quick one: so many examples were drawn")
    contenders: list[str] = Field(description="who answered, the main one first")
    score: Measured | None = Field(description="of the main one, 0 to 1")


class Bin(BaseModel):
    """How many answers have a score in one twentieth of 0 to 1, by band."""

    low: float
    bands: dict[Band, int]


class EvaluationView(BaseModel):
    """An evaluation, and how the scores of everybody who answered are spread."""

    evaluation: Evaluation
    main: str
    spread: dict[str, list[Bin]]
    is_asked_known: bool = Field(description="false: its folder is gone, only answers are left")


class Answer(BaseModel):
    """What one contender wrote to an example."""

    contender: str
    text: str
    score: float
    band: Band


class ScoredExample(BaseModel):
    """An example with everybody's answer, the chosen contender's first."""

    id: str
    asked: str
    expected: str
    answers: list[Answer]
    is_stored: bool = Field(description="it stands in the workspace, so it can be reviewed")


class ScoredPage(BaseModel):
    """Some examples from a place on, in the order that was asked for."""

    items: list[ScoredExample]
    start: int
    total: int


class Which(NamedTuple):
    """Which examples of an evaluation, in which order."""

    contender: str | None = None
    bands: Sequence[Band] = ()
    order: Order = "worst"
    against: str | None = None
    text: str = ""


def list_evaluations(ws: Workspace, model: str | None = None) -> list[EvaluationLine]:
    """Every evaluation, newest first; of one version where it is named."""
    lines: list[EvaluationLine] = []
    for one in ws.store.evaluations.list(model):
        rows = {row.contender: row for row in one.rows}
        main = rows.get(_main(one))
        lines.append(
            EvaluationLine(
                id=one.id,
                model=one.model,
                task=one.task,
                on=one.on,
                at=one.at,
                examples=max((row.examples for row in one.rows), default=0),
                sample=one.sample,
                contenders=_in_order(one),
                score=main.score if main is not None else None,
            )
        )
    return lines


def look_at_evaluation(ws: Workspace, evaluation_id: str) -> EvaluationView:
    """One evaluation with the spread of each contender's scores; NotFound."""
    evaluation = ws.store.evaluations.get(evaluation_id)
    spread = {
        name: [
            Bin(low=place / BINS, bands=counts)
            for place, counts in enumerate(ws.store.evaluations.spread(evaluation_id, name, BINS))
        ]
        for name in _in_order(evaluation)
    }
    return EvaluationView(
        evaluation=evaluation,
        main=_main(evaluation),
        spread=spread,
        is_asked_known=_questions(ws, evaluation).is_file(),
    )


def page_of_examples(
    ws: Workspace, evaluation_id: str, which: Which, *, start: int = 0, limit: int = 60
) -> ScoredPage:
    """The examples from place `start` on, `limit` of them; NotFound, InvalidInput."""
    evaluation = ws.store.evaluations.get(evaluation_id)
    names = _in_order(evaluation)
    contender = _known(which.contender or names[0], names)
    against = None if which.against is None else _known(which.against, names)
    if which.order in ("lost", "won") and against in (None, contender):
        raise InvalidInput(
            f"The order {which.order} compares two who answered.",
            hint=f"Name another one than {contender} as well: {', '.join(names)}",
        )
    chosen = Chosen(evaluation_id, contender, tuple(which.bands), which.text)
    span = (start, start + min(limit, MOST_ITEMS))
    ids, total = _ranked(ws, evaluation, (chosen, which.order, against), span)
    items = _examples(ws, evaluation, ids, [contender, *names])
    return ScoredPage(items=items, start=start, total=total)


def _ranked(
    ws: Workspace,
    evaluation: Evaluation,
    listed: tuple[Chosen, Order, str | None],
    span: tuple[int, int],
) -> tuple[Sequence[str], int]:
    """The ids from one place to another, and how many there are in all.

    The first page is quickest without the rest. Whoever goes on asks for one order again and
    again: it is sorted once and kept, where it is short enough to be. An evaluation that was taken
    in anew, with other bounds of colours, has other bands.
    """
    chosen, order, against = listed
    bands = tuple(tuple(sorted(row.bands.items())) for row in evaluation.rows)
    key = (str(ws.root), evaluation.id, bands, chosen, order, against)
    with _LOCK:
        known = _RANKINGS.get(key)
    stored, (start, end) = ws.store.evaluations, span
    if known is None:
        total = stored.count(chosen)
        if start == 0 or total > MOST_RANKED:
            part = (start, end - start)
            return stored.ranked(chosen, order=order, against=against, span=part), total
        known = tuple(stored.ranked(chosen, order=order, against=against, span=(0, total)))
        with _LOCK:
            _RANKINGS[key] = known
            while len(_RANKINGS) > CACHED:
                _RANKINGS.popitem(last=False)
    return known[start:end], len(known)


def _examples(
    ws: Workspace, evaluation: Evaluation, ids: Sequence[str], names: Sequence[str]
) -> list[ScoredExample]:
    order = {name: place for place, name in reversed(list(enumerate(names)))}
    answers: dict[str, list[Answer]] = {one: [] for one in ids}
    for score in ws.store.evaluations.answers(evaluation.id, ids):
        answers[score.example_id].append(
            Answer(contender=score.contender, text=score.text, score=score.score, band=score.band)
        )
    asked = _asked(ws, evaluation, ids)
    found: list[ScoredExample] = []
    for one in ids:
        told = sorted(answers[one], key=lambda answer: order.get(answer.contender, len(order)))
        is_stored = False
        with suppress(NotFound):
            is_stored = ws.store.examples.get(one).id == one
        text, expected = asked.get(one, ("", ""))
        found.append(
            ScoredExample(id=one, asked=text, expected=expected, answers=told, is_stored=is_stored)
        )
    return found


def _asked(ws: Workspace, evaluation: Evaluation, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """What was asked and the right answer, by example; nothing where the job's folder is gone."""
    path = _questions(ws, evaluation)
    found: dict[str, tuple[str, str]] = {}
    try:
        task = Task.model_validate(JobFolder(path.parent.parent).job.spec["task"])
        seen = path.stat()
    except (HoneError, OSError):
        return found
    places = _places(path, seen.st_mtime_ns, seen.st_size)
    with explained("read", path), path.open("rb") as file:
        for one in ids:
            if one in places:
                file.seek(places[one])
                fields: dict[str, Any] = json.loads(file.readline())
                messages = messages_of(task, fields["input"], context=[], answer=None)
                found[one] = (messages[-1]["content"], str(fields["answer"]))
    return found


@lru_cache(maxsize=CACHED)
def _places(path: Path, changed_ns: int, size: int) -> dict[str, int]:
    """Example -> where its line begins; read once for as long as the file is the same."""
    found: dict[str, int] = {}
    at = 0
    with explained("read", path), path.open("rb") as file:
        for line in file:
            told = _ID.match(line)
            name = json.loads(told[1]) if told else json.loads(line)["id"]
            found[str(name)] = at
            at += len(line)
    return found


def _questions(ws: Workspace, evaluation: Evaluation) -> Path:
    return JobFolder(ws.jobs / evaluation.id).inputs / "examples.jsonl"


def _main(evaluation: Evaluation) -> str:
    """Whom the evaluation is about; of a base its row is called so."""
    name = safe_name(evaluation.model)
    return name if any(row.contender == name for row in evaluation.rows) else "base"


def _in_order(evaluation: Evaluation) -> list[str]:
    main = _main(evaluation)
    names = [row.contender for row in evaluation.rows]
    return sorted(names, key=lambda name: name != main)


def _known(name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise NotFound(f'"{name}" did not answer here.', hint=nearest(name, names))
    return name
