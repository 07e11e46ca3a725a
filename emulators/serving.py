"""Serves an emulator on loopback, in a thread of this process or until it is told to stop."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import uvicorn

from emulators.shell import App, Emulator

START_SECONDS = 20.0
Any_ = TypeVar("Any_", bound=Emulator)


def bound(port: int = 0) -> socket.socket:
    """A socket on 127.0.0.1; port 0 takes a free one."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    # From here on whoever connects waits for the server, in place of being refused.
    listening.listen(128)
    return listening


def server(emulator: Emulator, listening: socket.socket) -> uvicorn.Server:
    """A server for `emulator`, whose `url` is set to where it will answer."""
    emulator.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    # An answer that is lost on purpose is no error of the server.
    logging.getLogger("uvicorn.error").addFilter(_is_real_trouble)
    return uvicorn.Server(
        uvicorn.Config(
            App(emulator),
            log_level="warning",
            access_log=False,
            loop="asyncio",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=1,
        )
    )


@contextmanager
def served(emulator: Any_, port: int = 0) -> Iterator[Any_]:
    """Serve in a thread while the block lasts; afterwards nothing of it lives."""
    listening = bound(port)
    running = server(emulator, listening)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not running.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the emulator did not start")
        time.sleep(0.005)
    try:
        yield emulator
    finally:
        # Closed first: it ends what waits for an answer, so that the server can stop.
        emulator.close()
        running.should_exit = True
        thread.join(START_SECONDS)
        listening.close()


def _is_real_trouble(record: logging.LogRecord) -> bool:
    return "without completing response" not in record.getMessage()
