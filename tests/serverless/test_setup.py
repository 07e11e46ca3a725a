"""`hone targets setup runpod-serverless`: the price first, nothing twice, keys for their owner."""

from __future__ import annotations

import json
import resource
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.rp_pods.app import RunPodPods
from emulators.serving import served
from hone import settings
from hone.cli.run import run
from hone.errors import HoneError, InvalidInput
from hone.workspace.open import init_workspace, open_workspace

KEY = "canary-rpa-41d6c8"
SETUP = ["targets", "setup", "runpod-serverless", "--image", "docker.io/me/hone-worker:0.1.0"]


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunPodPods]:
    """An empty account, and a workspace to stand in."""
    with served(RunPodPods(key=KEY)) as emulator, init_workspace(tmp_path / "ws"):
        monkeypatch.chdir(tmp_path / "ws")
        monkeypatch.setenv("RUNPOD_API_KEY", KEY)
        monkeypatch.setenv("HONE_RUNPOD_URL", emulator.url)
        yield emulator


def made(account: RunPodPods) -> tuple[int, int, int]:
    inventory = account.account.inventory
    return len(inventory.volumes), len(inventory.templates), len(inventory.endpoints)


def test_the_price_comes_first_and_a_no_makes_nothing(
    account: RunPodPods, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "n\n")
    assert run(SETUP) == 0
    said = capsys.readouterr().out
    # One 4090 of the pool at $0.00031 a second; 50 GB at $0.07.
    assert "up to $1.12 an hour now" in said and "$3.50 a month" in said
    assert "To be made: the endpoint hone for ADA_24" in said
    assert made(account) == (0, 0, 0)
    assert "runpod-serverless: {endpoint_id: hone" not in Path("hone.yaml").read_text()


def test_one_call_makes_all_of_it_and_another_makes_nothing_twice(
    account: RunPodPods, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SETUP, "--yes", "--json", "--hub-secret", "hub"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert made(account) == (1, 1, 1)
    inventory = account.account.inventory
    endpoint, template = inventory.endpoints[first["endpoint_id"]], one_of(inventory.templates)
    assert endpoint["networkVolumes"] == [first["volume_id"]] and endpoint["workers"]["min"] == 0
    assert endpoint["templateId"] == template["id"] and template["serverless"]
    assert template["env"] == {"HF_TOKEN": "{{ RUNPOD_SECRET_hub }}"}
    assert first["missing_keys"] == ["RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET"]
    newer = [*SETUP[:-1], "docker.io/me/hone-worker:0.2.0"]
    assert run([*newer, "--yes"]) == 0
    said = capsys.readouterr().out
    assert "There is: the volume hone of 50 GB in EU-RO-1." in said and "To be made" not in said
    assert "console.runpod.io/user/settings" in said
    assert made(account) == (1, 1, 1)
    assert one_of(inventory.templates)["image"] == "docker.io/me/hone-worker:0.2.0"
    with open_workspace(Path()) as ws:
        written = ws.config.targets.runpod_serverless
    assert written is not None and written.endpoint_id == first["endpoint_id"]
    assert (written.volume_id, written.data_center) == (first["volume_id"], "EU-RO-1")


def test_what_a_lost_answer_left_is_found_by_its_name(
    account: RunPodPods, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in ("network-volumes", "templates", "serverless"):
        account.faults.arm("reply_lost", method="POST", path=f"/v2/{path}")
    assert run([*SETUP, "--yes", "--json"]) == 0
    capsys.readouterr()
    assert made(account) == (1, 1, 1)


def test_keys_are_asked_for_without_being_shown_and_kept_for_their_owner(
    account: RunPodPods, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").write_text("# mine\nexport RUNPOD_S3_SECRET=\nOTHER='x y' # kept\n")
    answering(monkeypatch, "y\nuser_abc\nrps_canary\n")
    assert run(SETUP) == 0
    said = capsys.readouterr()
    assert "rps_canary" not in said.out + said.err and "Still missing" not in said.out
    text = Path(".env").read_text()
    assert "# mine" in text and "OTHER='x y' # kept" in text and text.count("RUNPOD_S3_SECRET") == 1
    assert settings.credential(("RUNPOD_S3_SECRET",), Path()) == "rps_canary"
    assert stat.S_IMODE(Path(".env").stat().st_mode) == 0o600
    assert KEY not in Path("hone.yaml").read_text() and "rps_" not in Path("hone.yaml").read_text()


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_made(
    account: RunPodPods, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["--image", "me/hone", "--gpu", "ADA24", "--data-center", "EU-DE-1", "--volume-gb", "5"]
    assert run(["targets", "setup", "runpod-serverless", *wrong, "--yes"]) == 1
    said = capsys.readouterr().err
    for words in ("names no version", "no pool ADA24", 'mean "ADA_24"', "no S3 interface", "10 to"):
        assert words in said, said
    assert made(account) == (0, 0, 0)
    assert run(["targets", "setup", "ssh", "--image", "a:1", "--yes"]) == 1
    assert "nothing to set up for ssh" in capsys.readouterr().err


def test_a_volume_of_that_name_elsewhere_is_not_taken(
    account: RunPodPods, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"name": "hone", "size": 20, "dataCenter": "US-KS-2"}
    account.account.inventory.create_volume(body, account.clock.now())
    assert run([*SETUP, "--yes"]) == 1
    assert "is in US-KS-2, not in EU-RO-1" in capsys.readouterr().err


def test_two_of_the_same_name_are_not_chosen_between(
    account: RunPodPods, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory, now = account.account.inventory, account.clock.now()
    for _ in range(2):
        inventory.create_volume({"name": "hone", "size": 20, "dataCenter": "EU-RO-1"}, now)
    assert run([*SETUP, "--yes"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "RunPod has 2 network-volumes of the name hone."
    assert second.startswith("Try: Delete all but one in the console") and "--called" in second
    assert made(account) == (2, 0, 0)


def test_without_a_key_the_first_thing_asked_for_is_that(
    account: RunPodPods, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY")
    assert run([*SETUP, "--yes"]) == 1
    assert "RUNPOD_API_KEY=…" in capsys.readouterr().err
    answering(monkeypatch, f"{KEY}\nn\n")
    assert run(SETUP) == 0
    assert settings.credential(("RUNPOD_API_KEY",), Path()) == KEY


def test_what_is_no_key_is_not_written(tmp_path: Path) -> None:
    for value in ("", "a b", "a\nOTHER=1", "a#b"):
        with pytest.raises(InvalidInput):
            settings.set_credentials(tmp_path, {"RUNPOD_S3_SECRET": value})
    assert not (tmp_path / ".env").exists()


def test_a_key_that_finds_no_room_leaves_no_part_of_itself(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OTHER=1\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, before[1]))
    try:
        with pytest.raises(HoneError, match="cannot be written"):
            settings.set_credentials(tmp_path, {"RUNPOD_S3_SECRET": KEY})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
    assert (tmp_path / ".env").read_text() == "OTHER=1\n"


def one_of(things: dict[str, Any]) -> Any:
    (found,) = things.values()
    return found


def answering(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What the person types."""
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    monkeypatch.setattr("getpass.getpass", lambda prompt="", stream=None: input())


def test_the_list_says_what_is_missing_and_then_where_it_is(
    account: RunPodPods, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed() -> Any:
        assert run(["targets", "list", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        return next(one for one in found if one["name"] == "runpod-serverless")

    before = listed()
    assert not before["is_set"] and "names no endpoint" in before["where"]
    assert run([*SETUP, "--yes"]) == 0
    capsys.readouterr()
    assert "RUNPOD_S3_SECRET is not set" in listed()["where"]
    monkeypatch.setenv("RUNPOD_S3_ACCESS_KEY", "user_a")
    monkeypatch.setenv("RUNPOD_S3_SECRET", "rps_b")
    after = listed()
    assert after["is_set"] and after["where"].startswith("endpoint ")


def test_key_and_endpoint_are_read_from_the_workspace_s_env(
    account: RunPodPods, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY")
    text = f"RUNPOD_API_KEY={KEY}\nRUNPOD_ENDPOINT_ID=ep123\nHF_TOKEN=hf_x\n"
    Path(".env").write_text(text)
    Path(".env").chmod(0o600)
    said = "{repository: me/adapters}"
    assert run(["config", "set", "targets.runpod-serverless", said]) == 0
    capsys.readouterr()
    assert run(["targets", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    one = next(one for one in found if one["name"] == "runpod-serverless")
    assert one["is_set"] and one["where"] == "endpoint ep123 by me/adapters"
    assert KEY not in json.dumps(found)
