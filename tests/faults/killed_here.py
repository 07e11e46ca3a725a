"""Does one thing in a workspace and stops dead before its n-th change, to be killed from outside.

Begun with ACTION WORKSPACE N GATE (tests/faults/begun.py). A change is a file that is
opened for writing, made, moved, linked or removed under the workspace, or a commit of the
database. Before change N it says through the gate which one it is and waits. With N = 0 it goes
through and prints every change, one per line.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from hone.stages import jobs
from hone.stages.evaluate import collect_all_evaluated
from hone.stages.train.register import collect_trained
from hone.workspace.open import Workspace, open_workspace
from tests.faults.gates import fake_target
from tests.faults.orders import training

CHANGES = {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "open"}


class Stopper:
    """Counts changes under `root`; waits for its death before number `at`."""

    def __init__(self, root: str, at: int, gate: str) -> None:
        self.root, self.at, self.gate = root, at, gate
        self.count = 0
        self.is_on = False
        self.has_written = False

    def audit(self, name: str, arguments: tuple[object, ...]) -> None:
        if not self.is_on or name not in CHANGES:
            return
        if name == "open" and not (isinstance(arguments[2], int) and arguments[2] & 0o1101):
            return
        path = arguments[0]
        if isinstance(path, str | os.PathLike) and str(path).startswith(self.root):
            self.before(f"{name} {str(path)[len(self.root) + 1 :]}")

    def statement(self, _connection: object, _cursor: object, text: str, *_rest: object) -> None:
        self.has_written |= text.split()[0] in ("INSERT", "UPDATE", "DELETE")

    def commit(self, _connection: object) -> None:
        if self.has_written:
            self.before("commit")
        self.has_written = False

    def before(self, change: str) -> None:
        if not self.is_on:
            return
        self.count += 1
        label = re.sub(r"(train|evaluate)-\d{8}-\d{6}-\w{4}", "JOB", change)
        label = re.sub(r"(\.json|\.jsonl|\.safetensors)\.\w{8}$", r"\1.aside", label)
        if self.at == 0:
            print(label)
        elif self.count == self.at:
            self.is_on = False
            Path(self.gate).write_text(f"{label}\n")
            while True:
                signal.pause()


def act(action: str, ws: Workspace) -> None:
    if action == "collect":
        collect_trained(ws)
    elif action == "take in":
        collect_all_evaluated(ws)
    elif action == "launch":
        jobs.launch(ws, training(), {"train.jsonl": "{}\n"}, target=fake_target())
    else:
        raise SystemExit(f"no action {action}")


def main() -> None:
    action, root, at, gate = sys.argv[1:]
    stopper = Stopper(str(Path(root).resolve()), int(at), gate)
    sys.addaudithook(stopper.audit)
    event.listen(Engine, "before_cursor_execute", stopper.statement)
    event.listen(Engine, "commit", stopper.commit)
    with open_workspace(Path(root)) as ws:
        ws.store.jobs.list()
        stopper.is_on = True
        act(action, ws)
        stopper.is_on = False
    if stopper.at:
        Path(gate).write_text("went through\n")


if __name__ == "__main__":
    main()
