"""The terminal of somebody who follows a tutorial: one folder after the other, answers typed."""

from __future__ import annotations

import os
import pty
import re
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

Typed = tuple[str, str]
"""What a prompt ends with, and what is typed then."""
WIDTH = 100
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """Runs commands one after the other; `cd` stays."""

    def __init__(self, home: Path, programs: Path, environment: Mapping[str, str]) -> None:
        self.home = self.folder = home
        self.environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "USER": "me",
            "LOGNAME": "me",
            "COLUMNS": str(WIDTH),
            "NO_COLOR": "1",
            "TERM": "dumb",
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            **environment,
        }

    def run(
        self, command: str, *, typed: Sequence[Typed] = (), seconds: float = 300
    ) -> tuple[int, str]:
        """Gives the exit status and what was shown, errors among it."""
        if re.fullmatch(r"cd \S+", command):
            self.folder = (self.folder / shlex.split(command)[1]).resolve()
            return (0, "") if self.folder.is_dir() else (1, f"no folder {self.folder}")
        if typed:
            return self._typed(command, typed, seconds)
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=seconds,
        )  # fmt: skip
        return done.returncode, ESCAPES.sub("", done.stdout)

    def _typed(self, command: str, typed: Sequence[Typed], seconds: float) -> tuple[int, str]:
        """At a real terminal, so that what is typed is shown where it is typed."""
        ours, theirs = pty.openpty()
        running = subprocess.Popen(
            ["bash", "-c", command], cwd=self.folder, env=self.environment,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        shown, read_to = "", 0
        waiting = list(typed)
        try:
            for piece in _pieces(ours, time.monotonic() + seconds):
                shown += piece
                fresh = ESCAPES.sub("", shown[read_to:])
                if waiting and fresh.endswith(waiting[0][0]):
                    read_to = len(shown)
                    os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
        finally:
            os.close(ours)
            code = _ended(running)
        assert not waiting, f"never asked for: {waiting}\n{shown}"
        return code, ESCAPES.sub("", shown).replace("\r\n", "\n")

    @contextmanager
    def start(self, command: str, *, until: str, seconds: float) -> Iterator[list[str]]:
        """Starts a command that stays, waits for a line with a text, asks it to end afterwards."""
        running = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        assert running.stdout is not None
        shown = ""
        try:
            for piece in _pieces(running.stdout.fileno(), time.monotonic() + seconds):
                shown += ESCAPES.sub("", piece)
                if until in shown.rpartition("\n")[0]:
                    break
            else:
                raise AssertionError(f"`{command}` ended without {until!r}:\n{shown}")
            # What follows that line may have come already, or not yet.
            lines = shown.rpartition("\n")[0].splitlines()
            yield lines[: next(place for place, line in enumerate(lines) if until in line) + 1]
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGTERM)
            _ended(running)
            running.stdout.close()


def _pieces(descriptor: int, deadline: float) -> Iterator[str]:
    """What comes, until the other end closes."""
    with selectors.DefaultSelector() as ready:
        ready.register(descriptor, selectors.EVENT_READ)
        while True:
            if not ready.select(max(0, deadline - time.monotonic())):
                raise AssertionError("nothing more came in time")
            try:
                piece = os.read(descriptor, 65536)
            except OSError:  # a terminal whose other end was closed
                return
            if not piece:
                return
            yield piece.decode(errors="replace")


def _ended(running: subprocess.Popen[bytes]) -> int:
    """The exit status; what does not end by itself is ended with all that it started."""
    try:
        return running.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        return running.wait(20)
