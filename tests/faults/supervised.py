"""A supervisor for tests: the real one with the worker without torch, stopped dead where asked.

Run as `python -m tests.faults.supervised WORKSPACE ORDER`; ORDER is JSON: `idle_seconds`, and to
be killed `pause` ("before" or "after"), `step` and `gate`. It says through the gate that it is
there and waits for its death.
`versions` names the plans it knows: 1 is the shipped one, 2 has a step `mark` at its end.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hone.stages import jobs
from hone.supervisor.serve import supervise
from hone.supervisor.steps import PLANS, Case, Plan, Step
from hone.workspace.open import Workspace
from tests.faults.gates import DEADLINE_SECONDS, HURRIED_WORKER


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
        kind: tuple(paused(step, order) for step in steps) for kind, steps in PLANS[1].items()
    }
    newer = {kind: (*steps, Step("mark", mark)) for kind, steps in shipped.items()}
    known: dict[int, Plan] = {1: shipped, 2: newer}
    return {version: known[version] for version in order.get("versions", [1])}


def target_of(ws: Workspace, name: str) -> jobs.Chosen:
    """The target with another worker; its module is called as the real one is."""
    chosen = jobs.target_named(ws, name)
    real = chosen.module

    def begin(folder: Any, ticket: Any, options: Any) -> None:
        patient = options.model_copy(update={"claim_seconds": DEADLINE_SECONDS})
        real.begin(folder, ticket, patient, command=HURRIED_WORKER)

    names = ("start", "is_alive", "follow", "stop", "release", "machine", "upload")
    verbs = {verb: getattr(real, verb) for verb in names if hasattr(real, verb)}
    module = SimpleNamespace(__name__=chosen.module.__name__, begin=begin, **verbs)
    return chosen._replace(module=module)


def main() -> None:
    root, order = Path(sys.argv[1]), json.loads(sys.argv[2])
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("hone.supervisor").setLevel(logging.INFO)
    os.chdir(root)
    did = supervise(
        root, idle_seconds=order.get("idle_seconds", 30.0), plans=plans(order), target_of=target_of
    )
    print("served" if did else "another one is at work")


if __name__ == "__main__":
    main()
