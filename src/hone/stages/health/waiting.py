"""Jobs that wait for a supervisor that is not there, and jobs that were lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hone.stages import jobs
from hone.stages.health.finding import Finding, listed, ok, problem, warning
from hone.stages.jobs.status import status_of
from hone.workspace.open import Workspace

LOG_BYTES = 64 * 1024
# The lines of the supervisor's log that begin so are its own; others are of an error.
DATED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
NEWEST_JOBS = 50


def look_at_jobs(ws: Workspace) -> Iterator[Finding]:
    """Whether what waits is carried out, and what was lost on the way."""
    waiting = [one.job for one in ws.store.attempts.open()]
    supervisor = jobs.supervisor_of(ws)
    said = last_error(ws)
    is_alone = bool(waiting) and supervisor is None
    if is_alone:
        why = f"; it said last: {said}" if said else ""
        yield problem(
            "jobs",
            f"{listed(waiting)}: nobody carries this out, the supervisor is not running{why}",
            "hone jobs list   (wakes it)",
        )
    elif waiting and supervisor is not None:
        yield ok("jobs", f"{len(waiting):,} in hand of process {supervisor.pid}, the supervisor")
    else:
        yield ok("jobs", "none waits")
    if said and not is_alone:
        log = jobs.place_of(ws) / jobs.LOG
        yield warning("jobs", f"the supervisor's last run ended with: {said}", f"less {log}")
    yield from _lost(ws)


def last_error(ws: Workspace) -> str:
    """The last line of the supervisor's log where that is an error; nothing where all went well."""
    try:
        with (jobs.place_of(ws) / jobs.LOG).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - LOG_BYTES))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    lines = [line for line in lines if line.strip()]
    return "" if not lines or DATED.match(lines[-1]) else lines[-1].strip()


def _lost(ws: Workspace) -> Iterator[Finding]:
    found = [status_of(ws, job) for job in ws.store.jobs.list()[:NEWEST_JOBS]]
    for one in found:
        # A folder that is gone is told with the folders.
        if one.state == "lost" and Path(one.folder).is_dir():
            yield warning("jobs", f"{one.id} was lost: {one.error.rstrip('.')}", one.hint)
