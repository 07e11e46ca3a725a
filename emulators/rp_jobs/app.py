"""The HTTP face of the job API, and the real processes behind its workers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from emulators.bill import Bill
from emulators.clock import Clock
from emulators.faults import Faults
from emulators.limits import Window
from emulators.processes import Processes
from emulators.rp_jobs import fleet
from emulators.rp_jobs.queue import Endpoint, refuse
from emulators.rp_jobs.records import (
    FAULTS,
    EndpointSettings,
    EndProcess,
    Job,
    PostWebhook,
    StartProcess,
    Worker,
)
from emulators.shell import Refusal, Reply, Request, Route

# Operation -> (requests in 10 s, at once).
LIMITS = {
    "run": (1000, 200),
    "runsync": (2000, 400),
    "status": (2000, 400),
    "stream": (2000, 400),
    "cancel": (100, 20),
    "purge-queue": (2, None),
    "requests": (10, 2),
}
OF_WORKERS = ("job-take", "job-take-batch", "job-stop", "job-done", "job-stream", "ping")
TAKE_POLL_SECONDS, STOP_POLL_SECONDS, LOOK_SECONDS = 20.0, 30.0, 0.03
WAIT_MS, LEAST_WAIT_MS, MOST_WAIT_MS = 90_000, 1_000, 300_000
WEBHOOK_SECONDS = 10
PINGS_LOST = 3


class RunPodJobs:
    """One account with its endpoints; `folder` holds the workers' homes and the volume."""

    def __init__(
        self,
        endpoints: Sequence[EndpointSettings],
        *,
        clock: Clock | None = None,
        seed: int = 0,
        key: str = "rpa_emulated",
        folder: Path | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.faults = Faults(FAULTS)
        self.bill = Bill()
        self.key = key
        self.seed = seed
        self.url = ""
        self._owned = None if folder else tempfile.mkdtemp(prefix="rp-jobs-")
        self.folder = folder or Path(str(self._owned))
        self.volume = self.folder / "volume"
        self.volume.mkdir(parents=True, exist_ok=True)
        self.processes = Processes(self.folder / "workers")
        self.endpoints = {
            one.id: Endpoint(self._paced(one), self.faults, self.bill, seed) for one in endpoints
        }
        self._windows: dict[tuple[str, str], Window] = {}
        self._at_once: Counter[tuple[str, str]] = Counter()
        self._posting: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def routes(self) -> list[Route]:
        """Client side first, then what workers call."""
        job, worker = "/v2/{endpoint}/%s/{job}", "/v2/{endpoint}/%s/{worker}"
        return [
            ("POST", "/v2/{endpoint}/run", self.run),
            ("POST", "/v2/{endpoint}/runsync", self.runsync),
            ("GET", job % "status", self.status),
            ("GET", job % "stream", self.stream),
            ("POST", job % "cancel", self.cancel),
            ("POST", job % "retry", self.retry),
            ("POST", "/v2/{endpoint}/purge-queue", self.purge),
            ("GET", "/v2/{endpoint}/health", self.health),
            ("GET", "/v2/{endpoint}/requests", self.requests),
            ("GET", worker % "job-take", self.job_take),
            ("GET", worker % "job-take-batch", self.job_take),
            ("GET", worker % "job-stop", self.job_stop),
            ("POST", worker % "job-done" + "/{job}", self.job_done),
            ("POST", worker % "job-stream" + "/{job}", self.job_stream),
            ("GET", worker % "ping", self.ping),
        ]

    @contextlib.contextmanager
    def admit(self, request: Request, pattern: str | None) -> Iterator[None]:
        """Clients show the account's key, with or without Bearer, and keep within the limits."""
        operation = pattern.split("/")[3] if pattern else ""
        if operation in OF_WORKERS:
            yield
            return
        said = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if said != self.key:
            is_empty = self.faults.strike("unauthorized_empty") is not None
            raise Refusal(Reply(401, None if is_empty else {"error": {}}))
        endpoint = request.path.split("/")[2] if pattern else ""
        place = (endpoint, operation)
        self._limit(place)
        self._at_once[place] += 1
        try:
            yield
        finally:
            self._at_once[place] -= 1

    def _limit(self, place: tuple[str, str]) -> None:
        endpoint, operation = place
        is_struck = self.faults.strike("rate_limited", path=operation) is not None
        if is_struck:
            raise refuse(429, "too many requests")
        if operation not in LIMITS or endpoint not in self.endpoints:
            return
        most, at_once = LIMITS[operation]
        state = self.endpoints[endpoint]
        running = sum(worker.state in fleet.ALIVE for worker in state.workers.values())
        most = max(most, running * state.settings.requests_per_worker)
        window = self._windows.setdefault(place, Window(most, 10.0))
        now = self.clock.now()
        is_crowded = at_once is not None and self._at_once[place] >= at_once
        if is_crowded or window.wait_seconds(now, most) > 0:
            raise refuse(429, "too many requests")
        window.take(now)

    def absent(self, request: Request, allowed: Sequence[str]) -> Reply:
        """Neither shape is documented."""
        return Reply(405 if allowed else 404, {"error": "not found"})

    def follow(self, command: Sequence[str]) -> Callable[[str, dict[str, Any] | None], None]:
        """For `RunPodPods.on_endpoint`: endpoints made by REST v2 run `command` as their image."""

        def tell(id: str, made: dict[str, Any] | None) -> None:
            if made is None:
                self._drop(id)
                return
            workers = made["workers"]
            settings = EndpointSettings(
                id,
                tuple(command),
                dict(made.get("env", {})),
                workers_min=workers["min"],
                workers_max=workers["max"],
                idle_timeout_seconds=workers["idleTimeout"],
                execution_timeout_ms=made["timeout"],
                cold_start_seconds=0,
            )
            settings = self._paced(settings)
            if id in self.endpoints:
                self.endpoints[id].settings = settings
                self.endpoints[id].workers_max = settings.workers_max
            else:
                self.endpoints[id] = Endpoint(settings, self.faults, self.bill, self.seed)

        return tell

    def _paced(self, settings: EndpointSettings) -> EndpointSettings:
        # Workers ping in real seconds, whatever the clock makes of them.
        least = PINGS_LOST * settings.ping_interval_ms / 1000 * self.clock.factor
        return replace(settings, ping_lost_seconds=max(settings.ping_lost_seconds, least))

    def _drop(self, id: str) -> None:
        for worker_id in self.endpoints.pop(id).workers:
            self.processes.end(worker_id)
            self.bill.end(worker_id, self.clock.now())

    def endpoint(self, id: str) -> Endpoint:
        """404 for an endpoint that the account does not have."""
        if id not in self.endpoints:
            raise refuse(404, "endpoint not found")
        return self.endpoints[id]

    def run(self, request: Request, endpoint: str) -> Reply:
        """Queue a job."""
        job = self.endpoint(endpoint).submit(request.body, is_sync=False, now=self.clock.now())
        return Reply(body={"id": job.id, "status": job.status})

    async def runsync(self, request: Request, endpoint: str) -> Reply:
        """Queue a job and wait for it, 90 s unless `wait` says otherwise."""
        wait_ms = int(request.query.get("wait", WAIT_MS))
        if not LEAST_WAIT_MS <= wait_ms <= MOST_WAIT_MS:
            raise refuse(400, f"wait must be between {LEAST_WAIT_MS} and {MOST_WAIT_MS}")
        state = self.endpoint(endpoint)
        job = state.submit(request.body, is_sync=True, now=self.clock.now())
        deadline = self.clock.now() + wait_ms / 1000
        while not job.is_final and self.clock.now() < deadline:
            await asyncio.sleep(LOOK_SECONDS)
        if job.is_final:
            return Reply(body=job.document(self.clock.now()))
        return Reply(body={"id": job.id, "status": job.status})

    def status(self, request: Request, endpoint: str, job: str) -> Reply:
        """The status document."""
        return Reply(body=self.endpoint(endpoint).job(job).document(self.clock.now()))

    def stream(self, request: Request, endpoint: str, job: str) -> Reply:
        """New chunks."""
        return Reply(body=self.endpoint(endpoint).stream(job))

    def cancel(self, request: Request, endpoint: str, job: str) -> Reply:
        """Stop a job."""
        stopped = self.endpoint(endpoint).cancel(job, self.clock.now())
        return Reply(body={"id": stopped.id, "status": stopped.status})

    def retry(self, request: Request, endpoint: str, job: str) -> Reply:
        """Queue a failed job again."""
        again = self.endpoint(endpoint).retry(job, self.clock.now())
        return Reply(body={"id": again.id, "status": again.status})

    def purge(self, request: Request, endpoint: str) -> Reply:
        """Empty the queue."""
        removed = self.endpoint(endpoint).purge(self.clock.now())
        return Reply(body={"removed": removed, "status": "completed"})

    def health(self, request: Request, endpoint: str) -> Reply:
        """Counts."""
        return Reply(body=self.endpoint(endpoint).health())

    def requests(self, request: Request, endpoint: str) -> Reply:
        """Every job that is still known."""
        now = self.clock.now()
        jobs = self.endpoint(endpoint).jobs.values()
        return Reply(body={"requests": [job.document(now) for job in jobs]})

    def _worker(self, request: Request, endpoint: str, worker: str) -> tuple[Endpoint, Worker]:
        state = self.endpoint(endpoint)
        return state, fleet.known(state, worker, request.headers.get("authorization"))

    async def job_take(self, request: Request, endpoint: str, worker: str) -> Reply:
        """Held open until there is a job; 204 when none came."""
        state, known = self._worker(request, endpoint, worker)
        is_batch = "/job-take-batch/" in request.path
        most = int(request.query.get("batch_size", 1)) if is_batch else 1
        jobs: list[Job] = []

        def look() -> bool:
            jobs.extend(fleet.take(state, known, most, self.clock.now()))
            return bool(jobs) or known.id not in state.workers

        if not await self._poll(look, TAKE_POLL_SECONDS) or not jobs:
            return Reply(204)
        taken = [{"id": job.id, "input": job.input} for job in jobs]
        for job, shown in zip(jobs, taken, strict=True):
            if job.webhook:
                shown["webhook"] = job.webhook
        return Reply(body=taken if is_batch else taken[0])

    async def job_stop(self, request: Request, endpoint: str, worker: str) -> Reply:
        """Held open until a job is to stop; 204 when none is."""
        _, known = self._worker(request, endpoint, worker)
        if not await self._poll(lambda: bool(known.to_stop), STOP_POLL_SECONDS):
            return Reply(204)
        return Reply(body={"jobsToStop": fleet.jobs_to_stop(known)})

    async def _poll(self, look: Callable[[], bool], seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while loop.time() < deadline and not self._is_closed:
            if look():
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return False

    def job_done(self, request: Request, endpoint: str, worker: str, job: str) -> Reply:
        """A result or a progress."""
        state, known = self._worker(request, endpoint, worker)
        fleet.done(state, known, job, request.body, self.clock.now())
        return Reply(body={})

    def job_stream(self, request: Request, endpoint: str, worker: str, job: str) -> Reply:
        """A chunk."""
        state, known = self._worker(request, endpoint, worker)
        fleet.stream(state, known, job, request.body)
        return Reply(body={})

    def ping(self, request: Request, endpoint: str, worker: str) -> Reply:
        """A sign of life."""
        state, known = self._worker(request, endpoint, worker)
        fleet.ping(state, known, request.query, self.clock.now())
        return Reply(body={})

    def tick(self) -> None:
        """Pass the time everywhere and carry out what it brings."""
        if self._is_closed:
            return
        now = self.clock.now()
        ended = self.processes.exited()
        for state in list(self.endpoints.values()):
            for worker_id in ended:
                fleet.exited(state, worker_id, now)
            state.pass_time(now)
            fleet.pass_time(state, now)
            while state.effects:
                self._carry_out(state, state.effects.popleft())

    def _carry_out(self, state: Endpoint, effect: Any) -> None:
        if isinstance(effect, StartProcess):
            worker = state.workers.get(effect.worker_id)
            if worker is None:
                return
            environment = worker_environment(state.settings, worker, self.url, self.volume)
            self.processes.start(worker.id, state.settings.command, environment)
        elif isinstance(effect, EndProcess):
            self.processes.end(effect.worker_id, by_force=effect.by_force)
        elif isinstance(effect, PostWebhook):
            task = asyncio.get_running_loop().create_task(self._post(state, effect))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)

    async def _post(self, state: Endpoint, post: PostWebhook) -> None:
        status = await asyncio.to_thread(_deliver, post)
        if status != 200:
            state.webhook_failed(post, self.clock.now())

    def close(self) -> None:
        """End every worker and remove what was made here."""
        self._is_closed = True
        self.processes.close()
        now = self.clock.now()
        for id in self.bill.alive():
            self.bill.end(id, now)
        if self._owned:
            shutil.rmtree(self._owned, ignore_errors=True)


def worker_environment(
    settings: EndpointSettings, worker: Worker, url: str, volume: Path
) -> dict[str, str]:
    """What the platform sets for a worker; `{volume}` in the endpoint's own values is the mount."""
    gpu = urllib.parse.quote_plus(settings.gpu)
    place = f"{url}/v2/{settings.id}"
    own = {name: value.replace("{volume}", str(volume)) for name, value in
           settings.environment.items()}  # fmt: skip
    return {
        **own,
        "RUNPOD_WEBHOOK_GET_JOB": f"{place}/job-take/$ID?gpu={gpu}",
        "RUNPOD_WEBHOOK_POST_OUTPUT": f"{place}/job-done/$RUNPOD_POD_ID/$ID?gpu={gpu}",
        "RUNPOD_WEBHOOK_POST_STREAM": f"{place}/job-stream/$RUNPOD_POD_ID/$ID?gpu={gpu}",
        "RUNPOD_WEBHOOK_PING": f"{place}/ping/$RUNPOD_POD_ID",
        "RUNPOD_PING_INTERVAL": str(settings.ping_interval_ms),
        "RUNPOD_AI_API_KEY": worker.key,
        "RUNPOD_POD_ID": worker.id,
        "RUNPOD_ENDPOINT_ID": settings.id,
        "RUNPOD_POD_HOSTNAME": f"{worker.id}-emulated",
    }


def _deliver(post: PostWebhook) -> int:
    # An emulator never speaks to anybody outside this machine.
    if urllib.parse.urlsplit(post.url).hostname not in ("127.0.0.1", "localhost", "::1"):
        return 0
    body = json.dumps(post.document).encode()
    request = urllib.request.Request(post.url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
