"""A disk at an endpoint that really is full: two lines, and what was there before is here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hone.targets import runpod_serverless as target
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import Gate, wait_until
from tests.faults.orders import job_folder
from tests.faults.small_disks import Mount, begins, enlarge, weights
from tests.serverless.following import attempts, begun, followed, last_of, options
from tests.serverless.own_bucket import bucket, equip, said, set_keys
from tests.serverless.scene import Serverless, serverless, set_environment

WEIGHTS = 400_000  # of which two fit


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serverless]:
    with serverless(tmp_path / "endpoint") as found:
        set_environment(found, monkeypatch)
        yield found


def goes_on(endpoint: Serverless, folder: JobFolder, **more: Any) -> list[int]:
    """The job is resumed and succeeds; where each of its attempts began."""
    folder.append("queued")
    target.upload(folder, options(endpoint, **more))
    begun(endpoint, folder, **more)
    assert followed(endpoint, folder, **more) == "succeeded"
    return begins(folder)


def test_a_checkpoint_that_the_volume_cannot_hold_ends_the_job_and_loses_none_before_it(
    endpoint: Serverless, tmp_path: Path, small_disk: Mount
) -> None:
    small_disk(endpoint.jobs.volume, 1)
    folder = job_folder(tmp_path, steps=4, weights_bytes=WEIGHTS)
    target.upload(folder, options(endpoint))
    begun(endpoint, folder)
    assert followed(endpoint, folder) == "failed"
    told = folder.events()[-1].model_extra or {}
    assert "no space is left on the disk" in told["error"] and told["hint"]
    assert weights(folder) == {"checkpoint-1": "1", "checkpoint-2": "2"}
    enlarge(endpoint.jobs.volume, 16)
    assert goes_on(endpoint, folder) == [0, 2]


def test_a_volume_without_room_for_a_sign_of_life_ends_the_request_and_its_worker(
    endpoint: Serverless, tmp_path: Path, small_disk: Mount, gate: Gate
) -> None:
    small_disk(endpoint.jobs.volume, 1)
    folder = job_folder(tmp_path, steps=2, waits_for_stop=True, gate=str(gate.path))
    target.upload(folder, options(endpoint))
    one = begun(endpoint, folder)
    gate.wait("training")
    looked_until(endpoint, folder, lambda: bool(weights(folder)))
    filler = endpoint.jobs.volume / "filler"
    fill(filler)
    wait_until(lambda: endpoint.requests[str(one.id)].is_final, "RunPod has the failure")
    assert followed(endpoint, folder) == "failed"
    told = folder.events()[-1].model_extra or {}
    assert "no space is left on the disk" in told["error"]
    assert "Enlarge the volume in RunPod's console" in told["hint"]
    assert weights(folder) == {"checkpoint-1": "1"} and not last_of(folder).is_open
    assert running(endpoint.folder(folder.path.name)) == []
    filler.unlink()
    folder.append("queued")
    target.upload(folder, options(endpoint))
    begun(endpoint, folder)
    looked_until(endpoint, folder, lambda: attempts(folder) == 2)
    assert target.stop(folder, 20.0, options(endpoint)) == "stopped"
    assert begins(folder) == [0, 1]


def test_the_full_disk_of_a_worker_without_a_volume_brings_home_what_was_before(
    endpoint: Serverless, tmp_path: Path, small_disk: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    equip(endpoint)
    own_disk = tmp_path / "own-disk"
    small_disk(own_disk, 1)
    state = endpoint.jobs.endpoints[endpoint.endpoint]
    state.settings.environment["TMPDIR"] = str(own_disk)
    set_keys(endpoint, monkeypatch)
    with bucket(tmp_path / "bucket") as own:
        folder = job_folder(tmp_path, steps=4, weights_bytes=WEIGHTS)
        begun(endpoint, folder, **said(own))
        assert followed(endpoint, folder, **said(own)) == "failed"
        told = folder.events()[-1].model_extra or {}
        assert "no space is left on the disk" in told["error"] and told["hint"]
        assert weights(folder) == {"checkpoint-1": "1", "checkpoint-2": "2"}
        enlarge(own_disk, 16)
        assert goes_on(endpoint, folder, **said(own)) == [0, 2]


def looked_until(endpoint: Serverless, folder: JobFolder, is_so: Callable[[], bool]) -> None:
    """Look at the job until it is so."""
    with target.follow(folder, options(endpoint)) as pull:

        def look() -> bool:
            pull()
            return is_so()

        wait_until(look, "it is seen from here")


def fill(path: Path) -> None:
    """Write until nothing more goes in."""
    with path.open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                file.write(os.urandom(size))
            except OSError:
                size //= 2


def running(folder: Path) -> list[str]:
    """Processes that work on a job's folder."""
    found = psutil.process_iter(["cmdline"])
    return [one.name() for one in found if str(folder) in (one.info["cmdline"] or [])]
