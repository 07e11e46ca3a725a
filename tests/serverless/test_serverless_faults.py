"""Everything that goes wrong at an endpoint, each with its outcome: nothing twice, nothing lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hone.errors import HoneError
from hone.targets import runpod_serverless as target
from hone.targets._rest import BadKey, NoCredit
from hone.targets._s3 import VolumeFull
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import Gate, wait_until
from tests.faults.orders import job_folder
from tests.serverless.following import attempts, begun, followed, last_of, options
from tests.serverless.scene import Serverless, serverless, set_environment

HTML = "<html><body>error 1015: you are being rate limited</body></html>"


# Refused before anything is asked for


def test_a_wrong_key_is_said_with_its_mend_and_nothing_waits(
    endpoint: Serverless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", "rpa_another")
    folder, known = job_folder(tmp_path), len(endpoint.requests)
    for fault in (None, "unauthorized_empty"):
        if fault:
            endpoint.jobs.faults.arm(fault)
        with pytest.raises(BadKey, match="does not accept the key") as caught:
            begun(endpoint, folder)
        assert "RUNPOD_API_KEY=…" in caught.value.hint and "rpa_another" not in str(caught.value)
    assert len(endpoint.requests) == known and not folder.is_alive()


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [(403, BadKey, "does not let this account"), (402, NoCredit, "rents nothing more")],
)
def test_an_inactive_account_is_said(
    endpoint: Serverless, tmp_path: Path, status: int, error: type[HoneError], words: str
) -> None:
    said = '{"error": "account inactive"}'
    endpoint.jobs.faults.arm("http_status", status=status, text=said, method="POST")
    folder = job_folder(tmp_path)
    with pytest.raises(error, match=words) as caught:
        begun(endpoint, folder)
    assert "account inactive" in caught.value.message and not folder.is_alive()
    begun(endpoint, folder)  # once it is mended, the same asking goes on
    assert followed(endpoint, folder) == "succeeded" and attempts(folder) == 1


def test_missing_keys_and_names_are_all_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUNPOD_API_KEY", "RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadKey) as caught:
        target.upload(job_folder(tmp_path), target.Options())
    said = caught.value.message
    assert all(word in said for word in ("RUNPOD_API_KEY", "endpoint_id", "volume_id"))
    assert "hone targets setup runpod-serverless" in caught.value.hint
    with pytest.raises(BadKey, match=r"RUNPOD_S3_SECRET is not set.*data_center is not set"):
        target.upload(job_folder(tmp_path / "b"), target.Options(volume_id="vol"))


def test_a_full_volume_is_said_before_the_request(endpoint: Serverless, tmp_path: Path) -> None:
    endpoint.s3.faults.arm("volume_full", times=-1)
    with pytest.raises(VolumeFull, match="No space is left on the volume"):
        target.upload(job_folder(tmp_path), options(endpoint))


# Waiting


def test_without_workers_the_reason_is_told_until_one_comes(
    tmp_path: Path, monkeypatch: Any
) -> None:
    with serverless(tmp_path / "there") as scene:
        set_environment(scene, monkeypatch)
        scene.jobs.faults.arm("no_workers", times=-1)
        folder = job_folder(tmp_path)
        begun(scene, folder)
        with target.follow(folder, options(scene)) as pull:
            pull()
            assert target.waits(folder) == (
                f"Waiting in queue... no worker is ready: check max workers of endpoint "
                f"{scene.endpoint}."
            )
            assert folder.state() == "waiting" and folder.is_alive()
            scene.jobs.faults.disarm()
            scene.jobs.faults.arm("throttled", times=-1)

            def is_throttled() -> bool:
                pull()
                return "waits for a free GPU" in target.waits(folder)

            wait_until(is_throttled, "the worker is throttled")
        scene.jobs.faults.disarm()
        assert followed(scene, folder) == "succeeded" and target.waits(folder) == ""


def test_a_request_that_nobody_took_up_in_time_has_failed_with_the_reason(
    endpoint: Serverless, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path)
    held = begun(endpoint, job_folder(tmp_path / "first", waits_for_stop=True, gate="/dev/null"))
    one = begun(endpoint, folder)  # waits behind the other
    endpoint.requests[str(one.id)].ttl_seconds = 0.0
    assert followed(endpoint, folder) == "failed"
    said = folder.events()[-1].model_extra or {}
    assert "no worker took it up within 120 minutes" in said["error"]
    assert f"max workers of endpoint {endpoint.endpoint}" in said["hint"]
    assert endpoint.requests[str(held.id)].status in ("IN_QUEUE", "IN_PROGRESS")
    first = JobFolder(tmp_path / "first" / "jobs" / "train-first")
    assert target.stop(first, 30.0, options(endpoint)) in ("stopped", "not running")


def test_a_job_that_is_stopped_in_the_queue_never_runs(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    busy = job_folder(tmp_path / "busy", waits_for_stop=True, gate=str(gate.path))
    begun(endpoint, busy)
    gate.wait("training")
    folder = job_folder(tmp_path)
    begun(endpoint, folder)
    assert target.stop(folder, 5.0, options(endpoint)) == "not running"
    assert folder.state() == "cancelled" and attempts(folder) == 0
    assert target.stop(busy, 20.0, options(endpoint)) == "stopped"
    assert (busy.checkpoints / "checkpoint-1" / "weights").exists()


# The line


def test_pages_of_429_are_waited_for_and_one_request_is_made(
    endpoint: Serverless, tmp_path: Path
) -> None:
    known = len(endpoint.requests)
    for path in ("run", "status"):
        place = f"/v2/{endpoint.endpoint}/{path}"
        endpoint.jobs.faults.arm("http_status", status=429, text=HTML, path=place)
    folder = job_folder(tmp_path, steps=1)
    begun(endpoint, folder)
    assert followed(endpoint, folder) == "succeeded"
    assert len(endpoint.requests) == known + 1


def test_after_a_lost_answer_the_job_runs_once(endpoint: Serverless, tmp_path: Path) -> None:
    known = set(endpoint.requests)
    place = f"/v2/{endpoint.endpoint}/run"
    endpoint.jobs.faults.arm("reply_lost", path=place, method="POST")
    folder = job_folder(tmp_path, steps=2)
    begun(endpoint, folder)
    assert followed(endpoint, folder) == "succeeded"
    assert attempts(folder) == 1 and folder.log_tail(9) == ["the fake worker begins"]
    new = set(endpoint.requests) - known
    assert len(new) == 2  # the second was not needed, and found that out by the ticket
    assert last_of(folder).id in new
    wait_until(
        lambda: all(endpoint.requests[id].is_final for id in new), "the other is over as well"
    )
    assert attempts(JobFolder(endpoint.folder(folder.path.name))) == 1


def test_an_upload_that_is_cut_again_and_again_arrives(
    endpoint: Serverless, tmp_path: Path
) -> None:
    endpoint.s3.faults.arm("bad_gateway", times=3, method="PUT")
    endpoint.s3.faults.arm("reply_lost", times=2, method="PUT", skip=1)
    endpoint.s3.faults.arm("access_denied", times=2)
    folder = job_folder(tmp_path, steps=1)
    begun(endpoint, folder)
    assert followed(endpoint, folder) == "succeeded"
    assert len(endpoint.s3.faults.struck) >= 7


def test_what_comes_broken_is_fetched_again_and_checked_by_its_hash(
    endpoint: Serverless, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path, steps=2)
    begun(endpoint, folder)
    home = f"/vol1234567/hone/jobs/{folder.path.name}/{folder.path.name}"
    for name in ("final/adapter_model.safetensors", "checkpoints/", "worker.log"):
        endpoint.s3.faults.arm("get_corrupt", path=f"{home}/{name}")
        endpoint.s3.faults.arm("get_cut", path=f"{home}/{name}", skip=1)
    assert followed(endpoint, folder) == "succeeded"
    there = endpoint.folder(folder.path.name)
    for name in ("final/adapter_model.safetensors", "worker.log", "events.jsonl"):
        assert (folder.path / name).read_bytes() == (there / name).read_bytes()
