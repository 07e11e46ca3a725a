"""Keeps what an import worked on: a copy of the source, and the rows that were refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TextIO

from hone.importers._rows import Refusal
from hone.workspace import clock
from hone.workspace.files import explained, sha256_of, write_json
from hone.workspace.open import Workspace

MOST_COPIED_BYTES = 64 * 1024 * 1024
UPLOADS = "uploads"


class Kept(NamedTuple):
    """A source as `data/raw` knows it: `name` is what examples give as the file they come from."""

    name: str
    sha256: str
    path: Path


def keep_source(ws: Workspace, path: Path, *, may_copy: bool = True) -> Kept:
    """Copy a source into `data/raw`, or a pointer to it where it is large; once per content.

    Of a folder, and of a source whose names are to be hidden (`may_copy`), only a pointer is kept.

    A copy, not a hard link: a person who goes on editing the file would change the link too.
    """
    raw = ws.data_folder("raw")
    path = path.resolve() if path.is_dir() else path
    sha256 = _sha256_of_folder(path) if path.is_dir() else sha256_of(path)
    if path.resolve().parent == raw.resolve():
        return Kept(path.name, sha256, path.resolve())
    # An upload goes away after its import: there is nothing that a pointer could point to.
    is_upload = path.resolve().is_relative_to((ws.data / UPLOADS).resolve())
    is_small = path.is_file() and path.stat().st_size <= MOST_COPIED_BYTES
    is_copied = may_copy and (is_upload or is_small)
    for name in (path.name, f"{path.stem}-{sha256[:8]}{path.suffix}"):
        place = raw / (name if is_copied else f"{name}.pointer.json")
        if not place.exists():
            break
        if _holds(place, sha256, is_copied=is_copied):
            return Kept(name, sha256, place)
    if is_copied:
        _copy(path, place, may_link=is_upload)
    else:
        pointer = {
            # An upload is gone after its import: its name is all there is to point to.
            "path": path.name if is_upload else str(path.resolve()),
            "bytes": sum(file.stat().st_size for file in _files_of(path)),
            "sha256": sha256,
            "imported_at": clock.as_text(clock.now()),
        }
        write_json(place, pointer)
    return Kept(name, sha256, place)


def _files_of(path: Path) -> list[Path]:
    """A file by itself, or all regular files of a folder in order; links are not followed."""
    if path.is_file():
        return [path]
    inside = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    return sorted(file for file in inside if not file.is_symlink() and file.is_file())


def _sha256_of_folder(path: Path) -> str:
    """One hash of the names and contents of all files of a folder."""
    lines = (
        f"{sha256_of(file)}  {file.relative_to(path).as_posix()}\n" for file in _files_of(path)
    )
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _holds(place: Path, sha256: str, *, is_copied: bool) -> bool:
    if is_copied:
        return sha256_of(place) == sha256
    try:
        return json.loads(place.read_text("utf-8")).get("sha256") == sha256
    except (ValueError, AttributeError):
        return False


def _copy(path: Path, place: Path, *, may_link: bool) -> None:
    aside = place.with_name(f".{place.name}.{os.getpid()}.part")
    with explained("write", place):
        if may_link and _link(path, place):
            return
        with path.open("rb") as source, aside.open("wb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
            target.flush()
            os.fsync(target.fileno())
        aside.replace(place)


def _link(path: Path, place: Path) -> bool:
    """Give the file a second name, where the disk can; an upload is nobody else's to change."""
    try:
        place.hardlink_to(path)
    except OSError:
        return False
    return True


class RefusedRows:
    """`data/raw/refused/NAME-SHA.jsonl`: written aside, moved into place at the end."""

    def __init__(self, ws: Workspace, kept: Kept) -> None:
        self._folder = ws.data_folder("raw") / "refused"
        self.path = self._folder / f"{Path(kept.name).stem}-{kept.sha256[:8]}.jsonl"
        self._aside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        self._file = kept.name
        self._stream: TextIO | None = None

    def write(self, refusal: Refusal) -> None:
        """Keep one refused row with its place, the reason and what it held."""
        if self._stream is None:
            with explained("write", self.path):
                self._folder.mkdir(parents=True, exist_ok=True)
                self._stream = self._aside.open("w", encoding="ascii")
        entry: dict[str, Any] = {"file": self._file, "row": refusal.row, "line": refusal.line}
        entry |= {"reason": refusal.reason, "hint": refusal.hint, "content": refusal.content}
        # ASCII: what was refused for a lone surrogate is kept exactly, as an escape.
        self._stream.write(json.dumps(entry, default=str) + "\n")

    def __enter__(self) -> RefusedRows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is None:
            if kind is None:
                # Nothing was refused this time: what an earlier import refused is out of date.
                self.path.unlink(missing_ok=True)
            return
        with explained("write", self.path):
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._aside.replace(self.path)

    @property
    def has_rows(self) -> bool:
        """Whether anything was refused."""
        return self._stream is not None
