"""Runs a job on a machine of your own, reached by SSH.

Needs: a login by key on a POSIX machine with Python 3.11 to 3.13; missing packages are installed.
Gives: a detached worker that no dropped line can end; its events, log and files come here.
Source: RFC 4251 to 4254 through asyncssh; host keys pinned when first seen, as OpenSSH does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from hone.errors import Conflict
from hone.targets import _pins, _remote_job
from hone.targets._arrival import Wanted, arrive
from hone.targets._check import Checked, describe, examine
from hone.targets._ssh import Address, Cut, Host
from hone.workspace.job_folder import Identity, JobFolder, Ticket
from hone.workspace.targets_config import SshTarget

T = TypeVar("T")
GONE_SECONDS = 600.0
MIND_SECONDS = 1.0
PRICE_PER_HOUR_USD = 0.0
WORKER: tuple[str, ...] = ("-P", "-m", "hone.worker")


class Options(SshTarget):
    """What hone.yaml says of a machine: `targets.ssh`, or one of `targets.hosts`."""


LIMITS: tuple[str, ...] = (
    "The other machine must be POSIX: Linux is tested, macOS is not, native Windows does not work.",
    "Only logins by key work; passwords are never asked for.",
    "A job's events come here while this machine is on; it runs on meanwhile.",
    "Bases are sent from this machine; the other one downloads none.",
    "Where no card is there, torch from the package index still brings CUDA: install a CPU build "
    "there first, and it is used.",
)


def start(
    folder: JobFolder,
    options: Options,
    *,
    command: Sequence[str] | None = None,
    token: str | None = None,
) -> Identity:
    """Bring Hone and the job there and start it; returns once the worker has claimed the folder.

    HoneError with the end of worker.log when it ends, or takes too long, before that; Conflict
    when it has a worker. `command` stands in for the worker in tests. With the `token` of an
    earlier call, the worker that that one started is the one that is waited for.
    """
    _refuse_two_places(folder, options)

    async def work(host: Host) -> Identity:
        place = await arrive(host, _wanted(options))
        words = tuple(command) if command is not None else (place.python, *WORKER)
        order = _remote_job.Order(words, options.nice, options.claim_seconds, token)
        with _remote_job.pulling(folder):
            return await _remote_job.begin(host, folder, place, order)

    return _on(_host(options), work)


def upload(folder: JobFolder, options: Options, *, mind: Callable[[], None] | None = None) -> None:
    """Bring Hone and everything that the job reads there; what is there already is not sent.

    `mind` is called each second meanwhile; what it raises breaks the upload off.
    """
    _refuse_two_places(folder, options)

    async def work(host: Host) -> None:
        place = await arrive(host, _wanted(options))
        await _remote_job.put(host, folder, place)

    _on(_host(options), work if mind is None else lambda host: _minded(work(host), mind))


def begin(
    folder: JobFolder, ticket: Ticket, options: Options, *, command: Sequence[str] | None = None
) -> None:
    """Start the worker for this ticket; called again after a kill, it never starts a second one.

    Errors as `start` has them.
    """
    if ticket.is_again and folder.seen() is not None:
        with follow(folder, options) as pull:
            pull()
    if not ticket.has_begun(folder):
        start(folder, options, command=command, token=ticket.token)


def is_alive(folder: JobFolder, options: Options) -> bool:
    """Whether the worker of this folder runs now; Unavailable where the machine does not answer."""
    if folder.seen() is None:
        return False
    with follow(folder, options) as pull:
        pull()
    return folder.is_alive()


@contextmanager
def follow(
    folder: JobFolder, options: Options, *, left: Sequence[str] = _remote_job.LEFT
) -> Generator[Callable[[], None]]:
    """A line that stays open; each call of what it gives brings here what is new.

    A call waits `look_seconds` since the last one; the one that sees the end brings `left`.
    Unavailable where the machine cannot be reached: the job goes on there, and the next call tries
    anew.
    """
    with asyncio.Runner() as runner:
        host, looked_at = _host(options, folder), 0.0

        def pull() -> None:
            nonlocal looked_at
            rest = looked_at + options.look_seconds - time.monotonic()
            if rest > 0:
                runner.run(asyncio.sleep(rest))
            looked_at = time.monotonic()
            try:
                runner.run(_pull(host, folder, options, left))
            except Cut as cut:
                runner.run(host.__aexit__())
                raise host.unreachable(str(cut)) from cut

        try:
            yield pull
        finally:
            runner.run(host.__aexit__())


def stop(folder: JobFolder, deadline_seconds: float, options: Options) -> str:
    """End the worker: by request, then by signal, then by force; says which it took.

    "stopped" (it wrote a checkpoint and ended), "terminated", "killed", or "not running".
    """
    if folder.seen() is None:
        return "not running"
    folder.request_stop()

    async def work(host: Host) -> str:
        with _remote_job.pulling(folder):
            how = await _remote_job.finish(host, folder, options.folder, deadline_seconds)
        await host.patiently(lambda: _pull(host, folder, options))
        return how

    return _on(_host(options, folder), work)


def release(folder: JobFolder, options: Options) -> None:
    """End what a dead worker left running; a finished job's folder there is deleted."""
    if folder.seen() is None:
        return

    async def work(host: Host) -> None:
        removes = not options.keeps_folder
        await _remote_job.clear(host, folder, options.folder, removes=removes)

    _on(_host(options, folder), work)


def machine(options: Options) -> dict[str, Any]:
    """What the machine offers to training, for a plan; nothing is changed there."""
    return _on(_host(options), lambda host: describe(host, _wanted(options)))


def check(options: Options, *, mends: bool = True, new_key: bool = False) -> list[Checked]:
    """Everything that a job there needs, one by one, each with what mends it.

    With `mends`, Hone and missing packages are brought there. With `new_key`, the pinned key is
    let go of first.
    """
    if new_key:
        _pins.forget(options.host, options.port)
    return _on(_host(options), lambda host: examine(host, _wanted(options), mends=mends))


def on_machine(options: Options, work: Callable[[Host], Awaitable[T]]) -> T:
    """Do something on the machine, on one line; Unavailable where it cannot be reached."""
    return _on(_host(options), work)


async def _pull(
    host: Host, folder: JobFolder, options: Options, left: Sequence[str] = _remote_job.LEFT
) -> None:
    brings = options.brings_checkpoints
    await _remote_job.pull(host, folder, options.folder, brings_checkpoints=brings, left=left)


def _host(options: Options, folder: JobFolder | None = None) -> Host:
    seen = folder.seen() if folder is not None else None
    address = Address(
        options.host,
        options.port,
        options.user,
        options.key,
        options.fingerprint,
        options.connect_seconds,
        options.stall_seconds,
        options.patience_seconds,
        options.setting,
    )
    return Host(address, python=(seen and seen.python) or options.python or "python3")


def _wanted(options: Options) -> Wanted:
    return Wanted(options.folder, options.python, options.index, options.install_seconds)


def _on(host: Host, work: Callable[[Host], Awaitable[T]]) -> T:
    async def whole() -> T:
        async with host:
            try:
                return await work(host)
            except Cut as cut:
                raise host.unreachable(str(cut)) from cut

    with asyncio.Runner() as runner:
        return runner.run(whole())


async def _minded(work: Coroutine[Any, Any, T], mind: Callable[[], None]) -> T:
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=MIND_SECONDS))[0]:
            await asyncio.to_thread(mind)
    finally:
        if task.cancel():
            await asyncio.wait({task})
    return task.result()


def _refuse_two_places(folder: JobFolder, options: Options) -> None:
    """A worker that was alive elsewhere a moment ago may still be."""
    seen = folder.seen()
    name = _host(options).address.name
    if seen is None or not seen.is_alive or seen.host == name:
        return
    if time.time() - seen.at < GONE_SECONDS:
        raise Conflict(
            f"The worker of {folder.path.name} was alive on {seen.host} when last seen, "
            f"{time.time() - seen.at:.0f} seconds ago.",
            hint=f"Stop it there first; a machine that is gone for good may be left after "
            f"{GONE_SECONDS / 60:.0f} minutes.",
        )
