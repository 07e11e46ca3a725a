"""How results look on a terminal: tables, JSON, progress; records are text, never markup."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol


def say(text: str = "") -> None:
    """One line on standard output, as it is."""
    sys.stdout.write(visible(text) + "\n")


def visible(text: str) -> str:
    """`text` with control characters made visible, so that a record cannot drive the terminal."""
    return "".join(
        character if character in "\n\t" or character.isprintable() else f"\\x{ord(character):02x}"
        for character in text
    )


def print_json(value: Any) -> None:
    """`value` (records included) as JSON on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, default=_plain)
    sys.stdout.write("\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> None:
    """A table; columns whose cells are all numbers are aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    drawn = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for index, column in enumerate(columns):
        is_number = bool(cells) and all(_is_number(row[index]) for row in cells)
        drawn.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(visible(cell)) for cell in row))
    # A pipe has no width: let lines be as long as they need to be.
    Console(width=None if sys.stdout.isatty() else 160).print(drawn)


class Step(Protocol):
    """Call with what is done so far and, where known, the total."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Show the new state."""
        ...


@contextmanager
def progress(label: str) -> Iterator[Step]:
    """A bar with rate and ETA on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total=None: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(label, total=None, rate="")

        def step(done: int, total: int | None = None) -> None:
            speed = bars.tasks[bar].speed
            bars.update(bar, completed=done, total=total, rate=f"{speed:,.0f}/s" if speed else "")

        yield step


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "_asdict"):
        return value._asdict()
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _is_number(cell: str) -> bool:
    return bool(cell) and cell.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()
