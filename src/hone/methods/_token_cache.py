"""Rows that were tokenised before: kept in the workspace under what they were made of.

A file's name is the hash of everything that decides its content: the rows' file, template and
tokenizer, and how the method reads them. It fits or is not found, so nothing here can be stale.
What is kept is bounded; the files that were not used for longest go first.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import HoneError
from hone.workspace.files import explained, sha256_of
from hone.workspace.job_folder import JobFolder

VERSION = 1
"""Rises when the same rows are read as other ids, or the files are laid out otherwise."""
MOST_BYTES = 1024**3
"""All files together; a split that would need more than all of it is not kept."""

KINDS: dict[type, str] = {bool: "?", int: "<i4", float: "<f8"}


class Tokenised(NamedTuple):
    """What came of a split: the rows that can be learned, and what is told of the others."""

    rows: list[dict[str, Any]]
    reasons: list[str]
    shortened: int


class Key(NamedTuple):
    """Where a split would be kept."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """The file, whether it is there or not."""
        return self.folder / f"{self.name}.npz"


def key_of(folder: JobFolder, split: str, how: Sequence[Any]) -> Key | None:
    """None where nothing is kept: no workspace on this machine, or no such split.

    `how` is what decides the ids beside the rows: the reader, the renderer, its limits.
    """
    given = folder.job.spec.get("cache")
    rows = folder.inputs / f"{split}.jsonl"
    if not given or not Path(given).parent.is_dir() or not rows.is_file():
        return None
    with explained("read", rows):
        state = json.dumps([VERSION, version("tokenizers"), sha256_of(rows), *how])
    return Key(Path(given) / "tokens", hashlib.sha256(state.encode()).hexdigest()[:40])


def kept_or_made(
    folder: JobFolder, split: str, how: Sequence[Any], make: Callable[[], Tokenised]
) -> Tokenised:
    """From the cache where it is there, else made and kept; events say which."""
    key = key_of(folder, split, how)
    if key is None:
        return make()
    found = _read(key.path)
    if found is not None:
        text = f"{split}: {len(found.rows):,} rows taken as they were tokenised before"
        folder.append("log", level="info", text=f"{text} ({key.path.name}).")
        return found
    made = make()
    if made.rows:
        try:
            _write(key, made)
        except HoneError as error:
            text = f"The tokens of {split} are not kept: {error.message}"
            folder.append("log", level="warning", text=text)
    return made


def _read(path: Path) -> Tokenised | None:
    import numpy as np

    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            facts = json.loads(file["facts"].tobytes())
            columns = {
                name: _split(file[name], file[f"{name}.ends"] if is_list else None)
                for name, is_list in facts["columns"].items()
            }
        # When it was used last is what decides how long it stays.
        os.utime(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        # Damaged or of another kind: made anew, and written over.
        return None
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return Tokenised(rows, facts["reasons"], facts["shortened"])


def _split(values: Any, ends: Any) -> list[Any]:
    whole: list[Any] = values.tolist()
    if ends is None:
        return whole
    found, begin = list[Any](), 0
    for end in ends.tolist():
        found.append(whole[begin:end])
        begin = end
    return found


def _write(key: Key, made: Tokenised) -> None:
    import numpy as np

    arrays: dict[str, Any] = {}
    columns: dict[str, bool] = {}
    for name, first in made.rows[0].items():
        values = [row[name] for row in made.rows]
        columns[name] = isinstance(first, list)
        if columns[name]:
            arrays[f"{name}.ends"] = np.cumsum([len(one) for one in values])
            values = [one for row in values for one in row]
        arrays[name] = np.array(values, KINDS[type(values[0])])
    facts = {"columns": columns, "reasons": made.reasons, "shortened": made.shortened}
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    if sum(one.nbytes for one in arrays.values()) > MOST_BYTES:
        return
    with explained("write", key.folder):
        key.folder.mkdir(parents=True, exist_ok=True)
        ignored = key.folder.parent / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        aside = key.folder / f".{key.name}.{os.getpid()}.npz"
        try:
            np.savez(aside, **arrays)
            aside.replace(key.path)
        finally:
            aside.unlink(missing_ok=True)
    make_room(key.folder)


def make_room(folder: Path, most_bytes: int = MOST_BYTES) -> None:
    """Delete what was not used for longest until the rest is small enough."""
    files: list[tuple[float, int, Path]] = []
    for path in folder.glob("*.npz"):
        # Another worker may do the same at this moment.
        with suppress(FileNotFoundError):
            state = path.stat()
            files.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= most_bytes:
            return
        path.unlink(missing_ok=True)
        total -= size
