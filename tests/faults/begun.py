"""Processes of tests that begin with everything imported: forked by one that waits for orders.

Most of these processes live until they are killed a moment later, and what their interpreter would
import costs more than all that they do. What is forked is otherwise a process like any other: a
number, environment, folder and output of its own. `python -m tests.faults.begun MODULE` imports the
module and reads orders, a line of JSON each: to begin `main()` of the module, or to tell how a
process ended.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent.parent
LOOK_SECONDS = 0.005


class Begun:
    """A process that was begun so, with what a test asks of one; all that it writes is one text."""

    def __init__(self, parent: Parent, *arguments: str, written: Path | None = None) -> None:
        self._parent = parent
        self._written = written or parent.folder / str(next(parent.numbers))
        self.returncode: int | None = None
        order = {
            "arguments": arguments,
            "folder": os.fspath(REPOSITORY),
            "environment": {**os.environ, **parent.settings},
            "written": os.fspath(self._written),
        }
        self.pid = int(parent.asked(begin=order))

    def poll(self) -> int | None:
        """How it ended, as subprocess tells it; None while it runs."""
        if self.returncode is None:
            self.returncode = self._parent.asked(end_of=self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """A signal, unless it has ended; its pid is nobody else's until `poll` saw the end."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        """How it ended; TimeoutExpired where it does not end within so many seconds."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(LOOK_SECONDS)
        return code

    def written(self, timeout: float) -> str:
        """What it had written when it had ended, within so many seconds."""
        self.wait(timeout)
        return self._written.read_text()


class Parent:
    """The process that has imported a module, and begins others; `settings` are its own alone."""

    def __init__(self, module: str, **settings: str) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="begun-")
        self.folder, self.numbers = Path(self._place.name), itertools.count()
        self.settings = settings
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.begun", module],
            cwd=REPOSITORY,
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def asked(self, **order: Any) -> Any:
        """The answer to one order."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate()
        self._place.cleanup()


@cache
def parent_of(module: str) -> Parent:
    """One for each module, as long as these tests run."""
    found = Parent(module)
    atexit.register(found.end)
    return found


def begin(module: str, *arguments: str) -> Begun:
    """`main()` of the module in a process of its own, as `python -m MODULE ARGUMENTS` begins it."""
    return Begun(parent_of(module), *arguments)


def serve(main: Callable[[], None]) -> None:
    """Carry orders out until nobody gives any; in a process that was begun, be that process."""
    assert threading.active_count() == 1, "what is forked would lose a thread"
    # None of it is garbage: who is forked need not look through it for some.
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        if "end_of" in order:
            number, status = os.waitpid(order["end_of"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if number else None
        elif (answer := os.fork()) == 0:
            become(**order["begin"])
            main()
            return
        print(json.dumps(answer), flush=True)


def become(*, arguments: list[str], folder: str, environment: dict[str, str], written: str) -> None:
    """Take on what this process was begun with; nothing is left of the orders."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, place in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, place)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["begun", *arguments]


if __name__ == "__main__":
    serve(importlib.import_module(sys.argv[1]).main)
