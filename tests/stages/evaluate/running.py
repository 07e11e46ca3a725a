"""What the tests of evaluation share: run one to its end, and look at what was asked."""

from __future__ import annotations

from typing import Any

from hone.records.evaluation import Evaluation
from hone.stages.evaluate import (
    evaluate,
    evaluate_options,
    finish,
)
from hone.workspace.open import Workspace
from tests.stages.answering import (
    Answers,
    Lines,
)
from tests.targets.here import Here


def run(
    ws: Workspace, model: str = "pickup", target: Here | None = None, **options: Any
) -> Evaluation:
    job = evaluate(ws, model, evaluate_options(**options), target=target or Here(Answers()))
    return finish(ws, job.id)


def asked(ws: Workspace, evaluation: Evaluation) -> list[dict[str, Any]]:
    return Lines.of(ws.jobs / str(evaluation.job) / "inputs" / "examples.jsonl").rows


def split_of(ws: Workspace, split: str, ref: str = "pickup@1") -> list[str]:
    return [one.id for one in ws.store.datasets.members(ref) if one.split == split]


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["input"]["message"].split()[0]) for row in rows]


def shots_of(ws: Workspace, found: Evaluation) -> list[dict[str, Any]]:
    return Lines.of(ws.jobs / str(found.job) / "inputs" / "shots.jsonl").rows
