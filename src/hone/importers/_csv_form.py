"""How a delimited file is written, from a sample: delimiter, escapes, comments, header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x01", ":")
SAMPLE_ROWS = 200
LONGEST_COLUMN_NAME = 100
NAMES = {"\t": "tab", "\x1f": "unit separator", "\x01": "\\x01"}


class CsvForm(NamedTuple):
    """A dialect, in the words of the csv module, and what else the sample shows."""

    delimiter: str
    quote: str
    escape: str | None
    skips_space: bool
    comment: str | None
    width: int

    def reader_options(self) -> dict[str, object]:
        """Keyword arguments for csv.reader."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape,
            "doublequote": True,
            "skipinitialspace": self.skips_space,
        }

    def note(self) -> str:
        """The form for people."""
        parts = [f"delimiter {NAMES.get(self.delimiter, repr(self.delimiter))}"]
        if self.quote != '"':
            parts.append(f"quote {self.quote!r}" if self.quote else "no quotes")
        if self.escape:
            parts.append("backslash escapes")
        if self.skips_space:
            parts.append("spaces before quotes skipped")
        if self.comment:
            parts.append(f"comment rows begin with {self.comment}")
        return ", ".join(parts)


def detect_form(
    text: str, *, is_whole: bool, delimiter: str | None, quote: str, escape: str | None
) -> CsvForm:
    """The likeliest form of a sample; a given delimiter or escape is taken as it is."""
    lines = text.splitlines(keepends=True)
    if not is_whole and len(lines) > 1:
        lines = lines[:-1]
    candidates = (delimiter,) if delimiter else DELIMITERS
    forms = [_measure(lines, candidate, quote, is_whole) for candidate in candidates]
    best, score = max(forms, key=lambda measured: measured[1])
    if score <= 0 and not delimiter:
        best = forms[0][0]._replace(width=1, skips_space=False)
    escape = escape or _escape(lines, best)
    best = best._replace(escape=escape)
    if best.quote and _has_no_quotes(lines, best):
        best = best._replace(quote="")
    return best._replace(comment=_comment(lines, best))


def _records(lines: Sequence[str], form: CsvForm, is_whole: bool) -> list[list[str]]:
    records = []
    for cells in csv.reader(iter(lines), **form.reader_options()):  # type: ignore[arg-type]
        if cells:
            records.append(cells)
        if len(records) >= SAMPLE_ROWS:
            return records
    # The last record of a cut sample may be cut too.
    return records if is_whole or len(records) < 2 else records[:-1]


def _measure(
    lines: Sequence[str], delimiter: str, quote: str, is_whole: bool
) -> tuple[CsvForm, float]:
    form = CsvForm(delimiter, quote, None, False, None, 1)
    try:
        records = _records(lines, form, is_whole)
        if quote and re.search(rf"{re.escape(delimiter)} +{re.escape(quote)}", "".join(lines)):
            form, records = _with_spaces(lines, form, records, is_whole)
    except csv.Error:
        return form, -1.0
    if not records:
        return form, 0.0
    header = next((len(row) for row in records if not _is_remark(row)), len(records[0]))
    widths = Counter(len(row) for row in records if not _is_remark(row)) or Counter([1])
    width = max(widths, key=lambda count: (widths[count], count == header, count))
    share = widths[width] / sum(widths.values())
    if width == 1 or header == 1:
        return form._replace(width=width), 0.0
    # Between equally even splits the rank of the delimiter decides, then the number of columns.
    rank = 1 - DELIMITERS.index(delimiter) / 20 if delimiter in DELIMITERS else 1
    score = share + (0.2 if width == header else 0) + rank / 20 + min(width, 20) / 1000
    return form._replace(width=width), score if share >= 0.5 or width == header else 0.0


def _with_spaces(
    lines: Sequence[str], form: CsvForm, records: list[list[str]], is_whole: bool
) -> tuple[CsvForm, list[list[str]]]:
    """Skip spaces after delimiters only where that lets a quoted cell be seen as one."""
    spaced = form._replace(skips_space=True)
    skipping = _records(lines, spaced, is_whole)
    plain = [[cell.lstrip(" ") for cell in row] for row in records]
    return (spaced, skipping) if skipping != plain else (form, records)


def _is_remark(row: Sequence[str]) -> bool:
    return len(row) == 1 and row[0].lstrip().startswith("#")


def _comment(lines: Sequence[str], form: CsvForm) -> str | None:
    if form.width < 2:
        return None
    rows = csv.reader(iter(lines), **form.reader_options())  # type: ignore[arg-type]
    try:
        return "#" if any(_is_remark(row) for row in rows if row) else None
    except csv.Error:
        return None


def _escape(lines: Sequence[str], form: CsvForm) -> str | None:
    """A backslash escapes quotes where reading it so leaves fewer faults."""
    if not form.quote or not any("\\" + form.quote in line for line in lines):
        return None
    plain = _faults(lines, form)
    return "\\" if _faults(lines, form._replace(escape="\\")) < plain else None


def _has_no_quotes(lines: Sequence[str], form: CsvForm) -> bool:
    """Whether quotes are plain characters: as marks they are faults, and no cell is quoted.

    Never guessed for commas and semicolons, where quotes are the rule.
    """
    if (
        form.delimiter in ",;"
        or not any(form.quote in line for line in lines)
        or not _faults(lines, form)
    ):
        return False
    plain = form._replace(quote="", escape=None, skips_space=False)
    rows = list(csv.reader(iter(lines), **plain.reader_options()))  # type: ignore[arg-type]
    mark = form.quote
    return not _faults(lines, plain) and not any(
        len(cell) > 1 and cell.startswith(mark) and cell.endswith(mark)
        for row in rows
        for cell in (text.strip() for text in row)
    )


def _faults(lines: Sequence[str], form: CsvForm) -> int:
    reader = csv.reader(iter(lines), strict=True, **form.reader_options())  # type: ignore[arg-type]
    faults = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return faults
        except csv.Error:
            faults += 1
            continue
        faults += bool(cells) and len(cells) != form.width and not _is_remark(cells)


def looks_like_data(cells: Sequence[str]) -> bool:
    """Whether a first row reads like a record rather than like names of columns."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return False
    if all(_is_number(cell) for cell in filled):
        return True
    return any(
        "\n" in cell or len(cell) > LONGEST_COLUMN_NAME or (cell.endswith("?") and len(cell) > 12)
        for cell in filled
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def name_columns(cells: Sequence[str]) -> tuple[list[str], list[str]]:
    """Unique names for the columns of a header, and sentences on those that were made up."""
    names: dict[str, None] = {}
    notes: list[str] = []
    times: Counter[str] = Counter()
    for number, cell in enumerate(cells, start=1):
        wanted = name = cell.strip() or f"column_{number}"
        while name in names:
            times[wanted] += 1
            name = f"{wanted}_{times[wanted] + 1}"
        if not cell.strip():
            notes.append(f"column {number} has no name: it is called {name}")
        elif name != wanted:
            notes.append(f'column {number} is a second "{wanted}": it is called {name}')
        names[name] = None
    return list(names), notes
