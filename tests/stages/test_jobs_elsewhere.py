"""Jobs on another machine through the stage: listed as seen, watched, stopped, lost, registered."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hone.errors import NotFound
from hone.records.job import Event
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.stages.targets import check_target, list_targets
from hone.stages.train.register import collect_trained
from hone.targets import ssh
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import HURRIED_WORKER, Gate, fake_target, wait_until
from tests.faults.orders import training
from tests.targets.machines import Line, Machine


@pytest.fixture
def ws(tmp_path: Path, there: Machine, line: Line) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        said = there.options(port=line.port, connect_seconds=2.0)
        change_setting(workspace, "targets.ssh", str(said))
        yield workspace


def elsewhere(ws: Workspace) -> Any:
    """The target ssh of the workspace with the worker without torch."""
    chosen = jobs.target_named(ws, "ssh")
    return chosen._replace(
        module=SimpleNamespace(
            start=partial(ssh.start, command=HURRIED_WORKER),
            follow=ssh.follow,
            stop=ssh.stop,
            release=ssh.release,
        )
    )


def launch(ws: Workspace, **fake: Any) -> str:
    order = training(fake=fake).model_copy(update={"target": "ssh"})
    return jobs.launch(ws, order, {"train.jsonl": "{}\n"}, target=elsewhere(ws)).id


def test_a_job_is_watched_to_its_end_registered_and_given_back(
    ws: Workspace, there: Machine
) -> None:
    job = launch(ws, steps=3)
    seen = list(jobs.watch(ws, job))
    assert seen[-1] == "succeeded"
    steps = [e.type for e in seen if isinstance(e, Event)].count("progress")
    assert steps == 3
    assert [model.ref for model in collect_trained(ws).models] == ["pickup@v1"]
    assert ws.store.models.get("pickup@v1").model.target == "ssh"
    assert not (there.home / ".hone" / "jobs" / job).exists()


def test_a_listing_says_what_was_seen_last_and_asks_only_when_told_to(
    ws: Workspace, line: Line, gate: Gate
) -> None:
    job = launch(ws, pause_at="between events", gate=str(gate.path))
    gate.wait("between events")
    line.is_down = True
    line.cut()
    lines = line.lines
    (status,) = jobs.list_jobs(ws)
    assert (status.state, status.trouble, line.lines) == ("running", "", lines)
    (status,) = jobs.list_jobs(ws, asks_targets=True)
    assert status.state == "running" and "cannot be reached" in status.trouble
    line.is_down = False
    folder = jobs.folder_of(ws, job)
    process = jobs.target_named(ws, "ssh")
    assert process.is_alive(folder)
    identity = [e for e in folder.events() if e.type == "attempt"][-1]
    os.kill((identity.model_extra or {})["pid"], signal.SIGKILL)
    wait_until(lambda: jobs.show(ws, job, asks_targets=True).state == "lost", "it is lost")
    status = jobs.show(ws, job)
    assert status.error == "Its worker was ended by SIGKILL (killed, or out of memory)."
    jobs.resume(ws, job, target=elsewhere(ws))
    assert list(jobs.watch(ws, job))[-1] == "succeeded"
    assert jobs.show(ws, job).attempts == 2


def test_stop_and_resume_go_on_from_the_checkpoint(ws: Workspace, gate: Gate) -> None:
    job = launch(ws, waits_for_stop=True, gate=str(gate.path), steps=2)
    gate.wait("training")
    jobs.ask_to_stop(ws, job)  # as Ctrl+C does
    assert list(jobs.watch(ws, job))[-1] == "cancelled"
    folder = jobs.folder_of(ws, job)
    assert (folder.checkpoints / "checkpoint-1" / "weights").is_file()
    jobs.resume(ws, job, target=elsewhere(ws))
    assert jobs.stop(ws, job, deadline_seconds=20.0) == "stopped"
    begins = [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]
    assert begins == [0, 1] and jobs.show(ws, job).state == "cancelled"


def test_watching_outlives_a_cut_and_says_so_once(ws: Workspace, line: Line, gate: Gate) -> None:
    job = launch(ws, waits_for_stop=True, gate=str(gate.path), steps=1)
    gate.wait("training")
    seen: list[Any] = []
    told = threading.Event()
    for one in jobs.watch(ws, job):
        seen.append(one)
        if one == "running":
            line.is_down = True
            line.cut()
        if isinstance(one, Event) and "cannot be reached" in str(
            (one.model_extra or {}).get("text")
        ):
            told.set()
            line.is_down = False
            jobs.folder_of(ws, job).request_stop()
    assert told.is_set() and seen[-1] == "cancelled"
    assert [one for one in seen if isinstance(one, str)] == ["running", "cancelled"]


def test_a_busy_device_here_holds_up_nothing_there_and_the_reverse(
    ws: Workspace, gate: Gate
) -> None:
    here = training("here", fake={"waits_for_stop": True, "gate": str(gate.path)})
    jobs.launch(ws, here, {}, target=fake_target())
    gate.wait("training")
    job = launch(ws, steps=1)
    assert list(jobs.watch(ws, job))[-1] == "succeeded"
    jobs.stop(ws, here.id, deadline_seconds=20.0)


def test_targets_are_listed_checked_and_named(ws: Workspace, there: Machine) -> None:
    change_setting(ws, "targets.hosts.spare", "{host: 127.0.0.1, port: 1, user: me}")
    named = {one.name: one for one in list_targets(ws)}
    assert {name: one.kind for name, one in named.items()} == {
        "local": "local", "ssh": "ssh", "lambda": "lambda", "runpod": "runpod", "spare": "ssh",
        "runpod-serverless": "runpod-serverless",
    }  # fmt: skip
    assert named["spare"].where == "me@127.0.0.1"
    assert [name for name, one in named.items() if one.is_set] == ["local", "ssh", "spare"]
    assert all(one.is_good for one in check_target(ws, "ssh", mends=False))
    trouble = check_target(ws, "spare")
    assert [one.is_good for one in trouble] == [False]
    assert all(one.is_good for one in check_target(ws, "local"))
    with pytest.raises(NotFound, match='no target "spear"') as caught:
        jobs.target_named(ws, "spear")
    assert 'Did you mean "spare"?' in caught.value.hint
    change_setting(ws, "targets.ssh", "null")
    with pytest.raises(NotFound, match="names no machine for the target ssh") as caught:
        jobs.target_named(ws, "ssh")
    assert "hone config set targets.ssh" in caught.value.hint


def test_hints_name_the_setting_of_the_machine_that_is_meant(ws: Workspace) -> None:
    change_setting(ws, "targets.hosts.spare", "{host: 127.0.0.1, port: 1, key: /nowhere}")
    (trouble,) = check_target(ws, "spare")
    assert "hone config set targets.hosts.spare.key" in trouble.mend
