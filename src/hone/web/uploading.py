"""Takes a streamed body in as a file, without holding it in memory or the loop up."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from contextlib import ExitStack
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from hone.loop import Workspace
from hone.stages import ingest
from hone.stages.ingest import Upload

PIECE_BYTES = 1024 * 1024
WRITING_LANES = 2

_T = TypeVar("_T")


async def take_in(ws: Workspace, name: str, pieces: AsyncIterable[bytes]) -> Upload:
    """Write the pieces of a file aside; where they end too early, nothing is left of it."""
    lanes = CapacityLimiter(WRITING_LANES)

    async def aside(work: Callable[[], _T]) -> _T:
        return await run_sync(work, limiter=lanes)

    with ExitStack() as stack:
        receiving = await aside(lambda: stack.enter_context(ingest.receive(ws, name)))
        waiting = bytearray()
        async for piece in pieces:
            waiting += piece
            if len(waiting) >= PIECE_BYTES:
                whole, waiting = bytes(waiting), bytearray()
                await aside(lambda whole=whole: receiving.write(whole))
        await aside(lambda: receiving.write(bytes(waiting)))
        return await aside(receiving.finish)
