"""Lets a process give way to the people who review on the same machine."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

TRIES = 4
TRY_SECONDS = 0.11  # Linux takes one such change in a tenth of a second


def give_way(pid: int, nice: int) -> None:
    """Lower a process's priority to `nice` (0 to 19), where it is not lower already.

    Linux shares the processor between sessions first and by `nice` only inside each
    (autogroups, sched(7)): a process that leads a session of its own would take as much as
    everything that its user does, whatever its niceness. So its session gives way too.
    A process that has ended is no error.
    """
    with suppress(psutil.Error, ProcessLookupError):
        process = psutil.Process(pid)
        if sys.platform == "win32":
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
            return
        lowest = max(int(process.nice()), nice)
        process.nice(lowest)
        # Never the session of somebody's terminal.
        if Path("/proc/self/autogroup").exists() and os.getsid(pid) == pid:
            _let_session_give_way(Path(f"/proc/{pid}/autogroup"), lowest)


def _let_session_give_way(session: Path, nice: int) -> None:
    """Write the session's niceness; a kernel that refuses leaves the process's own."""
    for _ in range(TRIES):
        try:
            session.write_text(str(nice))
            return
        except BlockingIOError:
            time.sleep(TRY_SECONDS)
        except OSError:
            return
