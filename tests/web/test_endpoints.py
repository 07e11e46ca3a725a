"""The GPU service over the API: endpoints of an emulated account, which one is taken, who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.rp_pods.app import RunPodPods
from emulators.serving import served
from hone.stages import people
from hone.web.site import Site
from hone.workspace.config import CONFIG_FILE, set_config
from hone.workspace.open import Workspace, init_workspace
from tests.web.browser import Browser, access

KEY = "canary-rpa-5c20e9b7a1d4"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunPodPods]:
    with served(RunPodPods(key=KEY)) as emulator:
        monkeypatch.setenv("HONE_RUNPOD_URL", emulator.url)
        monkeypatch.setenv("RUNPOD_API_KEY", KEY)
        yield emulator


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def made(account: RunPodPods, name: str, **more: Any) -> str:
    body = {
        "name": name, "type": "QUEUE", "image": "hone-worker",
        "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
        "gpu": {"pools": ["ADA_24"], "count": 1}, "workers": {"max": 2, "idleTimeout": 5},
        "timeout": 600_000, **more,
    }  # fmt: skip
    endpoint = account.account.inventory.create_endpoint(body, account.clock.now(), "http://jobs")
    return str(endpoint["id"])


def test_endpoints_are_listed_by_name_and_one_is_taken(
    browser: Browser, account: RunPodPods, ws: Workspace
) -> None:
    later, first = made(account, "zeal"), made(account, "ardour")
    found = browser.post("/api/endpoints/connect", {}).json()
    assert [one["id"] for one in found["endpoints"]] == [first, later]
    assert (found["endpoints"][0]["hardware"], found["endpoint"]) == ("ADA_24", "")
    assert {one["name"] for one in found["keys"] if one["is_set"]} == {"RUNPOD_API_KEY"}
    taken = browser.put("/api/endpoints/chosen", {"id": later})
    assert taken.status_code == 200 and taken.json()["endpoint"] == later
    assert browser.get("/api/endpoints").json()["endpoint"] == later
    refused = browser.put("/api/endpoints/chosen", {"id": "nobody"})
    assert refused.status_code == 404 and "no endpoint nobody" in refused.json()["error"]
    assert KEY not in found.__repr__() + (ws.root / CONFIG_FILE).read_text()


def test_an_account_without_endpoints_is_told_how_one_is_made(
    browser: Browser, account: RunPodPods
) -> None:
    refused = browser.post("/api/endpoints/connect", {})
    assert refused.status_code == 404
    assert refused.json()["error"] == (
        "RunPod accepts the key, and no endpoints were found: the account has none."
    )
    assert refused.json()["hint"].startswith("hone targets setup runpod-serverless --image ")


def test_an_endpoint_without_the_volume_of_the_settings_is_not_taken(
    browser: Browser, account: RunPodPods, ws: Workspace
) -> None:
    inventory, now = account.account.inventory, account.clock.now()
    volume = inventory.create_volume({"name": "v", "size": 20, "dataCenter": "EU-RO-1"}, now)["id"]
    without = made(account, "without")
    having = made(account, "having", networkVolumes=[volume], dataCenterIds=["EU-RO-1"])
    set_config(ws.root / CONFIG_FILE, "targets.runpod-serverless.volume_id", volume)
    refused = browser.put("/api/endpoints/chosen", {"id": without})
    assert refused.status_code == 400 and volume in refused.json()["error"]
    assert without not in (ws.root / CONFIG_FILE).read_text()
    assert browser.put("/api/endpoints/chosen", {"id": having}).status_code == 200


def test_reviewers_see_what_is_set_and_trainers_do_not_choose(
    account: RunPodPods, ws: Workspace
) -> None:
    one = made(account, "hone")
    people.add_person(ws, "vera", "reviewer", "password of vera")
    people.add_person(ws, "theo", "trainer", "password of theo")
    site = Site(ws, access(is_shared=True))
    vera, theo = (
        Browser(site).sign_in(name=name, password=f"password of {name}")
        for name in ("vera", "theo")
    )
    assert vera.get("/api/endpoints").status_code == 200
    assert vera.post("/api/endpoints/connect", {}).status_code == 403
    assert theo.post("/api/endpoints/connect", {}).status_code == 200
    assert theo.put("/api/endpoints/chosen", {"id": one}).status_code == 403
