"""A real server in a process of its own, started as a person starts it."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

TOKEN = "a-token-that-the-environment-fixes-for-this-test"
DEADLINE_SECONDS = 60.0
_LINK = re.compile(r"http://127\.0\.0\.1:(\d+)/#token=(\S+)")


class Server(NamedTuple):
    """A server that listens."""

    process: subprocess.Popen[str]
    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        """A script that holds the token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=DEADLINE_SECONDS)


@contextmanager
def served(root: Path, *options: str, token: str | None = TOKEN) -> Iterator[Server]:
    """`hone up` over a workspace until the block ends."""
    words = ["up", "--no-browser", *(options or ("--port", "0"))]
    environment = {name: told for name, told in os.environ.items() if name != "PYTHONUNBUFFERED"}
    if token is not None:
        environment["HONE_TOKEN"] = token
    process = subprocess.Popen(
        [sys.executable, "-m", "hone", *words, "--workspace", str(root)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        port, printed = _link(process)
        yield Server(process, port, printed)
    finally:
        process.kill()
        process.communicate()


def _link(process: subprocess.Popen[str]) -> tuple[int, str]:
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    thread = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    thread.start()
    seen = []
    while True:
        line = lines.get(timeout=DEADLINE_SECONDS)
        seen.append(line)
        found = _LINK.search(line)
        if found:
            # The reader ends before the process's pipe is read again.
            thread.join(DEADLINE_SECONDS)
            return int(found[1]), found[2]
        assert line, f"the server ended: {''.join(seen)}"


def _read(stream: Iterator[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
        if _LINK.search(line):
            return
    lines.put("")
