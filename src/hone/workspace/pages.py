"""What reports are written with: Markdown, and pages that run nothing; records stay text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from hone.records.model import Measured

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}table{border-collapse:collapse;margin:1rem 0}"
    "td,th{border:1px solid #767676;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}svg{max-width:100%;height:auto}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#8ab4f8}}"
)


class Table(NamedTuple):
    """A title, the heads of the columns, and rows of text."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def plain(text: str) -> str:
    """Text that Markdown reads as text, on one line."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>|#~!&])", r"\\\1", one_line)


def code(text: str) -> str:
    """Text that may stand between two backticks."""
    return " ".join(text.replace("`", "'").split())


def interval_text(one: Measured, *, signed: bool = False) -> str:
    """`0.940 [0.910, 0.960]`."""
    form = "+.3f" if signed else ".3f"
    if one.low is None or one.high is None:
        return f"{one.value:{form}}"
    return f"{one.value:{form}} [{one.low:{form}}, {one.high:{form}}]"


def markdown_table(table: Table) -> list[str]:
    """The title as a heading and the table below it, line by line."""
    lines = [f"## {plain(table.title)}", ""]
    lines.append("| " + " | ".join(plain(cell) for cell in table.head) + " |")
    lines.append("|---" * len(table.head) + "|")
    return lines + ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in table.rows]


def page_table(table: Table) -> str:
    """The table as markup, without its title."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{lines}\n</tbody></table>"


def page(title: str, body: Sequence[str]) -> str:
    """A whole page around markup; it needs nothing else, and its own rules let nothing run."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'unsafe-inline'\"><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(body)
        + "</body></html>\n"
    )
