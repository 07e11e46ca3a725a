"""While the web app runs, jobs are carried out and their results taken in, whoever looks."""

from __future__ import annotations

import asyncio
import logging

from anyio.to_thread import run_sync

from hone import loop
from hone.errors import HoneError
from hone.loop import Workspace
from hone.stages import jobs

LOOK_SECONDS = 5.0
# A supervisor that ends at once each time is tried again ever more rarely.
MOST_SECONDS = 300.0

log = logging.getLogger("hone.web")


async def keep_carried_out(ws: Workspace) -> None:
    """Wake the supervisor where it is gone and jobs wait for it, until cancelled."""
    pause = LOOK_SECONDS
    while True:
        try:
            was_gone = await run_sync(jobs.wake_if_owed, ws)
        except HoneError as error:
            log.warning("%s", error.message)
            was_gone = True
        pause = min(2 * pause, MOST_SECONDS) if was_gone else LOOK_SECONDS
        await asyncio.sleep(pause)


async def keep_current(ws: Workspace) -> None:
    """Find new versions and what was not predicted yet, until cancelled.

    Where neither store nor tasks nor rules changed since the last look, nothing is looked at.
    """
    seen: tuple[int, ...] = ()
    told: set[str] = set()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if ws.store.is_read_only:
            return
        try:
            mark = await run_sync(_mark, ws)
            if mark == seen:
                continue
            problems = (await run_sync(loop.take_in_new, ws)).problems
            seen = mark
        except HoneError as error:
            problems = [error.message]
        for problem in set(problems) - told:
            log.warning("%s", problem)
        told |= set(problems)


def _mark(ws: Workspace) -> tuple[int, ...]:
    files = [*(ws.root / "tasks").glob("*.yaml"), *(ws.root / "rules").glob("*")]
    return (*ws.store.mark(), *(file.stat().st_mtime_ns for file in sorted(files)))
