"""Orders for trainings that the fake worker carries out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hone.records.job import Job
from hone.stages import jobs
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

INPUTS: dict[str, Path | str | bytes] = {"train.jsonl": "{}\n"}


def training(name: str = "pickup", **more: Any) -> Job:
    """A training as hone.stages.train writes it down, for the fake worker."""
    fake = more.pop("fake", {})
    spec: dict[str, Any] = {
        "method": "sft",
        "base": {"id": "hone-nano", "path": "/nowhere", "sha256": "b" * 64, "kind": "base"},
        "adapter": None,
        "parents": [],
        "dataset": {"name": "pickup@1", "sha256": "d" * 64},
        "task": {"kind": "qa", "name": "qa"},
        "template": "sha256:" + "t" * 64,
        "options": {"lora.r": {"value": 16, "source": "default"}},
        "model_name": name,
        "version": None,
        "dry_run": False,
        "device": "cpu",
        "environment": {},
        "fake": fake,
        **more,
    }
    return jobs.new_job("train", spec)


def asked(ws: Workspace, order: Job) -> str:
    """The job's folder, row and attempt, as a command leaves them that is killed before waking."""
    jobs.submit(ws, order, INPUTS)
    ws.store.attempts.ask(order.id, queue=jobs.asking.queue_of(order), after_seq=0, environment={})
    return order.id


def job_folder(tmp_path: Path, **fake: object) -> JobFolder:
    """The folder of a training for the fake worker, outside of any workspace."""
    name = f"train-{tmp_path.name}"
    job = Job(id=name, kind="train", created_at=datetime.now(UTC), spec={"fake": fake})
    return JobFolder.create(tmp_path / "jobs" / job.id, job, inputs={"train.jsonl": "{}\n"})
