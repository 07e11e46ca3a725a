"""A job: one piece of heavy, durable work; its events, its result and the state they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobKind = Literal["train", "evaluate", "generate", "suggest", "label", "index", "export", "host"]
JobState = Literal["waiting", "running", "succeeded", "failed", "cancelled", "lost"]
FINISHED: tuple[JobState, ...] = ("succeeded", "failed", "cancelled")
# Trainings that may share a device of a machine, whatever a workspace says.
MOST_AT_ONCE = 64


class Job(BaseModel):
    """`job.json`, frozen; never holds a secret."""

    model_config = ConfigDict(extra="forbid")

    hone: int = 1
    id: str
    kind: JobKind
    created_at: datetime
    spec: dict[str, Any]
    target: str = "local"
    deadline_at: datetime | None = None
    versions: dict[str, str] = Field(default_factory=dict)


class Event(BaseModel):
    """A line of `events.jsonl`: attempt, stage, metric, …, failed or cancelled."""

    model_config = ConfigDict(extra="allow")

    seq: int
    at: datetime
    type: str


class Artefact(BaseModel):
    """A file that a job left, relative to its folder."""

    path: str
    sha256: str
    bytes: int


class Result(BaseModel):
    """`result.json`, moved into place last."""

    model_config = ConfigDict(extra="allow")

    hone: int = 1
    status: Literal["succeeded"] = "succeeded"
    artefacts: list[Artefact] = Field(default_factory=list[Artefact])
    metrics: dict[str, float] = Field(default_factory=dict)
    watchdogs: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]], exclude_if=lambda found: not found
    )
    runtime_seconds: float = 0.0
    cost_usd: float = 0.0


def state_of(events: Sequence[Event], *, is_alive: bool, has_result: bool = False) -> JobState:
    """The state that a job's own traces add up to; nothing stores it.

    Only events of the last attempt count: `attempt` opens each start of a worker, and `queued` says
    that one is wanted again.
    """
    if has_result:
        return "succeeded"
    ending: JobState | None = None
    has_begun = False
    for event in events:
        if event.type == "attempt":
            has_begun, ending = True, None
        elif event.type == "queued":
            has_begun, ending = False, None
        elif event.type in ("failed", "cancelled"):
            ending = "failed" if event.type == "failed" else "cancelled"
    if ending is not None:
        return ending
    if is_alive:
        return "running" if has_begun else "waiting"
    return "lost" if has_begun else "waiting"


def device_of(job: Job) -> tuple[str, int]:
    """The device that a training needs, and how many it may share it with, itself included."""
    return str(job.spec.get("device", "cpu")), int(job.spec.get("trainings_at_once", 1))
