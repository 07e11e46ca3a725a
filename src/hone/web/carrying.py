"""While the web app runs, jobs are carried out and their results taken in, whoever looks."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial

from anyio.to_thread import run_sync

from hone import loop
from hone.errors import HoneError
from hone.loop import Workspace
from hone.stages import jobs

LOOK_SECONDS = 5.0
JUDGE_SECONDS = 60.0
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

    Where neither store nor tasks nor rules changed since the last look, nothing is looked at. The
    gate reads many answers, so that reviewing alone does not ask it every few seconds.
    """
    seen: tuple[int, ...] = ()
    judged_at, is_owed = 0.0, True
    told: set[str] = set()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if ws.store.is_read_only:
            return
        try:
            mark = await run_sync(_mark, ws)
            is_due = is_owed and time.monotonic() - judged_at >= JUDGE_SECONDS
            if mark == seen and not is_due:
                continue
            judges = time.monotonic() - judged_at >= JUDGE_SECONDS
            taken = await run_sync(partial(loop.take_in_new, ws, judges=judges))
            problems, seen, is_owed = taken.problems, mark, not judges
            judged_at = time.monotonic() if judges else judged_at
        except HoneError as error:
            problems = [error.message]
        for problem in set(problems) - told:
            log.warning("%s", problem)
        told |= set(problems)


def _mark(ws: Workspace) -> tuple[int, ...]:
    files = [*(ws.root / "tasks").glob("*.yaml"), *(ws.root / "rules").glob("*")]
    return (*ws.store.mark(), *(file.stat().st_mtime_ns for file in sorted(files)))
