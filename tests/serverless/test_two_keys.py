"""An endpoint without a volume: the job goes in the request, and comes home through the hub."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hone.errors import HoneError, InvalidInput, Unavailable
from hone.targets import runpod_serverless as target
from hone.targets._hub import Hub
from hone.targets._rest import BadKey
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import init_workspace, open_workspace
from tests.faults.gates import Gate, wait_until
from tests.faults.orders import job_folder
from tests.faults.read_elsewhere import contents
from tests.loop.here import train_here
from tests.serverless.following import attempts, begun, followed, options
from tests.serverless.hub import REPOSITORY, TOKEN, Repository, hub
from tests.serverless.scene import Serverless, serverless, set_environment
from tests.serverless.test_serverless_training import RECIPE, entry_point, hone
from tests.stages.training_set import freeze

CLAIMS = f"""
import json
from concurrent.futures import ThreadPoolExecutor
from hone.worker.leaving import Leaving

def claim(request):
    return Leaving({REPOSITORY!r}, "hone/jobs/train-many").claim("train-many.1", request)

with ThreadPoolExecutor(3) as threads:
    owners = list(threads.map(claim, ["r1", "r2", "r3"]))
print(json.dumps([*owners, claim("r4")]))
"""
WITHOUT = {"volume_id": None, "data_center": None, "repository": REPOSITORY}


@pytest.fixture(scope="module")
def repository() -> Iterator[Repository]:
    with hub() as found:
        yield found


@pytest.fixture(scope="module")
def there(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serverless]:
    with serverless(tmp_path_factory.mktemp("endpoint")) as found:
        equip(found, repository)
        yield found


def equip(scene: Serverless, repository: Repository) -> None:
    """What the endpoint's own environment holds: the hub's token, and no volume."""
    environment = scene.jobs.endpoints[scene.endpoint].settings.environment
    environment.update({"HF_TOKEN": TOKEN, "HF_ENDPOINT": repository.url})
    environment.update({"HONE_VOLUME": "/nowhere", "TMPDIR": str(scene.jobs.folder)})


@pytest.fixture
def endpoint(
    there: Serverless, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Serverless]:
    """The endpoint with two keys, and the hub's token, in the environment."""
    set_environment(there, monkeypatch)
    for name in ("RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", repository.url)
    yield there
    there.jobs.faults.disarm()
    repository.is_private = True


def test_the_job_goes_in_the_request_and_comes_home_by_its_hashes(
    endpoint: Serverless, repository: Repository, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path, steps=3)
    one = begun(endpoint, folder, **WITHOUT)
    assert followed(endpoint, folder, **WITHOUT) == "succeeded"
    result = folder.result()
    assert result is not None and len(result.artefacts) == 2
    assert all(sha256_of(folder.path / a.path) == a.sha256 for a in result.artefacts)
    assert folder.log_tail(9) == ["the fake worker begins"] and attempts(folder) == 1
    sent = json.dumps(endpoint.requests[str(one.id)].input)
    assert TOKEN not in sent and REPOSITORY in sent and len(sent) < 5000
    assert not [name for name in repository.files if "inputs/" in name or name.endswith("job.json")]


def test_a_lost_answer_makes_no_second_training(
    endpoint: Serverless, repository: Repository, tmp_path: Path
) -> None:
    known = set(endpoint.requests)
    place = f"/v2/{endpoint.endpoint}/run"
    endpoint.jobs.faults.arm("reply_lost", path=place, method="POST")
    folder = job_folder(tmp_path, steps=1)
    begun(endpoint, folder, **WITHOUT)
    assert followed(endpoint, folder, **WITHOUT) == "succeeded"
    new = set(endpoint.requests) - known
    assert len(new) == 2 and attempts(folder) == 1
    wait_until(lambda: all(endpoint.requests[id].is_final for id in new), "both are over")
    claims = [one for one in repository.commits if any("tickets/" in name for name in one)]
    assert len([one for one in claims if folder.path.name in one[0]]) == 1


def test_of_many_requests_with_one_ticket_one_has_it(
    endpoint: Serverless, repository: Repository
) -> None:
    # In a process of its own: the hub's library reads its environment when it is loaded.
    done = subprocess.run(
        [sys.executable, "-c", CLAIMS],
        env={**os.environ, "HF_HUB_OFFLINE": "0"},
        capture_output=True,
        text=True,
    )
    (owner,) = set(json.loads(done.stdout or "[]")) or {done.stderr}
    name = "hone/jobs/train-many/tickets/train-many.1"
    assert repository.files[name].decode() == owner
    assert len([one for one in repository.commits if one == [name]]) == 1


def test_a_stop_leaves_the_checkpoint_here_and_the_next_request_goes_on_from_it(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path), steps=2)
    begun(endpoint, folder, **WITHOUT)
    gate.wait("training")
    how = target.stop(folder, 1.0, options(endpoint, **WITHOUT))
    assert how in ("stopped", "terminated") and folder.state() == "cancelled"
    assert (folder.checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    folder.clear_stop()
    folder.append("queued")
    begun(endpoint, folder, **WITHOUT)
    gate.wait("training")
    target.stop(folder, 1.0, options(endpoint, **WITHOUT))
    begins = [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]
    assert begins == [0, 1]


@pytest.mark.parametrize(
    ("said", "words", "mend"),
    [
        ({"repository": None}, "no way home", "hone targets setup"),
        ({"repository": "me/other"}, "no repository me/other", "private"),
    ],
)
def test_without_a_way_home_nothing_is_sent(
    endpoint: Serverless, tmp_path: Path, said: dict[str, Any], words: str, mend: str
) -> None:
    known = len(endpoint.requests)
    with pytest.raises(HoneError, match=words) as caught:
        target.upload(job_folder(tmp_path), options(endpoint, **{**WITHOUT, **said}))
    assert mend in caught.value.hint and len(endpoint.requests) == known


def test_a_repository_that_everybody_may_read_is_refused(
    endpoint: Serverless, repository: Repository, tmp_path: Path
) -> None:
    repository.is_private = False
    with pytest.raises(HoneError, match="Everybody may read me/adapters"):
        target.upload(job_folder(tmp_path), options(endpoint, **WITHOUT))


def test_a_page_in_place_of_the_hub_is_not_taken_for_it() -> None:
    def portal(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<html>Sign in to the network</html>")

    seen = Hub(REPOSITORY, TOKEN, url="https://hub.example", transport=httpx.MockTransport(portal))
    with pytest.raises(Unavailable, match="something else than was asked"):
        seen.refuse_open()
    seen.close()


def test_the_hub_s_token_is_asked_for(
    endpoint: Serverless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(BadKey, match="HF_TOKEN is not set"):
        target.upload(job_folder(tmp_path), options(endpoint, **WITHOUT))


def test_what_is_too_large_is_measured_before_anything_is_sent(
    endpoint: Serverless, tmp_path: Path
) -> None:
    folder, known = job_folder(tmp_path), len(endpoint.requests)
    noise = random.Random(0).randbytes(9_000_000)
    (folder.inputs / "train.jsonl").write_bytes(noise)
    with pytest.raises(InvalidInput, match=r"has 12\.0 MB, and a request takes 10") as caught:
        target.upload(folder, options(endpoint, **WITHOUT))
    assert "hone targets setup runpod-serverless" in caught.value.hint
    (folder.inputs / "train.jsonl").write_bytes(noise[:7_000_000])
    target.upload(folder, options(endpoint, **WITHOUT))
    assert len(endpoint.requests) == known


def test_a_base_that_is_on_this_machine_alone_is_refused_and_one_of_the_hub_is_named(
    endpoint: Serverless, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path)
    mine, revision = tmp_path / "mine", "a" * 40
    cached = tmp_path / "models--Qwen--Qwen2.5-7B" / "snapshots" / revision
    for path in (mine, cached):
        path.mkdir(parents=True)
    job = json.loads((folder.path / "job.json").read_text())
    for path, fits in ((mine, False), (cached, True)):
        job["spec"]["base"] = {"id": "x", "path": str(path)}
        (folder.path / "job.json").write_text(json.dumps(job))
        again = JobFolder(folder.path)
        if fits:
            target.upload(again, options(endpoint, **WITHOUT))
            continue
        with pytest.raises(InvalidInput, match="is on this machine alone"):
            target.upload(again, options(endpoint, **WITHOUT))


@pytest.mark.loop
def test_a_real_training_with_two_keys_leaves_the_same_bytes(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any
) -> None:
    home, checkout = tmp_path / "ws", Path(__file__).parents[2]
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HONE_HUB_URL", repository.url)
    with init_workspace(home) as ws:
        freeze(ws, "faith", 24, 4)
    (home / "recipe.yaml").write_text(RECIPE)
    train = ("train", "recipe.yaml", "--confirm-run", "--json")
    with serverless(tmp_path / "there", entry_point(checkout)) as scene:
        equip(scene, repository)
        said = json.dumps({**scene.said, **WITHOUT, "look_seconds": 0.5})
        hone(home, scene, "config", "set", "targets.runpod-serverless", said)
        far = hone(home, scene, *train, "--on", "runpod-serverless")
    with open_workspace(home) as ws:
        near = train_here(ws, home / "recipe.yaml")
    assert (far["model"], near.ref) == ("faith@v1", "faith@v2")
    versions = [home / "models" / "faith" / version for version in ("v1", "v2")]
    first, second = (sha256_of(one / "adapter_model.safetensors") for one in versions)
    assert first == second
    assert not [path for path, content in contents(tmp_path) if TOKEN.encode() in content]
