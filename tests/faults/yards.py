"""Every kind of target with what runs behind it, and what an ended job must have left there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.workspace.open import Workspace
from hone.workspace.submission_file import submissions_of
from tests.faults.gates import wait_until
from tests.faults.orders import asked, training
from tests.faults.rented import BILLED_SECONDS, ROUNDED_USD, accounted, machines_of
from tests.faults.supervisors import BEGINS
from tests.rentals.scene import Scene, scene
from tests.serverless.scene import Serverless, serverless, set_environment
from tests.targets.machines import Machine, machine

TARGETS = ("lambda", "runpod", "runpod-serverless", "ssh", "local")
PLAN = {"seconds": [1.0, 240.0], "memory_gib": [1.0, 2.0]}


class Left(NamedTuple):
    """What an ended job has left: none of it may be anything but zero."""

    orphans: int  # machines, requests, processes and folders that nobody needs any more
    doubles: int  # machines, requests or rehearsals beside the one that was needed
    is_wrong: bool = False  # the ledger says something else than the provider's bill


class Yard(NamedTuple):
    """A target, how a job is asked for there while no supervisor is at work, and what it left."""

    name: str
    ask: Callable[..., str]
    left: Callable[[str], Left]


@contextmanager
def yard(name: str, ws: Workspace, tmp_path: Path, monkeypatch: Any) -> Iterator[Yard]:
    """The yard of a target, while the block lasts."""
    if name == "local":
        yield Yard(name, _asking(ws, name), lambda job: Left(_still_running(ws, job), 0))
    elif name == "ssh":
        with machine(tmp_path / "there") as there:
            change_setting(ws, "targets.ssh", str(there.options(nice=0)))
            yield Yard(name, _asking(ws, name), lambda job: _left_there(ws, there, job))
    elif name == "runpod-serverless":
        with serverless(tmp_path / "endpoint") as endpoint:
            set_environment(endpoint, monkeypatch)
            change_setting(ws, f"targets.{name}", str(endpoint.said))
            yield Yard(name, _asking(ws, name), lambda job: _left_on_endpoint(ws, endpoint, job))
    else:
        with scene(name, ws, monkeypatch) as rented:
            rented.set(nice=0)
            yield Yard(name, _asking_rented(rented), lambda job: _left_rented(rented, job))


def _asking(ws: Workspace, name: str) -> Callable[..., str]:
    def ask(**fake: Any) -> str:
        return asked(ws, training(fake=fake, plan=PLAN).model_copy(update={"target": name}))

    return ask


def _asking_rented(rented: Scene) -> Callable[..., str]:
    def ask(**fake: Any) -> str:
        # What fails would fail in its rehearsal already.
        return rented.asked(rented.order(rehearses=not fake.get("fails"), **fake))

    return ask


def _still_running(ws: Workspace, job: str) -> int:
    """How much runs on for a job; a worker may take itself down after its last word."""
    with suppress(AssertionError):
        wait_until(lambda: not _processes_of(ws, job), "its worker is down")
    return len(_processes_of(ws, job))


def _processes_of(ws: Workspace, job: str) -> list[psutil.Process]:
    mark = str(ws.jobs / job)
    found = []
    for process in psutil.process_iter():
        try:
            if mark in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _left_there(ws: Workspace, there: Machine, job: str) -> Left:
    folder = there.home / ".hone" / "jobs" / job
    # The folder of a job that can be resumed is kept there.
    is_owed = folder.exists() and jobs.show(ws, job).state == "succeeded"
    return Left(len(there.processes()) + is_owed, 0)


def _left_rented(rented: Scene, job: str) -> Left:
    orphans, rentals = len(rented.alive), len(machines_of(rented, job))
    trials = rented.folder(job).path.glob("rehearsals/*/worker.log")
    rehearsed_again = sum(path.read_text().count(BEGINS) - 1 for path in trials)
    rented.emulator.clock.advance(BILLED_SECONDS)  # until then a bill may still grow
    found = jobs.reap(rented.ws, targets=[rented.target])
    assert found.problems == []
    least, spent, most = accounted(rented, job)
    is_wrong = not least <= spent <= most or rented.ws.store.ledger.promised() != 0
    return Left(orphans + len(found.machines), rentals - 1 + rehearsed_again, is_wrong)


def _left_on_endpoint(ws: Workspace, endpoint: Serverless, job: str) -> Left:
    (told,) = submissions_of(jobs.folder_of(ws, job)).submissions
    assert told.id is not None
    mine = [one for one in endpoint.requests.values() if one.input["job"] == job]
    is_owed = endpoint.place(job).exists() and jobs.show(ws, job).state == "succeeded"
    at_work = [one for one in mine if not one.is_final]
    # A request that was sent again after a kill sees that another one has the ticket.
    doubles = [
        one
        for one in mine
        if one.id != told.id and one.status == "COMPLETED" and "duplicate_of" not in one.output
    ]
    used = endpoint.requests[told.id].document(endpoint.jobs.clock.now())["executionTime"] / 1000
    spent, ledger = used * endpoint.said["price_per_hour_usd"] / 3600, ws.store.ledger
    is_right = ledger.total(job=job) == pytest.approx(spent, abs=ROUNDED_USD)
    return Left(len(at_work) + is_owed, len(doubles), not is_right or ledger.promised() != 0)
