"""The answers that a worker wrote: `predictions/<contender>.jsonl` in a job's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from hone.workspace.files import explained


class Prediction(NamedTuple):
    """One line: what was answered to an example, or why nothing was."""

    id: str
    text: str
    confidence: float | None = None
    seconds: float = 0.0
    cut_tokens: int = 0
    is_complete: bool = True
    problem: str = ""


class Weighed(NamedTuple):
    """One line about a pair: what a model made of both answers, or why it could not."""

    id: str
    chosen: float = 0.0
    rejected: tuple[float, ...] = ()
    chosen_tokens: int = 1
    rejected_tokens: tuple[int, ...] = ()
    seconds: float = 0.0
    problem: str = ""


class Read(NamedTuple):
    """The answers of a file by example, and how much of it says nothing new."""

    answers: dict[str, Prediction]
    doubled: int = 0
    """Lines about an example that an earlier line is about; the last one stands."""
    unreadable: int = 0
    """Lines that count as not written, such as one that a kill tore."""
    pairs: dict[str, Weighed] | None = None
    """What it put higher, by example, where pairs were asked of it."""


def read_predictions(file: Path) -> Read:
    """All lines of a file; none where there is no file."""
    if not file.is_file():
        return Read({})
    found: dict[str, Prediction] = {}
    readable = unreadable = 0
    with explained("read", file), file.open("rb") as lines:
        for line in lines:
            prediction = _prediction(line)
            if prediction is None:
                unreadable += bool(line.strip())
                continue
            readable += 1
            found[prediction.id] = prediction
    return Read(found, readable - len(found), unreadable)


def read_weighed(file: Path) -> dict[str, Weighed] | None:
    """All whole lines of a file of pairs by example; None where there is no file."""
    if not file.is_file():
        return None
    found: dict[str, Weighed] = {}
    with explained("read", file), file.open("rb") as lines:
        for line in lines:
            weighed = _weighed(line)
            if weighed is not None:
                found[weighed.id] = weighed
    return found


class PredictionFile:
    """A file too large to hold: where each example's line begins is kept, not the line."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._place: dict[str, int] = {}
        place = 0
        with explained("read", file), file.open("rb") as lines:
            for line in lines:
                prediction = _prediction(line)
                if prediction is not None:
                    self._place[prediction.id] = place
                place += len(line)
        self._lines = file.open("rb")

    def get(self, example_id: str) -> Prediction | None:
        """The answer to one example."""
        place = self._place.get(example_id)
        if place is None:
            return None
        self._lines.seek(place)
        return _prediction(self._lines.readline())

    def close(self) -> None:
        """Gives the file back."""
        self._lines.close()


def _prediction(line: bytes) -> Prediction | None:
    try:
        fields = json.loads(line)
        known = {name: fields[name] for name in Prediction._fields if fields.get(name) is not None}
        return Prediction(**known)
    except (ValueError, TypeError, AttributeError):
        return None


def _weighed(line: bytes) -> Weighed | None:
    try:
        fields = json.loads(line)
        if fields.get("problem"):
            return Weighed(str(fields["id"]), problem=str(fields["problem"]))
        return Weighed(
            id=str(fields["id"]),
            chosen=float(fields["chosen"]),
            rejected=tuple(map(float, fields["rejected"])),
            chosen_tokens=int(fields["chosen_tokens"]),
            rejected_tokens=tuple(map(int, fields["rejected_tokens"])),
            seconds=float(fields.get("seconds", 0.0)),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
