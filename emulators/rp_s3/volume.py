"""One network volume: files under a folder, seen as objects; no HTTP."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from emulators.rp_s3.signing import refuse

UPLOADS = ".s3compat_uploads"
MOST_BYTES = 500_000_000

FAULTS: dict[str, str] = {
    "bad_gateway": "502 as the gateway gives it (`method`, `path`); nothing is done.",
    "repeat_token": "A listing gives the same continuation token twice.",
    "access_denied": "403 AccessDenied though the key is right, once in a while.",
    "get_cut": "A download ends after `bytes` with status 200.",
    "get_corrupt": "One byte of a download is wrong.",
    "volume_full": "The volume takes no more data.",
}


class Entry(NamedTuple):
    """An object in a listing; an empty folder is one of size 0 whose key ends in a slash."""

    key: str
    size: int
    modified: float
    etag: str


@dataclass
class Volume:
    """The folder of a bucket. `most_bytes` bounds one upload or part."""

    root: Path
    most_bytes: int = MOST_BYTES
    # Path -> (modified, size, etag): of multipart uploads the etag is no MD5 of the whole.
    etags: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def path(self, key: str) -> Path:
        """Where a key lies; refused when it leads out of the volume."""
        parts = key.split("/")
        if "\0" in key or ".." in parts or key.startswith("/") or UPLOADS in parts[:1]:
            raise refuse(400, "InvalidArgument", "The key is not valid.")
        return self.root / key

    def existing(self, key: str) -> Path:
        """A file or folder that is there; NoSuchKey else."""
        path = self.path(key)
        if not path.exists() or (path.is_dir() != key.endswith("/")):
            raise refuse(404, "NoSuchKey", "The specified key does not exist.")
        return path

    def put(self, key: str, body: bytes) -> str:
        """Write aside and move into place; gives the etag."""
        if len(body) > self.most_bytes:
            raise refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum size.")
        path = self.path(key)
        if key.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            return hashlib.md5(b"").hexdigest()
        self._write(path, [body])
        return self._remember(path, hashlib.md5(body).hexdigest())

    def _write(self, path: Path, pieces: list[bytes]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{uuid4().hex}")
        with aside.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        aside.replace(path)

    def _remember(self, path: Path, etag: str) -> str:
        seen = path.stat()
        self.etags[str(path)] = (seen.st_mtime_ns, seen.st_size, etag)
        return etag

    def etag(self, path: Path) -> str:
        """As remembered, else the MD5, computed now."""
        seen = path.stat()
        known = self.etags.get(str(path))
        if known and known[:2] == (seen.st_mtime_ns, seen.st_size):
            return known[2]
        return self._remember(path, hashlib.md5(path.read_bytes()).hexdigest())

    def entry(self, key: str) -> Entry:
        """One object."""
        path = self.existing(key)
        seen = path.stat()
        if path.is_dir():
            return Entry(key, 0, seen.st_mtime, hashlib.md5(b"").hexdigest())
        return Entry(key, seen.st_size, seen.st_mtime, self.etag(path))

    def delete(self, key: str) -> None:
        """Gone, or was not there; a folder only when it is empty."""
        path = self.path(key)
        if path.is_dir():
            if key.endswith("/") and not any(path.iterdir()):
                path.rmdir()
            return
        path.unlink(missing_ok=True)

    def copy(self, source: str, key: str) -> Entry:
        """A second file with the same bytes."""
        self.put(key, self.existing(source).read_bytes())
        return self.entry(key)

    def keys(self, prefix: str) -> list[str]:
        """Sorted keys that begin so, empty folders among them."""
        found = []
        for folder, folders, files in os.walk(self.root):
            place = Path(folder)
            if place == self.root and UPLOADS in folders:
                folders.remove(UPLOADS)
            inside = place.relative_to(self.root).as_posix()
            base = "" if inside == "." else f"{inside}/"
            found += [base + name for name in files]
            if base and not folders and not files:
                found.append(base)
        return sorted(key for key in found if key.startswith(prefix))

    def begin(self, key: str) -> str:
        """A multipart upload."""
        self.path(key)
        id = uuid4().hex
        folder = self.root / UPLOADS / id
        folder.mkdir(parents=True)
        (folder / "key").write_text(key)
        return id

    def upload(self, id: str, key: str) -> Path:
        """The folder of an upload that is going on."""
        folder = self.root / UPLOADS / Path(id).name
        if not (folder / "key").exists() or (folder / "key").read_text() != key:
            raise refuse(404, "NoSuchUpload", "The specified upload does not exist.")
        return folder

    def put_part(self, id: str, key: str, number: int, body: bytes) -> str:
        """One part, of any size up to the bound."""
        if len(body) > self.most_bytes:
            raise refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum size.")
        if not 1 <= number <= 10_000:
            raise refuse(400, "InvalidArgument", "Part number must be between 1 and 10000.")
        (self.upload(id, key) / f"{number:05d}").write_bytes(body)
        return hashlib.md5(body).hexdigest()

    def parts(self, id: str, key: str) -> list[tuple[int, int, str]]:
        """(number, size, etag) of the parts that have come."""
        found = []
        for path in sorted(self.upload(id, key).glob("[0-9]*")):
            body = path.read_bytes()
            found.append((int(path.name), len(body), hashlib.md5(body).hexdigest()))
        return found

    def complete(self, id: str, key: str, wanted: list[tuple[int, str]]) -> str:
        """Join the parts that the client names, in order; InvalidPart when one is not as said."""
        folder = self.upload(id, key)
        if [number for number, _ in wanted] != sorted({number for number, _ in wanted}):
            raise refuse(400, "InvalidPartOrder", "The parts are not in ascending order.")
        pieces, sums = [], b""
        for number, etag in wanted:
            path = folder / f"{number:05d}"
            body = path.read_bytes() if path.exists() else b""
            digest = hashlib.md5(body)
            if not path.exists() or digest.hexdigest() != etag.strip('"'):
                raise refuse(400, "InvalidPart", "One or more of the parts could not be found.")
            pieces.append(body)
            sums += digest.digest()
        path = self.path(key)
        self._write(path, pieces)
        shutil.rmtree(folder)
        return self._remember(path, f"{hashlib.md5(sums).hexdigest()}-{len(pieces)}")

    def abort(self, id: str, key: str) -> None:
        """Forget an upload."""
        shutil.rmtree(self.upload(id, key))

    def uploads(self) -> list[tuple[str, str]]:
        """(id, key) of the uploads that are going on."""
        return [
            (path.parent.name, path.read_text())
            for path in sorted((self.root / UPLOADS).glob("*/key"))
        ]
