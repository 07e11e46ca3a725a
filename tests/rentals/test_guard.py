"""A pod that outlives everything at home ends itself: at its limit, or when nobody asks for it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulators.clock import Clock
from emulators.rp_pods.account import Timing
from hone.stages import jobs
from hone.targets import _rented
from hone.targets._rental_guard import set_guard
from hone.targets._there import ending
from hone.workspace.open import Workspace
from hone.workspace.rental_file import changing_current, rentals_of
from tests.answers import Answer, answering
from tests.faults.gates import FAKE_WORKER, Gate, wait_until
from tests.rentals.scene import CANARY, Scene, scene
from tests.rentals.test_life import holding

LIMIT_SECONDS = 40.0
SILENT_SECONDS = 6.0
# A supervisor with the worker without torch, until somebody kills it.
HOME = """
import os, sys
from pathlib import Path
from hone.stages import jobs
from hone.supervisor.serve import supervise
from tests.faults.gates import FAKE_WORKER
def target_of(ws, name):
    return jobs.target_named(ws, name)._replace(command=FAKE_WORKER)
os.chdir(sys.argv[1])
supervise(Path(sys.argv[1]), idle_seconds=30.0, target_of=target_of)
"""


@pytest.fixture
def at_runpod_now(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """An emulated RunPod whose time is ours."""
    quick = Timing(provisioning=0.1, starting=0.1, ports_lag=0.1)
    with scene("runpod", ws, monkeypatch, timing=quick, clock=Clock()) as found:
        yield found


def started(scene: Scene, **fake: Any) -> str:
    """A job at work on a machine that was rented for it, with nobody following it."""
    folder = scene.submitted(scene.order(**fake))
    with scene.account() as renter:
        _rented.start(renter, folder, FAKE_WORKER)
    return folder.path.name


@contextmanager
def home(scene: Scene, repository: Path) -> Iterator[None]:
    """A supervisor by the clock on the wall, until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOME, str(scene.ws.root)], cwd=repository)
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_with_everything_at_home_dead_for_ever_the_pod_ends_at_its_limit(
    at_runpod_now: Scene, gate: Gate, repository: Path
) -> None:
    scene = at_runpod_now
    scene.set(prepare_seconds=1.0, gpu=["NVIDIA A40"])
    rate = 0.49
    budget = LIMIT_SECONDS * rate / 3600
    fake = {"waits_for_stop": True, "ignores_stop": True, "gate": str(gate.path), "steps": 9}
    job = scene.asked(scene.order(seconds=1.0, budget=budget, **fake))
    with home(scene, repository):
        gate.wait("training")
    (rental,) = rentals_of(scene.folder(job)).rentals
    assert rental.limit_seconds == pytest.approx(LIMIT_SECONDS, rel=0.01)
    assert len(scene.alive) == 1
    wait_until(lambda: scene.alive == [], "the pod is gone")
    (machine,) = scene.machines
    assert machine["cost_usd"] <= budget * 1.1
    # The account's key was never there; the pod's own never came home.
    assert holding(scene, CANARY) == []
    assert [path for path in holding(scene, "rpa_") if scene.ws.root in path.parents] == []
    # Home again: what the job held is settled; only what is left of the money may be spent.
    with home(scene, repository):
        wait_until(lambda: jobs.in_hand(scene.ws, job) is None, "the job is wound up")
    assert all(one.gone_at is not None for one in rentals_of(scene.folder(job)).rentals)
    assert scene.alive == [] and scene.billed <= budget * 1.2
    assert scene.ws.store.ledger.promised() == 0


def test_while_somebody_looks_the_pod_stays_and_then_silence_ends_it(
    at_runpod: Scene, gate: Gate
) -> None:
    job = started(at_runpod, waits_for_stop=True, gate=str(gate.path), steps=9)
    gate.wait("training")
    at_runpod.set(silent_seconds=SILENT_SECONDS)
    with at_runpod.account() as renter:
        assert set_guard(renter, at_runpod.folder(job)) is True
    until = time.monotonic() + 2 * SILENT_SECONDS
    with at_runpod.target.follow(at_runpod.folder(job)) as pull:
        while time.monotonic() < until:
            pull()
    assert len(at_runpod.alive) == 1
    wait_until(lambda: at_runpod.alive == [], "the pod is gone")


def test_a_limit_that_is_told_anew_counts(at_runpod: Scene, gate: Gate) -> None:
    job = started(at_runpod, waits_for_stop=True, gate=str(gate.path), steps=9)
    gate.wait("training")
    folder = at_runpod.folder(job)
    told = " ".join(str((event.model_extra or {}).get("text")) for event in folder.events())
    assert "It ends itself after" in told
    with at_runpod.account() as renter:
        with changing_current(folder) as rental:
            assert rental is not None and rental.rented_at is not None
            passed = renter.clock.now() - rental.rented_at.timestamp()
            rental.most_usd = (passed + 1.0) * rental.rate / 3600
        assert set_guard(renter, folder) is True
    wait_until(lambda: at_runpod.alive == [], "the pod is gone")


def test_a_machine_of_lambda_has_no_key_of_its_own(at_lambda: Scene) -> None:
    job = started(at_lambda, steps=1)
    with at_lambda.account() as renter:
        assert set_guard(renter, at_lambda.folder(job)) is False


def test_a_pod_s_key_ends_its_own_pod_and_nothing_else(at_runpod: Scene) -> None:
    with at_runpod.account() as renter:
        offer = renter.cloud.offers()[0]
        first = renter.cloud.rent("one", offer, "ssh-ed25519 AAAA x").id
        other = renter.cloud.rent("two", offer, "ssh-ed25519 AAAA x").id
    key = at_runpod.emulator.account.pods[first].key
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=at_runpod.emulator.url, headers=headers) as pod:
        assert pod.get("/v2/pods").status_code == 403
        assert pod.post("/v2/pods", json={}).status_code == 403
        assert pod.delete(f"/v2/pods/{other}").status_code == 403
        assert pod.patch(f"/v2/pods/{first}", json={"name": "x"}).status_code == 403
        assert pod.get(f"/v2/pods/{first}").status_code == 200
        assert pod.delete(f"/v2/pods/{first}").status_code == 204
        assert pod.get(f"/v2/pods/{first}").status_code == 401  # gone, and its key with it


def test_where_the_api_refuses_the_key_runpod_s_own_program_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None]] = []

    def refuses(request: BaseHTTPRequestHandler) -> Answer:
        asked.append((request.path, request.headers.get("Authorization")))
        return Answer(403)

    said = tmp_path / "said"
    program = tmp_path / "runpodctl"
    program.write_text(f'#!/bin/sh\necho "$* $RUNPOD_API_KEY" > {said}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("RUNPOD_POD_ID", "pod1")
    monkeypatch.setenv("RUNPOD_API_KEY", "of-the-pod")
    with answering(refuses) as url:
        ending.end_this_machine(url)
    assert asked == [("/v2/pods/pod1", "Bearer of-the-pod")]
    assert said.read_text() == "remove pod pod1 of-the-pod\n"
    # Nobody answers at all: it is asked again later, and nothing else is tried.
    said.unlink()
    ending.end_this_machine(url)
    assert not said.exists()


def test_a_machine_without_a_key_of_its_own_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY", raising=False)
    order = {"folder": str(tmp_path), "seconds": 1.0, "silent_seconds": 1.0, "url": "http://x"}
    assert ending.guard(order) == {"is_guarded": False} and list(tmp_path.iterdir()) == []
