"""The job API's state machine by itself: emulated time, no HTTP, no process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulators.bill import Bill
from emulators.faults import Faults
from emulators.rp_jobs import fleet, records
from emulators.rp_jobs.queue import Endpoint
from emulators.rp_jobs.records import EndpointSettings, EndProcess, Job, PostWebhook, StartProcess
from emulators.shell import Refusal

SETTINGS = EndpointSettings(
    "ep", ("worker",), cold_start_seconds=2, idle_timeout_seconds=5, price_per_second=0.001
)


class Scene:
    """An endpoint with a clock of its own."""

    def __init__(self, settings: EndpointSettings = SETTINGS) -> None:
        self.faults = Faults(records.FAULTS)
        self.bill = Bill()
        self.endpoint = Endpoint(settings, self.faults, self.bill, seed=1)
        self.now = 0.0
        self.effects: list[Any] = []

    def go_on(self, seconds: float, *, with_pings: bool = True) -> None:
        """Let time pass, second by second as the platform sees it."""
        for _ in range(max(1, round(seconds))):
            self.now += seconds / max(1, round(seconds))
            for worker in self.endpoint.workers.values():
                if with_pings and worker.started_at is not None:
                    fleet.ping(self.endpoint, worker, {}, self.now)
            self.endpoint.pass_time(self.now)
            fleet.pass_time(self.endpoint, self.now)
            self.effects += self.endpoint.effects
            self.endpoint.effects.clear()

    def submit(self, *, is_sync: bool = False, **more: Any) -> Job:
        body = json.dumps({"input": {"n": 1}, **more}).encode()
        return self.endpoint.submit(body, is_sync=is_sync, now=self.now)

    def take(self, index: int = 0) -> list[Job]:
        worker = list(self.endpoint.workers.values())[index]
        return fleet.take(self.endpoint, worker, 1, self.now)

    def done(self, job: Job, index: int = 0, **said: Any) -> None:
        worker = list(self.endpoint.workers.values())[index]
        fleet.done(self.endpoint, worker, job.id, json.dumps(said).encode(), self.now)

    def running(self, **more: Any) -> Job:
        """A job that a worker has taken."""
        job = self.submit(**more)
        self.go_on(3)
        assert self.take() == [job]
        return job

    def status(self, job: Job) -> dict[str, Any]:
        return self.endpoint.job(job.id).document(self.now)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def refused(status: int) -> Any:
    return pytest.raises(Refusal, match=f"^{status} ")


def test_a_job_waits_starts_a_worker_runs_and_completes(scene: Scene) -> None:
    job = scene.submit()
    assert scene.status(job) == {"id": job.id, "status": "IN_QUEUE"}
    scene.go_on(3)
    assert [type(effect) for effect in scene.effects] == [StartProcess]
    scene.take()
    scene.go_on(2)
    scene.done(job, output={"score": 1})
    assert scene.status(job) == {
        "delayTime": 3000,
        "executionTime": 2000,
        "id": job.id,
        "output": {"score": 1},
        "status": "COMPLETED",
        "workerId": job.worker_id,
    }


def test_a_worker_is_billed_from_its_start_through_the_idle_time_out(scene: Scene) -> None:
    job = scene.running()
    scene.go_on(10)
    scene.done(job, output=1)
    scene.go_on(30)
    [row] = scene.bill.rows(scene.now)
    assert (scene.endpoint.workers, scene.bill.alive()) == ({}, [])
    # 3 s until taken less 2 or 3 of cold start, 10 s of work, the idle second seen, 5 s of waiting
    assert 15 <= row["billed_seconds"] <= 17
    assert row["cost_usd"] == pytest.approx(row["billed_seconds"] * 0.001)
    assert any(isinstance(effect, EndProcess) for effect in scene.effects)


@pytest.mark.parametrize(
    ("is_sync", "size"), [(False, records.RUN_BYTES), (True, records.RUNSYNC_BYTES)]
)
def test_the_largest_body_is_taken_and_one_byte_more_is_not(
    scene: Scene, is_sync: bool, size: int
) -> None:
    frame = len(json.dumps({"input": ""}))
    whole = json.dumps({"input": "x" * (size - frame)}).encode()
    scene.endpoint.submit(whole, is_sync=is_sync, now=0)
    with refused(400) as caught:
        scene.endpoint.submit(whole + b" ", is_sync=is_sync, now=0)
    assert f"exceeded max body size of {size // records.MIB}MiB" in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": 1, "inputs": 2},
        {"input": 1, "policy": {"executionTimeout": 4_999}},
        {"input": 1, "policy": {"ttl": 7 * records.DAY_MS + 1}},
        {"input": 1, "policy": {"timeout": 10_000}},
        [],
    ],
)
def test_what_is_not_as_documented_is_refused(scene: Scene, body: Any) -> None:
    with refused(400):
        scene.endpoint.submit(json.dumps(body).encode(), is_sync=False, now=0)
    assert not scene.endpoint.jobs


def test_a_job_that_runs_longer_than_its_execution_time_is_timed_out_and_told(scene: Scene) -> None:
    job = scene.running(policy={"executionTimeout": 5_000})
    scene.go_on(4)
    assert scene.status(job)["status"] == "IN_PROGRESS"
    scene.go_on(2)
    assert scene.status(job)["status"] == "TIMED_OUT"
    [worker] = scene.endpoint.workers.values()
    assert fleet.jobs_to_stop(worker) == [job.id] and fleet.jobs_to_stop(worker) == []
    scene.done(job, output="too late")
    assert "output" not in scene.status(job)


def test_the_default_execution_time_is_ten_minutes(scene: Scene) -> None:
    job = scene.running()
    scene.go_on(599)
    assert scene.status(job)["status"] == "IN_PROGRESS"
    scene.go_on(2)
    assert scene.status(job)["status"] == "TIMED_OUT"


@pytest.mark.parametrize("is_running", [False, True])
def test_after_its_ttl_a_job_is_unknown_also_while_it_runs(scene: Scene, is_running: bool) -> None:
    policy = {"ttl": 20_000, "executionTimeout": 600_000}
    job = scene.running(policy=policy) if is_running else scene.submit(policy=policy)
    scene.go_on(21)
    with refused(404):
        scene.status(job)


@pytest.mark.parametrize(("is_sync", "minutes"), [(False, 30), (True, 1)])
def test_results_are_kept_half_an_hour_or_a_minute(
    scene: Scene, is_sync: bool, minutes: int
) -> None:
    job = scene.running(is_sync=is_sync)
    scene.done(job, output=1)
    scene.go_on(minutes * 60 - 1)
    assert scene.status(job)["status"] == "COMPLETED"
    scene.go_on(2)
    with refused(404):
        scene.status(job)
    with refused(404):
        scene.endpoint.retry(job.id, scene.now)


def test_only_failed_and_timed_out_jobs_are_retried_with_the_same_id_and_input(
    scene: Scene,
) -> None:
    job = scene.running()
    with refused(400):
        scene.endpoint.retry(job.id, scene.now)
    scene.done(job, error="broken", output={"half": 1})
    assert scene.status(job)["error"] == "broken"
    scene.endpoint.retry(job.id, scene.now)
    assert scene.status(job) == {"id": job.id, "status": "IN_QUEUE"}
    assert scene.take() == [job] and job.input == {"n": 1}
    assert scene.endpoint.health()["jobs"]["retried"] == 1


def test_cancel_ends_waiting_and_running_jobs_and_leaves_finished_ones(scene: Scene) -> None:
    job = scene.running()
    waiting = scene.submit()
    assert scene.endpoint.cancel(waiting.id, scene.now).status == "CANCELLED"
    assert scene.endpoint.cancel(job.id, scene.now).status == "CANCELLED"
    [worker] = scene.endpoint.workers.values()
    assert fleet.jobs_to_stop(worker) == [job.id]
    finished = scene.submit()
    scene.take()
    scene.done(finished, output=1)
    assert scene.endpoint.cancel(finished.id, scene.now).status == "COMPLETED"


def test_purge_removes_what_waits_and_not_what_runs(scene: Scene) -> None:
    job = scene.running()
    others = [scene.submit(), scene.submit()]
    assert scene.endpoint.purge(scene.now) == 2
    assert scene.status(job)["status"] == "IN_PROGRESS"
    assert [one.status for one in others] == ["CANCELLED", "CANCELLED"]
    assert scene.take() == []


def test_chunks_are_delivered_once_and_large_ones_are_split(scene: Scene) -> None:
    job = scene.running()
    [worker] = scene.endpoint.workers.values()
    for chunk in ("a", {"b": 1}, "x" * (records.CHUNK_BYTES + 1)):
        body = json.dumps({"output": chunk}).encode()
        fleet.stream(scene.endpoint, worker, job.id, body)
    got = scene.endpoint.stream(job.id)
    assert got["status"] == "IN_PROGRESS"
    assert [len(str(one["output"])) for one in got["stream"]] == [1, 8, records.CHUNK_BYTES, 1]
    assert scene.endpoint.stream(job.id)["stream"] == []


def test_a_webhook_is_tried_three_times_ten_seconds_apart(scene: Scene) -> None:
    job = scene.running(webhook="http://127.0.0.1:9/hook")
    scene.done(job, output=1)
    for attempt in (1, 2, 3):
        scene.go_on(1)
        [post] = [one for one in scene.effects if isinstance(one, PostWebhook)]
        assert (post.attempt, post.document["status"]) == (attempt, "COMPLETED")
        scene.effects.clear()
        scene.endpoint.webhook_failed(post, scene.now)
        scene.go_on(8)
        assert not [one for one in scene.effects if isinstance(one, PostWebhook)]
        scene.go_on(1)
    scene.go_on(60)
    assert not [one for one in scene.effects if isinstance(one, PostWebhook)]


def test_more_workers_come_after_the_queue_delay_and_never_more_than_allowed(scene: Scene) -> None:
    for _ in range(9):
        scene.submit()
    scene.go_on(1)
    assert len(scene.endpoint.workers) == 1
    for _ in range(20):
        scene.go_on(1)
    assert len(scene.endpoint.workers) == 3


def test_low_priority_jobs_start_no_worker(scene: Scene) -> None:
    scene.submit(policy={"lowPriority": True})
    scene.go_on(60)
    assert not scene.endpoint.workers


def test_a_result_that_is_too_large_is_refused_and_the_job_never_completes(scene: Scene) -> None:
    job = scene.running()
    with refused(400):
        scene.done(job, output="x" * records.RESULT_BYTES)
    scene.go_on(60)
    assert scene.status(job)["status"] == "IN_PROGRESS"


def test_a_worker_says_who_it_is_or_is_refused(scene: Scene) -> None:
    scene.running()
    [worker] = scene.endpoint.workers.values()
    assert fleet.known(scene.endpoint, worker.id, worker.key) is worker
    for id, key in ((worker.id, "other"), ("other", worker.key), (worker.id, None)):
        with refused(401):
            fleet.known(scene.endpoint, id, key)


# --- the fault menu


def test_fault_cold_start(scene: Scene) -> None:
    scene.faults.arm("cold_start", seconds=300)
    scene.submit()
    scene.go_on(299)
    assert not scene.effects and scene.endpoint.health()["workers"]["initializing"] == 1
    scene.go_on(3)
    assert [type(effect) for effect in scene.effects] == [StartProcess]
    assert scene.bill.rows(scene.now)[0]["billed_seconds"] <= 3  # the pull is not billed


def test_fault_throttled(scene: Scene) -> None:
    scene.faults.arm("throttled", times=-1)
    job = scene.submit()
    scene.go_on(600)
    assert scene.status(job)["status"] == "IN_QUEUE"
    assert scene.endpoint.health()["workers"]["throttled"] >= 1
    scene.faults.disarm("throttled")
    scene.go_on(5)
    assert scene.take() == [job]


def test_fault_worker_dies(scene: Scene) -> None:
    scene.faults.arm("worker_dies", after=3)
    job = scene.running()
    scene.go_on(5)
    assert EndProcess(scene.bill.rows(0)[0]["id"], by_force=True) in scene.effects
    assert scene.status(job)["status"] == "IN_QUEUE"
    scene.go_on(5)
    assert scene.take() == [job]
    assert scene.endpoint.health()["jobs"]["retried"] == 1
    assert len(scene.bill.rows(scene.now)) == 2


def test_fault_pings_lost(scene: Scene) -> None:
    job = scene.running()
    [worker] = scene.endpoint.workers.values()
    scene.faults.arm("pings_lost", times=-1, id=worker.id)
    scene.go_on(29)
    assert scene.status(job)["status"] == "IN_PROGRESS"
    scene.go_on(3)
    assert scene.status(job)["status"] == "IN_QUEUE"
    with refused(401):
        fleet.known(scene.endpoint, worker.id, worker.key)


def test_a_job_whose_workers_always_die_fails_in_the_end(scene: Scene) -> None:
    scene.faults.arm("worker_dies", times=-1)
    job = scene.submit()
    for _ in range(60):
        scene.go_on(1)
        if scene.endpoint.workers and not job.is_final:
            scene.take()
    assert scene.status(job)["status"] == "FAILED"
    assert "3 attempts" in scene.status(job)["error"]


def test_fault_late_progress(scene: Scene) -> None:
    scene.faults.arm("late_progress")
    job = scene.running()
    scene.done(job, status="IN_PROGRESS", output={"seq": 7})
    scene.done(job, output={"done": True})
    assert scene.status(job)["status"] == "COMPLETED"
    scene.go_on(1)
    assert scene.status(job)["status"] == "IN_PROGRESS"
    assert scene.status(job)["output"] == {"seq": 7}


def test_progress_after_the_result_hides_it_without_any_fault(scene: Scene) -> None:
    job = scene.running()
    scene.done(job, output={"done": True})
    scene.done(job, status="IN_PROGRESS", output={"seq": 7})
    assert scene.status(job)["status"] == "IN_PROGRESS"


def test_fault_duplicate_delivery(scene: Scene) -> None:
    job = scene.running()
    for _ in range(2):
        scene.submit()
    scene.go_on(8)
    scene.faults.arm("duplicate_delivery")
    assert len(scene.endpoint.workers) >= 2
    assert scene.take(1) == [job]
    scene.done(job, 1, output="second")
    scene.done(job, 0, output="first")
    assert scene.status(job)["output"] == "second"


def test_fault_result_refused(scene: Scene) -> None:
    scene.faults.arm("result_refused")
    job = scene.running()
    with refused(400):
        scene.done(job, output="small")
    assert scene.status(job)["status"] == "IN_PROGRESS"


def test_fault_no_workers(scene: Scene) -> None:
    scene.faults.arm("no_workers", times=-1)
    job = scene.submit()
    scene.go_on(600)
    assert scene.status(job)["status"] == "IN_QUEUE" and not scene.bill.rentals
    scene.faults.disarm("no_workers")
    scene.go_on(4)
    assert scene.take() == [job]


def test_an_endpoint_without_workers_lets_jobs_wait_for_ever(scene: Scene) -> None:
    scene.endpoint.workers_max = 0
    job = scene.submit()
    scene.go_on(3600)
    assert (scene.status(job)["status"], scene.bill.rows(scene.now)) == ("IN_QUEUE", [])
