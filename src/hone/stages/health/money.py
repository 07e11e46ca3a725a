"""Money: machines that may still cost some, and promises to jobs that are over."""

from __future__ import annotations

from collections.abc import Iterator

from hone.records.job import FINISHED
from hone.stages import jobs
from hone.stages.health.finding import Finding, ok, problem, warning
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.rental_file import rentals_of


def look_at_money(ws: Workspace) -> Iterator[Finding]:
    """By what stands here; only `--online` asks the providers themselves."""
    found: list[Finding] = []
    held: set[str] = set()
    for path in sorted(ws.jobs.glob("*/rental.json")):
        folder = JobFolder(path.parent)
        current = rentals_of(folder).current
        if current is None:
            continue
        held.add(folder.path.name)
        rate = f"${current.rate:.2f} an hour at {current.target}"
        if _is_owned(ws, folder):
            cost = f"${current.cost_at(now()):.2f} so far"
            found.append(ok("money", f"{folder.path.name} runs on {current.name}: {rate}, {cost}"))
        else:
            what = f"{current.name} may still cost {rate}, and {folder.path.name} does not run"
            found.append(problem("money", what, "hone jobs reap   (gives it back)"))
    found += _promises(ws, held)
    yield from found or [ok("money", "nothing is rented, and nothing is promised to jobs over")]


def _is_owned(ws: Workspace, folder: JobFolder) -> bool:
    return jobs.in_hand(ws, folder.path.name) is not None or folder.is_alive()


def _promises(ws: Workspace, held: set[str]) -> Iterator[Finding]:
    if not ws.store.ledger.promised():
        return
    for job in ws.store.jobs.list():
        promised = ws.store.ledger.promised(job=job.id)
        folder = JobFolder(ws.jobs / job.id)
        if not promised or job.id in held or not folder.path.is_dir():
            continue
        if folder.state() in (*FINISHED, "lost") and not folder.is_alive():
            yield warning(
                "money",
                f"${promised:.2f} are still promised to {job.id}, which is over and holds nothing",
                "hone jobs reap   (settles it)",
            )
