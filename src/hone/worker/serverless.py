"""A worker of a serverless endpoint: `python -m hone.worker.serverless`, through RunPod's library.

Each request names a job on the volume. It is carried out by `python -m hone.worker FOLDER` in a
process group of its own, as everywhere; this process minds it, tells how it stands, ends it when
the request is cancelled or out of time, and answers with a small manifest. A request may come
twice, to this worker or another one: by its ticket it is known, and only one carries it out.
Secrets come from the endpoint's environment alone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import hone
from hone import settings
from hone.errors import HoneError
from hone.records import submission as on_volume
from hone.records.job import Artefact
from hone.records.submission import PROTOCOL, Beat, Ending, Index, Order
from hone.worker.beats import Beats, beat_in, order_for
from hone.worker.leaving import Leaving, model_at, unpack
from hone.worker.leaving_in_bucket import LeavingInBucket
from hone.workspace.files import explained, sha256_of, write_json
from hone.workspace.job_folder import JobFolder

WORKER: tuple[str, ...] = (sys.executable, "-P", "-m", "hone.worker")
# Marks a worker and what it starts, as on this machine.
MARK = "HONE_JOB_FOLDER"
BEAT_SECONDS, TELL_SECONDS = 1.0, 2.0
MEND = "Build the worker image of this version (docker/README.md) and give it to the endpoint."
Tell = Callable[[dict[str, Any]], None]


def serve(command: Sequence[str] = WORKER) -> None:
    """Take requests until the platform ends this worker; `command` stands in for it in tests."""
    import runpod

    async def handler(job: dict[str, Any]) -> dict[str, Any]:
        def tell(said: dict[str, Any]) -> None:
            runpod.serverless.progress_update(job, said)

        return await carry_out(job, command=command, tell=tell)

    runpod.serverless.start({"handler": handler})


async def carry_out(
    job: dict[str, Any], *, command: Sequence[str] = WORKER, tell: Tell = lambda said: None
) -> dict[str, Any]:
    """One request, from its `input` to the manifest; a dict with `error` where it failed."""
    try:
        order = _order(job.get("input"))
        run = Run(order, str(job["id"]), command, tell)
        other = await run.claim()
        return other if other is not None else await run.work()
    except HoneError as error:
        return {"error": str(error)}


def _order(said: Any) -> Order:
    """The order, if this image can carry it out."""
    asked = said.get("hone", "") if isinstance(said, dict) else ""
    protocol = said.get("protocol") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not asked:
        raise HoneError("This is no request of Hone's: its input names no job.", hint=MEND)
    if protocol != PROTOCOL or _numbers(str(asked)) > _numbers(hone.__version__):
        raise HoneError(
            f"The worker image is out of date: it has Hone {hone.__version__}, and the job was "
            f"sent by {asked}.",
            hint=MEND,
        )
    try:
        return Order.model_validate(said)
    except ValidationError as error:
        raise HoneError(
            f"The request of Hone {asked} does not fit: {error.error_count()} values are wrong.",
            hint=MEND,
        ) from error


def _numbers(version: str) -> tuple[int, ...]:
    found = [part for part in version.split("+")[0].split(".") if part.isdigit()]
    return tuple(int(part) for part in found)


class Run:
    """One request at work."""

    def __init__(self, order: Order, request: str, command: Sequence[str], tell: Tell) -> None:
        self.order = order
        self.request = request
        self.command = tuple(command)
        self.tell = tell
        # Without a volume a job lives and ends on the worker's own disk.
        own = Path(tempfile.gettempdir()) / "hone-requests"
        self.volume = own if order.packed else settings.volume_folder()
        self.leaving = way_home(order)
        self.place = self.volume / on_volume.place_of(order.job)
        self.folder = JobFolder(self.volume / on_volume.folder_of(order.job))
        self.worker = settings.serverless_worker_id()
        self.began = time.monotonic()
        self.seq = 0
        self.told_at, self.told = 0.0, {}

    async def claim(self) -> dict[str, Any] | None:
        """Make the ticket this request's; the answer at once where it is another's, or done."""
        if self.leaving is not None:
            return await asyncio.to_thread(self._claim_away, self.leaving)
        if not self.place.is_dir():
            raise HoneError(
                f"There is no job {self.order.job} under {self.volume}.",
                hint="Is the endpoint's network volume the one of targets.runpod-serverless?",
            )
        owner = self._owner()
        if owner != self.request:
            return self._manifest("duplicate") | {"duplicate_of": owner}
        if (self.place / on_volume.TICKET).read_text("utf-8").strip() != self.order.ticket:
            return self._manifest("overtaken")
        before = beat_in(self.place)
        if before is not None and before.ticket == self.order.ticket:
            before = await self._silence(before)
            if before.ending is not None:
                return self._answer(before)
        return None

    def _claim_away(self, leaving: Leaving | LeavingInBucket) -> dict[str, Any] | None:
        owner = leaving.claim(self.order.ticket, self.request)
        if owner != self.request:
            return self._manifest("duplicate") | {"duplicate_of": owner}
        ended = leaving.ended(self.order.ticket)
        if ended is not None:
            return self._answer(ended)
        unpack(self.order.packed, self.place)
        self.folder.path.mkdir(exist_ok=True)
        return None

    def _owner(self) -> str:
        """The request that the ticket belongs to; this one where it belonged to none."""
        path = self.place / on_volume.TICKETS / self.order.ticket
        with explained("write", path):
            path.parent.mkdir(exist_ok=True)
            try:
                # Made whole and new in one step: of two workers only one can.
                handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                # Empty: who made it died in that very moment, and nothing was begun.
                return path.read_text("utf-8").strip() or self.request
            with os.fdopen(handle, "w") as file:
                file.write(self.request)
                file.flush()
                os.fsync(file.fileno())
        return self.request

    async def _silence(self, before: Beat) -> Beat:
        """Wait until the worker that had this request has ended, or beats no more."""
        still_since = time.monotonic()
        while before.ending is None and time.monotonic() - still_since < self.order.silent_seconds:
            await asyncio.sleep(BEAT_SECONDS)
            now = beat_in(self.place) or before
            if (now.worker, now.seq) != (before.worker, before.seq):
                before, still_since = now, time.monotonic()
        return before

    async def work(self) -> dict[str, Any]:
        """Start the job's worker and mind it until it has ended."""
        await asyncio.to_thread(self._look_at_files)
        await asyncio.to_thread(self._write_order)
        first = Beat(
            ticket=self.order.ticket,
            request=self.request,
            worker=self.worker,
            hone=hone.__version__,
        )
        beats = Beats(self.place, self.folder, first)
        beats.beat()
        try:
            process = await self._start()
        except OSError as error:
            said = f"The worker could not be started: {error}."
            return self._answer(beats.beat(Ending(error=said, hint=MEND)))
        ending = Ending()
        try:
            await self._mind(process, beats, ending)
        except asyncio.CancelledError:
            # A request that is cancelled or timed out at the provider comes like this.
            ending.why = ending.why or "the request was cancelled"
            await self._end(process, beats, ending)
            self._close(process, beats, ending)
            self._bring_out()
            raise
        except HoneError:
            # No sign of life can be given any more (a full volume): it would be paid for unseen.
            await self._end(process, None, ending)
            _signal_group(process.pid, signal.SIGKILL)
            raise
        last = self._close(process, beats, ending)
        await asyncio.to_thread(self._bring_out)
        return self._answer(last)

    def _bring_out(self) -> None:
        if self.leaving is not None:
            self.leaving.bring_out(self.place, self.order.job)

    def _on_volume(self, name: str) -> str:
        return str(self.volume / name.removeprefix(f"{on_volume.VOLUME}/"))

    def _look_at_files(self) -> None:
        if self.order.sent is None:
            return  # it came in the request, whole
        sent = self.volume / self.order.sent.path
        refuse_changed(sent, self.order.sent)
        for one in Index.model_validate_json(sent.read_bytes()).files:
            refuse_changed(self.volume / one.path, one)

    def _write_order(self) -> None:
        text = (self.place / on_volume.ORDER).read_bytes()
        places = {
            on_volume.VOLUME: self._on_volume,
            on_volume.BUNDLED: model_at,
            on_volume.HUB: model_at,
        }
        write_json(self.folder.path / "job.json", order_for(text, places))
        self.folder.clear_stop()

    async def _start(self) -> asyncio.subprocess.Process:
        chosen = self.folder.job.spec.get("environment", {})
        environment = settings.worker_environment({str(k): str(v) for k, v in chosen.items()})
        environment[MARK] = str(self.folder.path)
        with self.folder.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self.command,
                str(self.folder.path),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self.folder.path,
                start_new_session=True,
            )

    async def _mind(
        self, process: asyncio.subprocess.Process, beats: Beats, ending: Ending
    ) -> None:
        """Beat until the process ends; ask it to end when that is wished, or time is over."""
        while process.returncode is None:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(process.wait()), BEAT_SECONDS)
            await asyncio.to_thread(beats.beat)
            if process.returncode is None:
                # RunPod's library sends it by a thread: so late, it could come after the result.
                self._say(beats)
            if self._is_stop_wanted():
                self.folder.request_stop()
            left = self.order.seconds - (time.monotonic() - self.began)
            if process.returncode is None and left <= self.order.grace_seconds:
                ending.why = "its limit of time was reached"
                await self._end(process, beats, ending)

    def _is_stop_wanted(self) -> bool:
        try:
            return (self.place / on_volume.STOP).read_text("utf-8").strip() == self.order.ticket
        except OSError:
            return False

    def _say(self, beats: Beats) -> None:
        """Progress by the provider: it keeps the last only, and may bring it late, hence `seq`."""
        said = beats.progress()
        if said == self.told or time.monotonic() - self.told_at < TELL_SECONDS:
            return
        self.seq += 1
        self.told_at, self.told = time.monotonic(), said
        self.tell({"seq": self.seq, "ticket": self.order.ticket, **said})

    async def _end(
        self, process: asyncio.subprocess.Process, beats: Beats | None, ending: Ending
    ) -> None:
        """SIGTERM asks for a checkpoint and the end; SIGKILL after the grace."""
        for number, how in ((signal.SIGTERM, "terminated"), (signal.SIGKILL, "killed")):
            if process.returncode is not None:
                return
            _signal_group(process.pid, number)
            ending.how = how
            deadline = time.monotonic() + max(self.order.grace_seconds, BEAT_SECONDS)
            while process.returncode is None and time.monotonic() < deadline:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(asyncio.shield(process.wait()), BEAT_SECONDS)
                if beats is not None:
                    await asyncio.to_thread(beats.beat)

    def _close(self, process: asyncio.subprocess.Process, beats: Beats, ending: Ending) -> Beat:
        # What it started must not go on beside the next request.
        _signal_group(process.pid, signal.SIGKILL)
        ending.exit_code, ending.has_result = process.returncode, self.folder.has_result
        if process.returncode == 0 and ending.how:
            ending.how = "stopped"
        ending.seconds = round(time.monotonic() - self.began, 3)
        beats.beat()
        ending.error = str(beats.failed.get("error", ""))
        ending.hint = str(beats.failed.get("hint", ""))
        return beats.beat(ending)

    def _answer(self, beat: Beat) -> dict[str, Any]:
        """The manifest of an ended job; as an error where its worker did not end well."""
        ending = beat.ending
        assert ending is not None
        code = ending.exit_code
        if code == 0 or (ending.how and code is not None):
            state = "succeeded" if ending.has_result else "cancelled"
            return self._manifest(state) | {"index": beat.index, "seconds": ending.seconds}
        said = ending.error or f"The worker ended with code {code}."
        return {"error": f"{said}\n{ending.hint}".strip()}

    def _manifest(self, state: str) -> dict[str, Any]:
        return {
            "hone": hone.__version__,
            "job": self.order.job,
            "ticket": self.order.ticket,
            "state": state,
            "seq": self.seq + 1,
        }


def way_home(order: Order) -> Leaving | LeavingInBucket | None:
    """Where what the job leaves goes; None: it is on the volume already."""
    if order.grant is not None:
        return LeavingInBucket(order.grant)
    return Leaving(order.repository, on_volume.place_of(order.job)) if order.packed else None


def refuse_changed(path: Path, wanted: Artefact) -> None:
    """HoneError where a file is not the one that was sent."""
    if not path.is_file() or sha256_of(path) != wanted.sha256:
        raise HoneError(
            f"{wanted.path} is not on the volume as it was sent.", hint="hone jobs resume JOB"
        )


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


if __name__ == "__main__":
    serve()
