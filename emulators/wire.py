"""The network between a client and a machine: a TCP relay that can slow down, cut or go dead."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field

CHUNK_BYTES = 16384


@dataclass
class Wire:
    """Relays connections to `target_port`; connections open later obey the settings of then.

    `cut_after_bytes` breaks the next connection once so much was uploaded through it;
    `bytes_per_second` slows uploads.
    """

    target_port: int
    port: int = 0
    host: str = "127.0.0.1"
    bytes_per_second: float | None = None
    cut_after_bytes: int | None = None
    uploaded: int = 0
    is_listening: bool = False
    _socket: socket.socket | None = None
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def reserve(self) -> None:
        """Take the port, or a free one; connections are refused until `listen`."""
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((self.host, self.port))
        self.port = self._socket.getsockname()[1]

    def listen(self) -> None:
        """Accept connections from now on; called in the loop that relays them."""
        self.is_listening = True
        task = asyncio.get_running_loop().create_task(self._serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(self._relay, sock=self._socket)

    def cut(self) -> int:
        """Break every open connection; says how many."""
        count = len(self._open) // 2
        for writer in list(self._open):
            writer.transport.abort()
        return count

    def close(self) -> None:
        """Accept nothing more and break what is open."""
        if self._server is not None:
            self._server.close()
        if self._socket is not None:
            self._socket.close()
        self.cut()
        for task in self._tasks:
            task.cancel()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        pair = [writer]
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                inner, outer = await asyncio.open_connection("127.0.0.1", self.target_port)
                pair.append(outer)
                self._open.update(pair)
                await asyncio.gather(self._up(reader, outer), _pump(inner, writer))
        finally:
            for one in pair:
                one.transport.abort()
            self._open.difference_update(pair)
            self._tasks.discard(task)

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = 0
        while piece := await reader.read(CHUNK_BYTES):
            sent += len(piece)
            self.uploaded += len(piece)
            if self.bytes_per_second:
                await asyncio.sleep(len(piece) / self.bytes_per_second)
            if self.cut_after_bytes is not None and sent > self.cut_after_bytes:
                self.cut_after_bytes = None
                raise ConnectionResetError("cut")
            writer.write(piece)
            await writer.drain()
        writer.write_eof()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(CHUNK_BYTES):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
