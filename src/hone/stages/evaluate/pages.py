"""The report of an evaluation for people: Markdown, a page, and a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from hone.metrics.by_example import DIMENSION
from hone.records.evaluation import Band, Evaluation, Row
from hone.records.model import Measured
from hone.stages.evaluate.questions import Question
from hone.stages.evaluate.score import Scored
from hone.workspace.files import write_atomically
from hone.workspace.pages import (
    Table,
    interval_text,
    markdown_table,
    page,
    page_table,
    plain,
)

BANDS: tuple[Band, ...] = ("green", "yellow", "orange", "red")
SHOWN = 10
CLIPPED = 2000
OF_DIMENSIONS = ("mae", "rmse", "pearson", "spearman")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_pages(
    json_path: Path,
    found: Evaluation,
    score: str,
    answered: tuple[Sequence[Question], Mapping[str, Scored]],
) -> None:
    """Beside the JSON: the same name with .md, .html and .csv; `score` names the task's score."""
    shown = tables(found, score)
    worst = _worst(found, *answered)
    write_atomically(json_path.with_suffix(".md"), as_markdown(found, shown))
    write_atomically(json_path.with_suffix(".html"), as_page(found, shown, worst))
    write_atomically(json_path.with_suffix(".csv"), as_csv(found, score))


def headline(found: Evaluation) -> str:
    """What was evaluated on how many examples."""
    drawn = " (a quick sample)" if found.sample is not None else ""
    amount = found.rows[0].examples if found.rows else 0
    return f"{found.model} on {found.on}: {amount:,} examples{drawn}, 95 % intervals"


def tables(found: Evaluation, score: str) -> list[Table]:
    """Scores and bands, the other figures, those of each dimension, and the differences."""
    shown = [
        Table(
            "Scores",
            ["row", score, *BANDS, "seconds each"],
            [_score_cells(row) for row in found.rows],
        )
    ]
    names = list(dict.fromkeys(name for row in found.rows for name in row.metrics))
    plainly = [
        name for name in names if not name.startswith((DIMENSION, "field.")) and name != score
    ]
    if plainly:
        shown.append(
            Table(
                "Figures",
                ["row", *plainly],
                [[row.contender, *_cells(row, plainly)] for row in found.rows],
            )
        )
    if dimensions := dimensions_of(names):
        shown.append(dimension_table(found.rows, dimensions))
    if found.differences:
        shown.append(
            Table(
                f"Difference of {score}, paired",
                ["rows", "difference"],
                [
                    [name, interval_text(one, signed=True)]
                    for name, one in found.differences.items()
                ],
            )
        )
    return shown


def dimensions_of(names: Sequence[str]) -> list[str]:
    """The dimensions that figures of these names are about."""
    found = (
        name.removeprefix(DIMENSION).rpartition(".")[0]
        for name in names
        if name.startswith(DIMENSION)
    )
    return list(dict.fromkeys(found))


def dimension_table(rows: Sequence[Row], dimensions: Sequence[str]) -> Table:
    """One line for each dimension of each contender."""
    lines = [
        [row.contender, one, *_cells(row, [f"{DIMENSION}{one}.{name}" for name in OF_DIMENSIONS])]
        for one in dimensions
        for row in rows
    ]
    return Table("Dimensions", ["row", "dimension", "MAE", "RMSE", "Pearson", "Spearman"], lines)


def _score_cells(row: Row) -> list[str]:
    each = row.seconds / row.examples if row.examples else 0.0
    bands = (f"{row.bands.get(band, 0):,}" for band in BANDS)
    return [row.contender, interval_text(row.score), *bands, f"{each:.3f}"]


def _cells(row: Row, names: Sequence[str]) -> list[str]:
    return [interval_text(row.metrics[name]) if name in row.metrics else "" for name in names]


def as_markdown(found: Evaluation, shown: Sequence[Table]) -> str:
    """For a terminal, a pull request, a wiki."""
    lines = [f"# Evaluation: {plain(headline(found))}", ""]
    lines += [f"- {plain(_ceiling(found))}"] if found.human is not None else []
    lines += [f"- Note: {plain(note)}" for note in found.notes]
    for table in shown:
        lines += ["", *markdown_table(table)]
    return "\n".join(lines) + "\n"


def as_page(found: Evaluation, shown: Sequence[Table], worst: str = "") -> str:
    """A page that needs nothing else and runs nothing."""
    body = [f"<h1>Evaluation</h1><p>{escape(headline(found))}</p>"]
    if found.human is not None:
        body.append(f"<p>{escape(_ceiling(found))}</p>")
    if found.notes:
        notes = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
        body.append(f"<ul>{notes}</ul>")
    for table in shown:
        body += [f"<h2>{escape(table.title)}</h2>", page_table(table)]
    return page(f"Evaluation of {found.model}", [*body, worst])


def _ceiling(found: Evaluation) -> str:
    """What the scores are to be held against: nobody can be shown to be better than that."""
    return f"Human ceiling: {found.human.says}" if found.human is not None else ""


def as_csv(found: Evaluation, score: str) -> str:
    """One line per figure of each contender: its value, its interval, and on how many examples."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("row", "figure", "value", "low", "high", "examples"))
    for row in found.rows:
        figures: dict[str, Measured] = {**row.metrics, score: row.score}
        for name, one in figures.items():
            table.writerow(
                (_no_formula(row.contender), _no_formula(name), *_numbers(one), row.examples)
            )
        for band in BANDS:
            count = row.bands.get(band, 0)
            line = (_no_formula(row.contender), f"band.{band}", count, "", "", row.examples)
            table.writerow(line)
    return out.getvalue()


def _numbers(one: Measured) -> Iterator[str]:
    for value in (one.value, one.low, one.high):
        yield "" if value is None else f"{value:.6g}"


def _no_formula(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _worst(found: Evaluation, questions: Sequence[Question], scored: Mapping[str, Scored]) -> str:
    """What the contender that is evaluated got most wrong, in full."""
    name = found.model if found.model in scored else next(iter(scored), "")
    if not name:
        return ""
    pairs = list(zip(questions, scored[name].scores, strict=True))
    low = sorted(pairs, key=lambda pair: pair[1].score)[:SHOWN]
    lines = [f"<h2>What {escape(name)} got most wrong</h2>"]
    for question, score in low:
        if score.score >= 1:
            break
        asked = "\n".join(f"{key}: {value}" for key, value in question.input.items())
        rows = (("asked", asked), ("right", question.answer), ("said", score.text))
        cells = "".join(
            f'<tr><th scope="row">{label}</th><td><pre>{escape(_clipped(text))}</pre></td></tr>'
            for label, text in rows
        )
        title = f"{escape(question.id)}: {score.score:.3f}"
        lines.append(f"<h3>{title}</h3><table><tbody>{cells}</tbody></table>")
    return "\n".join(lines) if len(lines) > 1 else ""


def _clipped(text: str) -> str:
    return text if len(text) <= CLIPPED else f"{text[:CLIPPED]} …"
