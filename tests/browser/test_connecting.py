"""Settings: the GPU service by the keys of .env, against an emulated account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulators.rp_pods.app import RunPodPods
from emulators.serving import served
from hone.loop import Workspace, init_workspace
from tests.browser.seat import Seat
from tests.browser.test_access import violations

KEY = "canary-rpa-93b7f02c51aa"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunPodPods]:
    """An account without an endpoint."""
    with served(RunPodPods(key=KEY)) as emulator:
        monkeypatch.setenv("HONE_RUNPOD_URL", emulator.url)
        yield emulator


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


@pytest.fixture
def looking(
    account: RunPodPods, ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> Seat:
    return sit(serve(ws)).open("#/settings").sees("GPU service")


def write_key(ws: Workspace, text: str) -> None:
    (ws.root / ".env").write_text(text)
    (ws.root / ".env").chmod(0o600)


def add_endpoint(account: RunPodPods, name: str) -> str:
    body = {
        "name": name, "type": "QUEUE", "image": "hone-worker",
        "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
        "cpu": [{"id": "cpu3c", "vcpuCount": 4}], "workers": {"max": 2, "idleTimeout": 5},
        "timeout": 600_000,
    }  # fmt: skip
    made = account.account.inventory.create_endpoint(body, account.clock.now(), "http://jobs")
    return str(made["id"])


def test_what_keeps_it_from_connecting_is_said_with_its_mend(
    account: RunPodPods, ws: Workspace, looking: Seat
) -> None:
    looking.click("Connect").sees("There is no key for RunPod.").sees("RUNPOD_API_KEY=")
    write_key(ws, "RUNPOD_API_KEY=another-canary-0000\n")
    looking.click("Connect").sees("RunPod does not accept the key").sees(
        "Put a valid one into .env"
    )
    write_key(ws, f"RUNPOD_API_KEY={KEY}\n")
    looking.click("Connect").sees("no endpoints were found: the account has none.")
    looking.sees("hone targets setup runpod-serverless")
    assert looking.page.get_by_text("Connected", exact=True).count() == 0
    page = looking.page.content()
    assert KEY not in page and "another-canary" not in page


def test_it_connects_and_an_endpoint_is_chosen(
    account: RunPodPods, ws: Workspace, looking: Seat
) -> None:
    first, second = add_endpoint(account, "hone"), add_endpoint(account, "spare")
    write_key(ws, f"RUNPOD_API_KEY={KEY}\nRUNPOD_ENDPOINT_ID={first}\n")
    looking.click("Connect")
    told = looking.page.locator(".status-accepted", has_text="Connected")
    told.wait_for()
    green = told.evaluate("one => getComputedStyle(one).color.match(/[\\d.]+/g).map(Number)")
    assert green[1] > green[0] and green[1] > green[2]
    chosen = looking.field("Endpoint")
    assert chosen.input_value() == first
    assert chosen.locator("option").all_inner_texts() == [
        f"hone · {first} · cpu3c", f"spare · {second} · cpu3c",
    ]  # fmt: skip
    for theme in ("light", "dark"):
        looking.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert violations(looking) == []
    chosen.select_option(second)
    looking.sees(f"Trainings on runpod-serverless go to {second}.")
    written = (ws.root / "hone.yaml").read_text()
    assert second in written and KEY not in written and KEY not in looking.page.content()
    looking.page.reload()
    looking.sees(f"Trainings on runpod-serverless go to {second}.")
    assert looking.page.locator(".key-rows li", has_text="RUNPOD_API_KEY").inner_text().split() == [
        "RUNPOD_API_KEY", "set",
    ]  # fmt: skip
