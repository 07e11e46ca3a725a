"""A job on a machine over SSH: put it there, start it, follow it by offsets, bring it home.

The folder there is a copy that only the worker writes; the folder here follows it. What is here of
events.jsonl is always the beginning of what is there, so its length is where to go on reading.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from hone.errors import Conflict, HoneError
from hone.targets._arrival import Place
from hone.targets._ssh import Host
from hone.targets._transfer import Sent, fetch, send
from hone.workspace.file_lock import holding
from hone.workspace.files import explained
from hone.workspace.job_folder import Identity, JobFolder, Seen

FOLLOWED = ("events.jsonl", "worker.log")
LEFT = ("checkpoints", "final", "predictions", "logs")
UNFINISHED = ("checkpoints", "logs")  # worth having of a job that did not end well
SHOWN_BYTES = 64
LOOK_SECONDS = 0.2
GRACE_SECONDS = 5.0
SEEN_SECONDS = 15.0
LOCK_SECONDS = 120.0
LOG_TAIL_LINES = 8
# Parts of an order that may name folders of this machine.
WITH_PATHS = ("base", "adapter", "rewards", "contenders")
OTHER_WEIGHTS = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".gguf", ".onnx")


class Order(NamedTuple):
    """How a worker is started there."""

    command: tuple[str, ...]
    nice: int
    claim_seconds: float
    token: str | None = None  # a start with the token of an earlier one is that one


class Looked(NamedTuple):
    """What one look at the machine said."""

    is_there: bool
    is_alive: bool = False
    exit_code: int | None = None
    identity: Identity | None = None
    has_result: bool = False
    checkpoints: tuple[str, ...] = ()
    token: str | None = None  # of the start that its worker came from


def home_of(folder: JobFolder, root: str) -> str:
    """The job's folder on the machine."""
    return f"{root}/jobs/{folder.path.name}"


async def begin(host: Host, folder: JobFolder, place: Place, order: Order) -> Identity:
    """Put the job there and start it; who works on it, once the worker has claimed it.

    Conflict where a worker has it; HoneError with the end of its log where it never claims.
    """
    home = home_of(folder, place.folder)
    last_seq = _last_seq(folder)
    looked = await host.patiently(lambda: look(host, folder, home))
    if order.token is not None and looked.token == order.token:
        return await _claimed(host, folder, home, (order, last_seq))
    if looked.is_alive:
        raise already_running(folder)
    last_seq = _last_seq(folder)
    await _put_there(host, folder, place, home, has_checkpoints=bool(looked.checkpoints))
    environment = folder.job.spec.get("environment", {})
    chosen = {str(name): str(value) for name, value in environment.items()}
    # The intent first: whoever comes after a kill right here looks at that machine.
    _note(folder, host, Looked(is_there=True))
    started = await host.surely(
        "start",
        {
            "folder": home,
            "token": order.token or secrets.token_hex(8),
            "command": list(order.command),
            "environment": {**chosen, "PYTHONPATH": place.hone},
            "nice": order.nice,
        },
    )
    if not started["is_ours"]:
        raise already_running(folder)
    return await _claimed(host, folder, home, (order, last_seq))


async def put(host: Host, folder: JobFolder, place: Place) -> None:
    """Everything that the job reads is there afterwards; a worker that has it there is left be."""
    home = home_of(folder, place.folder)
    with pulling(folder):
        looked = await host.patiently(lambda: look(host, folder, home))
        if not looked.is_alive:
            await _put_there(host, folder, place, home, has_checkpoints=bool(looked.checkpoints))


def _last_seq(folder: JobFolder) -> int:
    return max((event.seq for event in folder.events()), default=0)


async def _claimed(
    host: Host, folder: JobFolder, home: str, started: tuple[Order, int]
) -> Identity:
    order, last_seq = started
    deadline = time.monotonic() + order.claim_seconds
    while True:
        looked = await host.patiently(lambda: look(host, folder, home))
        _note(folder, host, looked)
        attempts = [one for one in folder.events(after=last_seq) if one.type == "attempt"]
        if attempts and looked.identity is not None:
            return looked.identity
        if not looked.is_alive:
            code = looked.exit_code
            raise did_not_start(folder, last_seq, f"it ended with code {code}")
        if time.monotonic() > deadline:
            await host.surely("end", {"folder": home, "grace_seconds": 0})
            _note(folder, host, await host.patiently(lambda: look(host, folder, home)))
            why = f"nothing came for {order.claim_seconds:g} seconds"
            raise did_not_start(folder, last_seq, why)
        await asyncio.sleep(LOOK_SECONDS)


def did_not_start(folder: JobFolder, last_seq: int, why: str) -> HoneError:
    """The error of a worker that never claimed its folder; the job has failed then."""
    job = folder.path.name
    for event in reversed(folder.events(after=last_seq)):
        if event.type == "failed":
            said = event.model_extra or {}
            hint = str(said.get("hint", "")) or f"hone jobs logs {job}"
            return HoneError(str(said.get("error", why)), hint=hint)
    tail = folder.log_tail(LOG_TAIL_LINES)
    shown = "\n  ".join([" The end of its log:", *tail]) if tail else " Its log is empty."
    error, hint = f"Job {job} did not start: {why}.", f"hone jobs logs {job}"
    folder.append("failed", error=error, hint=hint)
    return HoneError(error + shown, hint=hint)


def already_running(folder: JobFolder) -> Conflict:
    """The refusal of a second worker."""
    job = folder.path.name
    return Conflict(f"Job {job} already has a worker.", hint=f"hone jobs watch {job}")


# There


async def _put_there(
    host: Host, folder: JobFolder, place: Place, home: str, *, has_checkpoints: bool
) -> None:
    """Everything that the job reads: its folder, and the models that its order names."""
    spec = json.loads(folder.job.model_dump_json())
    spec["spec"].pop("cache", None)  # a folder of this machine
    for path, put in paths_in(spec["spec"]):
        put(await _put_model(host, place.folder, path))
    names = [path for path in sorted(folder.inputs.rglob("*")) if path.is_file()]
    if not has_checkpoints:
        # Another machine may have trained them: this one goes on from there.
        names += [path for path in sorted(folder.checkpoints.rglob("*")) if path.is_file()]
    # What was written before, perhaps of another machine, goes on there.
    names += [folder.path / name for name in FOLLOWED if (folder.path / name).exists()]
    files = [Sent.of(path.relative_to(folder.path).as_posix(), path) for path in names]
    with tempfile.TemporaryDirectory() as aside:
        order = Path(aside) / "job.json"
        order.write_text(json.dumps(spec, ensure_ascii=False, indent=1) + "\n", "utf-8")
        await send(host, home, [*files, Sent.of("job.json", order)])


def paths_in(spec: dict[str, Any]) -> list[tuple[Path, Callable[[str], None]]]:
    """The folders that an order names, each with a way to name another one instead."""
    found: list[tuple[Path, Callable[[str], None]]] = []

    def walk(value: Any) -> None:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in list(cast("Sequence[tuple[Any, Any]]", pairs)):
            if isinstance(one, dict | list):
                walk(one)
            elif key in ("path", "adapter") and isinstance(one, str) and Path(one).is_dir():
                found.append((Path(one), lambda text, key=key: value.__setitem__(key, text)))

    walk({name: spec[name] for name in WITH_PATHS if isinstance(spec.get(name), dict | list)})
    if isinstance(spec.get("adapter"), str):
        found.append((Path(spec["adapter"]), lambda text: spec.__setitem__("adapter", text)))
    return found


async def _put_model(host: Host, root: str, path: Path) -> str:
    """A model's folder by its contents: the same one is sent once, whoever names it."""
    files = [
        Sent.of(one.name, one)
        for one in sorted(path.iterdir())
        if one.is_file() and not one.name.startswith(".") and one.suffix not in OTHER_WEIGHTS
    ]
    listed = "".join(f"{one.name} {one.sha256}\n" for one in files)
    place = f"{root}/models/{hashlib.sha256(listed.encode()).hexdigest()[:32]}"
    await send(host, place, files, mark=".complete")
    return place


# Back


async def look(host: Host, folder: JobFolder, home: str) -> Looked:
    """One look: what the worker has written since the last one is here afterwards."""
    order = {"folder": home, "from": {name: _offset(folder.path / name) for name in FOLLOWED}}
    async with host.talk("look", order) as talk:
        answer = await talk.answer()
        if answer.get("is_gone"):
            return Looked(is_there=False)
        for name, (length, is_same) in answer["tails"].items():
            if not is_same and not answer["is_alive"]:
                continue  # here is more than there: an ending that was written here
            if not is_same:
                raise HoneError(
                    f"{name} of {folder.path.name} is not the beginning of the one on "
                    f"{host.address.name}.",
                    hint=f"Move {folder.path / name} away; it comes anew.",
                )
            await _append(talk, folder.path / name, length)
    found = answer["identity"]
    identity = Identity(found["pid"], found["started_at"], found["host"]) if found else None
    looked = Looked(
        is_there=True,
        is_alive=answer["is_alive"],
        exit_code=answer["exit"],
        identity=identity,
        has_result=answer["has_result"],
        checkpoints=tuple(one for one in answer["checkpoints"] if not one.startswith(".")),
        token=answer["process"].get("token"),
    )
    if not looked.is_alive and any(length >= 1 << 22 for length, _ in answer["tails"].values()):
        return await look(host, folder, home)
    return looked


def _offset(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            shown = min(size, SHOWN_BYTES)
            file.seek(size - shown)
            digest = hashlib.sha256(file.read(shown)).hexdigest()
    except FileNotFoundError:
        return {"offset": 0, "shown": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    return {"offset": size, "shown": shown, "sha256": digest}


async def _append(talk: Any, path: Path, length: int) -> None:
    while length > 0:
        block = await talk.read(length)
        with explained("write", path), path.open("ab") as file:
            file.write(block)
        length -= len(block)


async def pull(
    host: Host,
    folder: JobFolder,
    root: str,
    *,
    brings_checkpoints: bool,
    left: Sequence[str] = LEFT,
) -> Looked:
    """Bring here what the job has written, and when it has ended, what it left; result.json last.

    A wish to stop that was written here is told there.
    """
    home = home_of(folder, root)
    with pulling(folder):
        looked = await look(host, folder, home)
        if looked.is_alive:
            if folder.is_stop_requested:
                await host.call("ask", {"folder": home})
            _note(folder, host, looked)
            if brings_checkpoints and set(looked.checkpoints) - _names(folder.checkpoints):
                await fetch(host, home, ["checkpoints"], folder.path)
                drop_old(folder, looked.checkpoints)
            return looked
        if looked.is_there and not folder.has_result:
            _note(folder, host, looked, is_owed=True)
            unfinished = [name for name in left if name in UNFINISHED]
            wanted = (*left, "result.json") if looked.has_result else unfinished
            await fetch(host, home, wanted, folder.path)
            drop_old(folder, looked.checkpoints)
        _note(folder, host, looked)
        return looked


@contextmanager
def pulling(folder: JobFolder) -> Generator[None]:
    """One process at a time follows a job; another one waits for it."""
    with holding(
        folder.path / ".pull.lock",
        within=LOCK_SECONDS,
        refused=f"Another process has been bringing {folder.path.name} here for "
        f"{LOCK_SECONDS:g} seconds.",
        hint=f"hone jobs watch {folder.path.name}",
    ):
        yield


def _note(folder: JobFolder, host: Host, looked: Looked, *, is_owed: bool = False) -> None:
    """Write down what was seen; nothing where it is the same as a moment ago."""
    note = "" if looked.is_there else "its folder there is gone"
    now = Seen(
        time.time(),
        host.address.name,
        looked.is_alive,
        is_owed,
        looked.exit_code,
        note,
        host.python,
    )
    before = folder.seen()
    if before is None or before[1:] != now[1:] or now.at - before.at > SEEN_SECONDS:
        folder.write_seen(now)


def _names(place: Path) -> set[str]:
    return {one.name for one in place.iterdir()} if place.is_dir() else set()


def drop_old(folder: JobFolder, there: Sequence[str]) -> None:
    """What the worker let go of is let go of here too, once the newer checkpoints are here."""
    if not there or not set(there) <= _names(folder.checkpoints):
        return
    for name in _names(folder.checkpoints) - set(there):
        if name.startswith("checkpoint-"):
            shutil.rmtree(folder.checkpoints / name, ignore_errors=True)


async def finish(host: Host, folder: JobFolder, root: str, deadline_seconds: float) -> str:
    """End the worker: by request, then by signal, then by force; says which it took."""
    home = home_of(folder, root)
    looked = await host.patiently(lambda: look(host, folder, home))
    if not looked.is_alive:
        return "not running"
    await host.surely("ask", {"folder": home})
    deadline = time.monotonic() + deadline_seconds
    while time.monotonic() < deadline:
        if not (await host.patiently(lambda: look(host, folder, home))).is_alive:
            return "stopped"
        await asyncio.sleep(LOOK_SECONDS)
    ended = await host.surely("end", {"folder": home, "grace_seconds": GRACE_SECONDS})
    return "stopped" if ended["how"] == "nothing" else str(ended["how"])


async def clear(host: Host, folder: JobFolder, root: str, *, removes: bool) -> None:
    """End what a dead worker left running; with `removes`, delete a finished job's folder there."""
    home = home_of(folder, root)
    looked = await host.patiently(lambda: look(host, folder, home))
    if looked.is_alive:
        raise already_running(folder)
    if not looked.is_there:
        return
    await host.surely("end", {"folder": home, "grace_seconds": GRACE_SECONDS})
    if removes and folder.has_result:
        order: Mapping[str, Any] = {"root": f"{root}/jobs", "name": folder.path.name}
        await host.surely("remove", order)
