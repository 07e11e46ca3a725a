"""Answers that somebody else gave: a file with a line for each example.

Needs: JSON Lines of {"id": …, "text": …}, each id once; the ids of what is asked.
Gives: the text of each, and a problem where the file has none.
Source: the layout of predictions/<contender>.jsonl in the folder of an evaluation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.generators._answers import Answer
from hone.workspace.files import explained

SHOWN = 5
MOST_CHARACTERS = 100_000


class Options(BaseModel):
    """Which file."""

    model_config = ConfigDict(extra="forbid")

    file: Path = Field(description='JSON Lines of {"id", "text"}')


LIMITS: tuple[str, ...] = (
    "The file is held in memory.",
    "An answer of more than 100,000 characters is cut off there, and counts as cut off.",
    "An example that the file does not answer counts as answered with nothing.",
)


def read_answers(path: Path) -> dict[str, str]:
    """Id -> text; InvalidInput with every line that cannot be read and every id that is doubled."""
    found: dict[str, str] = {}
    unreadable: list[str] = []
    doubled: dict[str, None] = {}
    with explained("read", path), path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
                name, text = str(fields["id"]), fields["text"]
                if not isinstance(text, str):
                    raise TypeError
            except (ValueError, KeyError, TypeError):
                unreadable.append(f"line {number}")
                continue
            if name in found:
                doubled[name] = None
            # Half of a character can stand in no file.
            found[name] = text.encode(errors="replace").decode()
    problems: list[str] = []
    if unreadable:
        problems.append(f"{_named(unreadable)} hold no id with a text")
    if doubled:
        problems.append(f"{_named([*doubled])} are answered more than once")
    if not found and not problems:
        problems.append("it holds no line")
    if problems:
        raise InvalidInput(
            f"{path.name} cannot be scored: {'; '.join(problems)}.",
            hint='Give one line {"id": "…", "text": "…"} for each example.',
            problems=problems,
        )
    return found


def run(ids: Iterable[str], options: Options) -> Iterator[Answer | None]:
    """The answer to each id in order; None where the file has none."""
    there = read_answers(options.file)
    for name in ids:
        text = there.get(name)
        if text is None:
            yield None
            continue
        yield Answer(text[:MOST_CHARACTERS], is_complete=len(text) <= MOST_CHARACTERS)


def _named(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
