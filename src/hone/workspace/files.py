"""Writes that are whole or not there at all, and the sentences for a disk that refuses."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from hone.errors import HoneError

# A registered version's figures change when it is evaluated; the model does not.
NO_PART_OF_THE_MODEL = "metadata.json"

_REFUSALS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("no space is left on the disk", "Free some space, then run the same command."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, then run the same command."),
    errno.EROFS: (
        "the disk is read-only",
        "Copy the workspace to a folder that you can write to.",
    ),
    errno.EACCES: (
        "this user may not write there",
        "Change the owner or the permissions of the folder, or use another one.",
    ),
    errno.EPERM: (
        "this user may not write there",
        "Change the owner or the permissions of the folder, or use another one.",
    ),
    errno.ENOENT: ("there is no such file or folder", "Check the path."),
    errno.ENOTDIR: ("a part of the path is a file", "Choose another path."),
    errno.EISDIR: ("it is a folder", "Name a file."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
}


@contextmanager
def explained(action: str, path: Path) -> Generator[None, None, None]:
    """Turns a refusal of the system into two lines: what failed where, and what to try."""
    try:
        yield
    except OSError as error:
        reason, hint = _REFUSALS.get(
            error.errno or 0, (error.strerror or str(error), "Check the disk and the path.")
        )
        raise HoneError(f"Cannot {action} {path}: {reason}.", hint=hint) from error


def write_atomically(path: Path, content: bytes | str) -> None:
    """Writes beside the file, flushes to the disk, then moves into place.

    A reader sees the old content or the new, never a part of it, also after a power cut.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    with explained("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            _put_in_place(Path(aside), path)
        except BaseException:
            with suppress(OSError):
                Path(aside).unlink()
            raise


@contextmanager
def writing_aside(path: Path) -> Generator[TextIO, None, None]:
    """A text file that is written piece by piece, and stands at `path` once it is whole.

    Where the writing fails, nothing is left of it, and what stood there before stays.
    """
    with explained("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            _put_in_place(Path(aside), path)
        except BaseException:
            with suppress(OSError):
                Path(aside).unlink()
            raise


def write_json(path: Path, value: Any) -> None:
    """Readable JSON: keys in the given order, one space of indent, a newline at the end."""
    write_atomically(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def append_line(path: Path, text: str, *, fsync: bool = True) -> None:
    """Adds one line in one write; with `fsync` it is on the disk when this returns."""
    line = (text.rstrip("\n") + "\n").encode("utf-8")
    with explained("write", path), path.open("ab") as file:
        file.write(line)
        file.flush()
        if fsync:
            os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes, in hexadecimal."""
    with explained("read", path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_in_place(aside: Path, path: Path) -> None:
    # mkstemp makes private files; keep the rights of the file that is replaced.
    aside.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
    aside.replace(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    # The move itself is durable only when the folder is flushed; Windows cannot open a folder.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
