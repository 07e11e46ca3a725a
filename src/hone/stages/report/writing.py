"""The report's two forms: a page that runs nothing, and Markdown; every record stays text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Literal

from hone.errors import InvalidInput, nearest
from hone.records.report import Failure
from hone.stages.report.gather import Facts
from hone.stages.report.sections import Section, sections
from hone.workspace.clock import now
from hone.workspace.contenders import safe_name
from hone.workspace.files import write_atomically
from hone.workspace.open import Workspace
from hone.workspace.pages import code, markdown_table, page, page_table, plain

Format = Literal["html", "md"]
FORMATS: tuple[Format, ...] = ("html", "md")
CLIPPED = 2000


def write_report(ws: Workspace, facts: Facts, *, format: str = "html") -> Path:
    """`reports/report_<model>_<timestamp>.html` or `.md`."""
    if format not in FORMATS:
        raise InvalidInput(f'There is no form "{format}".', hint=nearest(format, FORMATS))
    model, at = facts.provenance.model, now()
    path = ws.reports / f"report_{safe_name(model.ref)}_{at:%Y%m%d-%H%M%S}.{format}"
    title = f"Report on {model.ref}"
    lead = f"Written {at:%Y-%m-%d %H:%M} UTC; registered {facts.provenance.registered_at:%Y-%m-%d}."
    found = sections(facts)
    text = as_page(title, lead, found) if format == "html" else as_markdown(title, lead, found)
    write_atomically(path, text)
    return path


def as_markdown(title: str, lead: str, found: Sequence[Section]) -> str:
    """For a terminal, a pull request, a wiki; plots stand on the page alone."""
    lines = [f"# {plain(title)}", "", plain(lead)]
    for section in found:
        lines += ["", f"## {plain(section.title)}", ""]
        lines += [f"- {plain(one)}" for one in section.sentences]
        for table in section.tables:
            if table.rows:
                heading, *rest = markdown_table(table)
                lines += ["", f"#{heading}", *rest]
        for one in section.failures:
            lines += ["", f"### {plain(one.id)}: {one.score:.3f}", ""]
            lines += [f"- {name}: `{code(_clipped(text))}`" for name, text in _told(one)]
        if section.code:
            # Indented: nothing in it can end the block.
            lines += ["", *(f"    {line}" for line in section.code.splitlines())]
    return "\n".join(lines) + "\n"


def as_page(title: str, lead: str, found: Sequence[Section]) -> str:
    """One file that needs nothing else and runs nothing."""
    body = [f"<h1>{escape(title)}</h1><p>{escape(lead)}</p>"]
    for section in found:
        body.append(f"<h2>{escape(section.title)}</h2>")
        if section.sentences:
            items = "".join(f"<li>{escape(one)}</li>" for one in section.sentences)
            body.append(f"<ul>{items}</ul>")
        body += section.plots
        for table in section.tables:
            if table.rows:
                body += [f"<h3>{escape(table.title)}</h3>", page_table(table)]
        body += [_page_failure(one) for one in section.failures]
        if section.code:
            body.append(f"<pre>{escape(section.code)}</pre>")
    return page(title, body)


def _page_failure(one: Failure) -> str:
    cells = "".join(
        f'<tr><th scope="row">{name}</th><td><pre>{escape(_clipped(text))}</pre></td></tr>'
        for name, text in _told(one)
    )
    return f"<h3>{escape(one.id)}: {one.score:.3f}</h3><table><tbody>{cells}</tbody></table>"


def _told(one: Failure) -> tuple[tuple[str, str], ...]:
    return (("asked", one.asked), ("right", one.right), ("said", one.said))


def _clipped(text: str) -> str:
    return text if len(text) <= CLIPPED else f"{text[:CLIPPED]} …"
