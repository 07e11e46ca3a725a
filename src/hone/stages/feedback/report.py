"""`reports/efficacy_<model>_<time>`: as JSON with every correction, and as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hone.records.feedback import Efficacy, EfficacyColumn
from hone.records.model import Measured
from hone.workspace.contenders import safe_name
from hone.workspace.files import write_atomically, write_json
from hone.workspace.open import Workspace
from hone.workspace.pages import Table, interval_text, markdown_table, plain

SHOWN = 20
TITLES = {"corrected": "corrected rows", "look_alikes": "look-alikes", "others": "others"}


class ReportFiles(NamedTuple):
    """Where both files are."""

    json: Path
    markdown: Path


def report_files(ws: Workspace, found: Efficacy) -> ReportFiles:
    """Where the report lies."""
    stem = f"efficacy_{safe_name(found.model)}_{found.at:%Y%m%d-%H%M%S}-{found.at.microsecond:06}"
    return ReportFiles(ws.reports / f"{stem}.json", ws.reports / f"{stem}.md")


def write_report(ws: Workspace, found: Efficacy) -> ReportFiles:
    """Both forms; the JSON holds everything, and is written last."""
    files = report_files(ws, found)
    write_atomically(files.markdown, as_markdown(found))
    write_json(files.json, found.model_dump(mode="json"))
    return files


def tables(found: Efficacy) -> list[Table]:
    """The columns side by side, the corrections that are not fixed, and what newly broke."""
    shown = [
        Table(
            f"Mean {found.score}",
            ["", *(TITLES[one.name] for one in found.columns)],
            _figures(found),
        )
    ]
    open_ones = [one for one in found.corrections if one.state in ("stuck", "broken")]
    if open_ones:
        shown.append(
            Table(
                "Corrections that did not take",
                ["example", "from", "said", "by", "before", "control", "after", ""],
                [
                    [
                        one.id,
                        one.origin,
                        one.verdict,
                        one.reviewer,
                        f"{one.before:.2f}",
                        _score(one.control),
                        f"{one.after:.2f}",
                        one.state,
                    ]
                    for one in open_ones[:SHOWN]
                ],
            )
        )
    if found.newly_broken:
        shown.append(
            Table(
                "Newly broken",
                ["example", "of", "before", "control", "after"],
                [
                    [one.id, one.on, f"{one.before:.2f}", _score(one.control), f"{one.after:.2f}"]
                    for one in found.newly_broken[:SHOWN]
                ],
            )
        )
    return shown


def as_markdown(found: Efficacy) -> str:
    """The report to read; records are text, never markup."""
    control = found.control or "none"
    lines = [
        f"# What corrections did: {found.model}",
        "",
        f"{found.dataset} holds {len(found.corrections):,} corrections. Before: {found.before}; "
        f"control: {control}; a score of {found.threshold:g} or more counts as right.",
        "",
        *(f"- {sentence}" for sentence in found.says),
    ]
    for table in tables(found):
        lines += ["", *markdown_table(table)]
    if found.notes:
        lines += ["", "## Notes", "", *(f"- {plain(note)}" for note in found.notes)]
    return "\n".join(lines) + "\n"


def _figures(found: Efficacy) -> list[list[str]]:
    rows = [
        ["examples", *(f"{one.examples:,}" for one in found.columns)],
        [f"before: {found.before}", *(_figure(one.before) for one in found.columns)],
        [f"control: {found.control or 'none'}", *(_figure(one.control) for one in found.columns)],
        [f"after: {found.model}", *(_figure(one.after) for one in found.columns)],
        ["after - before", *(_figure(one.gained, signed=True) for one in found.columns)],
        ["after - control", *(_figure(one.due, signed=True) for one in found.columns)],
        ["right before, control, after", *(_right(one) for one in found.columns)],
    ]
    return rows


def _right(column: EfficacyColumn) -> str:
    return ", ".join(str(column.right.get(who, "")) for who in ("before", "control", "after"))


def _figure(one: Measured | None, *, signed: bool = False) -> str:
    return "" if one is None else interval_text(one, signed=signed)


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"
