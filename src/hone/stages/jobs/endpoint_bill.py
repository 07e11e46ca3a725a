"""RunPod's bill in place of what was reckoned for requests at an endpoint.

RunPod bills an endpoint by the hour and never a request: requests that share an hour are one group,
and share what these hours cost, start of workers and idle time with it. Where the hours cost more
than the group can have caused, somebody else uses the endpoint: then our own figures stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hone.records.submission import Submission
from hone.stages.jobs.endpoints import settle_endpoint
from hone.stages.jobs.rented import BILLED_AFTER_SECONDS, ROUNDING_USD
from hone.stages.jobs.shown_cost import show_cost
from hone.targets._clock import REAL, Clock, moment
from hone.targets._runpod_api import RunPodApi
from hone.targets._serverless_account import control
from hone.targets._serverless_opened import endpoint_of
from hone.workspace.job_folder import JobFolder
from hone.workspace.submission_file import RECORD, note_submission, submissions_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

START_SECONDS = 600.0  # that a worker may be billed for before it takes a request up
IDLE_SECONDS = 10.0  # RunPod's own default
HOUR = timedelta(hours=1)


class Asked(NamedTuple):
    """A request that ran, with its job's folder and the hours that it may have been billed in."""

    folder: JobFolder
    one: Submission
    begin: datetime
    end: datetime


def reconcile_endpoint(ws: Workspace, options: Any, *, clock: Clock = REAL) -> float:
    """Put RunPod's bill in place of what was reckoned; by how many dollars it differs.

    A group is asked for once all its requests are over and the bill of its hours cannot grow.
    """
    endpoint, at = endpoint_of(options), moment(clock.now())
    ran = list(_ran(ws, endpoint, at))
    for asked in ran:
        if asked.one.cost_of == "billed":
            _settle(ws, asked.folder, at)  # a kill may have come in between
    groups = [one for one in _groups(ran) if _is_due(one, at)]
    if not groups:
        return 0.0
    api, difference = control(options, clock), 0.0
    try:
        spare = _spare_seconds(api, endpoint)
        for group in groups:
            begin, end = group[0].begin, max(one.end for one in group)
            billed = api.billed_endpoint(endpoint, begin, end)
            if billed is not None:
                difference += _share(group, billed, spare)
                for one in group:
                    _settle(ws, one.folder, at)
    finally:
        api.rest.close()
    return difference


def _settle(ws: Workspace, folder: JobFolder, at: datetime) -> None:
    """Ledger and metadata say what the requests of a job cost; nothing where they do."""
    job, cost = folder.path.name, submissions_of(folder).cost_at(at)
    if abs(ws.store.ledger.total(job=job) - cost) > ROUNDING_USD:
        show_cost(ws, job, cost)
        settle_endpoint(ws, folder)  # last: by it the next one knows that all is done


def _ran(ws: Workspace, endpoint: str, at: datetime) -> Iterator[Asked]:
    for path in sorted(ws.jobs.glob(f"*/{RECORD.place}")):
        folder = JobFolder(path.parent)
        for one in submissions_of(folder).submissions:
            if one.endpoint == endpoint and one.is_asked and (one.is_open or one.began_at):
                # When it began was seen from here, perhaps late: what was meant came before.
                end = _hour(one.ended_at or at) + HOUR
                yield Asked(folder, one, _hour(one.intended_at), end)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _groups(ran: Sequence[Asked]) -> list[list[Asked]]:
    """Requests that share an hour, directly or by others between them."""
    groups: list[list[Asked]] = []
    for one in sorted(ran, key=lambda asked: asked.begin):
        if groups and one.begin < max(other.end for other in groups[-1]):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _is_due(group: Sequence[Asked], at: datetime) -> bool:
    if all(asked.one.cost_of for asked in group) or any(asked.one.is_open for asked in group):
        return False
    late = max(asked.end for asked in group) + timedelta(seconds=BILLED_AFTER_SECONDS)
    return at >= late


def _spare_seconds(api: RunPodApi, endpoint: str) -> float | None:
    """What a request may be billed beside its own time; None: workers run without any request."""
    workers: dict[str, Any] = api.found("serverless", endpoint).get("workers") or {}
    if workers.get("min"):
        return None
    return START_SECONDS + float(workers.get("idleTimeout") or IDLE_SECONDS)


def _share(group: Sequence[Asked], billed: float, spare: float | None) -> float:
    """Write each request's share down, by what was reckoned; by how much all differ from that."""
    reckoned = [_reckoned(asked.one) for asked in group]
    most = sum(reckoned)
    most += sum(asked.one.price_per_hour_usd * (spare or 0.0) / 3600 for asked in group)
    is_ours = spare is not None and sum(reckoned) > 0 and billed <= most
    difference = 0.0
    for asked, amount in zip(group, reckoned, strict=True):
        new: dict[str, Any] = {"cost_of": "shared", "cost_usd": None}
        before = asked.one.cost_usd if asked.one.cost_usd is not None else amount
        if is_ours:
            new = {"cost_of": "billed", "cost_usd": billed * amount / sum(reckoned)}
        difference += (new["cost_usd"] if is_ours else amount) - before
        note_submission(asked.folder, asked.one.ticket, **new)
    return difference


def _reckoned(one: Submission) -> float:
    own = one.model_copy(update={"cost_usd": None})
    return own.cost_at(one.ended_at or one.intended_at)
