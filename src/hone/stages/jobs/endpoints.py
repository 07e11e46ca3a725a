"""Jobs on a serverless endpoint: money is set aside for the time allowed, and settled by the used.

The worst case is price × executionTimeout; RunPod itself ends what runs longer. What was really
used is RunPod's own executionTime, or what the worker measured where no document is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hone.errors import GateRefused
from hone.records.ledger import LedgerEntry
from hone.stages.jobs.rented import SPARE_SHARE, allowed_usd
from hone.targets._serverless import intend
from hone.targets._serverless_account import Worker, worker_of
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder
from hone.workspace.submission_file import changing_submissions, submissions_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

MOST_SECONDS = 7 * 24 * 3600.0  # that RunPod lets a request run


def reserve_endpoint(ws: Workspace, folder: JobFolder, ticket: str, options: Any) -> None:
    """Promise the worst case to the ledger, then write down what will be asked for.

    GateRefused where it does not fit into what the job and the month may cost. Nothing is promised
    twice: a promise that a kill left behind is taken up.
    """
    if any(one.ticket == ticket for one in submissions_of(folder).submissions):
        return
    worker = worker_of(options)
    least, wanted = _seconds(folder, options)
    allowed = allowed_usd(ws, folder.job.spec.get("budget_usd"))
    allowed -= ws.store.ledger.total(job=folder.job.id)
    price = worker.price_per_hour_usd
    if price * least / 3600 > allowed:
        raise GateRefused(
            f"{worker.name} may cost ${price * least / 3600:.2f}, and ${max(allowed, 0):.2f} are "
            "allowed.",
            hint="hone config set budget.per_job_usd N, or budget_usd in the recipe",
        )
    wanted = min(wanted, allowed * 3600 / price)
    promised = _promise(ws, folder, worker, (price * least / 3600, price * wanted / 3600))
    intend(folder, options, ticket, min(promised * 3600 / price, MOST_SECONDS), price)


def _seconds(folder: JobFolder, options: Any) -> tuple[float, float]:
    """How long it must be allowed to run at least, and how long with some to spare."""
    spec = folder.job.spec
    planned: Sequence[float] = spec.get("plan", {}).get("seconds") or ()
    if not planned:
        return options.unplanned_seconds, options.unplanned_seconds
    least = float(planned[1]) + options.prepare_seconds
    has_own_limit = spec.get("budget_usd") is not None
    return least, MOST_SECONDS if has_own_limit else least * SPARE_SHARE


def _promise(
    ws: Workspace, folder: JobFolder, worker: Worker, amounts: tuple[float, float]
) -> float:
    least, wanted = amounts
    promised = ws.store.ledger.promised(job=folder.job.id)
    if promised >= least:
        return promised
    entry = LedgerEntry(
        at=now(),
        job=folder.job.id,
        kind="reserved",
        what="gpu",
        amount_usd=wanted - promised,
        note=f"runpod-serverless: {worker.name}",
    )
    month = ws.config.budget.per_month_usd
    left = least - promised
    return promised + ws.store.ledger.reserve(entry, least_usd=left, month_usd=month)


def settle_endpoint(ws: Workspace, folder: JobFolder) -> bool:
    """Write what the requests cost, and release what no open one needs; whether all are over."""
    with changing_submissions(folder) as found:
        for one in found.submissions:
            if one.is_open and not one.is_asked:
                one.ended_at = now()  # meant and never asked for
    is_over = all(not one.is_open for one in found.submissions)
    spent = {one.ticket: one.cost_at(now()) for one in found.submissions if not one.is_open}
    entry = LedgerEntry(at=now(), job=folder.path.name, kind="spent", what="gpu", amount_usd=0)
    ws.store.ledger.settle(entry, spent, closes=is_over)
    return is_over
