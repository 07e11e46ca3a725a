"""Scores many pairs in several processes, each with a part of them, and puts the parts together.

A process is `python -m hone.metrics._sharing`: it gets its pairs through a pipe in blocks, holds
one block at a time, and gives its scorers back. No main module is imported again, so a program that
calls this needs no guard. The pipe carries pickles from and to processes of our own alone.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import IO, Any

from pydantic import BaseModel

from hone.metrics._scores import References, Scorer, check_pairs, chunks
from hone.shelf import load

BLOCK_PAIRS = 8192
"""A process holds the texts of so many pairs at once."""
END_SECONDS = 600.0

Wanted = Mapping[str, BaseModel | None]


def score_shared(
    predictions: Sequence[str], references: References, wanted: Wanted, *, processes: int
) -> dict[str, Any]:
    """The scorers of the wanted metrics over all pairs, as one process would have left them.

    Only metrics whose scorer can `absorb` a part; where a process ends badly, RuntimeError.
    """
    check_pairs(predictions, references)
    ends = [len(predictions) * number // processes for number in range(processes + 1)]
    parts = [slice(start, end) for start, end in pairwise(ends) if start < end]
    running = [_Part(predictions, references, wanted, part) for part in parts]
    try:
        whole = {name: _scorer(name, len(predictions), options) for name, options in wanted.items()}
        for one in running:
            for name, scorer in one.result().items():
                whole[name].absorb(scorer, one.place)
        return whole
    finally:
        for one in running:
            one.end()


class _Part:
    """A process with its pairs, which a thread hands over as fast as they are taken."""

    def __init__(
        self,
        predictions: Sequence[str],
        references: References,
        wanted: Wanted,
        place: slice,
    ) -> None:
        self.place = place
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "hone.metrics._sharing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._feeder = threading.Thread(
            target=self._feed, args=(predictions, references, dict(wanted)), daemon=True
        )
        self._feeder.start()

    def _feed(
        self, predictions: Sequence[str], references: References, wanted: dict[str, Any]
    ) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            with pipe:
                pickle.dump((wanted, self.place.stop - self.place.start), pipe)
                for start in range(self.place.start, self.place.stop, BLOCK_PAIRS):
                    end = min(start + BLOCK_PAIRS, self.place.stop)
                    pickle.dump((list(predictions[start:end]), list(references[start:end])), pipe)
        except BrokenPipeError:
            pass  # it ended; what it says, or does not say, is looked at in result()

    def result(self) -> dict[str, Any]:
        """Its scorers, once it has seen all its pairs."""
        assert self._process.stdout is not None
        try:
            found: dict[str, Any] = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            code = self._process.wait(END_SECONDS)
            raise RuntimeError(f"a process that scored pairs ended with code {code}") from error
        return found

    def end(self) -> None:
        """Leave nothing running."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(END_SECONDS)
        self._feeder.join()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _scorer(name: str, amount: int, options: BaseModel | None) -> Any:
    module = load("metrics", name)
    return module.Scorer(amount, options or module.Options())


def _blocks(pipe: IO[bytes]) -> Iterator[tuple[list[str], References]]:
    while True:
        try:
            yield pickle.load(pipe)
        except EOFError:
            return


def main() -> None:
    """Score the blocks that come, then give the scorers back."""
    wanted, amount = pickle.load(sys.stdin.buffer)
    whole = {name: _scorer(name, amount, options) for name, options in wanted.items()}
    first = 0
    for predictions, references in _blocks(sys.stdin.buffer):
        place = slice(first, first + len(predictions))
        parts = {name: _scorer(name, len(predictions), options) for name, options in wanted.items()}
        scorers: list[Scorer] = list(parts.values())
        for chunk in chunks(predictions, references):
            for scorer in scorers:
                scorer.add(chunk)
        for name, part in parts.items():
            whole[name].absorb(part, place)
        first = place.stop
    pickle.dump(whole, sys.stdout.buffer)


if __name__ == "__main__":
    main()
