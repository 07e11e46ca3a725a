"""Reads delimited text: any delimiter, any encoding, quotes, newlines in cells, ragged rows.

Needs: a text file; nothing else.
Gives: one RawRow per record, every value a string; a Refusal per record that does not fit.
Source: RFC 4180, Python's csv module; charset-normalizer where the text is not UTF-8.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TextIO

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hone.importers._csv_form import CsvForm, detect_form, looks_like_data, name_columns
from hone.importers._rows import (
    KEPT_CHARACTERS,
    MAX_ROW_CHARACTERS,
    Note,
    RawRow,
    Refusal,
    Rows,
)
from hone.importers._text import TextForm, detect, open_text, sample_text, undecodable


class Options(BaseModel):
    """How a delimited file is read; what is left out is detected and shown."""

    model_config = ConfigDict(extra="forbid")

    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="the character between cells, or tab"
    )
    encoding: str | None = Field(None, description="utf-8, latin-1, cp1252, utf-16, …")
    quote: str = Field('"', max_length=1, description="the quote character; empty: none")
    escape: str | None = Field(None, min_length=1, max_length=1, description="before a quote")
    has_header: bool | None = Field(None, description="whether the first record names the columns")
    short_rows: Literal["refuse", "pad"] = Field(
        "refuse", description="records with too few cells: refuse them, or leave the rest empty"
    )

    @field_validator("delimiter", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        # A tab is hard to type into a command.
        return "\t" if value in ("tab", "\\t") else value


LIMITS: tuple[str, ...] = (
    "A record over 8,000,000 characters is refused; the first 100,000 characters of it are kept.",
    "A comment row that holds as many delimiters as a record is read as a record.",
    "A quote that is never closed: its line is refused, reading goes on with the next line.",
    'A cell that is quoted in part only ("a" b) refuses its record; quote= reads it as it stands.',
    "Delimiter, escapes and header are judged by the first 128,000 characters.",
)

NAMES_THAT_SAY_SO = (".csv", ".tsv", ".tab", ".psv")
# What Excel writes and reads before the header to name the delimiter.
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n')


def sniff(path: Path, head: bytes) -> float:
    """How sure it is that this importer reads the file, 0 to 1: text that is nothing better."""
    if path.suffix.lower() in NAMES_THAT_SAY_SO:
        return 0.8
    return 0.1 if head.lstrip()[:1] in (b"{", b"[") else 0.4


def run(path: Path, options: Options) -> Rows:
    """Every record in order; notes on how the file was read come first."""
    text_form = detect(path, options.encoding)
    text, is_whole = sample_text(path, text_form)
    said = None if options.delimiter else SEPARATOR_LINE.match(text)
    form = detect_form(
        text[said.end() :] if said else text,
        is_whole=is_whole,
        delimiter=said[1] if said else options.delimiter,
        quote=options.quote,
        escape=options.escape,
    )
    yield Note(f"{text_form.note}; {form.note()}{' (its first line says so)' if said else ''}")
    with open_text(path, text_form) as stream:
        lines = _Lines(stream, form.quote)
        if said:
            next(lines)
        yield from _read(path, lines, form, text_form, options)


def _read(
    path: Path, lines: _Lines, form: CsvForm, text_form: TextForm, options: Options
) -> Iterator[RawRow | Refusal | Note]:
    names: list[str] = []
    row = 0
    for cells, line in _records(path, lines, form, text_form):
        if isinstance(cells, Refusal):
            row += bool(names) and cells.kind != "comment"
            yield cells if cells.kind == "comment" else cells._replace(row=row or None)
            continue
        if not names:
            has_header = options.has_header
            if has_header is None:
                has_header = not looks_like_data(cells)
            names, notes = _names(cells, form, has_header=has_header)
            yield from (Note(note) for note in notes)
            if has_header:
                continue
        row += 1
        if len(cells) != len(names):
            misfit = _fit(cells, len(names), options)
            if misfit:
                hint = "" if len(cells) > len(names) else "--option short_rows=pad"
                yield Refusal(misfit, row, line, lines.raw(), "refused", hint)
                continue
        yield RawRow(dict(zip(names, cells, strict=False)), row, line)


def _records(
    path: Path, lines: _Lines, form: CsvForm, text_form: TextForm
) -> Iterator[tuple[list[str] | Refusal, int]]:
    """The cells of each record, or why there are none, with the line the record begins on."""
    # The module's own bound is one for the whole process: it is only ever raised, the bound that
    # counts is the one of _Lines.
    if csv.field_size_limit() < MAX_ROW_CHARACTERS:
        csv.field_size_limit(MAX_ROW_CHARACTERS)
    # strict: a cell that is quoted in part would otherwise lose its quotes without a word.
    reader = csv.reader(lines, strict=True, **form.reader_options())  # type: ignore[arg-type]
    while True:
        line = lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except RowTooLarge:
            yield _too_large(lines, line), line
        except UnicodeDecodeError as error:
            reason = undecodable(path, text_form, error).message
            yield Refusal(reason, None, line, None, "broken"), line
            return
        except csv.Error as error:
            yield _faulty(lines, line, form, error), line
        else:
            if form.comment and len(cells) == 1 and cells[0].lstrip().startswith(form.comment):
                yield Refusal("a comment row", None, line, lines.raw(), "comment"), line
            elif cells:
                yield cells, line


def _names(cells: list[str], form: CsvForm, *, has_header: bool) -> tuple[list[str], list[str]]:
    if has_header:
        return name_columns(cells)
    names = [f"column_{number}" for number in range(1, max(form.width, len(cells)) + 1)]
    return names, [
        f"no header: the first record reads like data, so columns are called {names[0]} to "
        f"{names[-1]} (if it is one: --option has_header=true)"
    ]


def _fit(cells: list[str], width: int, options: Options) -> str:
    """Make a ragged record fit where nothing is lost by it; otherwise say why it does not."""
    if len(cells) > width:
        if any(cell.strip() for cell in cells[width:]):
            return f"{len(cells)} cells where there are {width} columns (an unquoted delimiter?)"
        del cells[width:]
        return ""
    if options.short_rows == "refuse":
        return f"{len(cells)} cells where there are {width} columns"
    return ""


def _faulty(lines: _Lines, line: int, form: CsvForm, error: csv.Error) -> Refusal:
    if lines.is_ended:
        return Refusal("a quote is opened and never closed", None, line, lines.reopen())
    reason = f"a cell is quoted in part only ({error})"
    if not form.quote or "expected after" not in str(error):
        reason = f"not delimited text ({error})"
    hint = "--option quote= reads quotes as plain characters"
    return Refusal(reason, None, line, lines.raw(), "refused", hint)


def _too_large(lines: _Lines, line: int) -> Refusal:
    kept = lines.skip_record()
    reason = f"the record is larger than {MAX_ROW_CHARACTERS:,} characters"
    if lines.ended_in_quote:
        reason += "; a quote in it is never closed"
    return Refusal(
        f"{reason} (lines {line} to {lines.number}; its beginning is kept)", None, line, kept
    )


class RowTooLarge(Exception):
    """One record holds more than may be read at once."""


class _Lines:
    """The lines of a stream, bounded per record, with the lines of the current record at hand."""

    def __init__(self, stream: TextIO, quote: str) -> None:
        self.stream = stream
        self.quote = quote
        self.number = 0
        self.is_ended = False
        self.ended_in_quote = False
        self._record: list[str] = []
        self._again: deque[str] = deque()
        self._size = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._take()
        if not line:
            self.is_ended = True
            raise StopIteration
        self.number += 1
        self._size += len(line)
        self._record.append(line)
        if self._size >= MAX_ROW_CHARACTERS:
            raise RowTooLarge
        return line

    def _take(self) -> str:
        return self._again.popleft() if self._again else self.stream.readline(MAX_ROW_CHARACTERS)

    def begin_record(self) -> int:
        """Forget the record before; the number of the line that the next one begins on."""
        self._record = []
        self._size = 0
        return self.number + 1

    def raw(self) -> str:
        """The current record as it stands in the file."""
        return "".join(self._record)

    def reopen(self) -> str:
        """Give back the first line of the record; the others will be read again."""
        first, rest = self._record[0], self._record[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        self.is_ended = False
        return first

    def skip_record(self) -> str:
        """Run on to the end of an oversized record; give what is kept of it."""
        kept = self.raw()[:KEPT_CHARACTERS]
        quotes = sum(line.count(self.quote) for line in self._record) if self.quote else 0
        last = self._record[-1]
        while quotes % 2 or not last.endswith(("\n", "\r")):
            last = self._take()
            if not last:
                self.ended_in_quote = bool(quotes % 2)
                break
            self.number += last.endswith(("\n", "\r"))
            quotes += last.count(self.quote) if self.quote else 0
        return kept
