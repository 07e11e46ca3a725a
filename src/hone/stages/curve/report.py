"""`reports/curve_<dataset>_<timestamp>`: as JSON, as Markdown and as a page with a plot."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import NamedTuple

from hone.records.curve import CurveRun, LearningCurve
from hone.workspace.contenders import safe_name
from hone.workspace.files import write_atomically, write_json
from hone.workspace.open import Workspace
from hone.workspace.pages import Table, interval_text, markdown_table, page, page_table, plain
from hone.workspace.plots import Band, Point, plot


class Written(NamedTuple):
    """Where the three files are."""

    json: Path
    markdown: Path
    page: Path


def report_files(ws: Workspace, found: LearningCurve) -> Written:
    """Where the reports of a curve are."""
    stem = f"curve_{safe_name(found.dataset)}_{found.id}"
    return Written(*(ws.reports / f"{stem}{end}" for end in (".json", ".md", ".html")))


def write_report(ws: Workspace, found: LearningCurve) -> Written:
    """The curve in three forms; the JSON holds everything, and is written last."""
    written = report_files(ws, found)
    write_atomically(written.markdown, as_markdown(found))
    write_atomically(written.page, as_page(found))
    write_json(written.json, found.model_dump(mode="json"))
    return written


def headline(found: LearningCurve) -> str:
    """What was trained and asked."""
    return (
        f"{found.method} of {found.base} on parts of {found.dataset}: {found.score} on "
        f"{found.asked:,} examples of {found.on}"
    )


def table_of(found: LearningCurve) -> Table:
    """One line per training."""
    return Table(
        "Trainings",
        ["examples", "seed", "rows", "steps", found.score, "seconds", ""],
        [_cells(run) for run in found.runs],
    )


def _cells(run: CurveRun) -> list[str]:
    score = interval_text(run.score) if run.score is not None else ""
    return [
        f"{run.examples:,}",
        f"{run.seed}",
        f"{run.rows:,}",
        f"{run.steps:,}",
        score,
        f"{run.seconds:.0f}",
        run.problem,
    ]


def as_lines(found: LearningCurve) -> list[str]:
    """The outlook, what was asked for, and the notes, one sentence or two each."""
    needed = [found.needed.says] if found.needed is not None else []
    return [found.says, *needed, *(f"Note: {note}" for note in found.notes)]


def as_markdown(found: LearningCurve) -> str:
    """For a terminal, a pull request, a wiki."""
    lines = [f"# Learning curve: {plain(headline(found))}", ""]
    lines += [f"- {plain(one)}" for one in as_lines(found)]
    return "\n".join([*lines, "", *markdown_table(table_of(found))]) + "\n"


def as_page(found: LearningCurve) -> str:
    """A page that needs nothing else and runs nothing."""
    table = table_of(found)
    body = [f"<h1>Learning curve</h1><p>{escape(headline(found))}</p>", "<ul>"]
    body += [f"<li>{escape(one)}</li>" for one in as_lines(found)]
    body += ["</ul>", drawn(found), f"<h2>{escape(table.title)}</h2>", page_table(table)]
    return page(f"Learning curve of {found.dataset}", body)


def drawn(found: LearningCurve) -> str:
    """The scores by the number of examples, which doubles from line to line, as inline SVG."""
    points = [Point(run.examples, run.score.value) for run in found.runs if run.score is not None]
    bands: list[Band] = []
    if found.prediction is not None:
        score = found.prediction.score
        low, high = score.low, score.high
        assert low is not None and high is not None  # a prediction has an interval
        bands.append(Band(found.prediction.examples, score.value, low, high, "predicted"))
    return plot(points, bands, x="examples", y=found.score)
