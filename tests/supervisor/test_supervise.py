"""One supervisor per workspace: alone, in order, gone when idle, awake when needed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from hone.errors import Conflict
from hone.records.job import Event
from hone.stages import jobs
from hone.stages.jobs.where import unsupervised
from hone.targets import local
from hone.workspace.open import Workspace, init_workspace, open_workspace
from tests.faults.gates import DEADLINE_SECONDS, Gate, fake_target, wait_until
from tests.faults.orders import training
from tests.faults.read_elsewhere import contents
from tests.faults.supervisors import starts_of, supervised, supervisor

INPUTS: dict[str, Path | str | bytes] = {"train.jsonl": "{}\n"}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def texts(seen: list[Any]) -> list[str]:
    events = [one.model_extra or {} for one in seen if isinstance(one, Event)]
    return [str(fields["text"]) for fields in events if "text" in fields]


def test_trainings_of_a_device_run_one_after_the_other_and_other_jobs_beside_them(
    ws: Workspace, gate: Gate
) -> None:
    with supervised(ws):
        slow = {"waits_for_stop": True, "gate": str(gate.path), "steps": 2}
        first = jobs.launch(ws, training(fake=slow), INPUTS).id
        gate.wait("training")
        second = jobs.launch(ws, training(fake={"steps": 1}), INPUTS).id
        third = jobs.launch(ws, training(fake={"steps": 1}), INPUTS).id
        beside = jobs.launch(ws, jobs.new_job("suggest", {"fake": {"steps": 1}}), {}).id
        assert list(jobs.watch(ws, beside))[-1] == "succeeded"
        listed = {job.id: job for job in jobs.list_jobs(ws, asks_targets=True)}
        assert {listed[job].state for job in (second, third)} == {"waiting"}
        assert listed[first].says == ""
        assert listed[second].says == f"Waiting in the queue: {first} has cpu."
        assert listed[third].says == (
            f"Waiting in the queue: {first} has cpu, and 1 more before it."
        )
        with pytest.raises(Conflict, match="waiting, and in hand"):
            jobs.resume(ws, second)
        # Stopped while it waits: it never starts, and is not in the way of the third.
        assert jobs.stop(ws, second) == "never started"
        assert jobs.show(ws, second).state == "cancelled"
        assert not jobs.folder_of(ws, second).log.exists()
        with pytest.raises(Conflict, match="already cancelled"):
            jobs.stop(ws, second)
        assert jobs.stop(ws, first, deadline_seconds=DEADLINE_SECONDS) == "stopped"
        assert list(jobs.watch(ws, third))[-1] == "succeeded"
        # Both go on when they are asked to.
        jobs.resume(ws, second)
        jobs.resume(ws, first)
        seen = list(jobs.watch(ws, second))
        assert seen[-1] == "succeeded" and texts(seen) == []
        jobs.ask_to_stop(ws, first)
        assert list(jobs.watch(ws, first))[-1] in ("cancelled", "succeeded")
    assert starts_of(ws, second) == 1
    refs = [one.model.ref for one in ws.store.models.list()]
    assert refs[:2] == ["pickup@v1", "pickup@v2"]


def test_as_many_trainings_share_a_device_as_the_settings_allow(ws: Workspace, gate: Gate) -> None:
    def asked(steps: int, **fake: Any) -> str:
        job = training(fake={"steps": steps, **fake})
        job.spec["trainings_at_once"] = 2
        return jobs.launch(ws, job, INPUTS).id

    with supervised(ws):
        first = asked(2, waits_for_stop=True, gate=str(gate.path))
        gate.wait("training")
        beside = asked(1)
        assert list(jobs.watch(ws, beside))[-1] == "succeeded"
        second = asked(2, waits_for_stop=True, gate=str(gate.path))
        gate.wait("training")
        third = asked(1)

        def said(job: str) -> str:
            return {one.id: one.says for one in jobs.list_jobs(ws, asks_targets=True)}[job]

        wait_until(lambda: said(second) == "", "its worker speaks for it")
        assert said(third) == (
            f"Waiting in the queue: {first} has cpu (2 at once), and 1 more before it."
        )
        alone = jobs.launch(ws, training(fake={"steps": 1}), INPUTS).id
        assert jobs.stop(ws, second, deadline_seconds=DEADLINE_SECONDS) == "stopped"
        assert list(jobs.watch(ws, third))[-1] == "succeeded"
        # Of those who want the device alone one waits for the last that has it.
        assert jobs.show(ws, alone).state == "waiting"
        assert jobs.stop(ws, first, deadline_seconds=DEADLINE_SECONDS) == "stopped"
        assert list(jobs.watch(ws, alone))[-1] == "succeeded"


def test_who_watches_a_queued_job_is_told_what_it_waits_for(ws: Workspace, gate: Gate) -> None:
    with supervised(ws):
        slow = {"waits_for_stop": True, "gate": str(gate.path), "steps": 1}
        first = jobs.launch(ws, training(fake=slow), INPUTS).id
        gate.wait("training")
        second = jobs.launch(ws, training(fake={"steps": 1}), INPUTS).id
        seen: list[Any] = []
        for one in jobs.watch(ws, second):
            seen.append(one)
            if len(seen) == 2:
                jobs.ask_to_stop(ws, first)
        assert seen[1] == "waiting" and seen[-1] == "succeeded"
        assert texts(seen) == [f"Waiting in the queue: {first} has cpu."]
        assert list(jobs.watch(ws, first))[-1] == "cancelled"


def test_a_second_supervisor_does_not_start(ws: Workspace) -> None:
    with supervised(ws) as first:
        second = supervisor(ws)
        assert "another one is at work" in second.written(DEADLINE_SECONDS)
        found = jobs.supervisor_of(ws)
        assert first.poll() is None and found is not None and found.pid == first.pid


def test_the_supervisor_of_a_workspace_is_not_that_of_its_copy(
    ws: Workspace, tmp_path: Path
) -> None:
    with supervised(ws):
        assert jobs.supervisor_of(ws) is not None
        shutil.copytree(ws.root, tmp_path / "copy")
        with open_workspace(tmp_path / "copy") as copy:
            assert jobs.supervisor_of(copy) is None
            with supervised(copy):
                job = jobs.launch(copy, training(fake={"steps": 1}), INPUTS).id
                assert list(jobs.watch(copy, job))[-1] == "succeeded"
        assert jobs.supervisor_of(ws) is not None


def test_a_supervisor_whose_workspace_is_gone_ends(ws: Workspace) -> None:
    process = supervisor(ws, idle_seconds=1000.0)
    wait_until(lambda: jobs.supervisor_of(ws) is not None, "it is at work")
    (ws.root / "hone.yaml").unlink()
    assert "served" in process.written(DEADLINE_SECONDS)


def test_what_cannot_repeat_a_start_is_started_by_who_asks(ws: Workspace) -> None:
    chosen = jobs.target_named(ws, "local")
    assert isinstance(chosen, jobs.Chosen) and unsupervised(chosen) is None
    assert unsupervised(jobs.target_named(ws, "lambda")) is None
    plug_in = chosen._replace(module=SimpleNamespace(start=local.start, stop=local.stop))
    assert unsupervised(plug_in) == plug_in
    job = jobs.launch(ws, training(fake={"steps": 1}), INPUTS, target=fake_target()).id
    assert list(jobs.watch(ws, job))[-1] == "succeeded"
    assert ws.store.attempts.newest(job) is None and jobs.supervisor_of(ws) is None


WAKE = """
import sys
from pathlib import Path
from hone.stages import jobs
from hone.targets import local
from hone.workspace.open import open_workspace
with open_workspace(Path(sys.argv[1])) as ws:
    jobs.wake(ws)
    found = jobs.supervisor_of(ws)
    jobs.wake(ws)
    assert jobs.supervisor_of(ws) == found
    print(found.pid)
"""
IDLE_WATCHED_SECONDS = 4.0
LOADED = """
import sys
from hone.supervisor import serve, steps
assert not {"dbos", "torch", "transformers", "fastapi"} & set(sys.modules)
from hone.supervisor import durable
assert "dbos" in sys.modules and not {"torch", "transformers", "fastapi"} & set(sys.modules)
"""


def test_it_is_woken_detached_uses_little_and_only_it_loads_dbos(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONE_SUPERVISOR_IDLE_SECONDS", str(1.5 * IDLE_WATCHED_SECONDS))
    done = subprocess.run(
        [sys.executable, "-c", WAKE, str(ws.root)], capture_output=True, text=True, check=True
    )
    process = psutil.Process(int(done.stdout))
    try:
        assert process.is_running() and process.cmdline()[-3:-1] == ["-m", "hone.supervisor"]
        mapped = " ".join(one.path for one in process.memory_maps())
        assert "libtorch" not in mapped
        assert process.memory_full_info().pss < 150e6
        before = process.cpu_times()
        time.sleep(IDLE_WATCHED_SECONDS)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        assert used < 0.05 * IDLE_WATCHED_SECONDS, f"idle, it used {used:.2f} s of a core"
    finally:
        process.wait(DEADLINE_SECONDS)  # idle, it ends
    assert jobs.supervisor_of(ws) is None
    subprocess.run([sys.executable, "-c", LOADED], check=True)


def test_a_supervisor_that_cannot_start_says_why_and_how_to_see_more(ws: Workspace) -> None:
    place = jobs.place_of(ws)
    place.mkdir(parents=True)
    (place / "durable.db").write_text("no database")
    with pytest.raises(Exception, match="did not start: it ended with code 1") as caught:
        jobs.launch(ws, training(), INPUTS)
    assert "hone.supervisor" in getattr(caught.value, "hint", "")
    # Listing still works, and says it too.
    (job,) = jobs.list_jobs(ws, asks_targets=True)
    assert job.state == "waiting" and "did not start" in job.trouble


def test_settings_for_libraries_go_with_the_job_and_secrets_do_not(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    monkeypatch.setenv("RUNPOD_API_KEY", "rp_canary")
    with supervised(ws):
        job = jobs.launch(ws, training(fake={"steps": 1}), INPUTS).id
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    attempt = ws.store.attempts.newest(job)
    assert attempt is not None and attempt.environment["CUDA_VISIBLE_DEVICES"] == "3"
    written = b"".join(content for _, content in contents(ws.root))
    assert b"canary" not in written
    assert json.loads((ws.jobs / job / "result.json").read_text())["status"] == "succeeded"
