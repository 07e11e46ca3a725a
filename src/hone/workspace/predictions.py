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


def read_predictions(file: Path) -> dict[str, Prediction]:
    """The lines of a file by example; a torn line counts as not written, the last of two stands."""
    if not file.is_file():
        return {}
    found: dict[str, Prediction] = {}
    with explained("read", file), file.open("rb") as lines:
        for line in lines:
            prediction = _prediction(line)
            if prediction is not None:
                found[prediction.id] = prediction
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
