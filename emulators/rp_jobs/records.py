"""Jobs, workers and endpoints as RunPod's serverless platform knows them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

MIB = 1024 * 1024
RUN_BYTES, RUNSYNC_BYTES, RESULT_BYTES, CHUNK_BYTES = 10 * MIB, 20 * MIB, 20 * MIB, MIB
KEEP_RUN_SECONDS, KEEP_RUNSYNC_SECONDS = 30 * 60.0, 60.0
DAY_MS = 24 * 3600 * 1000
FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")

FAULTS: dict[str, str] = {
    "cold_start": "The next worker takes `seconds` of emulated time to start.",
    "no_workers": "The endpoint is scaled to 0 workers while this is armed, as after a week idle.",
    "throttled": "No worker gets a machine while this is armed; jobs stay IN_QUEUE.",
    "worker_dies": "The worker that takes the next job is killed `after` emulated seconds later.",
    "pings_lost": "Pings of a worker are not counted: the platform thinks that it is dead.",
    "late_progress": "The last progress of a job arrives again after its result.",
    "duplicate_delivery": "A job is handed to a second worker while the first still has it.",
    "result_refused": "job-done answers 400 as for a result over 20 MB; the result is lost.",
    "rate_limited": "The next request of a client is answered 429.",
    "unauthorized_empty": "401 with an empty body.",
}


@dataclass(frozen=True)
class EndpointSettings:
    """How an endpoint was set up in the console.

    `command` is the worker image's entry point; `environment` what the endpoint sets for it.
    """

    id: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    workers_min: int = 0
    workers_max: int = 3
    idle_timeout_seconds: float = 5.0
    cold_start_seconds: float = 1.0
    queue_delay_seconds: float = 4.0
    execution_timeout_ms: int = 600_000
    price_per_second: float = 0.00116
    gpu: str = "NVIDIA H100 PCIe"
    ping_interval_ms: int = 10_000
    # Not documented: three pings missed in a row.
    ping_lost_seconds: float = 30.0
    most_attempts: int = 3
    requests_per_worker: int = 0
    crash_pause_seconds: float = 10.0


@dataclass
class Job:
    """One request in the queue."""

    id: str
    input: Any
    submitted_at: float
    queued_at: float
    ttl_seconds: float
    execution_timeout_seconds: float
    keep_seconds: float
    webhook: str | None = None
    low_priority: bool = False
    status: str = "IN_QUEUE"
    started_at: float | None = None
    finished_at: float | None = None
    delay_ms: int | None = None
    worker_id: str | None = None
    output: Any = None
    has_output: bool = False
    error: str | None = None
    attempts: int = 0
    progress: Any = None
    has_progress: bool = False
    chunks: deque[Any] = field(default_factory=deque)

    @property
    def is_final(self) -> bool:
        """Whether the platform is done with it."""
        return self.status in FINAL

    def has_run_too_long(self, now: float) -> bool:
        """Whether its execution time is over while it runs."""
        if self.status != "IN_PROGRESS" or self.finished_at is not None or self.started_at is None:
            return False
        return now >= self.started_at + self.execution_timeout_seconds

    def document(self, now: float) -> dict[str, Any]:
        """What /status answers."""
        shown: dict[str, Any] = {}
        if self.delay_ms is not None:
            shown["delayTime"] = self.delay_ms
        if self.error is not None:
            shown["error"] = self.error
        until = self.finished_at or (now if self.has_output or self.has_progress else None)
        if self.started_at is not None and until is not None:
            shown["executionTime"] = round((until - self.started_at) * 1000)
        shown["id"] = self.id
        if self.has_output:
            shown["output"] = self.output
        shown["status"] = self.status
        if self.worker_id is not None and self.status != "IN_QUEUE":
            shown["workerId"] = self.worker_id
        return shown


@dataclass
class Worker:
    """One worker slot: initializing → ready (its process took its first job) → gone."""

    id: str
    key: str
    state: str
    begun_at: float
    starts_at: float
    started_at: float | None = None
    pinged_at: float | None = None
    idle_since: float | None = None
    jobs: set[str] = field(default_factory=set)
    to_stop: list[str] = field(default_factory=list)
    dies_at: float | None = None
    stops_after_job: bool = False


@dataclass(frozen=True)
class StartProcess:
    """Run the entry point of this worker."""

    worker_id: str


@dataclass(frozen=True)
class EndProcess:
    """End this worker's process, gently or at once."""

    worker_id: str
    by_force: bool


@dataclass(frozen=True)
class PostWebhook:
    """Deliver the status document of a finished job."""

    url: str
    document: dict[str, Any]
    attempt: int


Effect = StartProcess | EndProcess | PostWebhook
