"""`reports/compare_<models>_<timestamp>`: as JSON, as Markdown and as a page; records stay text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from hone.records.comparison import Comparison, Judgement, Pair, ShownExample
from hone.workspace.contenders import safe_name
from hone.workspace.files import write_atomically, write_json
from hone.workspace.open import Workspace
from hone.workspace.pages import (
    Table,
    code,
    interval_text,
    markdown_table,
    page,
    page_table,
    plain,
)

SHOWN = 10
CLIPPED = 2000


class Written(NamedTuple):
    """Where the three files are."""

    json: Path
    markdown: Path
    page: Path


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


def tables(found: Comparison) -> list[Table]:
    """Rows, pairs and slices, as every form shows them."""
    names = list(found.rows[0].figures)
    shown = [Table("Who answered", ["row", *names], _rows(found, names))]
    shown.append(
        Table(
            f"Difference of {found.score}, pair by pair",
            ["pair", "difference", "p", "p of all", "won", "lost", "same", ""],
            [_pair_cells(one) for one in found.pairs],
        )
    )
    if found.judgement is not None:
        shown += _judgement_tables(found.judgement)
    if found.slices:
        shown.append(
            Table(
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


def _judgement_tables(found: Judgement) -> list[Table]:
    own, pairs = found.agreement, found.pairs
    shown = [
        Table(
            f"{found.judge} ({found.model}) on what people chose",
            ["choices", "agrees", "disagrees", "tie", "follows the order", "unread"],
            [
                [f"{n:,}" for n in (own.contests, own.agreed, own.disagreed, own.tied, own.swayed)]
                + [f"{own.unread:,}"]
            ],
        )
    ]
    if pairs:
        shown.append(
            Table(
                f"{found.judge} on {found.examples:,} of the examples, each in both orders",
                [
                    "pair",
                    "won of decided",
                    "p",
                    "won",
                    "lost",
                    "tie",
                    "follows the order",
                    "unread",
                ],
                [
                    [
                        f"{one.one} - {one.other}",
                        "" if one.share is None else interval_text(one.share),
                        f"{one.p_value:.3g}",
                        *(f"{n:,}" for n in (one.won, one.lost, one.tied, one.swayed, one.unread)),
                    ]
                    for one in pairs
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
        *_judgement(found),
        *(f"Note: {note}" for note in found.notes),
    ]


def _judgement(found: Comparison) -> list[str]:
    if found.judgement is None:
        return []
    return [found.judgement.agreement.says, *(one.says for one in found.judgement.pairs)]


def as_markdown(found: Comparison) -> str:
    """For a terminal, a pull request, a wiki."""
    lines = [f"# Comparison: {plain(headline(found))}", ""]
    lines += [f"- {plain(one)}" for one in sentences(found)]
    for table in tables(found):
        lines += ["", *markdown_table(table)]
    for pair in found.pairs:
        for word, ids in (("won", pair.won), ("lost", pair.lost)):
            if ids:
                lines += ["", f"## {plain(pair.one)} {word} against {plain(pair.other)}", ""]
                lines += [f"- `hone examples show {code(name)}`" for name in ids[:SHOWN]]
                lines += [f"- and {len(ids) - SHOWN:,} more"] if len(ids) > SHOWN else []
    return "\n".join(lines) + "\n"


def as_page(found: Comparison) -> str:
    """A page that needs nothing else and runs nothing."""
    body = [f"<h1>Comparison</h1><p>{escape(headline(found))}</p>", "<ul>"]
    body += [f"<li>{escape(one)}</li>" for one in sentences(found)]
    body.append("</ul>")
    for table in tables(found):
        body.append(f"<h2>{escape(table.title)}</h2>")
        body.append(page_table(table))
    anchors = {one.id: f"example-{place}" for place, one in enumerate(found.shown, 1)}
    for pair in found.pairs:
        for word, ids in (("won", pair.won), ("lost", pair.lost)):
            if ids:
                body.append(f"<h2>{escape(f'{pair.one} {word} against {pair.other}')}</h2>")
                body.append(f"<p>{_links(ids, anchors)}</p>")
    if found.shown:
        body.append("<h2>Examples</h2>")
    body += [_page_example(one, anchors[one.id]) for one in found.shown]
    return page(f"Comparison: {', '.join(found.models)}", body)


def _links(ids: Sequence[str], anchors: dict[str, str]) -> str:
    shown = [
        f'<a href="#{anchors[name]}">{escape(name)}</a>' for name in ids[:SHOWN] if name in anchors
    ]
    more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
    return ", ".join(shown) + more


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
