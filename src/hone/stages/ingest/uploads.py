"""Files that come through the browser: kept aside under their own names until they are imported.

data/uploads/ID/NAME           the file, under its own name; gone when its import is done
order.json     what was asked for, written once
state.json     how far the import is, and who carries it out
cancel         exists while somebody asks to stop
report.json    what came of it, moved into place last
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput, NotFound
from hone.stages.ingest.keep import UPLOADS
from hone.workspace.files import explained
from hone.workspace.open import Workspace

MOST_BYTES = 4 * 1024**3
MOST_NAME_CHARACTERS = 120
BESIDE = frozenset(("order.json", "state.json", "report.json", "cancel"))
_ID = re.compile(r"[0-9a-f]{32}")
# What a file may not be called here: separators, control characters, what Windows refuses.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


class Upload(BaseModel):
    """A file that arrived whole."""

    model_config = ConfigDict(extra="forbid")

    upload: str = Field(description="its id")
    name: str
    bytes: int


@contextmanager
def receive(ws: Workspace, name: str) -> Generator[Receiving]:
    """Takes a file in, piece by piece; it counts once `finish` was called, else it is removed."""
    folder = uploads_folder(ws) / secrets.token_hex(16)
    with explained("make", folder):
        folder.mkdir(parents=True)
    receiving = Receiving(folder, safe_name(name))
    try:
        yield receiving
    finally:
        receiving.close()
        if not receiving.is_whole:
            shutil.rmtree(folder, ignore_errors=True)


class Receiving:
    """A file on its way in."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / name
        self._aside = folder / f".{name}.part"
        self._stream: BinaryIO = self._aside.open("wb")
        self._bytes = 0
        self.is_whole = False

    def write(self, piece: bytes) -> None:
        """Take the next piece; InvalidInput where the file grows too large."""
        self._bytes += len(piece)
        if self._bytes > MOST_BYTES:
            raise InvalidInput(
                f"The file is larger than {MOST_BYTES // 1024**3} GB.",
                hint="hone import FILE reads files of any size.",
            )
        with explained("write", self._path):
            self._stream.write(piece)

    def finish(self) -> Upload:
        """The file is whole."""
        if not self._bytes:
            raise InvalidInput("The file is empty.", hint="Choose another one.")
        with explained("write", self._path):
            self._stream.close()
            self._aside.replace(self._path)
        self.is_whole = True
        return Upload(upload=self._path.parent.name, name=self._path.name, bytes=self._bytes)

    def close(self) -> None:
        """Let the file go."""
        self._stream.close()


def safe_name(name: str) -> str:
    """The name of a file without folders and characters that some system refuses."""
    last = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" .")
    if not last or last in BESIDE:
        last = f"file_{last}" if last else "file"
    stem, dot, suffix = last.rpartition(".")
    if not dot:
        return last[:MOST_NAME_CHARACTERS]
    return f"{stem[: MOST_NAME_CHARACTERS - len(suffix) - 1]}.{suffix[:20]}"


def scratch_folder(ws: Workspace) -> TemporaryDirectory[str]:
    """A folder for a file that goes out: on the workspace's own disk, where it can be written."""
    if ws.store.is_read_only:
        return TemporaryDirectory(prefix="hone-out-")
    with explained("make", uploads_folder(ws)):
        uploads_folder(ws).mkdir(parents=True, exist_ok=True)
        return TemporaryDirectory(prefix="out-", dir=uploads_folder(ws))


def is_id(name: str) -> bool:
    """Whether a folder's name is that of an upload."""
    return _ID.fullmatch(name) is not None


def uploads_folder(ws: Workspace) -> Path:
    """Where uploads lie."""
    return ws.data / UPLOADS


def folder_of(ws: Workspace, upload: str) -> Path:
    """The folder of an upload; NotFound where there is none."""
    folder = uploads_folder(ws) / upload
    if not is_id(upload) or not folder.is_dir():
        raise NotFound("There is no such upload (any more).", hint="Choose the file again.")
    return folder


def file_of(ws: Workspace, upload: str) -> Path:
    """The uploaded file itself; NotFound after it was imported."""
    found = [
        path
        for path in folder_of(ws, upload).iterdir()
        if path.name not in BESIDE and not path.name.startswith(".")
    ]
    if len(found) != 1:
        raise NotFound("This upload was imported already.", hint="Choose the file again.")
    return found[0]
