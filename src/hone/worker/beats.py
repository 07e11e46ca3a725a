"""What a serverless worker tells beside a job's folder: signs of life, lengths, hashes, an index.

Nobody can log in to such a worker: who follows the job reads `beat.json` on the volume, and by it
what has grown and what is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hone.records.job import Artefact
from hone.records.submission import BEAT, FOLLOWED, INDEX, Beat, Ending, Index
from hone.workspace.files import sha256_of, write_atomically, write_json
from hone.workspace.job_folder import JobFolder

LEFT = ("checkpoints", "final", "predictions", "logs")
RESULT = "result.json"


def beat_in(place: Path) -> Beat | None:
    """The last beat beside a job's folder, or None."""
    try:
        return Beat.model_validate_json((place / BEAT).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


class Beats:
    """The beats of one worker on one request."""

    def __init__(self, place: Path, folder: JobFolder, first: Beat) -> None:
        self.place = place
        self.folder = folder
        self.last = first
        self.has_begun = False
        self.failed: dict[str, Any] = {}
        _, self._offset = folder.read_from(0)  # what came before speaks of earlier attempts
        self._said: dict[str, Any] = {"state": "waiting"}
        self._hashes = {name: hashlib.sha256() for name in FOLLOWED}
        self._known: dict[str, Artefact] = {}
        self._index = Index()

    def beat(self, ending: Ending | None = None) -> Beat:
        """Look at the folder and write down how it stands; with `ending`, for the last time."""
        for name in FOLLOWED:
            self._follow(name)
        self._read_events()
        index = Index(files=self._files(with_all=ending is not None))
        if index != self._index or ending is not None:
            write_json(self.place / INDEX, index.model_dump(mode="json"))
            self._index = index
            self.last.index = sha256_of(self.place / INDEX)
        identity = self.folder.identity()
        if identity is not None and self.has_begun:
            self.last.pid, self.last.started_at, self.last.host = identity
        self.last.seq += 1
        self.last.ending = ending
        write_atomically(self.place / BEAT, self.last.model_dump_json(indent=1) + "\n")
        return self.last

    def progress(self) -> dict[str, Any]:
        """Where the job stands, small enough to be told through the provider."""
        return dict(self._said)

    def _read_events(self) -> None:
        events, self._offset = self.folder.read_from(self._offset)
        for event in events:
            fields = event.model_extra or {}
            if event.type == "attempt":
                self.has_begun = True
                self._said["state"] = "running"
            elif event.type == "progress":
                self._said |= {name: fields.get(name) for name in ("done", "total", "eta_seconds")}
            elif event.type == "metric" and "loss" in (fields.get("values") or {}):
                self._said["loss"] = fields["values"]["loss"]
            elif event.type == "stage":
                self._said["stage"] = fields.get("name")
            elif event.type == "failed":
                self.failed = fields

    def _follow(self, name: str) -> None:
        """The hash of a growing file goes on where it was, so that nothing is read twice."""
        path, length = self.folder.path / name, self.last.lengths.get(name, 0)
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(length)
            while block := file.read(1 << 20):
                self._hashes[name].update(block)
                length += len(block)
        self.last.lengths[name] = length
        self.last.hashes[name] = self._hashes[name].hexdigest()

    def _files(self, *, with_all: bool) -> list[Artefact]:
        """Whole checkpoints while the job runs; everything that it left once it has ended."""
        wanted = LEFT if with_all else ("checkpoints",)
        paths = [path for name in wanted for path in self._inside(name)]
        if with_all and (self.folder.path / RESULT).exists():
            paths.append(self.folder.path / RESULT)
        return [self._hashed(path) for path in paths]

    def _inside(self, name: str) -> list[Path]:
        top = self.folder.path / name
        found = [path for path in sorted(top.rglob("*")) if path.is_file()]
        # What begins with a dot is being written.
        return [
            path
            for path in found
            if not any(part.startswith(".") for part in path.relative_to(top).parts)
        ]

    def _hashed(self, path: Path) -> Artefact:
        name, seen = path.relative_to(self.folder.path).as_posix(), path.stat()
        mark = f"{name} {seen.st_size} {seen.st_mtime_ns}"
        if mark not in self._known:
            self._known[mark] = Artefact(path=name, sha256=sha256_of(path), bytes=seen.st_size)
        return self._known[mark]


def order_for(text: bytes, places: Mapping[str, Callable[[str], str]]) -> Any:
    """A job's order with the folders of this machine: how a name is placed, by what it begins."""

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: placed(one) for key, one in value.items()}
        if isinstance(value, list):
            return [placed(one) for one in value]
        mark = value.partition("/")[0] if isinstance(value, str) else ""
        return places[mark](value) if mark in places else value

    return placed(json.loads(text))
