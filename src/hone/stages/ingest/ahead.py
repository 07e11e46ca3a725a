"""Rows of a large file, read and checked by a second process while the first one stores them."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO, Any, NamedTuple, cast

from hone import errors
from hone.errors import HoneError, Unavailable
from hone.importers._rows import Note, Refusal
from hone.stages.ingest.rows import Item, Reading
from hone.workspace.store.examples import NewExample

FEWEST_ROWS = 30_000
"""A second process takes half a second to begin, which fewer rows do not win back."""
BATCHES_AHEAD = 20


class Ended(NamedTuple):
    """The error that ended the reading: its class, sentence, hint and single problems."""

    name: str
    message: str
    hint: str
    problems: Sequence[str]


def is_worth_it(estimated_rows: int) -> bool:
    """Whether reading ahead is quicker: a large file, and a processor to spare."""
    return estimated_rows >= FEWEST_ROWS and (os.cpu_count() or 1) > 1


def read_ahead(asked: Reading) -> Iterator[Item]:
    """`read_items`, in a process of its own: the same items and errors, Unavailable if it dies."""
    # -P: a file of the folder we stand in must not be taken for a library.
    command = [sys.executable, "-P", "-m", "hone.stages.ingest.reader"]
    hand: queue.Queue[Any] = queue.Queue(BATCHES_AHEAD)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdin is not None and reader.stdout is not None
        fetcher = threading.Thread(target=_fetch, args=(reader.stdout, hand), daemon=True)
        fetcher.start()
        try:
            with suppress(BrokenPipeError), reader.stdin:
                pickle.dump(asked, reader.stdin)
            while isinstance(found := hand.get(), list):
                batch = cast("list[tuple[Any, ...] | Refusal | Note]", found)
                for item in batch:
                    # The reader packs rows as plain tuples.
                    yield NewExample._make(item) if type(item) is tuple else cast("Item", item)
        finally:
            reader.kill()
            while fetcher.is_alive():  # who leaves early leaves it with full hands
                with suppress(queue.Empty):
                    hand.get(timeout=0.05)
    if isinstance(found, HoneError):
        raise found


def _fetch(pipe: IO[bytes], hand: queue.Queue[Any]) -> None:
    """Keeps some batches in hand, so that the reader need not wait; the last thing is no list."""
    found: Any = []
    while isinstance(found, list):
        try:
            found = pickle.load(pipe)
        except Exception:  # whatever a torn pickle gives
            found = Unavailable(
                "The process that read the file was ended.",
                hint="Run the same command again: it goes on where this one stood.",
            )
        if isinstance(found, Ended):
            further = {"problems": found.problems} if found.problems else {}
            kind: type[HoneError] = getattr(errors, found.name, HoneError)
            found = kind(found.message, hint=found.hint, **further)
        hand.put(found)
