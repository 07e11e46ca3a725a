"""What goes wrong once a worker has the job: it is lost, late, foreign, cut off or asked twice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from hone.errors import Unavailable
from hone.targets import runpod_serverless as target
from hone.workspace.job_folder import JobFolder
from hone.workspace.submission_file import note_submission
from tests.faults.gates import Gate, wait_until
from tests.faults.orders import job_folder
from tests.serverless.following import attempts, begun, followed, last_of, options
from tests.serverless.scene import Serverless, serverless, set_environment

FOREIGN = (sys.executable, str(Path(__file__).parent.parent / "emulators/runpod_worker.py"))


def test_a_worker_that_is_lost_is_replaced_and_the_job_goes_on(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, steps=3, pause_at="after checkpoint", gate=str(gate.path))
    endpoint.jobs.faults.arm("worker_dies", after=6.0)
    one = begun(endpoint, folder)
    gate.wait("after checkpoint")  # and is killed there, with its machine
    assert followed(endpoint, folder) == "succeeded"
    begins = [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]
    assert begins == [0, 1] and last_of(folder).id == one.id
    assert endpoint.requests[str(one.id)].attempts == 2


def test_a_worker_that_the_platform_hears_no_more_is_replaced_and_the_job_goes_on(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, steps=3, pause_at="after checkpoint", gate=str(gate.path))
    one = begun(endpoint, folder)
    gate.wait("after checkpoint")
    endpoint.jobs.faults.arm("pings_lost", times=-1)
    request = endpoint.requests[str(one.id)]
    endpoint.jobs.clock.advance(31.0)
    wait_until(lambda: request.attempts == 2, "another worker has it")
    endpoint.jobs.faults.disarm()
    assert followed(endpoint, folder) == "succeeded"
    begins = [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]
    assert begins == [0, 1] and last_of(folder).id == one.id


def test_what_only_takes_long_delays_the_job_and_asks_for_nothing_twice(
    tmp_path: Path, monkeypatch: Any
) -> None:
    with serverless(tmp_path / "there") as scene:
        set_environment(scene, monkeypatch)
        scene.jobs.faults.arm("cold_start", seconds=5)
        scene.jobs.faults.arm("rate_limited", times=3)
        scene.jobs.faults.arm("reply_slow", seconds=1.0, method="POST")
        scene.s3.faults.arm("reply_slow", seconds=1.0, method="PUT")
        folder = job_folder(tmp_path, steps=1)
        target.upload(folder, options(scene))
        begun(scene, folder)
        assert followed(scene, folder) == "succeeded" and attempts(folder) == 1
        struck = {one["name"] for one in scene.jobs.faults.struck}
        assert struck == {"cold_start", "rate_limited", "reply_slow"} and len(scene.requests) == 1
        assert scene.s3.faults.struck


def test_a_request_that_comes_to_two_workers_is_carried_out_by_one(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    state = endpoint.jobs.endpoints[endpoint.endpoint]
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path))
    one = begun(endpoint, folder)
    gate.wait("training")
    state.workers_max = 2
    endpoint.jobs.faults.arm("duplicate_delivery", id=str(one.id))
    other = job_folder(tmp_path / "other", steps=1)
    begun(endpoint, other)  # brings the second worker up
    wait_until(
        lambda: any(one["name"] == "duplicate_delivery" for one in endpoint.jobs.faults.struck),
        "a second worker was handed the request",
    )
    assert target.stop(folder, 30.0, options(endpoint)) == "stopped"
    state.workers_max = 1
    there = JobFolder(endpoint.folder(folder.path.name))
    assert attempts(there) == 1 and folder.state() == "cancelled"
    assert followed(endpoint, other) == "succeeded"


def test_a_result_that_is_refused_as_too_large_loses_nothing(
    endpoint: Serverless, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path, steps=1)
    endpoint.jobs.faults.arm("result_refused", times=-1)
    one = begun(endpoint, folder)
    assert followed(endpoint, folder) == "succeeded"
    assert (folder.final / "adapter_model.safetensors").exists()
    endpoint.jobs.faults.disarm()
    endpoint.requests[str(one.id)].execution_timeout_seconds = 0.0  # or it is never over


def test_a_result_that_runpod_has_deleted_before_anybody_looked_is_brought_home(
    endpoint: Serverless, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path, steps=1)
    one = begun(endpoint, folder)
    request = endpoint.requests[str(one.id)]
    wait_until(lambda: request.is_final, "RunPod has the result")
    del endpoint.requests[str(one.id)]  # as half an hour later
    assert followed(endpoint, folder) == "succeeded"
    assert last_of(folder).status == "GONE" and attempts(folder) == 1


def test_an_old_progress_after_the_result_hides_nothing(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path))
    one = begun(endpoint, folder)
    gate.wait("training")
    request = endpoint.requests[str(one.id)]
    wait_until(lambda: bool(request.has_progress), "there is a progress")
    endpoint.jobs.faults.arm("late_progress")
    (endpoint.place(folder.path.name) / "stop").write_text(one.ticket)
    wait_until(lambda: request.finished_at is not None and request.status == "IN_PROGRESS", "late")
    assert followed(endpoint, folder) == "cancelled"
    assert last_of(folder).seq >= 1


def test_out_of_time_at_the_provider_it_ends_with_a_checkpoint(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(
        tmp_path, waits_for_stop=True, ignores_stop=True, gate=str(gate.path), steps=3
    )
    one = begun(endpoint, folder)
    gate.wait("training")
    endpoint.requests[str(one.id)].execution_timeout_seconds = 0.0
    assert followed(endpoint, folder) == "cancelled"
    assert last_of(folder).status == "TIMED_OUT"
    assert (folder.checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    said = folder.events()[-1].model_extra or {}
    assert said["how"] == "terminated"


def test_out_of_time_by_what_was_set_aside_the_worker_ends_it_before_the_provider_does(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path), ignores_stop=True)
    begun(endpoint, folder, unplanned_seconds=10.0, grace_seconds=8.0)
    assert followed(endpoint, folder) == "cancelled"
    wait_until(lambda: target.reckon(folder, options(endpoint)), "RunPod has the final word")
    one = last_of(folder)
    assert (one.status, one.why) == ("COMPLETED", "its limit of time was reached")


def test_a_job_that_is_cancelled_in_the_console_leaves_its_checkpoint_here(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path))
    one = begun(endpoint, folder)
    gate.wait("training")
    endpoint.jobs.endpoints[endpoint.endpoint].cancel(str(one.id), endpoint.jobs.clock.now())
    assert followed(endpoint, folder) == "cancelled"
    assert (folder.checkpoints / "checkpoint-1" / "weights").exists()
    assert last_of(folder).why == "the request was cancelled"


@pytest.mark.parametrize(
    ("environment", "words", "mend"),
    [
        ({}, "KeyError: 'NOTES'", "worker logs"),
        ({"NOTES": "/tmp"}, "answered without doing the job", "not Hone's worker"),
    ],
)
def test_another_image_is_recognised_by_its_failure_or_its_answer(
    tmp_path: Path, monkeypatch: Any, environment: dict[str, str], words: str, mend: str
) -> None:
    with serverless(tmp_path / "there", FOREIGN) as scene:
        set_environment(scene, monkeypatch)
        state = scene.jobs.endpoints[scene.endpoint]
        state.settings.environment.update({**environment, "HOME": str(tmp_path)})
        folder = job_folder(tmp_path)
        begun(scene, folder)
        assert followed(scene, folder) == "failed"
    said = folder.events()[-1].model_extra or {}
    assert words in said["error"] and mend in said["hint"] and "Traceback" not in said["error"]


def test_an_endpoint_that_does_not_answer_is_unavailable_and_the_job_stays(
    endpoint: Serverless, tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path))
    begun(endpoint, folder)
    gate.wait("training")
    clock = Hurried()
    monkeypatch.setenv("HONE_RUNPOD_JOBS_URL", "http://127.0.0.1:9")
    with (
        pytest.raises(Unavailable, match="cannot be reached"),
        target.follow(folder, options(endpoint), clock=clock) as pull,
    ):
        pull()
    assert folder.is_alive() and clock.waited > 30
    set_environment(endpoint, monkeypatch)
    assert target.stop(folder, 20.0, options(endpoint)) == "stopped"


class Hurried:
    """A clock whose waits take no time."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now(self) -> float:
        return self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


def test_a_time_that_was_read_on_the_way_gives_way_to_the_final_one(
    endpoint: Serverless, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path)
    one = begun(endpoint, folder)
    assert followed(endpoint, folder) == "succeeded"
    # As a look leaves it that comes between the worker's last word and RunPod's.
    note_submission(folder, one.ticket, status="IN_PROGRESS", execution_seconds_used=0.001)
    wait_until(lambda: target.reckon(folder, options(endpoint)), "RunPod has the final word")
    document = endpoint.requests[str(one.id)].document(endpoint.jobs.clock.now())
    last = last_of(folder)
    assert (last.status, last.execution_seconds_used) == (
        "COMPLETED",
        document["executionTime"] / 1000,
    )
    assert not last.is_open and last.said == ""


def test_a_result_that_a_late_progress_hides_is_paid_by_the_time_that_stands_still(
    endpoint: Serverless, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path)
    one = begun(endpoint, folder)
    assert followed(endpoint, folder) == "succeeded"
    hidden = endpoint.requests[str(one.id)]
    wait_until(lambda: hidden.is_final, "RunPod has the result")
    hidden.status = "IN_PROGRESS"
    note_submission(folder, one.ticket, status="IN_PROGRESS", execution_seconds_used=0.001)
    took = hidden.document(endpoint.jobs.clock.now())["executionTime"] / 1000
    assert not target.reckon(folder, options(endpoint))  # it is another one than was noted
    assert target.reckon(folder, options(endpoint))
    assert last_of(folder).execution_seconds_used == took
