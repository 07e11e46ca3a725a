"""Checkpoints that are whole or not there: written aside, hashed, verified before they are used.

checkpoints/checkpoint-40/  weights, optimizer.pt, scheduler.pt, rng_state.pth,
                            trainer_state.json, and manifest.json with every file's hash
            best/           the weights with the lowest validation loss so far
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import HoneError
from hone.workspace.files import explained, sha256_of, write_json

MANIFEST = "manifest.json"
SPARE_BYTES = 16 * 1024 * 1024
FULL_BELOW_BYTES = 256 * 1024


class Found(NamedTuple):
    """The checkpoint to go on from, if there is one, and what is wrong with newer ones."""

    path: Path | None
    broken: list[str]


def write(place: Path, write_files: Callable[[Path], None], **facts: Any) -> Path:
    """Make the folder `place` whole: files aside, flushed, hashed, manifest last, moved in.

    `facts` go into the manifest. A kill at any instant leaves the old folder or the new one, or
    a hidden leftover that the next write takes away. What fails leaves nothing: on a full disk
    the room is needed to say so.
    """
    aside = aside_of(place)
    with explained("write the checkpoint", place):
        _clear(aside)
        try:
            aside.mkdir(parents=True)
            _fill(aside, write_files, facts)
        except BaseException as error:
            free = shutil.disk_usage(place.parent).free
            shutil.rmtree(aside, ignore_errors=True)
            if isinstance(error, RuntimeError) and free < FULL_BELOW_BYTES:
                # torch.save says "unexpected pos" or "iostream error" where the disk is full.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            raise
        if place.exists():
            old = place.with_name(f".{place.name}.old")
            _clear(old)
            place.rename(old)
            aside.rename(place)
            _clear(old)
        else:
            aside.rename(place)
        _flush(place.parent)
    return place


def aside_of(place: Path) -> Path:
    """Where the folder is while it is written."""
    return place.with_name(f".{place.name}.partial")


def _fill(aside: Path, write_files: Callable[[Path], None], facts: dict[str, Any]) -> None:
    write_files(aside)
    hashes = {}
    for file in sorted(path for path in aside.rglob("*") if path.is_file()):
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())
        hashes[file.relative_to(aside).as_posix()] = sha256_of(file)
    write_json(aside / MANIFEST, {**facts, "files": hashes})


def check_room(place: Path, bytes_needed: int) -> None:
    """HoneError before anything is written when the disk cannot take so many bytes."""
    free = shutil.disk_usage(place).free
    if free < bytes_needed + SPARE_BYTES:
        raise HoneError(
            f"The disk is full: {bytes_needed / 1e6:,.0f} MB are needed in {place}, "
            f"{free / 1e6:,.0f} MB are free.",
            hint="Free some space, then hone jobs resume; "
            "--set training.keep_checkpoints=1 keeps less.",
        )


def newest_sound(folder: Path) -> Found:
    """The newest checkpoint whose files are what its manifest says; broken ones are passed over."""
    broken: list[str] = []
    for place in reversed(_in_order(folder)):
        problem = problem_of(place)
        if not problem:
            return Found(place, broken)
        broken.append(f"{place.name}: {problem}")
    return Found(None, broken)


def problem_of(place: Path) -> str:
    """What is wrong with a checkpoint, or an empty text."""
    try:
        manifest = json.loads((place / MANIFEST).read_bytes())
        files: dict[str, str] = dict(manifest["files"])
    except FileNotFoundError:
        return "it has no manifest"
    except (ValueError, KeyError, TypeError):
        return "its manifest cannot be read"
    for name, sha256 in files.items():
        path = place / name
        if not path.is_file():
            return f"{name} is missing"
        if sha256_of(path) != sha256:
            return f"{name} is damaged"
    return ""


def facts_of(place: Path) -> dict[str, Any]:
    """What the manifest says beside the hashes."""
    found = dict(json.loads((place / MANIFEST).read_bytes()))
    found.pop("files", None)
    return found


def keep_newest(folder: Path, count: int) -> None:
    """Delete all but the newest `count`; the manifest goes first, so half a deletion shows."""
    for place in _in_order(folder)[:-count]:
        (place / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)


def _in_order(folder: Path) -> list[Path]:
    found = [
        (int(place.name.rpartition("-")[2]), place)
        for place in folder.glob("checkpoint-*")
        if place.name.rpartition("-")[2].isdigit()
    ]
    return [place for _, place in sorted(found)]


def _clear(place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)


def _flush(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
