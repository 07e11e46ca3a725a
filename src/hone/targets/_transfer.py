"""Files to a machine and back: each hashed, each going on where a cut left it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import HoneError
from hone.targets._ssh import Host
from hone.workspace.files import explained, sha256_of

BLOCK = 1 << 18
TRIES = 3
SPARE_BYTES = 1 << 26
PARTS = ".parts"
HASH = re.compile("[0-9a-f]{64}")
HASH_SECONDS = 1800.0  # a machine may have to read every byte first


class Sent(NamedTuple):
    """A file of this machine and its name under the folder there."""

    name: str
    path: Path
    bytes: int
    sha256: str

    @classmethod
    def of(cls, name: str, path: Path) -> Sent:
        """The file as it is now."""
        return cls(name, path, path.stat().st_size, sha256_of(path))


async def send(host: Host, root: str, files: Sequence[Sent], *, mark: str = "") -> None:
    """Put files into a folder there; those that are there already are not sent.

    With `mark`, that file says afterwards that the folder is whole, and next time nothing is
    looked at. HoneError where a file never arrives as it left.
    """
    for _ in range(TRIES):
        if not await host.patiently(lambda: _send_once(host, root, files, mark)):
            return
    raise HoneError(
        f"Files never arrive on {host.address.name} as they were sent.",
        hint="Its disk or its line may be broken; are they changed while they are sent?",
    )


async def _send_once(host: Host, root: str, files: Sequence[Sent], mark: str) -> list[str]:
    """One line's worth; the names that came broken."""
    listed = [{"path": one.name, "bytes": one.bytes, "sha256": one.sha256} for one in files]
    order = {"root": root, "files": listed, "mark": mark, "spare_bytes": SPARE_BYTES}
    async with host.talk("put", order) as talk:
        offsets: dict[str, int] = (await talk.answer(HASH_SECONDS))["offsets"]
        for one in files:
            if one.name in offsets:
                with one.path.open("rb") as file:
                    file.seek(offsets[one.name])
                    left = one.bytes - offsets[one.name]
                    while left > 0 and (block := file.read(min(BLOCK, left))):
                        await talk.send(block)
                        host.moved()
                        left -= len(block)
                if left > 0:
                    raise HoneError(
                        f"{one.path} got shorter while it was sent.",
                        hint="Try again once nothing writes to it any more.",
                    )
        return (await talk.answer(HASH_SECONDS))["bad"]


async def fetch(host: Host, root: str, names: Sequence[str], home: Path) -> None:
    """Bring files and folders under a folder there, in this order; each is whole, or not here.

    A file is put in place only when all before it are: the last one says that the rest is here.
    Files that are here already are not fetched.
    """
    for _ in range(TRIES):
        listed = await host.surely("listing", {"root": root, "names": names}, seconds=HASH_SECONDS)
        files: list[dict[str, Any]] = listed["files"]
        for one in files:
            _refuse_strange(one, names)
        if await host.patiently(lambda files=files: _fetch_once(host, root, files, home)):
            with suppress(OSError):
                (home / PARTS).rmdir()
            return
    raise HoneError(
        f"Files of {host.address.name} never arrive as they are there.",
        hint="Its disk or its line may be broken; are they changed while they are brought?",
    )


def _refuse_strange(one: dict[str, Any], names: Sequence[str]) -> None:
    """The other machine says what comes; it may not say where else that goes."""
    path, digest = str(one["path"]), str(one["sha256"])
    is_asked_for = any(path == name or path.startswith(f"{name}/") for name in names)
    if not is_asked_for or not HASH.fullmatch(digest):
        raise HoneError(
            f"The other machine offers a file that nobody asked for: {path[:200]!r}.",
            hint="Its Python or its Hone may not be what they say; do not use it.",
        )


def is_here(home: Path, one: Mapping[str, Any]) -> bool:
    """Whether a file of this path, length and hash is here already."""
    path = inside(home, str(one["path"]))
    if not path.is_file() or path.stat().st_size != one["bytes"]:
        return False
    return sha256_of(path) == one["sha256"]


async def _fetch_once(host: Host, root: str, files: Iterable[dict[str, Any]], home: Path) -> bool:
    """One line's worth; false where a file came broken, or is there no more: list them anew."""
    parts = home / PARTS
    left = [one for one in files if not is_here(home, one)]
    if not left:
        return True
    with explained("write", parts):
        parts.mkdir(parents=True, exist_ok=True)
        for one in left:
            part = parts / str(one["sha256"])
            size = part.stat().st_size if part.exists() else 0
            one["offset"] = size if size <= one["bytes"] else 0
    async with host.talk("get", {"root": root, "files": left}) as talk:
        if (await talk.answer())["gone"]:
            return False
        for one in left:
            await _receive(talk, parts / str(one["sha256"]), one)
            if not put_in_place(parts / str(one["sha256"]), inside(home, str(one["path"])), one):
                return False
    return True


async def _receive(talk: Any, part: Path, one: dict[str, Any]) -> None:
    with explained("write", part):
        file = part.open("ab")
    with file:
        file.truncate(one["offset"])
        left = one["bytes"] - one["offset"]
        while left > 0:
            block = await talk.read(min(BLOCK, left))
            with explained("write", part):
                file.write(block)
            left -= len(block)
        with explained("write", part):
            file.flush()
            os.fsync(file.fileno())


def put_in_place(part: Path, place: Path, one: Mapping[str, Any]) -> bool:
    """Move what came to where it belongs; false, and it is gone, where it hashes otherwise."""
    if sha256_of(part) != one["sha256"]:
        part.unlink()
        return False
    with explained("write", place):
        place.parent.mkdir(parents=True, exist_ok=True)
        part.replace(place)
    return True


def inside(home: Path, name: str) -> Path:
    """A name that the other machine gave, under the folder; never outside of it."""
    path = Path(os.path.normpath(home / name))
    if Path(name).is_absolute() or not path.is_relative_to(Path(os.path.normpath(home))):
        raise HoneError(
            f"The other machine names a file outside of the job's folder: {name}",
            hint="Its Python or its Hone may not be what they say; do not use it.",
        )
    return path
