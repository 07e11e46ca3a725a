"""An endpoint without a volume, and a bucket of one's own: the job comes home by addresses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.rp_s3.app import RunPodS3
from emulators.rp_s3.dialect import AMAZON
from hone.errors import HoneError
from hone.records.submission import place_of
from hone.targets import runpod_serverless as target
from hone.targets._rest import BadKey, NotThere
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import init_workspace
from tests.faults.gates import Gate, wait_until
from tests.faults.orders import job_folder
from tests.faults.read_elsewhere import contents
from tests.serverless.following import attempts, begun, followed, last_of, options
from tests.serverless.own_bucket import (
    NAME,
    SECRET,
    addresses_in,
    equip,
    files,
    said,
    set_keys,
)
from tests.serverless.scene import KEY, Serverless, serverless
from tests.serverless.test_serverless_training import RECIPE, entry_point, hone
from tests.stages.training_set import freeze


@pytest.fixture
def endpoint(
    volumeless: Serverless, own: RunPodS3, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Serverless]:
    set_keys(volumeless, monkeypatch)
    yield volumeless
    volumeless.jobs.faults.disarm()
    own.faults.disarm()
    own.dialect, own.is_public = AMAZON, False


@pytest.fixture
def without(own: RunPodS3) -> dict[str, Any]:
    return said(own)


def test_a_job_comes_home_by_its_hashes_and_leaves_nothing_in_the_bucket(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any], tmp_path: Path
) -> None:
    folder = job_folder(tmp_path, steps=3)
    target.upload(folder, options(endpoint, **without))
    one = begun(endpoint, folder, **without)
    assert followed(endpoint, folder, **without) == "succeeded"
    result = folder.result()
    assert result is not None and len(result.artefacts) == 2
    assert all(sha256_of(folder.path / a.path) == a.sha256 for a in result.artefacts)
    assert (folder.checkpoints / "checkpoint-3" / "weights").read_text() == "3"
    assert folder.log_tail(9) == ["the fake worker begins"] and attempts(folder) == 1
    place = place_of(folder.path.name)
    assert f"{place}/pieces/000" in files(own) and f"{place}/beat.json" in files(own)
    assert not [name for name in files(own) if "inputs" in name or "job.json" in name]
    sent = json.dumps(endpoint.requests[str(one.id)].input)
    assert SECRET not in sent and KEY not in sent and len(sent) < 100_000
    target.release(folder, options(endpoint, **without))
    assert not [name for name in files(own) if name.startswith(place)]


def test_what_a_request_was_given_is_written_down_nowhere(
    endpoint: Serverless, without: dict[str, Any], tmp_path: Path
) -> None:
    folder = job_folder(tmp_path, steps=1)
    one = begun(endpoint, folder, **without)
    assert followed(endpoint, folder, **without) == "succeeded"
    signed = [one.partition("Signature=")[2] for one in addresses_in(endpoint, str(one.id))]
    assert len(set(signed)) == len(signed) > 100 and all(len(one) == 64 for one in signed)
    for root in (tmp_path, endpoint.jobs.folder):
        for path, content in contents(root):
            assert not [one for one in signed if one.encode() in content], path


def test_a_lost_answer_makes_no_second_training(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any], tmp_path: Path
) -> None:
    known = set(endpoint.requests)
    place = f"/v2/{endpoint.endpoint}/run"
    endpoint.jobs.faults.arm("reply_lost", path=place, method="POST")
    folder = job_folder(tmp_path, steps=1)
    begun(endpoint, folder, **without)
    assert followed(endpoint, folder, **without) == "succeeded"
    new = set(endpoint.requests) - known
    assert len(new) == 2 and attempts(folder) == 1
    wait_until(lambda: all(endpoint.requests[id].is_final for id in new), "both are over")
    states = [(endpoint.requests[id].output or {}).get("state") for id in new]
    assert states.count("succeeded") == 1


def test_a_claim_whose_answer_is_lost_is_still_this_request_s(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any], tmp_path: Path
) -> None:
    own.faults.arm("reply_lost", method="PUT", path=f"/{NAME}/some/where/hone/jobs/")
    folder = job_folder(tmp_path, steps=1)
    begun(endpoint, folder, **without)
    assert followed(endpoint, folder, **without) == "succeeded" and attempts(folder) == 1
    assert own.faults.struck


def test_a_bucket_that_stumbles_while_the_worker_leaves_loses_nothing(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any], tmp_path: Path
) -> None:
    folder = job_folder(tmp_path, steps=2)
    home = f"/{NAME}/some/where/hone/jobs/{folder.path.name}"
    own.faults.arm("bad_gateway", times=2, method="PUT", path=f"{home}/pieces")
    own.faults.arm("get_corrupt", path=f"{home}/pieces")
    own.faults.arm("get_cut", path=f"{home}/pieces", skip=1)
    own.faults.arm("reply_lost", method="PUT", path=f"{home}/beat.json")
    begun(endpoint, folder, **without)
    assert followed(endpoint, folder, **without) == "succeeded"
    assert (folder.final / "adapter_model.safetensors").exists()
    assert {one["name"] for one in own.faults.struck} >= {"get_corrupt", "get_cut", "reply_lost"}


def test_a_lost_worker_begins_anew_under_the_same_request(
    endpoint: Serverless, without: dict[str, Any], tmp_path: Path, gate: Gate
) -> None:
    go, step = tmp_path / "go", "after checkpoint"
    folder = job_folder(tmp_path, steps=3, pause_at=step, gate=str(gate.path), go=str(go))
    endpoint.jobs.faults.arm("worker_dies", after=6.0)
    one = begun(endpoint, folder, **without)
    gate.wait(step)  # and is killed there
    gate.wait(step)  # another one, on a disk of its own
    go.touch()
    assert followed(endpoint, folder, **without) == "succeeded"
    assert endpoint.requests[str(one.id)].attempts == 2 and last_of(folder).id == one.id
    begins = [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]
    assert begins == [0]


def test_a_stop_leaves_the_checkpoint_here_and_the_next_request_goes_on_from_it(
    endpoint: Serverless, without: dict[str, Any], tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path), steps=2)
    begun(endpoint, folder, **without)
    gate.wait("training")
    how = target.stop(folder, 1.0, options(endpoint, **without))
    assert how in ("stopped", "terminated") and folder.state() == "cancelled"
    assert (folder.checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    folder.clear_stop()
    folder.append("queued")
    begun(endpoint, folder, **without)
    gate.wait("training")
    target.stop(folder, 1.0, options(endpoint, **without))
    begins = [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]
    assert begins == [0, 1]


def test_a_request_that_is_cancelled_before_anybody_looked_leaves_its_checkpoint_here(
    endpoint: Serverless, without: dict[str, Any], tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path), steps=2)
    one = begun(endpoint, folder, **without)
    gate.wait("training")
    endpoint.jobs.endpoints[endpoint.endpoint].cancel(str(one.id), endpoint.jobs.clock.now())
    assert followed(endpoint, folder, **without) == "cancelled"
    assert (folder.checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    assert attempts(folder) == 1 and last_of(folder).why == "the request was cancelled"


def test_a_bucket_that_takes_nothing_any_more_ends_the_job_in_two_lines(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any], tmp_path: Path
) -> None:
    folder = job_folder(tmp_path, steps=1)
    place = f"/{NAME}/some/where/hone/jobs/{folder.path.name}/pieces"
    said = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    own.faults.arm("http_status", status=403, text=said, method="PUT", path=place)
    begun(endpoint, folder, **without)
    assert followed(endpoint, folder, **without) == "failed"
    told = folder.events()[-1].model_extra or {}
    assert told["error"] == "The bucket refuses (403 AccessDenied: Request has expired)."
    assert "hone jobs resume" in told["hint"] and not folder.is_alive()


# Before anything is sent


def refused(endpoint: Serverless, tmp_path: Path, **more: Any) -> HoneError:
    known = len(endpoint.requests)
    with pytest.raises(HoneError) as caught:
        target.upload(job_folder(tmp_path), options(endpoint, **more))
    assert len(endpoint.requests) == known and caught.value.hint
    assert SECRET not in str(caught.value) + caught.value.hint
    return caught.value


def test_all_that_is_missing_is_said_at_once(
    endpoint: Serverless, without: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUNPOD_API_KEY", "HONE_BUCKET_ACCESS_KEY", "HONE_BUCKET_SECRET_KEY"):
        monkeypatch.delenv(name)
    error = refused(endpoint, tmp_path, **without, endpoint_id="${RUNPOD_ENDPOINT_ID}")
    assert isinstance(error, BadKey)
    for words in ("RUNPOD_API_KEY", "BUCKET_ACCESS_KEY", "BUCKET_SECRET_KEY", "endpoint_id"):
        assert words in error.message
    both = {**without, "repository": "me/adapters"}
    assert "keep one" in refused(endpoint, tmp_path / "b", **both).message
    none = {**without, "bucket": None}
    assert (
        "nor a targets.runpod-serverless.bucket"
        in refused(endpoint, tmp_path / "c", **none).message
    )


def test_a_wrong_key_and_a_wrong_name_are_said_with_their_mends(
    endpoint: Serverless, without: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {**without, "bucket": {**without["bucket"], "name": "nobodys"}}
    error = refused(endpoint, tmp_path / "a", **other)
    assert isinstance(error, NotThere) and "knows no bucket nobodys" in error.message
    monkeypatch.setenv("HONE_BUCKET_SECRET_KEY", "another")
    error = refused(endpoint, tmp_path / "b", **without)
    assert "does not accept the key for me-adapters" in error.message
    assert "HONE_BUCKET_SECRET_KEY=…" in error.hint


def test_a_bucket_where_a_training_could_run_twice_or_be_read_is_refused_with_both_reasons(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any], tmp_path: Path
) -> None:
    own.dialect, own.is_public = AMAZON._replace(is_conditional=False), True
    error = refused(endpoint, tmp_path, **without)
    assert "could run twice" in error.message and "everybody may read it" in error.message
    assert not [name for name in files(own) if "probes" in name]


def test_a_bucket_that_takes_no_addresses_is_refused(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any], tmp_path: Path
) -> None:
    own.dialect = AMAZON._replace(presigns=False)
    assert "501" in refused(endpoint, tmp_path, **without).message


def test_the_check_of_the_target_says_that_the_bucket_is_fit(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any]
) -> None:
    found = {one.name: one for one in target.check(options(endpoint, **without))}
    assert found["bucket"].is_good and "me-adapters" in found["bucket"].text
    assert target.place(options(endpoint, **without)).endswith("by the bucket me-adapters")
    own.is_public = True
    found = {one.name: one for one in target.check(options(endpoint, **without))}
    assert not found["way home"].is_good and "everybody may read" in found["way home"].text


@pytest.mark.loop
def test_a_real_training_comes_home_through_the_bucket_with_the_same_bytes(
    own: RunPodS3, without: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, checkout = tmp_path / "ws", Path(__file__).parents[2]
    with init_workspace(home) as ws:
        freeze(ws, "faith", 24, 4)
    (home / "recipe.yaml").write_text(RECIPE)
    train = ("train", "recipe.yaml", "--confirm-run", "--json")
    with serverless(tmp_path / "there", entry_point(checkout)) as scene:
        equip(scene)
        set_keys(scene, monkeypatch)
        settings = json.dumps({**scene.said, **without, "look_seconds": 0.5})
        hone(home, scene, "config", "set", "targets.runpod-serverless", settings)
        far = hone(home, scene, *train, "--on", "runpod-serverless")
        near = hone(home, scene, *train)
        (request,) = scene.requests
        signed = [one.partition("Signature=")[2] for one in addresses_in(scene, request)]
    assert (far["model"], near["model"]) == ("faith@v1", "faith@v2")
    versions = [home / "models" / "faith" / version for version in ("v1", "v2")]
    first, second = (sha256_of(one / "adapter_model.safetensors") for one in versions)
    assert first == second
    metadata = json.loads((versions[0] / "metadata.json").read_text())
    assert metadata["cost_usd"] > 0 and metadata["runtime_seconds"] > 0
    assert files(own) == [name for name in files(own) if far["job"]["id"] not in name]
    canaries = [one.encode() for one in (SECRET, KEY, *signed)]
    for path, content in contents(tmp_path):
        assert not [one for one in canaries if one in content], path
    assert os.environ["HONE_BUCKET_SECRET_KEY"] == SECRET


def test_what_a_job_left_there_is_listed_and_cleared(
    endpoint: Serverless, own: RunPodS3, without: dict[str, Any], tmp_path: Path
) -> None:
    from hone.stages import jobs
    from hone.stages.configure import change_setting

    with init_workspace(tmp_path / "ws") as ws:
        change_setting(ws, "targets.runpod-serverless", json.dumps({**endpoint.said, **without}))
        made = job_folder(tmp_path, steps=1)
        folder = JobFolder(ws.jobs / made.path.name)
        made.path.rename(folder.path)
        target.upload(folder, options(endpoint, **without))
        begun(endpoint, folder, **without)
        assert followed(endpoint, folder, **without) == "succeeded"
        reaped = jobs.reap(ws, frees=False)
        assert reaped.problems == []
        (one,) = reaped.machines
        assert one.job == folder.path.name and "files in the bucket" in one.said
        assert jobs.reap(ws).machines[0].is_freed
    assert not [name for name in files(own) if folder.path.name in name]
