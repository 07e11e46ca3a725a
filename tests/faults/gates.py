"""How a test waits for a process: through a FIFO or a condition, always with a deadline."""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hone.targets import local

FAKE_WORKER = (sys.executable, str(Path(__file__).with_name("fake_worker.py")))
# The same in a hurry: where its session may be raised again after it was made to give way, it is,
# so that a test does not wait for minutes behind other work of the machine.
HURRY = """
import runpy, sys, time
from contextlib import suppress
time.sleep(0.05)
with suppress(OSError), open("/proc/self/autogroup", "w") as session:
    session.write("0")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
HURRIED_WORKER = (sys.executable, "-c", HURRY, FAKE_WORKER[1])
DEADLINE_SECONDS = 60.0


class Gate:
    """A FIFO through which a process says where it is."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gate"
        os.mkfifo(self.path)
        # Open for both ways: no end of file between two writers, and no blocking open.
        self._handle = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def wait(self, expected: str) -> float:
        """Return the instant at which the process said `expected`."""
        said = self.said(repr(expected))
        assert said == expected
        return time.monotonic()

    def said(self, awaited: str) -> str:
        """What a process says next; `awaited` names it where nothing comes."""
        ready, _, _ = select.select([self._handle], [], [], DEADLINE_SECONDS)
        assert ready, f"nothing came through the gate; expected {awaited}"
        return os.read(self._handle, 4096).decode().strip()

    def close(self) -> None:
        os.close(self._handle)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Look again every 10 ms until it is so; fail at the deadline."""
    tick, deadline = threading.Event(), time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS:g} s: {what}"
        tick.wait(0.01)


def fake_target(command: tuple[str, ...] = HURRIED_WORKER, **options: Any) -> Any:
    """The local target with another worker: the seam at which training is replaced."""
    chosen = local.Options(**options)
    return SimpleNamespace(
        start=partial(local.start, options=chosen, command=command),
        is_alive=local.is_alive,
        stop=local.stop,
        release=local.release,
    )
