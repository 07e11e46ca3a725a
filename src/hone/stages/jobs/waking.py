"""The supervisor as everything else sees it: is it there, and start it where it is not.

Nothing here imports it: it is a process of its own, reached by rows in the store.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hone import settings
from hone.errors import HoneError
from hone.workspace.detached import detached
from hone.workspace.files import explained, write_json
from hone.workspace.job_folder import Identity

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

FOLDER = ".supervisor"
IDENTITY, LOG = "identity.json", "supervisor.log"
READY_SECONDS = 30.0
LOOK_SECONDS = 0.02
LOG_TAIL_LINES = 6
LOG_BYTES = 1 << 20


def place_of(ws: Workspace) -> Path:
    """Where the supervisor of a workspace keeps its lock, its log and its database."""
    return ws.jobs / FOLDER


def supervisor_of(ws: Workspace) -> Identity | None:
    """The process that carries this workspace's jobs out now, or None."""
    try:
        value = json.loads((place_of(ws) / IDENTITY).read_bytes())
        found = Identity(int(value["pid"]), float(value["started_at"]), str(value["host"]))
        # A copy of a workspace holds the identity of the one that carries the original's jobs out.
        if value["root"] != str(ws.root.resolve()):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        # Where it cannot be read at all, starting one says why.
        return None
    return found if found.is_alive else None


def show_supervisor(ws: Workspace) -> None:
    """Tell everything else that this process carries the workspace's jobs out."""
    me = Identity.of_this_process()._asdict()
    write_json(place_of(ws) / IDENTITY, {**me, "root": str(ws.root.resolve())})


def wake(ws: Workspace) -> None:
    """Make sure that the supervisor runs; HoneError with the end of its log where it does not.

    Write the row first: a supervisor that is about to end looks for rows once more after it has
    taken its identity away.
    """
    if supervisor_of(ws) is not None:
        return
    process = _spawn(ws)
    deadline = time.monotonic() + READY_SECONDS
    while supervisor_of(ws) is None:
        has_ended = process.poll() is not None
        if has_ended and supervisor_of(ws) is None and process.returncode != 0:
            raise _did_not_start(ws, f"it ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise _did_not_start(ws, f"nothing came for {READY_SECONDS:g} seconds")
        time.sleep(LOOK_SECONDS)


def wake_if_owed(ws: Workspace) -> bool:
    """Start the supervisor where jobs wait for it and it is gone; does not wait for it to come up.

    Whether it was started. After a reboot, or a kill, jobs so go on with whatever opens the
    workspace first. A workspace that can only be read is left alone.
    """
    if ws.store.is_read_only or not ws.store.attempts.open() or supervisor_of(ws) is not None:
        return False
    _spawn(ws)
    return True


def _spawn(ws: Workspace) -> subprocess.Popen[Any]:
    place = place_of(ws)
    with explained("start the supervisor in", place):
        place.mkdir(parents=True, exist_ok=True)
        log = place / LOG
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(place / f"{LOG}.1")
        with log.open("ab") as file:
            process = subprocess.Popen(
                # -P: the current folder is not searched for modules.
                [sys.executable, "-P", "-m", "hone.supervisor", str(ws.root)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=ws.root,
                env=settings.supervisor_environment(),
                **detached(),
            )
    # A long-lived parent (the web server) would otherwise keep a zombie.
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
    return process


def _did_not_start(ws: Workspace, why: str) -> HoneError:
    log = place_of(ws) / LOG
    try:
        lines = log.read_text("utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
    except OSError:
        lines = []
    tail = "\n  ".join(["", *lines])
    return HoneError(
        f"The supervisor, which carries jobs out, did not start: {why}.{tail}",
        hint=f"{sys.executable} -m hone.supervisor {ws.root}   (starts it here, to see why)",
    )
