"""What is known of a version: its training, evaluations, comparisons, curve, and worst examples."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from pydantic import BaseModel, ValidationError

from hone.errors import HoneError
from hone.records.comparison import Comparison, GateResult
from hone.records.curve import LearningCurve
from hone.records.dataset import Manifest
from hone.records.evaluation import Evaluation
from hone.records.job import Job
from hone.records.report import Failure, Provenance
from hone.workspace.contenders import safe_name
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.plots import Point

MOST_FAILURES = 10
MOST_COMPARISONS = 3
Record = TypeVar("Record", bound=BaseModel)


class Facts(NamedTuple):
    """All of it; what is not known is None or empty."""

    provenance: Provenance
    score: str
    manifest: Manifest | None
    job: Job | None
    losses: dict[str, list[Point]]
    evaluations: list[Evaluation]  # the newest on each set of examples, its own test split first
    failures: list[Failure]
    comparisons: list[Comparison]
    gate: GateResult | None
    curve: LearningCurve | None


def gather(ws: Workspace, provenance: Provenance, gate: GateResult | None) -> Facts:
    """Read what the workspace holds of a version; nothing is asked and nothing changed."""
    model = provenance.model
    folder = JobFolder(ws.jobs / model.job) if model.job is not None else None
    evaluations = _evaluations(ws, provenance)
    return Facts(
        provenance=provenance,
        score=model.score_name(_score_name(ws, model.task)),
        manifest=_manifest(ws, model.dataset),
        job=_job(folder),
        losses=_losses(folder),
        evaluations=evaluations,
        failures=_failures(ws, evaluations, safe_name(model.ref)),
        comparisons=_comparisons(ws, safe_name(model.ref)),
        gate=gate,
        curve=_curve(ws, model.dataset),
    )


def _score_name(ws: Workspace, task: str | None) -> str:
    try:
        return ws.task(task).score_name
    except HoneError:
        return "score"  # the task's file is gone


def _manifest(ws: Workspace, dataset: str | None) -> Manifest | None:
    try:
        return ws.store.datasets.get(dataset) if dataset is not None else None
    except HoneError:
        return None


def _job(folder: JobFolder | None) -> Job | None:
    try:
        return folder.job if folder is not None else None
    except HoneError:
        return None  # its folder was deleted


def _losses(folder: JobFolder | None) -> dict[str, list[Point]]:
    """Training and validation loss by step, as the job told them."""
    found: dict[str, list[Point]] = {"training": [], "validation": []}
    if folder is None or not folder.path.is_dir():
        return found
    for event in folder.events():
        fields: dict[str, Any] = event.model_extra or {}
        if event.type != "metric" or not isinstance(fields.get("values"), dict):
            continue
        values = cast("dict[str, Any]", fields["values"])
        for name, key in (("training", "loss"), ("validation", "eval_loss")):
            value = values.get(key)
            if isinstance(value, int | float):
                found[name].append(Point(float(fields.get("step", 0)), float(value)))
    return found


def _evaluations(ws: Workspace, provenance: Provenance) -> list[Evaluation]:
    name = safe_name(provenance.model.ref)
    own = f"{provenance.model.dataset}/test"
    newest: dict[tuple[str, bool], Evaluation] = {}
    for one in ws.store.evaluations.list():
        if any(row.contender == name for row in one.rows):
            newest.setdefault((one.on, one.sample is not None), one)
    return sorted(newest.values(), key=lambda one: (one.on != own, one.sample is not None, one.on))


def _failures(ws: Workspace, evaluations: list[Evaluation], name: str) -> list[Failure]:
    """What the version got most wrong where it was evaluated first of all."""
    if not evaluations:
        return []
    found = next(
        ws.data_folder("metrics").glob(f"eval_*{_stamp(evaluations[0])}_examples.jsonl"), None
    )
    if found is None:
        return []
    rows = (row for row in _lines(found) if row.get("contender") == name and row["score"] < 1)
    worst = heapq.nsmallest(MOST_FAILURES, rows, key=lambda row: (row["score"], str(row["id"])))
    return [
        Failure(
            id=str(row["id"]),
            score=float(row["score"]),
            asked="\n".join(f"{key}: {value}" for key, value in row["input"].items()),
            right=str(row["answer"]),
            said=str(row["text"]),
        )
        for row in worst
    ]


def _stamp(evaluation: Evaluation) -> str:
    return evaluation.id.removeprefix("evaluate-")


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with explained("read", file), file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _comparisons(ws: Workspace, name: str) -> list[Comparison]:
    files = sorted(ws.reports.glob("compare_*.json"), reverse=True)
    found = (_read(file, Comparison) for file in files)
    mine = [one for one in found if one is not None and name in map(safe_name, one.models)]
    return sorted(mine, key=lambda one: one.at, reverse=True)[:MOST_COMPARISONS]


def _curve(ws: Workspace, dataset: str | None) -> LearningCurve | None:
    found = (_read(file, LearningCurve) for file in ws.reports.glob("curve_*.json"))
    mine = [one for one in found if one is not None and one.dataset == dataset]
    return max(mine, key=lambda one: one.at, default=None)


def _read(file: Path, kind: type[Record]) -> Record | None:
    """A report that was written here; None where it was changed beyond reading."""
    try:
        return kind.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
