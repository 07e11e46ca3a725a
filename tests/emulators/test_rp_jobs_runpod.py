"""RunPod's own client and worker against the job API: a real queue, a real process."""

from __future__ import annotations

import http.server
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from emulators.rp_jobs.app import RunPodJobs
from emulators.rp_jobs.records import RUN_BYTES, EndpointSettings
from emulators.rp_pods.app import RunPodPods
from emulators.rp_s3.volume import Volume
from emulators.serving import served
from tests.emulators.clients import runpod

ENTRY = (sys.executable, str(Path(__file__).with_name("runpod_worker.py")))
QUIET = {"RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true", "RUNPOD_SKIP_GPU_CHECK": "true"}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notes")


@pytest.fixture(scope="module")
def jobs(notes: Path) -> Iterator[RunPodJobs]:
    environment = {"NOTES": str(notes), "RUNPOD_DEBUG_LEVEL": "INFO", **QUIET}
    settings = EndpointSettings(
        "ep1", ENTRY, environment, cold_start_seconds=0, idle_timeout_seconds=600,
        workers_max=1, ping_interval_ms=1000,
        ping_lost_seconds=3600,  # the clock jumps in these tests
    )  # fmt: skip
    talks = EndpointSettings("ep2", ENTRY, {**environment, "TALKS": "1"}, cold_start_seconds=0)
    os.environ["CANARY"] = "of the starting user"
    with served(RunPodJobs([settings, talks])) as emulator:
        yield emulator
    del os.environ["CANARY"]
    assert not emulator.bill.alive() and not emulator.processes.living


@pytest.fixture
def endpoint(jobs: RunPodJobs) -> Any:
    return client(jobs, "ep1")


def client(jobs: RunPodJobs, id: str) -> Any:
    sdk = runpod()
    sdk.endpoint_url_base = f"{jobs.url}/v2"
    return sdk.Endpoint(id, api_key=jobs.key)


def appears(path: Path, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, path.name
        time.sleep(0.03)


def settled(jobs: RunPodJobs, job: Any, seconds: float = 20) -> dict[str, Any]:
    """The status document once it is final."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        document = job._fetch_job()
        if document["status"] not in ("IN_QUEUE", "IN_PROGRESS"):
            return document
        time.sleep(0.05)
    raise AssertionError(f"{document} after {seconds} s: {jobs.processes.living}")


def test_a_job_runs_with_rising_progress_to_its_output(jobs: RunPodJobs, endpoint: Any) -> None:
    job = endpoint.run({"input": {"steps": 3, "name": "nano"}})
    seen = []
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        document = job._fetch_job()
        if document["status"] == "IN_PROGRESS" and "output" in document:
            seen.append(document["output"]["seq"])
        if document["status"] == "COMPLETED":
            break
        time.sleep(0.03)
    assert document["output"]["echo"] == {"steps": 3, "name": "nano"}
    assert document["delayTime"] > 0 and document["executionTime"] >= 400
    assert seen == sorted(seen) and len(set(seen)) >= 2


def test_the_handlers_exception_arrives_as_the_library_writes_it(
    jobs: RunPodJobs, endpoint: Any
) -> None:
    document = settled(jobs, endpoint.run({"input": {"fail": "raise"}}))
    assert document["status"] == "FAILED"
    error = json.loads(document["error"])
    assert error["error_message"] == "no such adapter"
    assert error["worker_id"] == document["workerId"]


def test_a_returned_error_fails_the_job(jobs: RunPodJobs, endpoint: Any) -> None:
    document = settled(jobs, endpoint.run({"input": {"fail": "return"}}))
    assert (document["status"], document["error"]) == ("FAILED", "the data is broken")


def test_cancel_reaches_the_handler_and_the_next_job_runs(
    jobs: RunPodJobs, endpoint: Any, notes: Path
) -> None:
    job = endpoint.run({"input": {"sleep": 60}})
    # The library drops a stop that comes between taking a job and starting its handler.
    appears(notes / f"{job.job_id}.started")
    assert job.cancel() == {"id": job.job_id, "status": "CANCELLED"}
    appears(notes / f"{job.job_id}.stopped")
    assert settled(jobs, endpoint.run({"input": {"n": 2}}))["status"] == "COMPLETED"


def test_an_execution_time_out_reaches_the_handler(
    jobs: RunPodJobs, endpoint: Any, notes: Path
) -> None:
    job = endpoint.run({"input": {"sleep": 600}, "policy": {"executionTimeout": 60_000}})
    appears(notes / f"{job.job_id}.started")
    jobs.clock.advance(61)
    assert settled(jobs, job)["status"] == "TIMED_OUT"
    appears(notes / f"{job.job_id}.stopped")


def test_runsync_answers_with_the_output(endpoint: Any) -> None:
    assert endpoint.run_sync({"input": {"n": 3}}, timeout=10)["echo"] == {"n": 3}


def test_health_and_purge_satisfy_the_client(endpoint: Any) -> None:
    health = endpoint.health()
    assert health["workers"]["ready"] >= 1 and health["jobs"]["completed"] >= 1
    assert endpoint.purge_queue() == {"removed": 0, "status": "completed"}


def test_a_generator_streams_its_pieces_once(jobs: RunPodJobs) -> None:
    job = client(jobs, "ep2").run({"input": {"pieces": ["one", "two", {"three": 3}]}})
    assert list(job.stream()) == ["one", "two", {"three": 3}]
    assert job.output() == ["one", "two", {"three": 3}]


def test_a_worker_has_a_home_of_its_own_and_nothing_of_our_environment(
    jobs: RunPodJobs, endpoint: Any, notes: Path
) -> None:
    settled(jobs, endpoint.run({"input": {"n": 4}}))
    homes = set((notes / "homes").read_text().splitlines())
    assert homes and all(Path(home).is_relative_to(jobs.folder) for home in homes)
    for process in jobs.processes.living.values():
        assert "CANARY" not in psutil.Process(process.pid).environ()


def test_a_wrong_key_is_what_the_client_calls_unauthorized(jobs: RunPodJobs) -> None:
    sdk = runpod()
    sdk.endpoint_url_base = f"{jobs.url}/v2"
    with pytest.raises(RuntimeError, match="401 Unauthorized"):
        sdk.Endpoint("ep1", api_key="wrong").run({"input": {"n": 1}})


def test_the_bare_key_is_taken_as_the_documents_show(jobs: RunPodJobs) -> None:
    answer = httpx.get(f"{jobs.url}/v2/ep1/health", headers={"authorization": jobs.key})
    assert answer.status_code == 200


def test_a_body_over_ten_mebibytes_is_refused_over_http(jobs: RunPodJobs) -> None:
    answer = httpx.post(
        f"{jobs.url}/v2/ep1/run",
        headers={"Authorization": f"Bearer {jobs.key}"},
        json={"input": "x" * RUN_BYTES},
    )
    assert answer.status_code == 400 and "exceeded max body size of 10MiB" in answer.text


def test_too_many_purges_are_429(jobs: RunPodJobs) -> None:
    jobs.clock.advance(11)
    headers = {"Authorization": jobs.key}
    url = f"{jobs.url}/v2/ep2/purge-queue"
    assert [httpx.post(url, headers=headers).status_code for _ in range(3)] == [200, 200, 429]
    jobs.clock.advance(11)
    assert httpx.post(url, headers=headers).status_code == 200


def test_a_webhook_is_posted_with_the_document(jobs: RunPodJobs, endpoint: Any) -> None:
    got: list[dict[str, Any]] = []
    statuses = [500, 200]

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses.pop(0))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hook = f"http://127.0.0.1:{server.server_port}/"
        settled(jobs, endpoint.run({"input": {"n": 5}, "webhook": hook}))
        deadline = time.monotonic() + 10
        while len(got) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
            if len(got) == 1:
                jobs.clock.advance(2)
        server.shutdown()
    assert [one["status"] for one in got] == ["COMPLETED", "COMPLETED"]


def test_a_lost_answer_still_queues_the_job(jobs: RunPodJobs) -> None:
    jobs.faults.arm("reply_lost", path="/v2/ep2/run", method="POST")
    before = len(jobs.endpoints["ep2"].jobs)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(
            f"{jobs.url}/v2/ep2/run", headers={"Authorization": jobs.key}, json={"input": {}}
        )
    assert len(jobs.endpoints["ep2"].jobs) == before + 1


def test_fault_unauthorized_empty(jobs: RunPodJobs) -> None:
    jobs.faults.arm("unauthorized_empty")
    url = f"{jobs.url}/v2/ep1/health"
    first, second = (httpx.get(url, headers={"Authorization": "wrong"}) for _ in range(2))
    assert (first.status_code, first.content) == (401, b"")
    assert (second.status_code, second.json()) == (401, {"error": {}})


def test_fault_rate_limited(jobs: RunPodJobs) -> None:
    jobs.faults.arm("rate_limited", path="status")
    headers = {"Authorization": jobs.key}
    job = httpx.post(f"{jobs.url}/v2/ep2/run", headers=headers, json={"input": {}}).json()["id"]
    url = f"{jobs.url}/v2/ep2/status/{job}"
    assert [httpx.get(url, headers=headers).status_code for _ in range(2)] == [429, 200]


def test_the_volume_of_a_worker_is_a_bucket_of_s3(jobs: RunPodJobs) -> None:
    (jobs.volume / "runs/1").mkdir(parents=True)
    (jobs.volume / "runs/1/manifest.json").write_text("{}")
    assert Volume(jobs.volume).entry("runs/1/manifest.json").size == 2


def test_an_endpoint_that_rest_v2_makes_takes_jobs_until_it_is_deleted() -> None:
    with served(RunPodJobs([])) as jobs, served(RunPodPods()) as control:
        control.jobs_url, control.on_endpoint = jobs.url, jobs.follow(("sleep", "600"))
        account = {"Authorization": f"Bearer {control.key}"}
        body = {
            "name": "hone",
            "type": "QUEUE",
            "image": "hone-worker",
            "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
            "workers": {"max": 1},
        }
        made = httpx.post(f"{control.url}/v2/serverless", headers=account, json=body).json()
        key = {"Authorization": jobs.key}
        told = httpx.post(made["requestUrls"]["run"], headers=key, json={"input": 1})
        assert told.json()["status"] == "IN_QUEUE"
        place = f"{control.url}/v2/serverless/{made['id']}"
        httpx.patch(place, headers=account, json={"workers": {"max": 0}})
        assert jobs.endpoints[made["id"]].workers_max == 0
        assert httpx.delete(place, headers=account).status_code == 204
        assert httpx.post(made["requestUrls"]["run"], headers=key, json={}).status_code == 404
        # Workers are given some seconds to end.
        deadline = time.monotonic() + 20
        while jobs.processes.living and time.monotonic() < deadline:
            time.sleep(0.02)
        assert jobs.bill.alive() == [] and not jobs.processes.living


def test_when_the_worker_is_killed_the_job_runs_again_elsewhere(
    jobs: RunPodJobs, endpoint: Any
) -> None:
    jobs.faults.arm("worker_dies", after=0.2)
    job = endpoint.run({"input": {"steps": 3}})
    document = settled(jobs, job, seconds=30)
    assert document["status"] == "COMPLETED"
    assert endpoint.health()["jobs"]["retried"] == 1
