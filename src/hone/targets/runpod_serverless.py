"""Runs a job on a serverless endpoint at RunPod, by its network volume or inside the request.

Needs: RUNPOD_API_KEY, an endpoint with Hone's image, and its volume, the hub or a bucket.
Gives: a worker that is paid by the second; events, checkpoints and files come home by their hashes.
Source: RunPod job API, https://docs.runpod.io/serverless/endpoints/operation-reference
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from hone.errors import Conflict, HoneError
from hone.records.submission import Submission
from hone.targets import _serverless_account, _serverless_follow, _serverless_opened
from hone.targets._check import Checked
from hone.targets._clock import REAL, Clock
from hone.targets._remote_job import LOG_TAIL_LINES, already_running, pulling
from hone.targets._serverless import clear_place, intend, put, submit
from hone.targets._serverless_follow import beat_of, look
from hone.targets._serverless_opened import KEY, Account, account
from hone.workspace.job_folder import Identity, JobFolder, Ticket
from hone.workspace.submission_file import submissions_of
from hone.workspace.targets_config import RunPodServerlessTarget

NAME = "runpod-serverless"
KEYS = (KEY,)
END_SECONDS = 15.0  # beside the grace, for a worker that was told to end to say that it has


class Options(RunPodServerlessTarget):
    """What hone.yaml says of the endpoint: `targets.runpod-serverless`."""


LIMITS: tuple[str, ...] = (
    "The endpoint's image must be Hone's own, of this version or a later one (docker/README.md).",
    "A request runs for seven days at most, and the volume keeps it in one data centre.",
    "How a job stands is seen by looking: nobody can log in to its worker.",
    "Without a volume a request holds 10 MB, a base comes from the hub, and a lost worker begins "
    "anew.",
    "RunPod may run a request again when its worker was lost: the job goes on from its checkpoint, "
    "and the seconds of both are billed.",
)


def start(folder: JobFolder, options: Options, *, clock: Clock = REAL) -> Identity:
    """Send the job and ask for it; returns once its worker has claimed the folder.

    HoneError with the end of worker.log when it ends, or takes too long, before that; Conflict
    when it has a worker. Waiting in the endpoint's queue does not count as taking long.
    """
    with account(options, clock) as opened:
        look(opened, folder)
        if folder.is_alive():
            raise already_running(folder)
        last_seq = max((event.seq for event in folder.events()), default=0)
        _put(opened, folder)
        number = len(submissions_of(folder).submissions) + 1
        ticket = Ticket(f"{folder.path.name}.{number}", last_seq)
        _begin(opened, folder, ticket)
        return _claimed(opened, folder, last_seq)


def is_alive(folder: JobFolder, options: Options, *, clock: Clock = REAL) -> bool:
    """Whether the worker of this folder runs, or its request waits, as far as can be seen now."""
    if folder.seen() is None:
        return False
    with account(options, clock) as opened:
        look(opened, folder)
    return folder.is_alive()


@contextmanager
def follow(
    folder: JobFolder, options: Options, *, clock: Clock = REAL
) -> Generator[Callable[[], None]]:
    """An open line; each call of what it gives brings here what is new.

    A call waits `look_seconds` since the last one. Unavailable where nobody answers.
    """
    with account(options, clock) as opened:
        looked_at = float("-inf")

        def pull() -> None:
            nonlocal looked_at
            rest = looked_at + options.look_seconds - clock.now()
            if rest > 0:
                clock.sleep(rest)
            looked_at = clock.now()
            look(opened, folder)

        yield pull


def stop(
    folder: JobFolder, deadline_seconds: float, options: Options, *, clock: Clock = REAL
) -> str:
    """End the worker: by request, then by cancelling; says which it took.

    "stopped" (it wrote a checkpoint and ended), "terminated", "killed", or "not running". The
    last checkpoint is on the volume, and here.
    """
    before = submissions_of(folder).last
    if before is None or not before.is_asked or not before.is_open:
        return "not running"
    with account(options, clock) as opened:
        return _stop(opened, folder, deadline_seconds)


def release(folder: JobFolder, options: Options, *, clock: Clock = REAL) -> None:
    """Delete what a finished job left on the volume, or in the bucket; Conflict while it runs."""
    if folder.seen() is None:
        return
    with account(options, clock) as opened:
        look(opened, folder)
        if folder.is_alive():
            raise already_running(folder)
        # What went home through the hub stays there: it is a repository of one's own.
        store = opened.store
        if store is not None and folder.has_result and not options.keeps_folder:
            clear_place(store, folder.job.id)


def upload(folder: JobFolder, options: Options, *, clock: Clock = REAL) -> None:
    """Bring everything that the job reads to the volume; what is there already is not sent."""
    with account(options, clock) as opened:
        look(opened, folder)
        if not folder.is_alive():
            _put(opened, folder)


def begin(folder: JobFolder, ticket: Ticket, options: Options, *, clock: Clock = REAL) -> None:
    """Ask for the job for this ticket; called again after a kill, it never runs twice.

    Returns once RunPod has the request: it may wait in the endpoint's queue for long.
    """
    with account(options, clock) as opened:
        if ticket.is_again:
            look(opened, folder)
        if not ticket.has_begun(folder):
            _begin(opened, folder, ticket)


def reckon(folder: JobFolder, options: Options, *, clock: Clock = REAL) -> bool:
    """Take RunPod's own word for how long ended requests ran; whether it has given it of all."""
    with account(options, clock) as opened:
        return _serverless_follow.reckon(opened, folder)


def waits(folder: JobFolder) -> str:
    """Why the job waits, in a sentence; nothing once its worker is at work, or it is over."""
    one = submissions_of(folder).last
    return one.said if one is not None and one.is_open else ""


def lacks(options: Options) -> list[str]:
    """Every key and name that is missing, in words; empty: it is set up."""
    return _serverless_opened.lacks(options)


def place(options: Options) -> str:
    """What people are told where a job runs, and how it gets there."""
    way = f"the volume {options.volume_id}" if options.volume_id else options.repository
    if options.bucket is not None and not options.volume_id:
        way = f"the bucket {options.bucket.name}"
    return f"endpoint {_serverless_opened.endpoint_of(options)} by {way}"


def machine(options: Options) -> dict[str, Any]:
    """What the endpoint's worker offers to training, and its price; nothing is asked of it."""
    return _serverless_account.planned_machine(options)


def check(options: Options, *, mends: bool = True, new_key: bool = False) -> list[Checked]:
    """Keys, endpoint, workers, volume and price, one by one, each with what mends it."""
    return _serverless_account.check(options)


def _put(opened: Account, folder: JobFolder) -> None:
    with pulling(folder):
        put(opened, folder)


def _begin(opened: Account, folder: JobFolder, ticket: Ticket) -> None:
    options = opened.options
    with pulling(folder):
        intend(folder, options, ticket.token, options.unplanned_seconds, 0.0)
        submit(opened, folder, ticket.token)


def _stop(opened: Account, folder: JobFolder, deadline_seconds: float) -> str:
    folder.request_stop()
    if not _wait_for_end(opened, folder, deadline_seconds):
        one = _last(folder)
        if one.id is not None:
            opened.api.cancel(one.id)
        _wait_for_end(opened, folder, 2 * opened.options.grace_seconds + END_SECONDS)
    return _last(folder).how or "stopped"


def _last(folder: JobFolder) -> Submission:
    found = submissions_of(folder).last
    assert found is not None  # who asks has seen one
    return found


def _claimed(opened: Account, folder: JobFolder, last_seq: int) -> Identity:
    """Look until the worker has claimed the folder, or has ended."""
    began: float | None = None
    while True:
        look(opened, folder)
        one = _last(folder)
        beat = beat_of(opened, folder, one)
        has_attempt = any(event.type == "attempt" for event in folder.events(after=last_seq))
        if has_attempt and beat is not None and beat.pid is not None:
            return Identity(beat.pid, beat.started_at or 0.0, beat.host)
        if not one.is_open:
            raise _did_not_start(folder, last_seq)
        if beat is not None or one.status == "IN_PROGRESS":
            began = began if began is not None else time.monotonic()
            if time.monotonic() - began > opened.options.claim_seconds:
                why = f"nothing came for {opened.options.claim_seconds:g} seconds"
                error = f"Job {folder.path.name} did not start: {why}."
                folder.append("failed", error=error, hint=f"hone jobs logs {folder.path.name}")
                _stop(opened, folder, 0.0)
                raise HoneError(error, hint=f"hone jobs logs {folder.path.name}")
        opened.clock.sleep(min(opened.options.look_seconds, 0.2))


def _did_not_start(folder: JobFolder, last_seq: int) -> HoneError:
    tail = folder.log_tail(LOG_TAIL_LINES)
    shown = "\n  ".join([" The end of its log:", *tail]) if tail else ""
    for event in reversed(folder.events(after=last_seq)):
        if event.type == "failed":
            said = event.model_extra or {}
            hint = str(said.get("hint", "")) or f"hone jobs logs {folder.path.name}"
            return HoneError(str(said.get("error", "")) + shown, hint=hint)
    return Conflict(f"Job {folder.path.name} was stopped before it began.", hint="hone jobs list")


def _wait_for_end(opened: Account, folder: JobFolder, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        look(opened, folder)
        if not _last(folder).is_open:
            return True
        if time.monotonic() >= deadline:
            return False
        opened.clock.sleep(min(opened.options.look_seconds, 0.2))
