"""Orders for trainings that the fake worker carries out."""

from __future__ import annotations

from typing import Any

from hone.records.job import Job
from hone.stages import jobs


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
