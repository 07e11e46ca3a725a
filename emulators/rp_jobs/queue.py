"""What a client of an endpoint can do, and what time does to its jobs: no HTTP, no process."""

from __future__ import annotations

import json
import random
import uuid
from collections import deque
from typing import Any

from emulators.bill import Bill
from emulators.faults import Faults
from emulators.rp_jobs import records
from emulators.rp_jobs.records import Effect, EndpointSettings, Job, PostWebhook, Worker
from emulators.schema import boolean, integer, problems, record, text
from emulators.shell import Refusal, Reply

WEEK_MS = 7 * records.DAY_MS
WEBHOOK_TRIES, WEBHOOK_PAUSE_SECONDS = 3, 10.0
POLICY = record(
    executionTimeout=integer(minimum=5_000, maximum=WEEK_MS),
    lowPriority=boolean(),
    ttl=integer(minimum=10_000, maximum=WEEK_MS),
)
S3 = record(accessId=text(), accessSecret=text(), bucketName=text(), endpointUrl=text(minLength=1))
SUBMIT = record("input", input={}, webhook=text(minLength=1), policy=POLICY, s3Config=S3)


class Endpoint:
    """The state of one endpoint: its jobs in order, its workers, and the effects to carry out."""

    def __init__(self, settings: EndpointSettings, faults: Faults, bill: Bill, seed: int) -> None:
        self.settings = settings
        self.faults = faults
        self.bill = bill
        self.dice = random.Random(f"{seed}:{settings.id}")
        self.jobs: dict[str, Job] = {}
        self.waiting: deque[str] = deque()
        self.workers: dict[str, Worker] = {}
        self.effects: deque[Effect] = deque()
        self.webhooks_due: list[tuple[float, PostWebhook]] = []
        self.late: list[tuple[str, Any]] = []
        self.counts = {"completed": 0, "failed": 0, "retried": 0}
        self.workers_max = settings.workers_max
        self.no_start_before = 0.0

    def job(self, id: str) -> Job:
        """A job that is still known; 404 for an unknown or expired one."""
        if id not in self.jobs:
            raise refuse(404, "job not found")
        return self.jobs[id]

    def submit(self, body: bytes, *, is_sync: bool, now: float) -> Job:
        """Queue one request; 400 for what is too large, no JSON or not as documented."""
        most = records.RUNSYNC_BYTES if is_sync else records.RUN_BYTES
        if len(body) > most:
            raise refuse(400, f"exceeded max body size of {most // records.MIB}MiB")
        try:
            wanted = json.loads(body)
        except ValueError:
            raise refuse(400, "invalid json body") from None
        found = problems(wanted, SUBMIT)
        if found:
            raise refuse(400, "; ".join(found))
        policy = wanted.get("policy", {})
        timeout_ms = policy.get("executionTimeout", self.settings.execution_timeout_ms)
        job = Job(
            id=self._new_id(is_sync=is_sync),
            input=wanted["input"],
            submitted_at=now,
            queued_at=now,
            ttl_seconds=policy.get("ttl", records.DAY_MS) / 1000,
            execution_timeout_seconds=timeout_ms / 1000,
            keep_seconds=records.KEEP_RUNSYNC_SECONDS if is_sync else records.KEEP_RUN_SECONDS,
            webhook=wanted.get("webhook"),
            low_priority=policy.get("lowPriority", False),
        )
        self.jobs[job.id] = job
        self.waiting.append(job.id)
        return job

    def _new_id(self, *, is_sync: bool) -> str:
        whole = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        return f"sync-{whole}-u1" if is_sync else f"{whole}-u1"

    def stream(self, id: str) -> dict[str, Any]:
        """The chunks since the last call, each delivered once."""
        job = self.job(id)
        chunks = [{"output": chunk} for chunk in job.chunks]
        job.chunks.clear()
        return {"status": job.status, "stream": chunks}

    def cancel(self, id: str, now: float) -> Job:
        """CANCELLED, also while running; a finished job stays what it is."""
        job = self.job(id)
        if not job.is_final:
            self.tell_to_stop(job)
            self.finish(job, "CANCELLED", now)
        return job

    def retry(self, id: str, now: float) -> Job:
        """Queue a FAILED or TIMED_OUT job again: same id and input, old output dropped."""
        job = self.job(id)
        if job.status not in ("FAILED", "TIMED_OUT"):
            raise refuse(400, f"job is {job.status}, only FAILED or TIMED_OUT jobs can be retried")
        job.finished_at, job.error, job.attempts = None, None, 0
        self.queue_again(job, now, at_front=False)
        return job

    def purge(self, now: float) -> int:
        """Remove what waits; running jobs go on."""
        removed = 0
        while self.waiting:
            job = self.jobs.get(self.waiting.popleft())
            if job is not None and job.status == "IN_QUEUE":
                self.finish(job, "CANCELLED", now)
                removed += 1
        return removed

    def health(self) -> dict[str, Any]:
        """Counts of jobs and workers."""
        states = [job.status for job in self.jobs.values()]
        workers = {
            name: 0 for name in "idle initializing ready running throttled unhealthy".split()
        }
        for worker in self.workers.values():
            workers[worker.state] += 1
            if worker.state in ("idle", "running"):
                workers["ready"] += 1
        jobs = {"inProgress": states.count("IN_PROGRESS"), "inQueue": states.count("IN_QUEUE")}
        return {"jobs": {**self.counts, **jobs}, "workers": workers}

    def queue_again(self, job: Job, now: float, *, at_front: bool = True) -> None:
        """Back into the queue, with nothing left of the run before."""
        job.status, job.queued_at = "IN_QUEUE", now
        job.started_at, job.worker_id, job.delay_ms = None, None, None
        job.output, job.has_output, job.has_progress = None, False, False
        job.chunks.clear()
        (self.waiting.appendleft if at_front else self.waiting.append)(job.id)
        self.counts["retried"] += 1

    def finish(self, job: Job, status: str, now: float) -> None:
        """The job's last state; the webhook is due."""
        job.status, job.finished_at = status, now
        if status == "COMPLETED":
            self.counts["completed"] += 1
        elif status in ("FAILED", "TIMED_OUT"):
            self.counts["failed"] += 1
        for worker in self.workers.values():
            worker.jobs.discard(job.id)
        if job.webhook:
            self.effects.append(PostWebhook(job.webhook, job.document(now), attempt=1))

    def webhook_failed(self, post: PostWebhook, now: float) -> None:
        """Not answered 200: two more tries, ten seconds apart."""
        if post.attempt < WEBHOOK_TRIES:
            again = PostWebhook(post.url, post.document, post.attempt + 1)
            self.webhooks_due.append((now + WEBHOOK_PAUSE_SECONDS, again))

    def tell_to_stop(self, job: Job) -> None:
        """The worker that runs it hears of it on its job-stop channel."""
        for worker in self.workers.values():
            if job.id in worker.jobs:
                worker.to_stop.append(job.id)

    def pass_time(self, now: float) -> None:
        """Expiry by ttl and retention, execution time-outs, webhooks that are due."""
        for job in list(self.jobs.values()):
            is_old = now >= job.submitted_at + job.ttl_seconds
            if job.finished_at is not None:
                is_old = now >= job.finished_at + job.keep_seconds
            if is_old:
                self.tell_to_stop(job)
                del self.jobs[job.id]
                continue
            if job.has_run_too_long(now):
                job.error = f"job timed out after {job.attempts} attempts"
                self.tell_to_stop(job)
                self.finish(job, "TIMED_OUT", now)
        for at, post in list(self.webhooks_due):
            if now >= at:
                self.webhooks_due.remove((at, post))
                self.effects.append(post)


def refuse(status: int, sentence: str) -> Refusal:
    """An error of the job API; its shape is not documented, only some of its words."""
    return Refusal(Reply(status, {"error": sentence}))
