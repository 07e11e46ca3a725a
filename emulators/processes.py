"""Starts and ends the processes that stand for rented machines, each in a home of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

# Marks everything that runs on a machine, so that it ends with it even when detached.
MARK = "EMULATED_MACHINE"
# What a fresh machine would have set; nothing of the starting user's environment comes along.
FRESH = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
GRACE_SECONDS = 10.0


@dataclass
class Ending:
    """A process that was asked to end, and when it is made to."""

    id: str
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

    def mark(self, id: str) -> dict[str, str]:
        """The variable that everything on this machine carries."""
        return {MARK: f"{self.root}/{id}"}

    def start(self, id: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run `command` in its own session; what it prints goes to a log beside its home."""
        home = self.home(id)
        with (self.root / f"{id}.log").open("ab") as log:
            self.living[id] = subprocess.Popen(
                list(command),
                cwd=home,
                env={**FRESH, "HOME": str(home), **environment, **self.mark(id)},
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
                self._kill_marked(id)
        return found

    def end(self, id: str, *, by_force: bool = True, with_everything: bool = True) -> None:
        """End a machine's process: at once, or after a grace; and all that it left running."""
        process = self.living.pop(id, None)
        if process is not None and by_force:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        elif process is not None:
            _signal_group(process.pid, signal.SIGTERM)
            self.ending.append(Ending(id, process, time.monotonic() + self.grace_seconds))
        if by_force and with_everything:
            self._kill_marked(id)

    def running_on(self, id: str) -> list[psutil.Process]:
        """Everything that runs on this machine, detached or not."""
        wanted = self.mark(id)[MARK]
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == wanted and process.status() != "zombie":
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def _kill_marked(self, id: str) -> None:
        # Twice: one may have been forking while the others were counted.
        for _ in range(2):
            for process in self.running_on(id):
                with contextlib.suppress(psutil.Error):
                    process.kill()

    def remove_home(self, id: str) -> None:
        """The disk goes with the machine."""
        shutil.rmtree(self.root / id, ignore_errors=True)

    def close(self) -> None:
        """End everything at once."""
        for id in list(self.living):
            self.end(id)
        for one in self.ending:
            one.deadline = 0.0
        self._press_on()

    def _press_on(self) -> None:
        for one in list(self.ending):
            if one.process.poll() is None and time.monotonic() < one.deadline:
                continue
            self._kill_marked(one.id)
            one.process.wait()
            self.ending.remove(one)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return
