"""Bulk review at size: import, pages in every order, accept 100,000 of 1,000,000, undo, redo.

Run: python benchmarks/bulk.py [--rows 1000000] [--members 100000] [--bytes 240] [--scored]
It prints one line per figure; the budget of the design is 2 s for accept and undo together.
With --scored every row has a score at random, the dearest case for the index by certainty.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import string
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from hone.records.choice import ORDERS, Order, Span
from hone.records.review import Decision
from hone.workspace.store import Filter, NewExample, Store

_T = TypeVar("_T")


def rows(count: int, size: int, *, is_scored: bool = False) -> Iterator[NewExample]:
    """Questions and answers of about `size` bytes together, of made-up words."""
    chance = random.Random(1)
    words = ["".join(chance.choices(string.ascii_lowercase, k=2 + n % 9)) for n in range(30_000)]
    # Rows are cut from a shuffled text, so that making them costs little beside storing them.
    text = " ".join(chance.choices(words, k=300_000))
    for number in range(count):
        start = (number * 7919) % (len(text) - size)
        question, answer = text[start : start + size // 3], text[start + size // 3 : start + size]
        name = hashlib.blake2b(b"%d" % number, digest_size=16).hexdigest()
        yield NewExample(
            id=name,
            task="qa",
            input=f'{{"question":"{question}"}}',
            fingerprint=name[::-1],
            proposal=f'{{"answer":"{answer}"}}',
            proposal_agent="import",
            proposal_score=chance.random() if is_scored else None,
            origin=f'{{"file":"q.csv","row":{number}}}',
            file="q.csv",
            search=f"{question} {answer}",
        )


def timed(what: str, call: Callable[[], _T], *, per: int = 0) -> _T:
    """Calls, and prints what it took."""
    wall, work = time.perf_counter(), time.process_time()
    found = call()
    wall, work = time.perf_counter() - wall, time.process_time() - work
    rate = f"  {per / wall:>12,.0f} rows/s" if per else ""
    print(f"{what:<44}{wall:>9.3f} s wall{work:>9.3f} s cpu{rate}", flush=True)
    return found


def measure(folder: Path, asked: argparse.Namespace) -> None:
    """Fills a store and reviews it."""
    store = Store.open(folder / "hone.db")
    made = partial(rows, asked.rows, asked.bytes, is_scored=asked.scored)
    timed("making the rows", lambda: sum(1 for _ in made()))
    timed("import", lambda: store.examples.add_many(made()), per=asked.rows)
    megabytes = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"on disk {megabytes:,.0f} MB, memory at most {memory:,.0f} MB")
    pending = Filter(status=("pending",))
    middle = asked.rows // 2
    timed("page of 60 in the middle, pending", lambda: store.examples.page(pending, after=middle))
    for order in ORDERS:
        pages(store, pending, order)
    found = Filter(text="qa ab", status=("pending",))
    timed("page of a search", lambda: store.examples.page(found, after=middle))
    wanted = Filter(status=("pending",), first=middle + 1, last=middle + asked.members)
    count = timed("count before asking", lambda: store.journal.count_bulk("accept", wanted))
    journal = store.journal
    accept, undo = timed(
        "accept and undo together",
        lambda: (
            timed("accept", lambda: journal.bulk("b", "accept", wanted, "ann", count)),
            timed("undo", lambda: journal.undo("u", reviewer="ann")),
        ),
    )
    redo = timed("redo", lambda: journal.redo("r", reviewer="ann"))
    assert accept.changed == undo.changed == redo.changed == asked.members
    one = store.examples.page(pending, limit=1).items[0]
    decision = Decision(op_id="d", example_id=one.id, verdict="reject", reviewer="ann")
    timed("one decision, durable", lambda: journal.decide([decision]))
    timed("iterate over the accepted", lambda: count_accepted(store), per=asked.members)
    timed("rebuild from the journal", journal.rebuild)
    store.close()
    timed("open again", lambda: Store.open(folder / "hone.db")).close()


def pages(store: Store, wanted: Filter, order: Order) -> None:
    """The first page of 60, and one around the example in the middle."""
    middle = store.examples.page(wanted, after=store.examples.count(wanted) // 2, limit=1).items[0]
    first, around = Span(order=order), Span(order=order, around=middle.id)
    timed(f"first page, {order}", lambda: store.examples.window(wanted, first))
    timed(f"page in the middle, {order}", lambda: store.examples.window(wanted, around))


def count_accepted(store: Store) -> int:
    """Reads every accepted example as a record."""
    return sum(1 for _ in store.examples.iterate(Filter(status=("accepted",))))


def main() -> None:
    """Reads the options and measures in a folder that is removed afterwards."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--members", type=int, default=100_000)
    options.add_argument("--bytes", type=int, default=240)
    options.add_argument("--scored", action="store_true", help="every suggestion has a score")
    options.add_argument("--folder", type=Path, help="where to work; by default the system's")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        measure(Path(folder), asked)


if __name__ == "__main__":
    main()
