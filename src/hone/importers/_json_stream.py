"""Finds the records in a JSON or JSON Lines text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hone.errors import InvalidInput
from hone.importers._json_window import (
    DECODER,
    NotJson,
    TooDeep,
    TooLarge,
    Window,
    check_depth,
    reason_of,
)
from hone.importers._rows import (
    KEPT_CHARACTERS,
    MAX_DEPTH,
    MAX_ROW_CHARACTERS,
    Note,
    RawRow,
    Refusal,
    Rows,
)
from hone.importers._text import TextForm, open_text, undecodable

MAX_BESIDE_CHARACTERS = 4 * MAX_ROW_CHARACTERS
"""What an object may hold beside its rows, or as one record."""
ROW_KEYS = frozenset(
    "data rows examples items records instances samples entries train validation valid dev test "
    "rasa_nlu_data common_examples".split()
)
NOT_ROWS = frozenset(
    "conversations messages turns utterances choices conversation dialogue dialog history labels "
    "fields replies chosen rejected prompt completion answers entities".split()
)


def json_rows(
    path: Path,
    form: TextForm,
    *,
    rows_key: str | None = None,
    beside: dict[str, Any] | None = None,
) -> Rows:
    """The records of one JSON text: the elements of an array, or those inside an object.

    What an object holds beside its rows is put into `beside` for whoever wants it.
    """
    yield Note(form.note)
    with open_text(path, form) as stream:
        window = Window(stream)
        try:
            yield from rows_in(window, rows_key=rows_key, beside=beside)
        except UnicodeDecodeError as error:
            reason = undecodable(path, form, error).message
            yield Refusal(reason, None, window.line, None, "broken")


def rows_in(
    window: Window, *, rows_key: str | None = None, beside: dict[str, Any] | None = None
) -> Rows:
    """The records of one JSON text that is open already; after a fault in it nothing follows."""
    try:
        first = window.peek()
        if first == "":
            raise NotJson("holds only white space")
        if first == "[":
            yield from _array(window, "", _Count())
        elif first == "{":
            yield from _object(window, rows_key, {} if beside is None else beside)
        else:
            yield RawRow({"value": window.value()}, 1, 1)
        if window.peek():
            raise NotJson("something follows after the end")
    except NotJson as error:
        yield Refusal(f"not JSON from here on: {error}", None, window.line, window.rest(), "broken")


def json_line_rows(path: Path, form: TextForm) -> Rows:
    """The records of JSON Lines: one value per line, blank lines left out."""
    yield Note(form.note)
    with open_text(path, form) as stream:
        line = row = 0
        try:
            while text := stream.readline(MAX_ROW_CHARACTERS):
                line += 1
                if len(text) >= MAX_ROW_CHARACTERS and not text.endswith("\n"):
                    row += 1
                    yield _too_large(row, line, text)
                    while (piece := stream.readline(MAX_ROW_CHARACTERS)) and piece[-1] != "\n":
                        pass
                elif not text.isspace():
                    row += 1
                    yield _line(text, row, line)
        except UnicodeDecodeError as error:
            yield Refusal(undecodable(path, form, error).message, row + 1, line + 1, None, "broken")


def _line(text: str, row: int, line: int) -> RawRow | Refusal:
    try:
        value = _decode_line(text)
    except NotJson as error:
        return Refusal(f"not JSON: {error}", row, line, text.rstrip("\r\n"))
    except TooDeep:
        return _too_deep(row, line, text)
    return RawRow(value if isinstance(value, dict) else {"value": value}, row, line)


def _decode_line(text: str) -> Any:
    try:
        value = DECODER.decode(text)
    except RecursionError as error:
        raise TooDeep from error
    except ValueError as error:
        raise NotJson(reason_of(error)) from error
    check_depth(text)
    return value


class _Count:
    """The number of the record, over all arrays of a file."""

    def __init__(self) -> None:
        self.row = 0


def _array(window: Window, part: str, count: _Count) -> Iterator[RawRow | Refusal]:
    window.take("[")
    if window.peek() == "]":
        window.take("]")
        return
    while True:
        window.peek()
        count.row += 1
        line = window.line
        try:
            value = window.value()
        except TooLarge:
            yield _too_large(count.row, line, window.skip())
        except TooDeep:
            yield _too_deep(count.row, line, window.skip())
        else:
            fields = value if isinstance(value, dict) else {"value": value}
            yield RawRow(fields, count.row, line, part)
        if window.take(",]") == "]":
            return


def _object(
    window: Window, rows_key: str | None, beside: dict[str, Any]
) -> Iterator[RawRow | Refusal | Note]:
    """An object is either one record or holds rows under a key; what stands beside them is said."""
    size, count, has_rows = 0, _Count(), False
    first_line = window.line
    window.take("{")
    if window.peek() == "}":
        window.take("}")
        yield RawRow({}, 1, first_line)
        return
    while True:
        if window.peek() != '"':
            raise NotJson("a key in quotes is expected")
        begin = window.read
        key = window.value()
        window.take(":")
        is_array = window.peek() == "["
        if is_array and _holds_rows(key, rows_key, window, is_first=has_rows or not beside):
            has_rows = True
            yield from _array(window, key, count)
        else:
            beside[key] = _beside(window, key)
            size += window.read - begin
            if size > MAX_BESIDE_CHARACTERS:
                raise InvalidInput(
                    f"One JSON object of more than {MAX_BESIDE_CHARACTERS:,} characters.",
                    hint="write its records as JSON Lines, one object per line",
                )
        if window.take(",}") == "}":
            break
    if not has_rows:
        yield RawRow(beside, 1, first_line)
    elif beside:
        names = ", ".join(list(beside)[:8])
        yield Note(f"left out beside the rows: {names}")


def _beside(window: Window, key: str) -> Any:
    try:
        return window.value()
    except TooLarge:
        raise NotJson(
            f'the value of "{key}" is larger than {MAX_ROW_CHARACTERS:,} characters'
        ) from None
    except TooDeep:
        raise NotJson(f'the value of "{key}" is nested deeper than {MAX_DEPTH}') from None


def _holds_rows(key: str, rows_key: str | None, window: Window, *, is_first: bool) -> bool:
    if rows_key is not None:
        return key == rows_key
    if key in ROW_KEYS:
        return True
    return is_first and key not in NOT_ROWS and window.second() == "{"


def _too_large(row: int, line: int, text: str) -> Refusal:
    reason = f"the record is larger than {MAX_ROW_CHARACTERS:,} characters (its beginning is kept)"
    return Refusal(reason, row, line, text[:KEPT_CHARACTERS])


def _too_deep(row: int, line: int, text: str) -> Refusal:
    reason = f"the record is nested deeper than {MAX_DEPTH}"
    return Refusal(reason, row, line, text[:KEPT_CHARACTERS])
