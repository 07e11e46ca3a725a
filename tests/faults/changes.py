"""What an action changes in a workspace, and the same action killed before one of its changes."""

from __future__ import annotations

from pathlib import Path

from tests.faults.begun import begin
from tests.faults.gates import DEADLINE_SECONDS, Gate

ACTIONS = "tests.faults.killed_here"


def all_changes(action: str, root: Path) -> list[str]:
    """What the action changes, in order, from a run that goes through."""
    process = begin(ACTIONS, action, str(root), "0", "")
    said = process.written(DEADLINE_SECONDS)
    assert process.poll() == 0, said
    return said.splitlines()


def killed_before(action: str, root: Path, number: int, gate: Gate) -> str:
    """Run the action in a process of its own, SIGKILL it before change `number`; its label."""
    process = begin(ACTIONS, action, str(root), str(number), str(gate.path))
    try:
        return gate.said(f"change {number}")
    finally:
        process.kill()
        process.written(DEADLINE_SECONDS)
