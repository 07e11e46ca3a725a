"""Other machines for tests: a real SSH server with its own home, and a line that can be cut."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import asyncssh
import psutil

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


class Machine(NamedTuple):
    """A machine that answers on 127.0.0.1."""

    folder: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def key(self) -> Path:
        return self.folder / "user_key"

    def options(self, **more: Any) -> dict[str, Any]:
        """What `targets.ssh` in hone.yaml would say of it; quick, so that tests are."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "tester",
            "key": str(self.key),
            "python": sys.executable,
            "look_seconds": 0.05,
            **more,
        }

    def set(self, **settings: Any) -> None:
        """Change what its next command finds: `path`, `noise`."""
        place = self.folder / "settings.json"
        place.write_text(json.dumps({**json.loads(place.read_text()), **settings}))

    def give_python(self, *, patch: str = "") -> None:
        """The only program on its path, python3; `patch` runs inside before anything else."""
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        write_python(programs / "python3", patch=patch)
        # Nothing else: a test must not depend on what this machine has.
        self.set(path=str(programs))

    def processes(self) -> list[psutil.Process]:
        """What runs on it now: everything that has its home."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("HOME") == str(self.home):
                    found.append(process)
        return found


def write_python(path: Path, *, patch: str = "") -> None:
    """A Python under another name; `patch` runs inside before what a target sends it."""
    script = f'exec {shlex.quote(sys.executable)} "$@"'
    if patch:
        # python3 -I -c LOADER SIZE VERB
        me = f"import sys; sys.executable = {str(path)!r}"
        code = f'"$(printf "%s\\n%s\\n%s" {shlex.quote(me)} {shlex.quote(patch)} "$3")"'
        script = f'exec {shlex.quote(sys.executable)} -I -c {code} "$4" "$5"'
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A machine that is on until the context ends; what it still runs then is ended."""
    (folder / "home").mkdir(parents=True)
    for name in ("host_key", "user_key"):
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(folder / name))
    public = asyncssh.read_private_key(str(folder / "user_key")).export_public_key()
    (folder / "authorized_keys").write_bytes(public)
    (folder / "settings.json").write_text(json.dumps({"path": SYSTEM_PATH}))
    with switched_on(folder) as found:
        yield found


@contextmanager
def switched_on(folder: Path) -> Iterator[Machine]:
    """The machine of a folder that was made before."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("ssh_server.py")), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        found = Machine(folder, int(process.stdout.readline()), process)
        yield found
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()
        for left in found.processes():
            with suppress(psutil.Error):
                left.kill()


class Line:
    """A proxy between this machine and another one: counts bytes, and cuts."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.there, self.back, self.lines = 0, 0, 0
        self._left: dict[str, int] = {}
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self.is_down = False

    def cut_after(self, *, there: int | None = None, back: int | None = None) -> None:
        """Cut once, when so many more bytes have gone there, or come back."""
        self._left = {
            name: count for name, count in (("there", there), ("back", back)) if count is not None
        }

    def is_quiet(self) -> bool:
        """Wait until all that was open has ended on both sides; false where something has not."""
        for thread in self._threads[1:]:
            thread.join(10)
        return not any(thread.is_alive() for thread in self._threads[1:])

    def cut(self) -> None:
        """Cut whatever is open now."""
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self.is_down:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._to))
            self.lines += 1
            self._open |= {near, far}
            for source, goal, name in ((near, far, "there"), (far, near, "back")):
                thread = threading.Thread(
                    target=self._carry, args=(source, goal, name), daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, goal: socket.socket, name: str) -> None:
        while True:
            try:
                block = source.recv(16384)
                if name in self._left:
                    self._left[name] -= len(block)
                    if self._left[name] <= 0:
                        self._left.clear()
                        self.cut()
                        return
                setattr(self, name, getattr(self, name) + len(block))
                if not block:
                    goal.shutdown(socket.SHUT_WR)
                    return
                goal.sendall(block)
            except OSError:
                # Where one side was reset, the other would wait for ever for its end.
                for one in (source, goal):
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                return
