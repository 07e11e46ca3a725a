"""Finishes drafts: passages of other examples are drawn beside them, never across a split.

A passage of an example in another split is no distractor anywhere: a model that trains on one
side must not have read what the other side is asked about.
"""

from __future__ import annotations

import hashlib
import json
import random
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

from hone.errors import InvalidInput
from hone.records.dataset import SPLITS
from hone.records.identity import normalised_text
from hone.records.task import Task
from hone.stages.prepare.choose import Entry
from hone.stages.prepare.form import Form
from hone.stages.prepare.rendered import lines_of
from hone.workspace.files import explained

# Some of those that are drawn do not fit; so many more are drawn at once.
SPARE = 4
SHOWN_PROBLEMS = 5
_BIT_OF = {split: 1 << place for place, split in enumerate(SPLITS)}
_IN_FILE = 1 << len(SPLITS)


class Drafts(NamedTuple):
    """The rendered drafts of the chosen entries, and where each of them will stand."""

    entries: Sequence[Entry]
    rows: IO[str]
    split_of: Mapping[str, str]


class Finished(NamedTuple):
    """The entries with the places of their finished rows, and what had to be said about them."""

    entries: list[Entry]
    notes: list[str]


def finish_rows(task: Task, form: Form, drafts: Drafts, target: IO[str], *, seed: int) -> Finished:
    """Write the finished row of every draft; the same drafts and seed give the same rows."""
    options: Any = form.options
    with TemporaryFile(dir=Path(target.name).parent) as texts:
        passages = Passages(texts)
        for entry, text in lines_of(drafts.entries, drafts.rows):
            draft = json.loads(text)
            for passage in (*draft["golden"], *draft["distractors"]):
                passages.add(passage, drafts.split_of[entry.id])
        if options.passages is not None:
            for passage in passages_in(options.passages):
                passages.add(passage)
        pools = {
            split: passages.pool(split, from_examples=options.from_examples) for split in SPLITS
        }
        entries: list[Entry] = []
        done: list[Any] = []
        for line, (entry, text) in enumerate(lines_of(drafts.entries, drafts.rows)):
            dice = random.Random(f"{seed}:{entry.id}")
            pool = pools[drafts.split_of[entry.id]]
            one = form.module.complete(task, json.loads(text), options, dice, pool)
            target.write(json.dumps(one.row, ensure_ascii=False) + "\n")
            entries.append(entry._replace(line=line))
            done.append(one._replace(row=None))
    return Finished(entries, _notes(done, options))


def _notes(done: Sequence[Any], options: Any) -> list[str]:
    bare = sum(not one.has_golden for one in done)
    few = sum(not one.has_all_distractors for one in done)
    mute = sum(one.lacks_quote for one in done)
    said = {
        f"{bare:,} of {len(done):,} rows stand without their golden passages.": bare,
        f"{few:,} rows have fewer than {options.distractors} distractors: "
        "too few other passages stand in their split.": few,
        f"{mute:,} of {len(done):,} answers quote nothing: no sentence of their golden passages "
        f"holds {options.least_share:.0%} of their words.": mute,
    }
    return [sentence for sentence, count in said.items() if count]


class Passages:
    """Every passage once, by split; texts lie in a file, so memory holds their places alone."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        # Hash of the normalised text -> place; and where each of them occurs, as bits.
        self._known: dict[bytes, int] = {}
        self._occurs = bytearray()
        self._begins = array("Q", [0])

    def add(self, text: str, split: str | None = None) -> None:
        """Keep a passage of an example of this split, or one of the file of passages."""
        key = hashlib.blake2b(normalised_text(text).encode(), digest_size=16).digest()
        place = self._known.setdefault(key, len(self._occurs))
        if place == len(self._occurs):
            content = text.encode()
            self._file.write(content)
            self._begins.append(self._begins[-1] + len(content))
            self._occurs.append(0)
        self._occurs[place] |= _IN_FILE if split is None else _BIT_OF[split]

    def pool(self, split: str, *, from_examples: bool) -> PassagePool:
        """What rows of a split may draw: nothing that an example of another split has."""
        own = _BIT_OF[split]
        wanted = _IN_FILE | (own if from_examples else 0)
        others = sum(_BIT_OF.values()) - own
        fitting = (
            place for place, bits in enumerate(self._occurs) if bits & wanted and not bits & others
        )
        return PassagePool(self, array("Q", fitting))

    def text(self, place: int) -> str:
        """The passage at a place."""
        begin, end = self._begins[place], self._begins[place + 1]
        self._file.seek(begin)
        return self._file.read(end - begin).decode()


class PassagePool:
    """The passages of one split."""

    def __init__(self, passages: Passages, places: array[int]) -> None:
        self._passages = passages
        self._places = places

    def draw(self, dice: random.Random, count: int, is_fit: Callable[[str], bool]) -> list[str]:
        """Up to `count` different passages that fit, in an order that the dice decide."""
        found: list[str] = []
        if count <= 0:
            return found
        tried = min(len(self._places), SPARE * (count + SPARE))
        for place in dice.sample(range(len(self._places)), tried):
            text = self._passages.text(self._places[place])
            if is_fit(text):
                found.append(text)
            if len(found) == count:
                break
        return found


def passages_in(file: Path) -> Iterator[str]:
    """The texts of a JSONL file of {"id", "text"}; InvalidInput names every line that is none."""
    problems: list[str] = []
    with explained("read", file), file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            text = _text_in(line)
            if text is None:
                problems.append(f'line {number} is no object with a "text"')
            elif not problems:
                yield text
    if problems:
        shown = "; ".join(problems[:SHOWN_PROBLEMS])
        more = (
            f" and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        )
        raise InvalidInput(
            f"{file} is no file of passages: {shown}{more}.",
            hint='one object per line: {"id": "p1", "text": "…"}',
            problems=problems,
        )


def _text_in(line: bytes) -> str | None:
    try:
        row = json.loads(line)
        text = row["text"]
        text.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return text if text.strip() else None
