"""The supervisor's life: alone by a lock, at work while attempts are open, gone when idle."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from hone.stages import jobs
from hone.supervisor.carry import Carrier
from hone.supervisor.steps import PLANS, Plan
from hone.workspace.config import CONFIG_FILE
from hone.workspace.open import Workspace, open_workspace

log = logging.getLogger("hone.supervisor")
DATABASE = "durable.db"
LOOK_SECONDS = 0.25
ANYWAY_SECONDS = 5.0
# One that ends holds the lock a little longer than its identity.
LOCK_SECONDS = 10.0


def supervise(
    root: Path,
    *,
    idle_seconds: float,
    plans: Mapping[int, Plan] = PLANS,
    target_of: jobs.TargetOf = jobs.target_named,
) -> bool:
    """Carry out what the workspace's store asks for until nothing is open for `idle_seconds`.

    False at once where another supervisor is at work.
    """
    with open_workspace(root) as ws:
        place = jobs.place_of(ws)
        place.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place / "lock", thread_local=False)
        if not _lock(ws, lock):
            return False
        try:
            _serve(ws, Carrier(ws, target_of), plans, idle_seconds)
        finally:
            lock.release()
    return True


def _lock(ws: Workspace, lock: FileLock) -> bool:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            lock.acquire(timeout=LOOK_SECONDS)
            return True
        except Timeout:
            if jobs.supervisor_of(ws) is not None or time.monotonic() > deadline:
                return False


def _serve(ws: Workspace, carrier: Carrier, plans: Mapping[int, Plan], idle_seconds: float) -> None:
    # Only the one that holds the lock loads DBOS.
    from hone.supervisor.durable import Durable

    place = jobs.place_of(ws)
    # Relative to the workspace: an address could not hold every character of a path.
    durable = Durable(
        carrier, plans, database=f"sqlite:///{(place / 'durable.db').relative_to(ws.root)}"
    )
    durable.launch()
    jobs.show_supervisor(ws)
    log.info("at work in %s", ws.root)
    busy_at = time.monotonic()
    mark, looked_at = ws.store.mark(), time.monotonic()
    waiting = ws.store.attempts.open()
    while (ws.root / CONFIG_FILE).exists():
        # The store is asked only when somebody has written, and now and then anyway.
        if (seen := ws.store.mark()) != mark or time.monotonic() - looked_at > ANYWAY_SECONDS:
            mark, looked_at = seen, time.monotonic()
            waiting = ws.store.attempts.open()
        for attempt in jobs.asking.carried_out(waiting):
            durable.begin(attempt)
        if waiting:
            busy_at = time.monotonic()
        elif time.monotonic() - busy_at > idle_seconds:
            (place / jobs.IDENTITY).unlink(missing_ok=True)
            # Who wrote a row before that has seen a supervisor and relies on it.
            waiting = ws.store.attempts.open()
            if not waiting:
                break
            jobs.show_supervisor(ws)
        time.sleep(LOOK_SECONDS)
    log.info("nothing to do any more")
    durable.close()
