"""What all emulators share: clock, bill, faults, strict schemas, control over HTTP, the command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from emulators.bill import Bill
from emulators.clock import Clock, iso
from emulators.faults import Faults, UnknownFault
from emulators.limits import Window
from emulators.rp_jobs.app import RunPodJobs
from emulators.rp_jobs.records import EndpointSettings
from emulators.schema import array, choice, integer, mapping, problems, record, text
from emulators.serving import served


@pytest.fixture(scope="module")
def jobs() -> Iterator[RunPodJobs]:
    with served(RunPodJobs([EndpointSettings("ep", ("true",))], clock=Clock(0))) as emulator:
        yield emulator


def test_a_clock_stands_still_runs_fast_and_never_goes_back() -> None:
    still = Clock(0, start=100)
    assert still.now() == still.now() == 100
    still.advance(5)
    assert still.now() == 105
    fast = Clock(3600, start=0)
    assert fast.now() < 3600 and iso(0) == "1970-01-01T00:00:00.000Z"
    with pytest.raises(ValueError, match="backwards"):
        Clock(-1)
    with pytest.raises(ValueError, match="back"):
        still.advance(-1)


def test_a_bill_counts_spans_in_units_and_lists_what_was_never_ended() -> None:
    bill = Bill(unit_seconds=60)
    bill.rent("a", name="one", kind="pod", at=0)
    bill.rent("b", name="two", kind="pod", at=0)
    bill.meter("a", 3.6, at=10)
    bill.pause("a", at=71)  # 61 s: two minutes
    bill.meter("a", 1.8, at=100)
    bill.end("a", at=160)
    bill.end("a", at=999)
    assert (bill.seconds("a", 1e6), bill.cost("a", 1e6)) == (180, 0.15)
    assert (bill.alive(), bill.total(1e6)) == (["b"], 0.15)
    assert bill.rows(1e6)[0]["ended_at"] == 160


def test_a_fault_strikes_where_and_as_often_as_told() -> None:
    faults = Faults({"capacity": "…"})
    faults.arm("capacity", times=2, skip=1, gpu="H100", text="gone")
    assert faults.strike("capacity", gpu="A40") is None
    struck = [faults.strike("capacity", gpu="H100") for _ in range(4)]
    assert [one is not None for one in struck] == [False, True, True, False]
    with pytest.raises(UnknownFault, match="capacity"):
        faults.arm("capasity")
    faults.arm("capacity", times=-1)
    faults.disarm()
    assert faults.strike("capacity") is None and len(faults.struck) == 2


def test_a_window_slides() -> None:
    window = Window(2, 10)
    for now in (0, 4):
        assert window.wait_seconds(now) == 0
        window.take(now)
    assert (window.wait_seconds(5), window.left) == (5, 0)
    assert window.wait_seconds(10) == 0


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"name": "x", "bogus": 1}, ["$: additional properties 'bogus' not allowed"]),
        ({}, ["$: missing property 'name'"]),
        ({"name": ""}, ["$.name: minLength: got 0, want 1"]),
        ({"name": 1}, ["$.name: got integer, want string"]),
        ({"name": "x", "size": 9}, ["$.size: minimum: got 9, want 10"]),
        ({"name": "x", "size": True}, ["$.size: got boolean, want integer"]),
        ({"name": "x", "kind": "c"}, ["$.kind: value must be one of 'a', 'b'"]),
        ({"name": "x", "env": {"A": 1}}, ["$.env.A: got integer, want string"]),
        ({"name": "x", "ports": ["1", "2"]}, ["$.ports: maxItems: got 2, want 1"]),
        ({"name": "x", "size": 10, "kind": "a", "env": {}, "ports": ["1"]}, []),
        ([], ["$: got array, want object"]),
    ],
)
def test_a_strict_schema_says_all_that_is_wrong(value: object, said: list[str]) -> None:
    schema = record(
        "name",
        name=text(minLength=1),
        size=integer(minimum=10, maximum=4096),
        kind=choice("a", "b"),
        env=mapping(text()),
        ports=array(text(), maxItems=1),
    )
    assert problems(value, schema) == said


def test_control_shows_the_bill_and_moves_the_clock(jobs: RunPodJobs) -> None:
    control = f"{jobs.url}/_emulator"
    before = httpx.get(f"{control}/clock").json()["now"]
    assert httpx.post(f"{control}/clock", json={"advance": 90}).json()["now"] == before + 90
    assert httpx.get(f"{control}/bill").json()["machines"] == []
    assert httpx.get(f"{control}/nothing").status_code == 404


def test_fault_reply_lost_http_status_and_reply_slow_over_the_wire(jobs: RunPodJobs) -> None:
    control, url = f"{jobs.url}/_emulator/faults", f"{jobs.url}/v2/ep/health"
    headers = {"Authorization": jobs.key}
    httpx.post(control, json={"name": "reply_lost", "path": "/v2/ep/health"})
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url, headers=headers)
    httpx.post(control, json={"name": "http_status", "status": 502, "text": "bad gateway"})
    answer = httpx.get(url, headers=headers)
    assert (answer.status_code, answer.text) == (502, "bad gateway")
    httpx.post(control, json={"name": "reply_slow", "seconds": 5})
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url, headers=headers, timeout=0.2)
    shown = httpx.get(control).json()
    assert [one["name"] for one in shown["struck"]] == ["reply_lost", "http_status", "reply_slow"]
    assert httpx.post(control, json={"name": "nonsense"}).status_code == 400
    assert httpx.delete(control).json()["armed"] == []


def test_the_log_names_paths_and_never_keys(jobs: RunPodJobs) -> None:
    httpx.get(f"{jobs.url}/v2/ep/health", headers={"Authorization": jobs.key})
    log = httpx.get(f"{jobs.url}/_emulator/log").text
    assert "/v2/ep/health" in log and jobs.key not in log


def test_the_command_serves_and_ends_with_everything_it_started(repository: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "emulators",
        "rp_jobs",
        "--worker",
        "sleep 600",
        "--factor",
        "60",
    ]
    process = subprocess.Popen(words, cwd=repository, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        headers = {"Authorization": said["key"]}
        url = f"{said['url']}/v2/emulated/run"
        assert httpx.post(url, headers=headers, json={"input": 1}).status_code == 200
        for _ in range(200):
            machines = httpx.get(f"{said['url']}/_emulator/bill").json()["machines"]
            if machines and machines[0]["billed_seconds"]:
                break
        assert machines[0]["cost_usd"] > 0
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        process.stdout.close()
    for running in psutil.process_iter():
        with suppress(psutil.Error):
            assert machines[0]["id"] not in running.environ().get("RUNPOD_POD_ID", "")


def test_pings_are_awaited_in_real_seconds_however_fast_the_clock_runs() -> None:
    fast = RunPodJobs([EndpointSettings("ep", ("true",))], clock=Clock(3600))
    assert fast.endpoints["ep"].settings.ping_lost_seconds == 3 * 10 * 3600
    fast.close()


@pytest.mark.parametrize("name", ["lambda", "rp_pods", "rp_s3"])
def test_every_emulator_starts_by_its_name(name: str, repository: Path) -> None:
    words = [sys.executable, "-m", "emulators", name, "--key", "my-key", "--factor", "60"]
    process = subprocess.Popen(words, cwd=repository, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        assert (said["name"], said["key"]) == (name, "my-key")
        assert httpx.get(f"{said['url']}/_emulator/bill").json()["machines"] == []
        menu = httpx.get(f"{said['url']}/_emulator/faults").json()["menu"]
        assert len(menu) >= 9
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        process.stdout.close()
