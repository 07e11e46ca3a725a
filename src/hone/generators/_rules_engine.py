"""Applies a rule book to a message, within a time limit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import regex

from hone.generators._rules_file import LIST, Pattern, Rule, RuleBook
from hone.records.task import Task

_SPACES = regex.compile(r"[^\S\n]+")
_FIGURES = regex.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,9})?")
_TRUE, _FALSE = frozenset(["yes", "true", "1"]), frozenset(["no", "false", "0"])

Record = dict[str, Any]


class TookTooLong(Exception):
    """A message used up its time: some pattern is catastrophic for it."""


class Engine:
    """A rule book at work for one task."""

    def __init__(self, book: RuleBook, task: Task) -> None:
        self._book = book
        self._task = task

    def records(self, message: str, seconds: float) -> list[Record]:
        """The records of one message in its order; TookTooLong after `seconds`."""
        clock = _Clock(seconds)
        text = _SPACES.sub(" ", message.replace("\r\n", "\n")).strip()
        for pattern, replacement in self._book.clean:
            text = clock.sub(pattern, replacement, text).strip()
        if any(clock.search(pattern, text) for pattern in self._book.ignore):
            return []
        found = self._shaped(clock, text)
        if found is None:
            found = self._in_parts(clock, text)
        for record in found:
            self._derive(clock, record)
        return [self._ordered(record) for record in found]

    def _derive(self, clock: _Clock, record: Record) -> None:
        """Fill in what follows from another field, where the message did not say it itself."""
        for name, derived in self._book.derive.items():
            known = record.get(derived.source)
            if name in record or not isinstance(known, str):
                continue
            for value, pattern in derived.values:
                if clock.search(pattern, known):
                    record[name] = value
                    break

    def _in_parts(self, clock: _Clock, text: str) -> list[Record]:
        """Each part of the message by itself; what `carry` names holds on where it is missing."""
        found: list[Record] = []
        carried: Record = {}
        for part in _cut(clock, text, self._book.parts, []):
            for record in self._shaped(clock, part) or []:
                for name in self._book.carry:
                    if name in record:
                        carried[name] = record[name]
                    elif name in carried:
                        record[name] = carried[name]
                found.append(record)
        return found

    def _shaped(self, clock: _Clock, text: str) -> list[Record] | None:
        """The records by the first shape that fits the whole text; None where none does."""
        for rule in self._book.shapes:
            match = clock.fullmatch(rule.pattern, text)
            if match is None:
                continue
            shared = self._values(rule, match)
            if LIST not in rule.pattern.groupindex or match[LIST] is None:
                return [shared]
            pieces = self._pieces(clock, match[LIST])
            if pieces is not None:
                return [{**shared, **piece} for piece in pieces]
        return None

    def _pieces(self, clock: _Clock, text: str) -> list[Record] | None:
        """One record per piece; None where a piece fits no rule, so the next shape is tried."""
        found: list[Record] = []
        for piece in _cut(clock, text, self._book.separators, self._book.keep):
            for rule in self._book.pieces:
                match = clock.fullmatch(rule.pattern, piece)
                if match is not None:
                    found.append(self._values(rule, match))
                    break
            else:
                return None
        return found or None

    def _values(self, rule: Rule, match: regex.Match[str]) -> Record:
        found = dict(rule.values)
        for name in rule.pattern.groupindex:
            written = match[name]
            if name == LIST or written is None or not written.strip():
                continue
            value = self._value(name, written.strip())
            if value is not None:
                found[name] = value
        return found

    def _value(self, name: str, written: str) -> Any:
        field = self._task.fields[name]
        folded = written.casefold()
        known = self._book.synonyms.get(name, {})
        if folded in known:
            return known[folded]
        if field.type in ("number", "integer"):
            number = self._number(folded)
            is_fitting = number is not None and (field.type == "number" or number == int(number))
            return number if is_fitting else None
        if field.type == "enum":
            return next((value for value in field.values if value.casefold() == folded), None)
        if field.type == "boolean":
            return True if folded in _TRUE else False if folded in _FALSE else None
        return written

    def _number(self, folded: str) -> float | None:
        """A figure, a number word, or number words one after another: "half a", "two dozen"."""
        if _FIGURES.fullmatch(folded):
            value = float(folded.replace(",", ""))
        else:
            value = 1.0
            for word in folded.split():
                if word in self._book.numbers:
                    value *= self._book.numbers[word]
                elif _FIGURES.fullmatch(word):
                    value *= float(word.replace(",", ""))
                else:
                    return None
        return int(value) if value == int(value) else value

    def _ordered(self, record: Record) -> Record:
        return {name: record[name] for name in self._task.fields if name in record}


class _Clock:
    """Every match gets what is left of the message's time."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        self._left()

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TookTooLong
        return left

    def search(self, pattern: Pattern, text: str, start: int = 0) -> regex.Match[str] | None:
        try:
            return pattern.search(text, start, timeout=self._left())
        except TimeoutError as error:
            raise TookTooLong from error

    def fullmatch(self, pattern: Pattern, text: str) -> regex.Match[str] | None:
        try:
            return pattern.fullmatch(text, timeout=self._left())
        except TimeoutError as error:
            raise TookTooLong from error

    def sub(self, pattern: Pattern, replacement: str, text: str) -> str:
        try:
            return pattern.sub(lambda _: replacement, text, timeout=self._left())
        except TimeoutError as error:
            raise TookTooLong from error


def _cut(clock: _Clock, text: str, separators: list[Pattern], keep: list[Pattern]) -> Iterator[str]:
    """The text between separators, without white space around it; never cut inside `keep`."""
    whole = list(_spans(clock, text, keep))
    cuts: list[tuple[int, int]] = []
    for start, end in _spans(clock, text, separators):
        clock.check()
        if not any(start < stop and begin < end for begin, stop in whole):
            cuts.append((start, end))
    place = 0
    for start, end in [*sorted(cuts, key=_longest_first), (len(text), len(text))]:
        if start >= place and (piece := text[place:start].strip()):
            yield piece
        place = max(place, end)


def _longest_first(cut: tuple[int, int]) -> tuple[int, int]:
    return cut[0], -cut[1]


def _spans(clock: _Clock, text: str, patterns: list[Pattern]) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        start = 0
        while (match := clock.search(pattern, text, start)) is not None:
            if match.end() > match.start():
                yield match.span()
            start = match.end() + (match.end() == match.start())
