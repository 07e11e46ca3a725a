"""A job as one watches it: what it is about, its stages, its figures over the steps, its log."""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, Field

from hone.errors import HoneError
from hone.records.job import FINISHED, Event, Job
from hone.stages.jobs import JobStatus, statuses
from hone.stages.jobs.finding import adopt
from hone.stages.jobs.rented import left_usd
from hone.stages.jobs.where import is_paid
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

MOST_POINTS = 400
"""Of a figure; where a training took more steps, each is the mean of so many neighbours."""
MOST_SAID = 50
MOST_KEPT = 1000

Point = tuple[float, float]


class JobLine(JobStatus):
    """A job in a list."""

    about: str = Field(description="what it does, in a line")


_OVER: OrderedDict[tuple[Any, ...], JobLine] = OrderedDict()
_LOCK = Lock()


class SeenStage(BaseModel):
    """One part of a job's work, in the order in which they began."""

    name: str
    began_at: datetime
    ended_at: datetime | None = None


class JobView(JobLine):
    """A job with all that is drawn of it."""

    model: str | None = Field(default=None, description="the version that came of it")
    stages: list[SeenStage] = Field(default_factory=list[SeenStage])
    series: dict[str, list[Point]] = Field(
        default_factory=dict[str, list[Point]], description="figure -> [step, value], by step"
    )
    may_cost_usd: float = Field(
        default=0.0, description="what a machine may still cost where it is rented to go on"
    )
    said: list[str] = Field(
        default_factory=list[str], description="what it told people on the way, the newest last"
    )


def lines(ws: Workspace, *, newest: int) -> list[JobLine]:
    """So many jobs, the newest first.

    What is over is read again only where something in its folder has changed: its events may be
    many, and somebody looks every other second.
    """
    adopt(ws)
    in_hand = {one.job for one in ws.store.attempts.open()}
    orders = ws.store.jobs.list()
    # What is under way is always shown, however much was ordered after it.
    shown = [*orders[:newest], *(one for one in orders[newest:] if one.id in in_hand)]
    found: dict[str, JobLine] = {}
    keys = {one.id: (str(ws.root), one.id, _changed(ws.jobs / one.id)) for one in shown}
    for order in shown:
        with _LOCK:
            line = _OVER.get(keys[order.id])
        if line is not None and order.id not in in_hand:
            found[order.id] = line
    unread = [one for one in shown if one.id not in found]
    for order, status in zip(unread, statuses(ws, unread), strict=True):
        line = JobLine(**status.model_dump(), about=about(order))
        # What is rented still costs, though its folder stays as it is.
        is_over = line.state in (*FINISHED, "lost") and order.id not in in_hand
        if is_over and not line.rented:
            _keep(keys[order.id], line)
        found[order.id] = line
    return [found[one.id] for one in shown]


def _changed(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells that a job's own files are as they were: names, times and sizes."""
    seen: list[tuple[str, int, int]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for one in entries:
            if one.is_file(follow_symlinks=False):
                stat = one.stat(follow_symlinks=False)
                seen.append((one.name, stat.st_mtime_ns, stat.st_size))
    return tuple(sorted(seen))


def _keep(key: tuple[Any, ...], line: JobLine) -> None:
    with _LOCK:
        _OVER[key] = line
        while len(_OVER) > MOST_KEPT:
            _OVER.popitem(last=False)


def view(ws: Workspace, job_id: str) -> JobView:
    """One job, by its id; NotFound where there is none."""
    adopt(ws)
    order = ws.store.jobs.get(job_id)
    folder = JobFolder(ws.jobs / order.id)
    # Somebody looks every other second, and a long training has told a great deal: read once.
    read: dict[str, list[Event]] = {}
    with suppress(HoneError):  # its status says what is wrong with the folder
        read[order.id] = folder.events()
    (status,) = statuses(ws, [order], events=read)
    events = read.get(order.id, [])
    is_over = status.state in (*FINISHED, "lost")
    status.damaged_lines = folder.damaged_lines() if is_over else 0
    models = (one.model for one in ws.store.models.list())
    return JobView(
        **status.model_dump(),
        about=about(order),
        model=next((one.ref for one in models if one.job == status.id), None),
        stages=_stages(events, is_over=is_over),
        may_cost_usd=left_usd(ws, order) if is_paid(order.target) else 0.0,
        series={name: thinned(points) for name, points in _series(events).items()},
        said=_said(events)[-MOST_SAID:],
    )


def about(order: Job) -> str:
    """What a job does, in a line."""
    spec: Mapping[str, Any] = order.spec
    if order.kind == "train":
        base, dataset = (
            spec.get("base", {}).get("id", "?"),
            spec.get("dataset", {}).get("name", "?"),
        )
        part = " (a part of it)" if spec.get("subset") else ""
        dry = "dry run of " if spec.get("dry_run") else ""
        named = f"{dry}{spec.get('model_name', '?')}"
        return f"{named}: {spec.get('method', '?')} of {base} on {dataset}{part}"
    if order.kind == "evaluate":
        return f"{spec.get('model', '?')} answers {spec.get('on', '?')}"
    named = spec.get("model_name") or spec.get("model")
    return f"{order.kind} {named}" if isinstance(named, str) else str(order.kind)


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most so many points: the mean of each stretch, at its last step; few stay as they are."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) / most)
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return [(part[-1][0], math.fsum(value for _, value in part) / len(part)) for part in parts]


def _series(events: Sequence[Event]) -> dict[str, list[Point]]:
    """Finite figures by name; where a job was resumed, steps done again count as they came last."""
    found: dict[str, dict[float, float]] = {}
    for event in events:
        if event.type != "metric":
            continue
        fields = event.model_extra or {}
        step, values = fields.get("step"), fields.get("values")
        if not isinstance(step, int | float) or not isinstance(values, dict):
            continue
        for name, value in cast("dict[str, Any]", values).items():
            if isinstance(value, int | float) and math.isfinite(value) and name != "epoch":
                found.setdefault(name, {})[float(step)] = float(value)
    return {name: sorted(points.items()) for name, points in found.items()}


def _stages(events: Sequence[Event], *, is_over: bool) -> list[SeenStage]:
    """Stages of the newest attempt; what a kill cut off ended with the last that was heard."""
    found: list[SeenStage] = []
    for event in events:
        fields = event.model_extra or {}
        name = fields.get("name")
        if event.type == "attempt":
            found = []
        elif event.type == "stage" and isinstance(name, str):
            known = next((one for one in reversed(found) if one.name == name), None)
            if fields.get("state") == "done" and known is not None:
                known.ended_at = event.at
            else:
                found.append(SeenStage(name=name, began_at=event.at))
    if is_over and found and found[-1].ended_at is None:
        found[-1].ended_at = events[-1].at
    return found


def _said(events: Sequence[Event]) -> list[str]:
    texts = [(one.type, one.model_extra or {}) for one in events]
    return [
        str(fields["text"])
        for kind, fields in texts
        if kind in ("log", "watchdog", "rehearsal", "rental") and fields.get("text")
    ]
