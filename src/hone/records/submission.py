"""A job on a serverless endpoint: what is asked of its worker, what that tells, what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.records.job import Artefact

PROTOCOL = 1  # rises when a worker of an older image could not do what is asked any more
# On the volume: hone/jobs/ID holds a job's folder of the same name and what stands beside it.
JOBS, MODELS = "hone/jobs", "hone/models"
# Stands in an order for wherever the worker finds the volume.
VOLUME = "{volume}"
# … for a model that comes with Hone, and for one that the worker downloads from the model hub.
BUNDLED, HUB = "{bundled}", "{hub}"
OWNER = "owner"  # the tag of the workspace that sent the job
# order.json, the ticket that is wanted now, what was sent; then what the worker tells.
ORDER, TICKET, SENT, STOP = "order.json", "ticket", "sent.json", "stop"
TICKETS, BEAT, INDEX = "tickets", "beat.json", "index.json"
# In a bucket of one's own: what a job left, as one stream cut into so many pieces at most.
PIECES, MOST_PIECES = "pieces", 100
LEAST_PIECE_BYTES, MOST_PIECE_BYTES = 64 << 20, 4 << 30  # S3 takes up to 5 GB at once
# Files of a job's folder that grow, and that are followed by their length.
FOLLOWED = ("events.jsonl", "worker.log")

Status = Literal["IN_QUEUE", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"]
FINAL: tuple[Status, ...] = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")


def place_of(job: str) -> str:
    """Where a job lives on the volume."""
    return f"{JOBS}/{job}"


def folder_of(job: str) -> str:
    """Its folder there; beside it no other job's, so no lock is shared between workers."""
    return f"{JOBS}/{job}/{job}"


def piece_of(number: int) -> str:
    """The name of a piece beside a job's folder."""
    return f"{PIECES}/{number:03d}"


class Grant(BaseModel):
    """What a worker may do in a bucket: presigned addresses by name, for as long as its request.

    Each is a secret, as a key is: it is never written down here or there, nor shown.
    """

    model_config = ConfigDict(extra="forbid")

    puts: dict[str, str] = Field(repr=False)
    gets: dict[str, str] = Field(repr=False)


class Order(BaseModel):
    """The `input` of a request: which job, for which asking, within how long."""

    model_config = ConfigDict(extra="forbid")

    protocol: int = PROTOCOL
    hone: str = Field(description="the version that asks")
    job: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    ticket: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="which asking this is: a second request with it does nothing",
    )
    sent: Artefact | None = Field(
        default=None, description="the Index of what the job reads; relative to the volume"
    )
    packed: str = Field(
        default="", description="without a volume: what the job reads, a tar.gz in base64"
    )
    repository: str = Field(
        default="", description="without a volume: where at the hub what it leaves goes"
    )
    grant: Grant | None = Field(
        default=None, description="without a volume: the bucket where what it leaves goes"
    )
    seconds: float = Field(gt=0, description="the worker ends the job in time before so long")
    grace_seconds: float = Field(default=60.0, ge=0, description="for a last checkpoint")
    silent_seconds: float = Field(
        default=20.0, gt=0, description="without a beat after which another worker counts as lost"
    )


class Ending(BaseModel):
    """How the worker process ended."""

    model_config = ConfigDict(extra="forbid")

    exit_code: int | None = Field(default=None, description="below 0: by that signal")
    how: str = Field(default="", description="stopped, terminated or killed, where it was asked to")
    why: str = Field(default="", description="who asked for its end")
    error: str = ""
    hint: str = ""
    has_result: bool = Field(default=False, description="the job succeeded")
    seconds: float = Field(default=0.0, description="from taking the request up to the end")


class Beat(BaseModel):
    """`beat.json` beside a job's folder: a sign of life, and what there is to bring home."""

    model_config = ConfigDict(extra="forbid")

    ticket: str
    request: str = Field(description="the provider's id of the request that is carried out")
    worker: str = Field(description="the provider's id of the worker")
    hone: str
    seq: int = 0
    pid: int | None = None
    started_at: float | None = None
    host: str = ""
    lengths: dict[str, int] = Field(default_factory=dict[str, int])
    hashes: dict[str, str] = Field(
        default_factory=dict[str, str], description="sha256 of each growing file up to its length"
    )
    index: str = Field(default="", description="sha256 of index.json; empty: there is none")
    ending: Ending | None = None


class Index(BaseModel):
    """Files with their hashes: what a job reads, or, in its folder, what it left."""

    model_config = ConfigDict(extra="forbid")

    files: list[Artefact] = Field(default_factory=list[Artefact])

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(one.bytes for one in self.files)

    @property
    def piece_bytes(self) -> int:
        """How long each piece is but the last, where the files are one stream in pieces."""
        return max(LEAST_PIECE_BYTES, -(-self.bytes // MOST_PIECES))

    def begin_of(self, path: str) -> int:
        """Where a file begins in that stream; KeyError where it is not listed."""
        begin = 0
        for one in self.files:
            if one.path == path:
                return begin
            begin += one.bytes
        raise KeyError(path)


class Submission(BaseModel):
    """One request for a job; a line of `serverless.json` in its folder."""

    model_config = ConfigDict(extra="forbid")

    ticket: str
    endpoint: str
    intended_at: datetime
    execution_seconds: float = Field(description="sent as executionTimeout")
    ttl_seconds: float
    price_per_hour_usd: float = 0.0
    is_asked: bool = Field(default=False, description="a request may have gone out")
    id: str | None = Field(default=None, description="the provider's, once the answer came")
    status: Status | Literal["", "GONE"] = Field(
        default="", description="the provider's word; GONE: it knows the request no more"
    )
    said: str = Field(default="", description="where it stands, in a sentence")
    seq: int = Field(default=0, description="the highest progress that was seen")
    execution_seconds_used: float | None = None
    cost_usd: float | None = Field(
        default=None, description="its share of RunPod's bill for the endpoint, once that is known"
    )
    cost_of: Literal["", "billed", "shared"] = Field(
        default="",
        description="billed: `cost_usd` counts; shared: the bill holds requests of others, so what "
        "was reckoned here stays",
    )
    began_at: datetime | None = Field(default=None, description="when it was first seen running")
    final_at: datetime | None = Field(
        default=None, description="when the provider was first seen to be done with it"
    )
    is_stop_told: bool = Field(default=False, description="its worker was asked to stop")
    ended_at: datetime | None = Field(
        default=None, description="when it was seen to be over, and all that it left was here"
    )
    why: str = Field(default="", description="why it was ended, in a sentence")
    how: str = Field(default="", description="stopped, terminated, killed or not running")
    error: str = Field(default="", description="the provider's, of a request that failed")

    @property
    def is_open(self) -> bool:
        """Whether it may still run or wait."""
        return self.ended_at is None

    def cost_at(self, now: datetime) -> float:
        """Dollars so far: by RunPod's bill, else by its own time, else by our clock."""
        if self.cost_usd is not None:
            return self.cost_usd
        seconds = self.execution_seconds_used
        if seconds is None:
            if self.began_at is None:
                return 0.0
            seconds = max(0.0, ((self.ended_at or now) - self.began_at).total_seconds())
        return seconds * self.price_per_hour_usd / 3600


class Submissions(BaseModel):
    """`serverless.json` in a job's folder: every request that was made for it, the oldest first."""

    model_config = ConfigDict(extra="forbid")

    hone: int = 1
    submissions: list[Submission] = Field(default_factory=list[Submission])

    @property
    def last(self) -> Submission | None:
        """The newest, over or not."""
        return self.submissions[-1] if self.submissions else None

    def cost_at(self, now: datetime) -> float:
        """Dollars of all of them so far."""
        return sum(one.cost_at(now) for one in self.submissions)
