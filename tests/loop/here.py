"""The loop's verbs with the real worker in this process: libraries load once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hone.records.evaluation import Evaluation
from hone.records.model import ModelVersion
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.stages.train import collect_trained, prepare_training, start_merge, start_training
from hone.worker import __main__ as worker
from hone.workspace.open import Workspace
from tests.targets.here import Here


def worker_here() -> Here:
    return Here(lambda folder: worker._carry_out(folder, folder.job.kind, None))


def train_here(
    ws: Workspace, recipe: Path | Mapping[str, Any], overrides: Sequence[str] = ()
) -> ModelVersion:
    """What `hone train RECIPE --confirm-run` leaves."""
    prepared = prepare_training(ws, recipe, overrides=overrides)
    started = start_training(ws, prepared, is_confirmed=True, target=worker_here())
    return _registered(ws, started.job_id)


def merge_here(ws: Workspace, ref: str, **choices: str) -> ModelVersion:
    """What `hone models merge` leaves."""
    return _registered(ws, start_merge(ws, ref, target=worker_here(), **choices).id)


def evaluate_here(ws: Workspace, model: str, **choices: Any) -> Evaluation:
    """What `hone evaluate` leaves."""
    job = evaluate(ws, model, evaluate_options(**choices), target=worker_here())
    return finish(ws, job.id)


def _registered(ws: Workspace, job: str) -> ModelVersion:
    """The version that a job's end gives."""
    assert collect_trained(ws).problems == []
    (found,) = [one.model for one in ws.store.models.list() if one.model.job == job]
    return found
