"""What a job left away from a worker without a volume, into a bucket that somebody opened for it.

The request holds an address for each object; the worker has no key, and writes none of them down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from hone.errors import HoneError
from hone.records import submission as on_volume
from hone.records.submission import Beat, Grant, Index
from hone.targets._by_address import RESUME, ByAddress
from hone.workspace.files import explained

BLOCK_BYTES = 1 << 20
Part = tuple[Path, int]  # a file, and how much of it counts


class LeavingInBucket:
    """Somebody's bucket, as far as a request lets its worker use it."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant

    def claim(self, ticket: str, request: str) -> str:
        """The request that a ticket belongs to; this one where it belonged to none."""
        name = f"{on_volume.TICKETS}/{ticket}"
        with closing(ByAddress()) as by_address:
            if by_address.put_new(self.grant.puts[name], request.encode()):
                return request
            found = by_address.get(self.grant.gets[name])
        return (found or request.encode()).decode().strip()

    def ended(self, ticket: str) -> Beat | None:
        """The last beat of a worker that has carried this ticket out, or None."""
        with closing(ByAddress()) as by_address:
            found = by_address.get(self.grant.gets[on_volume.BEAT])
        beat = Beat.model_validate_json(found) if found else None
        return beat if beat is not None and beat.ticket == ticket and beat.ending else None

    def bring_out(self, place: Path, job: str) -> None:
        """Everything that the job left is in the bucket afterwards; its last beat comes last."""
        home = place / job
        index = Index.model_validate_json((place / on_volume.INDEX).read_bytes())
        if index.bytes > on_volume.MOST_PIECES * on_volume.MOST_PIECE_BYTES:
            raise HoneError(
                f"What the job left has {index.bytes / 1e9:.0f} GB, more than a bucket takes here.",
                hint="Give the endpoint a network volume: hone targets setup runpod-serverless",
            )
        parts = [(home / one.path, one.bytes) for one in index.files]
        with closing(ByAddress()) as by_address:
            for number, start in enumerate(range(0, index.bytes, index.piece_bytes)):
                end = min(index.bytes, start + index.piece_bytes)
                self._put(by_address, on_volume.piece_of(number), parts, (start, end))
            for path in [home / name for name in on_volume.FOLLOWED if (home / name).exists()]:
                # As long as the beat says: what was written after that is not in its hash.
                size = length_in(place, path.name)
                self._put(by_address, path.name, [(path, size)], (0, size))
            for path in (place / on_volume.INDEX, place / on_volume.BEAT):
                size = path.stat().st_size
                self._put(by_address, path.name, [(path, size)], (0, size))

    def _put(
        self, by_address: ByAddress, name: str, parts: Sequence[Part], span: tuple[int, int]
    ) -> None:
        start, end = span
        by_address.put(self.grant.puts[name], end - start, lambda: stream(parts, start, end))


def length_in(place: Path, name: str) -> int:
    """How long a growing file was at the last beat."""
    said = json.loads((place / on_volume.BEAT).read_bytes())
    return int(said["lengths"].get(name, 0))


def stream(parts: Sequence[Part], start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to before `end` of files that follow one another."""
    begin = 0
    for path, size in parts:
        at, until = max(start, begin), min(end, begin + size)
        if at < until:
            with explained("read", path), path.open("rb") as file:
                file.seek(at - begin)
                while at < until:
                    block = file.read(min(BLOCK_BYTES, until - at))
                    if not block:
                        raise HoneError(f"{path.name} became shorter.", hint=RESUME)
                    at += len(block)
                    yield block
        begin += size
