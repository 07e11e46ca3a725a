"""Supervisors that a test starts, waits for and kills."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hone.stages import jobs
from hone.workspace.open import Workspace
from tests.faults.gates import DEADLINE_SECONDS, Gate, wait_until

REPOSITORY = Path(__file__).resolve().parent.parent.parent
BEGINS = "the fake worker begins"


def supervisor(ws: Workspace, **order: Any) -> subprocess.Popen[str]:
    """A supervisor of the workspace; its jobs are carried out by the fake worker."""
    code = [sys.executable, "-m", "tests.faults.supervised", str(ws.root), json.dumps(order)]
    # Found from anywhere: it works in the workspace.
    return subprocess.Popen(
        [*code[:1], "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
         "sys.argv = ['supervised', *sys.argv[1:]]\n"
         "from tests.faults.supervised import main\nmain()", *code[3:]],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY,
    )  # fmt: skip


@contextmanager
def supervised(ws: Workspace, **order: Any) -> Iterator[subprocess.Popen[str]]:
    """The same, at work until the block ends; nothing that it wrote may be a mistake of ours."""
    process = supervisor(ws, **order)
    try:
        wait_until(lambda: is_at_work(ws, process), "it is at work")
        yield process
    finally:
        said = kill(process)
    assert "Traceback" not in said, said


def is_at_work(ws: Workspace, process: subprocess.Popen[str]) -> bool:
    """Whether this very supervisor is the one that everything else sees."""
    assert process.poll() is None, process.communicate()
    found = jobs.supervisor_of(ws)
    return found is not None and found.pid == process.pid


def kill(process: subprocess.Popen[str]) -> str:
    """SIGKILL, and what it had written."""
    process.kill()
    said = process.communicate(timeout=DEADLINE_SECONDS)
    return "".join(said)


def killed_at(ws: Workspace, gate: Gate, step: str, pause: str) -> None:
    """A supervisor that goes on until just before or after a step, and is killed there."""
    process = supervisor(ws, gate=str(gate.path), step=step, pause=pause)
    try:
        gate.wait(step)
    finally:
        said = kill(process)
    assert "Traceback" not in said, said


def starts_of(ws: Workspace, job: str) -> int:
    """How often a worker was started for a job."""
    log = (ws.jobs / job / "worker.log").read_text()
    return log.count(BEGINS)
