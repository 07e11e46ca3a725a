"""Requests at a serverless endpoint, and files on its volume, that no living job here needs.

A request is ours by `serverless.json`, or by the ticket on the volume of a job that this workspace
sent there: the file `owner` says which did, so nothing of another workspace is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hone.errors import HoneError, Unavailable
from hone.records import submission as on_volume
from hone.records.submission import Submission
from hone.stages.jobs.asking import in_hand
from hone.stages.jobs.endpoint_bill import reconcile_endpoint
from hone.stages.jobs.endpoints import settle_endpoint
from hone.stages.jobs.reaped import Found, Reaped, Use
from hone.stages.jobs.where import Chosen, target_named
from hone.targets._clock import REAL
from hone.targets._rest import BadKey
from hone.targets._s3 import Bucket
from hone.targets._serverless import clear_place
from hone.targets._serverless_opened import Account, account, lacks
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import workspace_tag
from hone.workspace.submission_file import RECORD, submissions_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

NAME = "runpod-serverless"
AT_WORK = ("IN_QUEUE", "IN_PROGRESS", "RUNNING")


def reap_requests(ws: Workspace, reaped: Reaped, *, frees: bool, also_used: bool) -> None:
    """Add what an endpoint does, or keeps, for this workspace; with `frees`, end what is nobody's.

    An endpoint that is not set up is not asked; where a request may run there, that is a problem.
    """
    target = target_named(ws, NAME)
    assert isinstance(target, Chosen)
    open_ones = dict(_open_requests(ws))
    if problems := lacks(target.options):
        if open_ones:
            said = f"{NAME}: {'; '.join(problems)}, and {', '.join(open_ones)} may run there."
            reaped.problems.append(said)
        return
    for job, one in open_ones.items():
        found = _of_job(ws, job, one)
        if frees and (found.use == "nobody's" or also_used):
            _stop(ws, target, found)
        reaped.machines.append(found)
    try:
        with account(target.options, REAL) as opened:
            for found in _left_on_volume(ws, opened, target.options, set(open_ones)):
                if frees and (found.use == "nobody's" or also_used):
                    _clear(opened, found)
                reaped.machines.append(found)
        with suppress(BadKey):  # of one that may use the endpoint alone
            reaped.corrected_usd += reconcile_endpoint(ws, target.options)
    except HoneError as error:
        reaped.problems.append(f"{NAME}: {error.message}")


def _open_requests(ws: Workspace) -> Iterator[tuple[str, Submission]]:
    for path in sorted(ws.jobs.glob(f"*/{RECORD.place}")):
        one = submissions_of(JobFolder(path.parent)).last
        if one is not None and one.is_open and one.is_asked:
            yield path.parent.name, one


def _of_job(ws: Workspace, job: str, one: Submission) -> Found:
    use: Use = "in hand" if in_hand(ws, job) is not None else "nobody's"
    return Found(
        target=NAME,
        name=one.ticket,
        id=one.id,
        said=str(one.status),
        job=job,
        use=use,
        price_per_hour_usd=one.price_per_hour_usd,
    )


def _stop(ws: Workspace, target: Chosen, found: Found) -> None:
    folder = JobFolder(ws.jobs / str(found.job))
    try:
        target.stop(folder, 0.0)
        found.is_freed = settle_endpoint(ws, folder)
    except Unavailable as error:
        found.trouble = error.message


def _left_on_volume(
    ws: Workspace, opened: Account, options: Any, at_work: set[str]
) -> Iterator[Found]:
    """Requests and files of jobs that this workspace sent there, beside those at work."""
    volume = opened.store
    if volume is None:
        return
    ours = workspace_tag(ws.jobs).encode()
    for job, keys in _jobs_on(volume).items():
        is_ours = volume.read(f"{on_volume.place_of(job)}/{on_volume.OWNER}") == ours
        if not is_ours or job in at_work or in_hand(ws, job) is not None:
            continue
        folder = JobFolder(ws.jobs / job)
        is_known = (folder.path / "job.json").exists()
        yield from _unknown_requests(opened, volume, folder, keys)
        if is_known and folder.has_result and options.keeps_folder:
            continue
        use: Use = "kept" if is_known and not folder.has_result else "nobody's"
        said = f"{len(keys)} files {volume.where.words.inside}"
        yield Found(target=NAME, name=on_volume.place_of(job), id=None, said=said, job=job, use=use)


def _jobs_on(volume: Bucket) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in volume.keys(f"{on_volume.JOBS}/"):
        job, _, name = key.removeprefix(f"{on_volume.JOBS}/").partition("/")
        if name and not key.endswith("/"):
            found.setdefault(job, []).append(key)
    return found


def _unknown_requests(
    opened: Account, volume: Bucket, folder: JobFolder, keys: list[str]
) -> Iterator[Found]:
    """Requests that a worker has taken up, and that nobody here remembers or waits for."""
    for key in keys:
        before, _, ticket = key.rpartition("/")
        if not before.endswith(f"/{on_volume.TICKETS}"):
            continue
        id = (volume.read(key) or b"").decode(errors="replace").strip()
        status = (opened.api.status(id) or {}).get("status") if id else None
        if status in AT_WORK:
            job = folder.path.name
            yield Found(target=NAME, name=ticket, id=id, said=str(status), job=job, use="nobody's")


def _clear(opened: Account, found: Found) -> None:
    try:
        if found.id is not None:
            opened.api.cancel(found.id)
        elif opened.store is not None and found.job is not None:
            clear_place(opened.store, found.job)
        found.is_freed = True
    except Unavailable as error:
        found.trouble = error.message
