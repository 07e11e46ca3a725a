"""Live events: one look at the workspace for all browsers, and a stream to each of them.

Ids rise across restarts, because they begin at the microsecond at which the server started. A
browser that comes back with the id it saw last gets what it missed; where that is no longer
known it is told to look anew (`resync`).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from time import monotonic, time_ns
from typing import Any, NamedTuple

from hone.errors import HoneError

LOOK_SECONDS = 0.4
HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 1000
KEPT_EVENTS = 1000
MOST_WAITING = 500

log = logging.getLogger("hone.web")


class Happened(NamedTuple):
    """Something to tell every browser."""

    event: str
    data: dict[str, Any]


Look = Callable[[], Awaitable[Sequence[Happened]]]


class Hub:
    """Tells every listener what happened; lives in one event loop."""

    def __init__(
        self, look: Look, *, first_id: int | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._look = look
        self._clock = clock
        self._last_id = time_ns() // 1000 if first_id is None else first_id
        self._told: deque[tuple[int, bytes]] = deque(maxlen=KEPT_EVENTS)
        self._listeners: set[_Listener] = set()
        self._nudged = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False
        self._has_failed = False

    @property
    def listeners(self) -> int:
        """How many browsers listen."""
        return len(self._listeners)

    async def run(self) -> None:
        """Look twice a second while anybody listens, and at once after a nudge."""
        self._loop = asyncio.get_running_loop()
        while not self._is_closed:
            if self._listeners:
                await self._look_once()
            try:
                pause = LOOK_SECONDS if self._listeners else None
                await asyncio.wait_for(self._nudged.wait(), pause)
            except TimeoutError:
                continue
            self._nudged.clear()

    def nudge(self) -> None:
        """Look soon: something was just changed here. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._nudged.set)

    def close(self) -> None:
        """End every stream and the looking. From any thread, and from a signal."""
        self._is_closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    def publish(self, happened: Happened) -> None:
        """Tell all listeners; call it in the loop."""
        self._last_id += 1
        told = encode(happened, self._last_id)
        self._told.append((self._last_id, told))
        for listener in self._listeners:
            listener.tell(told, self._last_id)

    async def listen(
        self,
        last_id: str | None = None,
        is_welcome: Callable[[], Awaitable[bool]] | None = None,
    ) -> AsyncGenerator[bytes]:
        """The stream of one browser: what it missed, then what happens; ends when it must."""
        listener = _Listener()
        # From here on nothing is missed: what happens before the first pieces are sent waits.
        self._listeners.add(listener)
        missed = self._missed(last_id)
        ready = Happened("ready", {"is_continued": last_id is not None and missed is not None})
        begin = b"retry: %d\n\n" % RETRY_MILLISECONDS + encode(ready, self._last_id)
        try:
            self.nudge()
            for told in missed or ():
                yield told
            yield begin
            if missed is None:
                yield encode(Happened("resync", {}), self._last_id)
            asked_at = self._clock()
            while not self._is_closed:
                told = await listener.next(HEARTBEAT_SECONDS)
                if told is None:
                    return
                # Also where something happens all the time: who was removed hears no more of it.
                is_due = not told or self._clock() - asked_at >= HEARTBEAT_SECONDS
                if is_welcome is not None and is_due:
                    asked_at = self._clock()
                    if not await is_welcome():
                        return
                yield told or b": still here\n\n"
        finally:
            self._listeners.discard(listener)

    async def _look_once(self) -> None:
        try:
            happened = await self._look()
        except HoneError as error:
            log.warning("%s", error.message)
            self._has_failed = True
            return
        except Exception as error:
            log.error("looking at the workspace failed", exc_info=error)
            self._has_failed = True
            return
        if self._has_failed:
            # What the failed look would have told is not known.
            self._has_failed = False
            happened = [*happened, Happened("resync", {})]
        for one in happened:
            self.publish(one)

    def _missed(self, last_id: str | None) -> list[bytes] | None:
        """What was told after an id; None where that is not known any more."""
        if last_id is None:
            return []
        if not last_id.isdecimal() or len(last_id) > 20:
            return None
        seen = int(last_id)
        if seen == self._last_id:
            return []
        if seen > self._last_id or not self._told or seen < self._told[0][0] - 1:
            return None
        return [told for id, told in self._told if id > seen]

    def _end_all(self) -> None:
        self._nudged.set()
        for listener in self._listeners:
            listener.end()


class _Listener:
    """What waits to be sent to one browser; a slow one is told to look anew instead."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._has_ended = False
        self._rung = asyncio.Event()

    def tell(self, told: bytes, id: int) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            told = encode(Happened("resync", {}), id)
        self._waiting.append(told)
        self._rung.set()

    def end(self) -> None:
        self._has_ended = True
        self._rung.set()

    async def next(self, seconds: float) -> bytes | None:
        """The next piece; empty after so many seconds of silence, None at the end."""
        while not self._waiting:
            if self._has_ended:
                return None
            self._rung.clear()
            try:
                await asyncio.wait_for(self._rung.wait(), seconds)
            except TimeoutError:
                return b""
        return self._waiting.popleft()


def encode(happened: Happened, id: int) -> bytes:
    """An event as it goes over the wire; JSON holds no line breaks."""
    data = json.dumps(happened.data, ensure_ascii=False, separators=(",", ":"), default=str)
    return f"id: {id}\nevent: {happened.event}\ndata: {data}\n\n".encode()
