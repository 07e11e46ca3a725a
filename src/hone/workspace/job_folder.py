"""A job's folder: the one place where a worker and its watchers meet, made only of files.

    jobs/ID/job.json       frozen when the job is made, written last: it exists means it is complete
            inputs/        what the job reads
            identity.json  who works on it now: process id, that process's start time, machine
            seen.json      of a job on another machine: what its target saw there last
            events.jsonl   append-only, every line on disk before `append` returns
            stop           exists while somebody asks the worker to stop
            checkpoints/ final/ predictions/   what the job makes
            worker.log     what the worker printed
            result.json    moved into place last: it exists means the job succeeded

Not covered: a folder that two machines share. A worker on another machine lives as its target
saw it last, and where no target has looked it counts as not alive.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import psutil
from filelock import FileLock, Timeout
from pydantic import ValidationError

from hone.errors import Conflict, InvalidInput, NotFound
from hone.records.job import Event, Job, JobState, Result, device_of, state_of
from hone.workspace.files import explained, write_json

# The start time of a process is computed from clock ticks; two readings differ by less than this.
SAME_START_SECONDS = 1.0
MAX_LINE_BYTES = 4 * 1024 * 1024


class Identity(NamedTuple):
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    started_at: float
    host: str

    @classmethod
    def of_this_process(cls) -> Identity:
        """The identity of the calling process."""
        return cls(os.getpid(), psutil.Process().create_time(), socket.gethostname())

    @property
    def is_alive(self) -> bool:
        """Whether exactly this process still runs on this machine."""
        if self.host != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return abs(process.create_time() - self.started_at) < SAME_START_SECONDS
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            # It exists but belongs to somebody else: not a worker of this user.
            return False


class Ticket(NamedTuple):
    """One asking for a job to be carried out, so that a start can be repeated safely."""

    token: str  # no other asking has it
    after_seq: int  # the job's events up to this one are of earlier attempts
    is_again: bool = False  # a start may have been under way when its caller was killed
    environment: Mapping[str, str] = MappingProxyType({})  # of the terminal that asked

    def has_begun(self, folder: JobFolder) -> bool:
        """Whether a worker has claimed the folder since."""
        return any(event.type == "attempt" for event in folder.events(after=self.after_seq))


class Seen(NamedTuple):
    """A job on another machine, as its target saw it last."""

    at: float  # seconds since 1970, by the clock of this machine
    host: str
    is_alive: bool
    is_owed: bool = False  # what it left has not all been brought here
    exit_code: int | None = None  # below 0: ended by that signal
    note: str = ""
    python: str = ""  # by which the target looks there


class Place(NamedTuple):
    """On a device: a file that a worker keeps locked, and one that tells the id of its job."""

    lock: Path
    holder: Path


def device_places(jobs: Path, device: str, count: int) -> list[Place]:
    """The first `count` places on a device, in the order in which they are taken."""
    names = [f".{device}", *(f".{device}-{number}" for number in range(2, count + 1))]
    return [Place(jobs / f"{name}.lock", jobs / f"{name}.holder") for name in names]


class JobFolder:
    """Reads and writes one job's folder; safe to open from any process at any time."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.inputs = self.path / "inputs"
        self.checkpoints = self.path / "checkpoints"
        self.final = self.path / "final"
        self.predictions = self.path / "predictions"
        self.log = self.path / "worker.log"
        self._events = self.path / "events.jsonl"
        self._job: Job | None = None
        self._written_bytes = -1  # length of events.jsonl after our own last append
        self._last_seq = 0
        self._locks: list[FileLock] = []

    @classmethod
    def create(
        cls, path: Path | str, job: Job, *, inputs: Mapping[str, Path | str | bytes] | None = None
    ) -> JobFolder:
        """Make the folder: inputs first, `job.json` last.

        `inputs` maps a name under inputs/ to a file to copy (Path) or the content itself.
        Files are copied, not linked: a job must not change when its source is edited.
        """
        folder = cls(path)
        with explained("write the job folder", folder.path):
            if folder.path.exists():
                raise Conflict(f"{folder.path} already exists.", hint="hone jobs list")
            folder.inputs.mkdir(parents=True)
            for name, source in (inputs or {}).items():
                _put(folder.inputs / name, source)
        write_json(folder.path / "job.json", job.model_dump(mode="json"))
        return folder

    @property
    def job(self) -> Job:
        """The frozen order; NotFound without job.json, InvalidInput when it cannot be read."""
        if self._job is None:
            value = self._read_json("job.json")
            if value is None:
                raise NotFound(
                    f"There is no job in {self.path} (job.json is missing).", hint="hone jobs list"
                )
            try:
                self._job = Job.model_validate(value)
            except ValidationError as error:
                raise self._damaged(
                    "job.json", f"{error.error_count()} values do not fit"
                ) from error
        return self._job

    # Events

    def append(self, type: str, **fields: Any) -> Event:
        """Write one event and return once it is on disk; `seq` rises over all attempts.

        A line that a killed writer left unfinished is closed first, so it never swallows ours.
        """
        self._check_exists()
        with explained("write", self._events), self._events.open("ab") as file:
            end = file.seek(0, os.SEEK_END)
            if end != self._written_bytes:
                self._last_seq = max((e.seq for e in self.events()), default=0)
            event = Event(seq=self._last_seq + 1, at=datetime.now(UTC), type=type, **fields)
            line = event.model_dump_json().encode() + b"\n"
            if end and not self._ends_with_newline(end):
                line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
            self._last_seq, self._written_bytes = event.seq, end + len(line)
        return event

    def events(self, after: int = 0) -> list[Event]:
        """All events with `seq` above `after`; unfinished and damaged lines are left out."""
        return [event for event in self.read_from(0)[0] if event.seq > after]

    def read_from(self, offset: int) -> tuple[list[Event], int]:
        """Events whose lines are complete after the byte `offset`, and where to go on reading."""
        try:
            with self._events.open("rb") as file:
                file.seek(offset)
                block = file.read()
        except FileNotFoundError:
            self._check_exists()
            return [], offset
        except OSError as error:
            raise self._damaged("events.jsonl", str(error)) from error
        complete = block.rfind(b"\n") + 1
        return list(_parse(block[:complete])), offset + complete

    def damaged_lines(self) -> int:
        """How many complete lines of events.jsonl cannot be read (cut off by a kill, or edited)."""
        try:
            lines = [line for line in self._events.read_bytes().split(b"\n")[:-1] if line.strip()]
        except FileNotFoundError:
            return 0
        return len(lines) - len(list(_parse(b"\n".join(lines))))

    # Who works on it

    def claim(self) -> int:
        """Make this process the job's only worker until it ends; returns the attempt's number.

        Takes the job's lock (and for a training a place on its device, spec["device"]), writes
        the identity, then the `attempt` event. Conflict when another worker has it; nothing is
        written then. A busy device ends the attempt with a `failed` event that names the holder.
        The operating system frees both locks when the process ends, however it ends.
        """
        owner = self.identity()
        lock = FileLock(self.path / "worker.lock", thread_local=False)
        try:
            if owner is not None and owner.is_alive and owner.pid != os.getpid():
                raise Timeout(lock.lock_file)
            lock.acquire(timeout=0)
        except Timeout as error:
            who = f" (process {owner.pid})" if owner else ""
            raise Conflict(
                f"Job {self.path.name} already has a worker{who}.",
                hint=f"hone jobs watch {self.path.name}",
            ) from error
        self._locks.append(lock)
        attempt = 1 + sum(event.type == "attempt" for event in self.events())
        if self.job.kind == "train":
            self._claim_device(*device_of(self.job))
        me = Identity.of_this_process()
        write_json(self.path / "identity.json", me._asdict())
        self.append("attempt", number=attempt, pid=me.pid, host=me.host)
        return attempt

    def release(self) -> None:
        """Give the claim back without ending the process; tests and in-process workers use it."""
        (self.path / "identity.json").unlink(missing_ok=True)
        while self._locks:
            self._locks.pop().release()

    def identity(self) -> Identity | None:
        """Who claimed the folder last, or None."""
        try:
            value = json.loads((self.path / "identity.json").read_bytes())
            return Identity(int(value["pid"]), float(value["started_at"]), str(value["host"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def is_alive(self) -> bool:
        """Whether the worker that claimed the folder still runs, or did when it was last seen."""
        seen = self.seen()
        if seen is not None:
            return seen.is_alive
        identity = self.identity()
        return identity is not None and identity.is_alive

    def seen(self) -> Seen | None:
        """What the target saw last of a job on another machine; None for one on this machine."""
        try:
            value = json.loads((self.path / "seen.json").read_bytes())
            return Seen(**{name: value[name] for name in Seen._fields if name in value})
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write_seen(self, seen: Seen) -> None:
        """Write down what the target sees now."""
        self._check_exists()
        write_json(self.path / "seen.json", seen._asdict())

    def state(self) -> JobState:
        """The state that the folder's traces add up to."""
        # Liveness is read before the rest: a worker that ends in between has then already
        # written its last event or result, and is not mistaken for a lost one.
        is_alive = self.is_alive()
        return state_of(self.events(), is_alive=is_alive, has_result=self.has_result)

    # Stop and result

    def request_stop(self) -> None:
        """Ask the worker to write a checkpoint and end as cancelled."""
        self._check_exists()
        with explained("write", self.path / "stop"):
            (self.path / "stop").touch()

    @property
    def is_stop_requested(self) -> bool:
        """Whether somebody asked this job to stop."""
        return (self.path / "stop").exists()

    def clear_stop(self) -> None:
        """Forget a stop request; done before each new attempt."""
        (self.path / "stop").unlink(missing_ok=True)

    @property
    def has_result(self) -> bool:
        """Whether the job succeeded."""
        return (self.path / "result.json").exists()

    def write_result(self, result: Result) -> None:
        """Write `result.json` aside and move it into place: the job has succeeded."""
        self._check_exists()
        write_json(self.path / "result.json", result.model_dump(mode="json"))

    def result(self) -> Result | None:
        """The result, or None while there is none."""
        value = self._read_json("result.json")
        if value is None:
            return None
        try:
            return Result.model_validate(value)
        except ValidationError as error:
            raise self._damaged(
                "result.json", f"{error.error_count()} values do not fit"
            ) from error

    def log_tail(self, lines: int, *, max_bytes: int = 256 * 1024) -> list[str]:
        """The last lines of worker.log, reading at most `max_bytes` from its end."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - max_bytes))
                text = file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return text.splitlines()[-lines:] if lines > 0 else []

    # Inside

    def _claim_device(self, device: str, at_once: int) -> None:
        """A place on a device of a workspace; who holds it stands beside its lock."""
        places = device_places(self.path.parent, device, at_once)
        for place in places:
            lock = FileLock(place.lock, thread_local=False)
            with suppress(Timeout):
                lock.acquire(timeout=0)
                self._locks.append(lock)
                place.holder.write_text(self.path.name + "\n")
                return
        holder = places[0].holder
        other = holder.read_text().strip() if holder.exists() else "another job"
        busy = f"The device {device} is busy with {other}."
        hint = f"hone jobs watch {other}, then hone jobs resume {self.path.name}"
        self.append("failed", error=busy, hint=hint)
        self.release()
        raise Conflict(busy, hint=hint)

    def _ends_with_newline(self, end: int) -> bool:
        with self._events.open("rb") as file:
            file.seek(end - 1)
            return file.read(1) == b"\n"

    def _check_exists(self) -> None:
        if not self.path.is_dir():
            raise NotFound(f"The job folder {self.path} is gone.", hint="hone jobs list")

    def _read_json(self, name: str) -> Any:
        try:
            return json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise self._damaged(name, str(error)) from error

    def _damaged(self, name: str, why: str) -> InvalidInput:
        return InvalidInput(
            f"{self.path / name} cannot be read: {why}.",
            hint=f"Put the file back from a copy, or delete {self.path} and start again.",
        )


def _parse(block: bytes) -> Iterator[Event]:
    for line in block.split(b"\n"):
        if not line.strip() or len(line) > MAX_LINE_BYTES:
            continue
        try:
            yield Event.model_validate_json(line)
        except ValidationError:
            continue


def _put(path: Path, source: Path | str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(source, Path):
        shutil.copyfile(source, path)
    else:
        path.write_bytes(source.encode() if isinstance(source, str) else source)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
