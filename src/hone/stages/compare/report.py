"""`reports/compare_<models>_<timestamp>`: as JSON, as Markdown and as a page; records stay text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from hone.records.comparison import Comparison, Pair, ShownExample
from hone.records.model import Measured
from hone.workspace.contenders import safe_name
from hone.workspace.files import write_atomically, write_json
from hone.workspace.open import Workspace

SHOWN = 10
CLIPPED = 2000
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}table{border-collapse:collapse;margin:1rem 0}"
    "td,th{border:1px solid #767676;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#8ab4f8}}"
)


class Written(NamedTuple):
    """Where the three files are."""

    json: Path
    markdown: Path
    page: Path


class _Table(NamedTuple):
    title: str
    head: list[str]
    rows: list[list[str]]


def report_files(ws: Workspace, found: Comparison) -> Written:
    """Where the reports of a comparison are."""
    names = "_".join(safe_name(name) for name in found.models)[:100]
    stem = f"compare_{names}_{found.id}"
    return Written(*(ws.reports / f"{stem}{end}" for end in (".json", ".md", ".html")))


def write_report(ws: Workspace, found: Comparison) -> Written:
    """The comparison in three forms; the JSON holds everything, and is written last."""
    written = report_files(ws, found)
    write_atomically(written.markdown, as_markdown(found))
    write_atomically(written.page, as_page(found))
    write_json(written.json, found.model_dump(mode="json"))
    return written


def headline(found: Comparison) -> str:
    """What was compared on how many examples."""
    names = ", ".join(found.models)
    return f"{names} on {found.on}: {found.examples:,} examples, {found.confidence:.0%} intervals"


def interval_text(one: Measured, *, signed: bool = False) -> str:
    """`0.940 [0.910, 0.960]`."""
    form = "+.3f" if signed else ".3f"
    if one.low is None or one.high is None:
        return f"{one.value:{form}}"
    return f"{one.value:{form}} [{one.low:{form}}, {one.high:{form}}]"


def tables(found: Comparison) -> list[_Table]:
    """Rows, pairs and slices, as every form shows them."""
    names = list(found.rows[0].figures)
    shown = [_Table("Who answered", ["row", *names], _rows(found, names))]
    shown.append(
        _Table(
            f"Difference of {found.score}, pair by pair",
            ["pair", "difference", "p", "p of all", "won", "lost", "same", ""],
            [_pair_cells(one) for one in found.pairs],
        )
    )
    if found.slices:
        shown.append(
            _Table(
                "Parts of the examples",
                ["pair", "by", "part", "examples", "difference", "p of all", ""],
                [
                    [
                        f"{one.one} - {one.other}",
                        one.by,
                        one.value,
                        f"{one.examples:,}",
                        interval_text(one.difference, signed=True),
                        f"{one.p_adjusted:.3g}",
                        one.finding,
                    ]
                    for one in found.slices
                ],
            )
        )
    return shown


def _rows(found: Comparison, names: Sequence[str]) -> list[list[str]]:
    there = [
        [row.contender, *(interval_text(row.figures[name]) for name in names)] for row in found.rows
    ]
    gone = [
        [name, f"not there: {why}", *("" for _ in names[1:])] for name, why in found.missing.items()
    ]
    return there + gone


def _pair_cells(one: Pair) -> list[str]:
    return [
        f"{one.one} - {one.other}",
        interval_text(one.difference, signed=True),
        f"{one.p_value:.3g}",
        f"{one.p_adjusted:.3g}",
        f"{len(one.won):,}",
        f"{len(one.lost):,}",
        f"{one.ties:,}",
        one.finding,
    ]


def sentences(found: Comparison) -> list[str]:
    """The findings, the noise floor and the notes, one sentence each."""
    return [
        *(one.says for one in found.pairs),
        f"Noise floor: {found.noise.says}",
        *(f"Note: {note}" for note in found.notes),
    ]


def as_markdown(found: Comparison) -> str:
    """For a terminal, a pull request, a wiki."""
    lines = [f"# Comparison: {_plain(headline(found))}", ""]
    lines += [f"- {_plain(one)}" for one in sentences(found)]
    for table in tables(found):
        lines += ["", f"## {_plain(table.title)}", ""]
        lines.append("| " + " | ".join(_plain(cell) for cell in table.head) + " |")
        lines.append("|---" * len(table.head) + "|")
        lines += ["| " + " | ".join(_plain(cell) for cell in row) + " |" for row in table.rows]
    for pair in found.pairs:
        for word, ids in (("won", pair.won), ("lost", pair.lost)):
            if ids:
                lines += ["", f"## {_plain(pair.one)} {word} against {_plain(pair.other)}", ""]
                lines += [f"- `hone examples show {_code(name)}`" for name in ids[:SHOWN]]
                lines += [f"- and {len(ids) - SHOWN:,} more"] if len(ids) > SHOWN else []
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text that Markdown reads as text, on one line."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>|#~!&])", r"\\\1", one_line)


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def as_page(found: Comparison) -> str:
    """A page that needs nothing else and runs nothing."""
    body = [f"<h1>Comparison</h1><p>{escape(headline(found))}</p>", "<ul>"]
    body += [f"<li>{escape(one)}</li>" for one in sentences(found)]
    body.append("</ul>")
    for table in tables(found):
        body.append(f"<h2>{escape(table.title)}</h2>")
        body.append(_page_table(table.head, table.rows))
    anchors = {one.id: f"example-{place}" for place, one in enumerate(found.shown, 1)}
    for pair in found.pairs:
        for word, ids in (("won", pair.won), ("lost", pair.lost)):
            if ids:
                body.append(f"<h2>{escape(f'{pair.one} {word} against {pair.other}')}</h2>")
                body.append(f"<p>{_links(ids, anchors)}</p>")
    if found.shown:
        body.append("<h2>Examples</h2>")
    body += [_page_example(one, anchors[one.id]) for one in found.shown]
    title = escape(f"Comparison: {', '.join(found.models)}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'unsafe-inline'\"><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _links(ids: Sequence[str], anchors: dict[str, str]) -> str:
    shown = [
        f'<a href="#{anchors[name]}">{escape(name)}</a>' for name in ids[:SHOWN] if name in anchors
    ]
    more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
    return ", ".join(shown) + more


def _page_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{lines}\n</tbody></table>"


def _page_example(one: ShownExample, anchor: str) -> str:
    rows = [
        ("asked", "", one.asked),
        ("right", "", one.answer),
        *((name, f"{one.scores[name]:.3f}", text) for name, text in one.texts.items()),
    ]
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{score}</td>'
        f"<td><pre>{escape(_clipped(text))}</pre></td></tr>"
        for name, score, text in rows
    )
    return f'<h3 id="{anchor}">{escape(one.id)}</h3><table><tbody>{lines}</tbody></table>'


def _clipped(text: str) -> str:
    return text if len(text) <= CLIPPED else f"{text[:CLIPPED]} …"
