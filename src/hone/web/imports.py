"""Imports run in processes of their own, so that reviews stay fast; here they are started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from threading import Lock
from time import monotonic

from anyio import sleep
from anyio.to_thread import run_sync

from hone.errors import Unavailable
from hone.loop import Workspace
from hone.settings import worker_environment
from hone.stages import ingest
from hone.stages.ingest import Order, Progressed

LOOK_SECONDS = 0.1
ENDED = ("done", "failed", "cancelled")
Begin = Callable[[Workspace, str, str], int]


class Imports:
    """The imports that this server started and still follows."""

    def __init__(self, ws: Workspace, begin: Begin | None = None) -> None:
        self._ws = ws
        self.children: list[subprocess.Popen[bytes]] = []
        self._begin = begin or self._begin_process
        self._lock = Lock()
        self._told: dict[str, Progressed | None] = {}

    def start(self, upload: str, order: Order, reviewer: str) -> None:
        """Carry an order out in a new process; what decides there decides in that name."""
        ingest.place_order(self._ws, upload, order)
        try:
            pid = self._begin(self._ws, upload, reviewer)
        except OSError as error:
            ingest.take_back_order(self._ws, upload)
            raise Unavailable(
                f"No process could be started for the import: {error}.",
                hint="Close other programs, then try again.",
            ) from error
        ingest.note_process(self._ws, upload, pid)
        with self._lock:
            self._told[upload] = None

    def look(self, upload: str) -> Progressed:
        """How far an import is."""
        self._reap()
        return ingest.look_at_import(self._ws, upload)

    async def ended(self, upload: str, deadline_seconds: float) -> Progressed:
        """Wait until an import has ended; how far it is at the deadline."""
        deadline = monotonic() + deadline_seconds
        while True:
            now = await run_sync(self.look, upload)
            if now.state in ENDED or monotonic() >= deadline:
                return now
            await sleep(LOOK_SECONDS)

    def changes(self) -> list[tuple[str, Progressed]]:
        """The imports that stand differently than at the last call."""
        with self._lock:
            followed = dict(self._told)
        changed: list[tuple[str, Progressed]] = []
        for upload, before in followed.items():
            now = self.look(upload)
            if now == before:
                continue
            changed.append((upload, now))
            with self._lock:
                if now.state in ENDED:
                    self._told.pop(upload, None)
                else:
                    self._told[upload] = now
        return changed

    def _begin_process(self, ws: Workspace, upload: str, reviewer: str) -> int:
        ws.logs.mkdir(parents=True, exist_ok=True)
        with (ws.logs / "imports.log").open("ab") as printed:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "hone.web.importing", str(ws.root), upload],
                env=worker_environment({"HONE_REVIEWER": reviewer}),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                # Ctrl+C in the server's terminal is not meant for it.
                start_new_session=True,
            )
        with self._lock:
            self.children.append(child)
        return child.pid

    def _reap(self) -> None:
        """Let ended processes go: one that nobody asked about would stay as a zombie."""
        with self._lock:
            self.children = [child for child in self.children if child.poll() is None]
