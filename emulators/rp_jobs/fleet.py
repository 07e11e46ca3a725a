"""The workers of an endpoint: when they start and end, and the protocol that they speak."""

from __future__ import annotations

import json
from typing import Any

from emulators.rp_jobs import records
from emulators.rp_jobs.queue import Endpoint, refuse
from emulators.rp_jobs.records import EndProcess, Job, StartProcess, Worker

LOST = "job failed after {attempts} attempts: the worker stopped answering"
ALIVE = ("idle", "running")


def known(endpoint: Endpoint, worker_id: str, key: str | None) -> Worker:
    """The worker that this request comes from; 401 for any other."""
    worker = endpoint.workers.get(worker_id)
    if worker is None or key is None or key.removeprefix("Bearer ") != worker.key:
        raise refuse(401, "unknown worker")
    return worker


def take(endpoint: Endpoint, worker: Worker, most: int, now: float) -> list[Job]:
    """Hand out the next jobs; an empty list means 204."""
    _seen(worker, now)
    taken: list[Job] = []
    while len(taken) < most:
        job = _next_job(endpoint, worker, now)
        if job is None:
            break
        taken.append(job)
    return taken


def _next_job(endpoint: Endpoint, worker: Worker, now: float) -> Job | None:
    for job in endpoint.jobs.values():
        is_elsewhere = job.status == "IN_PROGRESS" and job.id not in worker.jobs
        if is_elsewhere and endpoint.faults.strike("duplicate_delivery", id=job.id) is not None:
            worker.jobs.add(job.id)
            worker.state = "running"
            return job
    while endpoint.waiting:
        job = endpoint.jobs.get(endpoint.waiting.popleft())
        if job is None or job.status != "IN_QUEUE":
            continue
        job.status, job.started_at, job.worker_id = "IN_PROGRESS", now, worker.id
        job.delay_ms = round((now - job.queued_at) * 1000)
        job.attempts += 1
        worker.jobs.add(job.id)
        worker.state, worker.idle_since = "running", None
        death = endpoint.faults.strike("worker_dies", id=job.id)
        if death is not None:
            worker.dies_at = now + float(death.get("after", 0))
        return job
    return None


def done(endpoint: Endpoint, worker: Worker, job_id: str, body: bytes, now: float) -> None:
    """A result, an error or a progress; 400 and lost when it is too large."""
    is_refused = endpoint.faults.strike("result_refused", id=job_id) is not None
    if is_refused or len(body) > records.RESULT_BYTES:
        raise refuse(400, "exceeded max body size of 20MiB")
    said = _said(body)
    job = endpoint.jobs.get(job_id)
    if said.get("status") == "IN_PROGRESS":
        if job is not None:
            _progress(job, said.get("output"))
        return
    worker.jobs.discard(job_id)
    if said.get("stopPod"):
        worker.stops_after_job = True
    if job is None or job.finished_at is not None or job.status == "IN_QUEUE":
        return
    if "output" in said:
        job.output, job.has_output = said["output"], True
    if said.get("error"):
        job.error = str(said["error"])
    endpoint.finish(job, "FAILED" if job.error else "COMPLETED", now)
    if job.has_progress and endpoint.faults.strike("late_progress", id=job_id) is not None:
        endpoint.late.append((job_id, job.progress))


def _progress(job: Job, output: Any) -> None:
    """Only the last progress is kept; one that comes after the result hides it, as in reality."""
    if job.status in ("IN_QUEUE", "CANCELLED", "TIMED_OUT"):
        return
    job.output, job.has_output = output, True
    job.progress, job.has_progress = output, True
    job.status = "IN_PROGRESS"


def stream(endpoint: Endpoint, worker: Worker, job_id: str, body: bytes) -> None:
    """A chunk for /stream; more than 1 MB of text is split."""
    job = endpoint.jobs.get(job_id)
    if job is None or job.is_final or job_id not in worker.jobs:
        return
    chunk = _said(body).get("output")
    if isinstance(chunk, str):
        size = records.CHUNK_BYTES
        job.chunks.extend(chunk[at : at + size] for at in range(0, max(len(chunk), 1), size))
    else:
        job.chunks.append(chunk)


def _said(body: bytes) -> dict[str, Any]:
    # The worker library sends JSON under the name of a form.
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise refuse(400, "invalid json body")
    return said


def ping(endpoint: Endpoint, worker: Worker, query: dict[str, str], now: float) -> None:
    """A sign of life, or of illness."""
    if query.get("status") == "unhealthy":
        worker.state = "unhealthy"
        return
    if endpoint.faults.strike("pings_lost", id=worker.id) is None:
        worker.pinged_at = now


def jobs_to_stop(worker: Worker) -> list[str]:
    """What job-stop tells this worker, once."""
    told, worker.to_stop = worker.to_stop, []
    return told


def exited(endpoint: Endpoint, worker_id: str, now: float) -> None:
    """The worker's process ended by itself."""
    worker = endpoint.workers.get(worker_id)
    if worker is None:
        return
    if worker.jobs or worker.state == "initializing":
        endpoint.no_start_before = now + endpoint.settings.crash_pause_seconds
    _gone(endpoint, worker, now, process=None)


def pass_time(endpoint: Endpoint, now: float) -> None:
    """Start, idle out, lose and scale workers."""
    for job_id, progress in endpoint.late:
        job = endpoint.jobs.get(job_id)
        if job is not None:
            job.status, job.output, job.has_output = "IN_PROGRESS", progress, True
    endpoint.late.clear()
    for worker in list(endpoint.workers.values()):
        _advance(endpoint, worker, now)
    _scale(endpoint, now)


def _advance(endpoint: Endpoint, worker: Worker, now: float) -> None:
    settings = endpoint.settings
    if worker.state == "throttled" and endpoint.faults.strike("throttled") is None:
        worker.state, worker.starts_at = "initializing", now + settings.cold_start_seconds
    if worker.state == "initializing" and worker.started_at is None and now >= worker.starts_at:
        worker.started_at = worker.pinged_at = now
        endpoint.bill.meter(worker.id, settings.price_per_second * 3600, now)
        endpoint.effects.append(StartProcess(worker.id))
    if worker.state == "running" and not worker.jobs:
        worker.state, worker.idle_since = "idle", now
    is_dead = worker.dies_at is not None and now >= worker.dies_at
    if worker.pinged_at is not None and now - worker.pinged_at > settings.ping_lost_seconds:
        is_dead = True
    if is_dead or worker.state == "unhealthy":
        _gone(endpoint, worker, now, process=EndProcess(worker.id, by_force=True))
        return
    if worker.stops_after_job and not worker.jobs:
        _gone(endpoint, worker, now, process=EndProcess(worker.id, by_force=False))
        return
    is_spare = len(endpoint.workers) > settings.workers_min
    idle_seconds = now - worker.idle_since if worker.idle_since is not None else 0.0
    if worker.state == "idle" and is_spare and idle_seconds >= settings.idle_timeout_seconds:
        _gone(endpoint, worker, now, process=EndProcess(worker.id, by_force=False))


def _gone(endpoint: Endpoint, worker: Worker, now: float, *, process: EndProcess | None) -> None:
    del endpoint.workers[worker.id]
    endpoint.bill.end(worker.id, now)
    if process is not None:
        endpoint.effects.append(process)
    for job_id in worker.jobs:
        job = endpoint.jobs.get(job_id)
        if job is None or job.status != "IN_PROGRESS" or job.finished_at is not None:
            continue
        if any(job_id in other.jobs for other in endpoint.workers.values()):
            continue
        if job.attempts >= endpoint.settings.most_attempts:
            job.error = LOST.format(attempts=job.attempts)
            endpoint.finish(job, "FAILED", now)
        else:
            endpoint.queue_again(job, now)


def _scale(endpoint: Endpoint, now: float) -> None:
    settings = endpoint.settings
    waiting = [
        job
        for job in (endpoint.jobs.get(id) for id in endpoint.waiting)
        if job is not None and job.status == "IN_QUEUE" and not job.low_priority
    ]
    is_delayed = bool(waiting) and now - waiting[0].queued_at >= settings.queue_delay_seconds
    starting = [one for one in endpoint.workers.values() if one.started_at is None]
    free = [one for one in endpoint.workers.values() if not one.jobs]
    wanted = settings.workers_min
    if waiting and not endpoint.workers:
        wanted = max(wanted, 1)
    elif is_delayed and not starting and len(free) < len(waiting):
        wanted = max(wanted, len(endpoint.workers) + 1)
    is_resting = now < endpoint.no_start_before
    while len(endpoint.workers) < min(wanted, endpoint.workers_max) and not is_resting:
        if endpoint.faults.strike("no_workers", id=settings.id) is not None:
            return
        _begin(endpoint, now)


def _begin(endpoint: Endpoint, now: float) -> None:
    id = "".join(endpoint.dice.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=14))
    key = "rpa_" + "".join(endpoint.dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=40))
    seconds = endpoint.settings.cold_start_seconds
    slow = endpoint.faults.strike("cold_start")
    if slow is not None:
        seconds = float(slow.get("seconds", seconds))
    is_throttled = endpoint.faults.strike("throttled") is not None
    state = "throttled" if is_throttled else "initializing"
    endpoint.workers[id] = Worker(id, key, state, begun_at=now, starts_at=now + seconds)
    endpoint.bill.rent(id, name=endpoint.settings.id, kind="serverless worker", at=now)


def _seen(worker: Worker, now: float) -> None:
    if worker.state == "initializing":
        worker.state, worker.idle_since = "idle", now
    worker.pinged_at = max(worker.pinged_at or now, now)
