"""Starts and ends the processes that stand for rented machines, each in a home of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# What a fresh machine would have set; nothing of the starting user's environment comes along.
FRESH = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
GRACE_SECONDS = 10.0


@dataclass
class Ending:
    """A process that was asked to end, and when it is made to."""

    process: subprocess.Popen[bytes]
    deadline: float


@dataclass
class Processes:
    """The living processes by machine id; `root` holds one home folder per machine."""

    root: Path
    grace_seconds: float = GRACE_SECONDS
    living: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ending: list[Ending] = field(default_factory=list)

    def home(self, id: str) -> Path:
        """The machine's own folder."""
        folder = self.root / id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def start(self, id: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run `command` in its own session; what it prints goes to a log beside its home."""
        home = self.home(id)
        with (self.root / f"{id}.log").open("ab") as log:
            self.living[id] = subprocess.Popen(
                list(command),
                cwd=home,
                env={**FRESH, "HOME": str(home), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, id: str) -> str:
        """What the machine printed so far."""
        path = self.root / f"{id}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def exited(self) -> dict[str, int]:
        """Machines whose process ended by itself since the last look, with its code."""
        self._press_on()
        found = {}
        for id, process in list(self.living.items()):
            code = process.poll()
            if code is not None:
                found[id] = code
                del self.living[id]
                _signal_group(process.pid, signal.SIGKILL)
        return found

    def end(self, id: str, *, by_force: bool = True) -> None:
        """End a machine: at once with everything in its session, or after a grace."""
        process = self.living.pop(id, None)
        if process is None:
            return
        if by_force:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        else:
            _signal_group(process.pid, signal.SIGTERM)
            self.ending.append(Ending(process, time.monotonic() + self.grace_seconds))

    def remove_home(self, id: str) -> None:
        """The disk goes with the machine."""
        shutil.rmtree(self.root / id, ignore_errors=True)

    def close(self) -> None:
        """End everything at once."""
        for id in list(self.living):
            self.end(id)
        for one in self.ending:
            _signal_group(one.process.pid, signal.SIGKILL)
            one.process.wait()
        self.ending.clear()

    def _press_on(self) -> None:
        for one in list(self.ending):
            if one.process.poll() is None and time.monotonic() < one.deadline:
                continue
            _signal_group(one.process.pid, signal.SIGKILL)
            one.process.wait()
            self.ending.remove(one)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return
