"""A window over JSON text: decodes one value at a time, bounded in size and depth.

Python's own decoder is run on a growing window, so a text of any size needs the memory of its
largest record. ijson would do the same; it is left out because it brings a C extension for what
the standard decoder does faster on records of usual size.
"""

from __future__ import annotations

import json
import re
from typing import Any, TextIO

from hone.importers._rows import KEPT_CHARACTERS, MAX_DEPTH, MAX_ROW_CHARACTERS

CHUNK_CHARACTERS = 64 * 1024
_SPACE = re.compile(r"[ \t\n\r]*")
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_NUMBER = re.compile(r"[-+.0-9eE]*")
_MARK = re.compile(r'["\\\[\]{}]')


class NotJson(Exception):
    """The text stops being JSON at a line."""


class TooDeep(Exception):
    """A record is nested deeper than allowed."""


class TooLarge(Exception):
    """A record is larger than allowed."""


def _reject_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


DECODER = json.JSONDecoder(parse_constant=_reject_constant)


def reason_of(error: ValueError) -> str:
    """Why a text is not JSON."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (character {error.colno})"
    return str(error)


def check_depth(text: str) -> None:
    """Raise TooDeep where a value is nested deeper than allowed."""
    # Counting is cheap and settles nearly every record; only the others are walked.
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRUCTURE.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise TooDeep
        elif mark in "]}":
            depth -= 1


class Window:
    """A moving piece of a stream that JSON values are decoded from."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.text = ""
        self.at = 0
        self.line = 1
        self.read = 0
        self.is_ended = False

    def peek(self) -> str:
        """The next character that is not space; empty at the end."""
        while True:
            match = _SPACE.match(self.text, self.at)
            self._move(match.end() if match else self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._grow():
                return ""

    def second(self) -> str:
        """The character after the next one, spaces left out: what an array begins with."""
        while True:
            match = _SPACE.match(self.text, self.at + 1)
            end = match.end() if match else self.at + 1
            if end < len(self.text):
                return self.text[end]
            if not self._grow():
                return ""

    def take(self, allowed: str) -> str:
        """Step over one of the allowed characters."""
        found = self.peek()
        if not found or found not in allowed:
            wanted = " or ".join(f'"{character}"' for character in allowed)
            raise NotJson(f"{wanted} is expected, found {found!r}" if found else "the text ends")
        self._move(self.at + 1)
        return found

    def value(self) -> Any:
        """Decode the value that begins here."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except RecursionError as error:
                raise TooDeep from error
            except ValueError as error:
                # Cut short or wrong? A fault far from the end of the window is a fault.
                is_cut = not self.is_ended and _may_be_cut(error, len(self.text))
                if not is_cut:
                    raise NotJson(reason_of(error)) from error
            else:
                if end - self.at > MAX_ROW_CHARACTERS:
                    raise TooLarge
                if self.is_ended or not self._may_go_on(value, end):
                    check_depth(self.text[self.at : end])
                    self._move(end)
                    return value
            if len(self.text) - self.at >= MAX_ROW_CHARACTERS:
                raise TooLarge
            self._grow()

    def _may_go_on(self, value: Any, end: int) -> bool:
        """Whether a number at the edge of the window may be the beginning of a longer one."""
        if not isinstance(value, (int, float)):
            return False
        match = _NUMBER.match(self.text, end)
        return match is not None and match.end() == len(self.text)

    def skip(self) -> str:
        """Step over a value without decoding it; gives its beginning."""
        kept = self.text[self.at : self.at + KEPT_CHARACTERS]
        depth, in_string = 0, False
        while True:
            match = _MARK.search(self.text, self.at)
            if match is None or (match[0] == "\\" and match.end() >= len(self.text)):
                self._move(len(self.text) if match is None else match.start())
                if not self._grow():
                    raise NotJson("the text ends inside a record")
                continue
            mark = match[0]
            self._move(match.end() + (mark == "\\"))
            if mark == '"':
                in_string = not in_string
            elif not in_string and mark in "[{":
                depth += 1
            elif not in_string and mark in "]}":
                depth -= 1
            if depth == 0 and not in_string:
                return kept

    def rest(self) -> str:
        """The beginning of what was not read."""
        return self.text[self.at : self.at + KEPT_CHARACTERS]

    def _grow(self) -> bool:
        # Doubling keeps the work of decoding a long record again and again linear.
        chunk = self.stream.read(max(CHUNK_CHARACTERS, len(self.text) - self.at))
        if not chunk:
            self.is_ended = True
            return False
        self.text = self.text[self.at :] + chunk
        self.at = 0
        return True

    def _move(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.read += to - self.at
        self.at = to


def _may_be_cut(error: ValueError, length: int) -> bool:
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= length - 16


def looks_like_lines(head: bytes) -> bool:
    """Whether the first line of a file is a whole value and another one begins after it."""
    first, newline, rest = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    if not newline or rest.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True
