"""Answers by search alone: the accepted answer of the likest example, word for word.

Needs: a file of known examples with their answers, and the texts that are asked.
Gives: one answer per text, in order, of the known example that shares most pieces with it.
Source: Fix and Hodges 1951, "Discriminatory Analysis" (nearest neighbour), by the likeness of the
check `near_duplicate`: Jaccard similarity of pieces of five characters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hone import shelf
from hone.generators._answers import Answer
from hone.workspace.files import explained

AT_ONCE = 1_000


class Options(BaseModel):
    """What is known."""

    model_config = ConfigDict(extra="forbid")

    file: Path = Field(description='JSON Lines of {"id", "text", "answer"}')


LIMITS: tuple[str, ...] = (
    "It compares letters, not meaning: other words for the same thing are not found.",
    "A text that shares no five characters with a known one gets an empty answer.",
    "The known examples are held in memory, about 60 bytes for each of their characters.",
)


def run(texts: Sequence[str], options: Options) -> Iterator[Answer]:
    """The answer of the likest known example for each text; of equally like ones the first."""
    asked: list[str] = []
    answers: list[str] = []
    with explained("read", options.file), options.file.open(encoding="utf-8") as lines:
        for fields in map(json.loads, lines):
            asked.append(str(fields["text"]))
            answers.append(str(fields["answer"]))
    check = shelf.load("checks", "near_duplicate")
    alike = check.Options()
    for begin in range(0, len(texts), AT_ONCE):
        for found in check.nearest(texts[begin : begin + AT_ONCE], asked, alike, most=1):
            yield Answer(answers[found[0][0]] if found else "")
