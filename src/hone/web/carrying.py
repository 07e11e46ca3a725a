"""While the web app runs, jobs that wait are carried out, whoever looks or does not."""

from __future__ import annotations

import asyncio
import logging

from anyio.to_thread import run_sync

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
