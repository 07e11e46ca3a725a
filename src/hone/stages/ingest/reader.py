"""Reads one file for an import: `python -m hone.stages.ingest.reader`, started by `ahead`.

It takes a `Reading` from standard input and gives batches of items, as pickles, on standard output.
Both ends are this program, and the pipe is theirs alone; nothing from a file is ever unpickled.
"""

from __future__ import annotations

import os
import pickle
import sys
from itertools import islice

from hone.errors import HoneError, InvalidInput
from hone.stages.ingest.ahead import Ended
from hone.stages.ingest.rows import Reading, read_items
from hone.workspace.store.examples import NewExample

BATCH_ITEMS = 2_000


def main() -> None:
    """Read what is asked for; the answer ends with None, or with the error that ended it."""
    asked: Reading = pickle.load(sys.stdin.buffer)
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library's chatter must not get between
    items = read_items(asked)
    last: Ended | None = None
    try:
        try:
            while batch := list(islice(items, BATCH_ITEMS)):
                # Plain tuples are packed and unpacked three times as fast.
                plain = [tuple(one) if isinstance(one, NewExample) else one for one in batch]
                pickle.dump(plain, pipe, protocol=pickle.HIGHEST_PROTOCOL)
        except HoneError as error:
            problems = error.problems if isinstance(error, InvalidInput) else ()
            last = Ended(type(error).__name__, error.message, error.hint, problems)
        pickle.dump(last, pipe)
        pipe.close()
    except BrokenPipeError:
        os._exit(1)  # the other side has left; closing the pipe would only fail again


if __name__ == "__main__":
    main()
