"""A supervisor for tests: the real one with the worker without torch, stopped dead where asked.

Begun with WORKSPACE ORDER (tests/faults/begun.py); ORDER is JSON: `idle_seconds`, and to
be killed `pause` ("before" or "after"), `step` and `gate`. It says through the gate that it is
there and waits for its death.
With `is_calm` its workers start as they are, and give way to nobody, in place of in a hurry.
`versions` names the plans it knows, the newest unless it says so; the one after the newest that is
shipped has a step `mark` at its end.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncssh
import httpx

from hone import shelf
from hone.stages import jobs
from hone.supervisor import durable
from hone.supervisor.case import Case, Step
from hone.supervisor.serve import supervise
from hone.supervisor.steps import PLANS, Plan
from hone.workspace.open import Workspace
from tests.faults.gates import DEADLINE_SECONDS, FAKE_WORKER, HURRIED_WORKER

# What a supervisor loads when it needs it: here before it is forked.
LOADED = (asyncssh, durable, *(shelf.load("targets", name) for name in shelf.names("targets")))
# Waiting is also what lets the emulator's own processes work.
REAL_SECONDS_OF_A_WAIT = 0.05
CALM: dict[tuple[str, ...], dict[str, Any]] = {HURRIED_WORKER: {}, FAKE_WORKER: {"nice": 0}}


def halt(order: dict[str, Any], where: str) -> None:
    """Say that it is there, and wait to be killed."""
    Path(order["gate"]).write_text(f"{where}\n")
    while True:
        signal.pause()


def paused(step: Step, order: dict[str, Any]) -> Step:
    """The step, halted before or after what it does: recorded as done by nobody."""
    if order.get("step") != step.name:
        return step

    def run(case: Case, is_again: bool) -> str:
        if order["pause"] == "before":
            halt(order, step.name)
        said = step.run(case, is_again)
        if order["pause"] == "after":
            halt(order, step.name)
        return said

    return step._replace(run=run)


def mark(case: Case, is_again: bool) -> str:
    with (case.ws.root / "marks").open("a") as file:
        file.write(case.attempt.name + "\n")
    return ""


def plans(order: dict[str, Any]) -> dict[int, Plan]:
    shipped = {
        version: {
            kind: tuple(paused(step, order) for step in steps) for kind, steps in plan.items()
        }
        for version, plan in PLANS.items()
    }
    newest = max(shipped)
    newer = {kind: (*steps, Step("mark", mark)) for kind, steps in shipped[newest].items()}
    known: dict[int, Plan] = {**shipped, newest + 1: newer}
    return {version: known[version] for version in order.get("versions", [newest])}


class FarClock:
    """The clock of an emulated provider; waiting lets its time pass at once."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url)

    def now(self) -> float:
        return float(self.client.get("/_emulator/clock").json()["now"])

    def sleep(self, seconds: float) -> None:
        self.client.post("/_emulator/clock", json={"advance": max(0.0, seconds)})
        time.sleep(REAL_SECONDS_OF_A_WAIT)


def target_of(
    ws: Workspace, name: str, command: tuple[str, ...] = HURRIED_WORKER
) -> jobs.Chosen | jobs.RentedTarget:
    """The target with another worker; its module is called as the real one is."""
    chosen = jobs.target_named(ws, name)
    if isinstance(chosen, jobs.RentedTarget):
        clock = FarClock(os.environ[f"HONE_{name.upper()}_URL"])
        return chosen._replace(clock=clock, command=command)
    real = chosen.module
    if name == "runpod-serverless":
        return chosen  # the endpoint's image says which worker it is

    def begin(folder: Any, ticket: Any, options: Any) -> None:
        patient = options.model_copy(update={"claim_seconds": DEADLINE_SECONDS, **CALM[command]})
        real.begin(folder, ticket, patient, command=command)

    names = ("start", "is_alive", "follow", "stop", "release", "machine", "upload")
    verbs = {verb: getattr(real, verb) for verb in names if hasattr(real, verb)}
    module = SimpleNamespace(__name__=chosen.module.__name__, begin=begin, **verbs)
    return chosen._replace(module=module)


def main() -> None:
    root, order = Path(sys.argv[1]), json.loads(sys.argv[2])
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("hone.supervisor").setLevel(logging.INFO)
    os.chdir(root)
    worker = FAKE_WORKER if order.get("is_calm") else HURRIED_WORKER
    did = supervise(
        root,
        idle_seconds=order.get("idle_seconds", 30.0),
        plans=plans(order),
        target_of=partial(target_of, command=worker),
    )
    print("served" if did else "another one is at work")


if __name__ == "__main__":
    main()
