"""Imports files: looks at all of them first, then takes their rows, one file after the other."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Unpack

from hone.errors import InvalidInput
from hone.records.task import Task
from hone.settings import reviewer_name
from hone.stages.ingest.ahead import is_worth_it, read_ahead
from hone.stages.ingest.hidden import pseudonym_key
from hone.stages.ingest.keep import RefusedRows, keep_source
from hone.stages.ingest.plan import Source, Wanted, chosen_task, look, unanswered
from hone.stages.ingest.proposing import note_of, rules_for
from hone.stages.ingest.report import FileReport, ImportReport, Tally
from hone.stages.ingest.rows import PROGRESS_ROWS, Reading, read_items, take_rows
from hone.stages.ingest.sessions import load_session
from hone.workspace.config import CONFIG_FILE, set_config
from hone.workspace.files import write_atomically
from hone.workspace.open import Workspace
from hone.workspace.store.examples import NewExample
from hone.workspace.store.filters import Filter

Progress = Callable[[int, int | None], None]


def import_examples(
    ws: Workspace,
    paths: Sequence[Path | str],
    *,
    on_progress: Progress | None = None,
    **wanted: Unpack[Wanted],
) -> ImportReport:
    """Take the rows of files in as examples.

    Every file is looked at before the first row is taken: InvalidInput names all that is unclear.
    Rows that do not fit are kept in `data/raw/refused`. Importing the same rows again adds
    nothing, so after an interruption the same call takes the rest. With `accept_as` the pending
    examples of these files are accepted in that reviewer's name, as one bulk operation per file.
    """
    task, text, _ = chosen_task(ws, paths, wanted)
    sources = [look(Path(path), task, wanted, lambda: pseudonym_key(ws)) for path in paths]
    unanswered(sources)
    for source in sources:
        rules_for(ws, task, source.columns)
    report = ImportReport(files=[])
    if text:
        task_file = f"tasks/{task.name}.yaml"
        write_atomically(ws.root / task_file, text)
        if not ws.store.examples.count():
            # Nothing belongs to the template's task yet: the new one is what this is about.
            set_config(ws.root / CONFIG_FILE, "task", task_file)
            report.default_task = task.name
    reports = [_import_file(ws, source, task, wanted, on_progress) for source in sources]
    report.files = reports
    if report.errors and not (report.taken or report.duplicate):
        first = next(file for file in reports if file.error)
        raise InvalidInput(
            report.errors[0] if len(report.errors) == 1 else "No file could be taken.",
            hint=first.hint or "mend the file, then import it again",
            problems=report.errors if len(report.errors) > 1 else [],
        )
    return report


def _import_file(
    ws: Workspace, source: Source, task: Task, wanted: Wanted, on_progress: Progress | None
) -> FileReport:
    report = FileReport(
        file=str(source.path),
        task=task.name,
        importer=source.importer,
        shape=source.columns.shape,
        columns=source.columns.columns,
    )
    if source.columns.shape == "session":
        return _import_session(ws, source, task, report, wanted.get("accept_as"))
    is_hidden = getattr(source.options, "pseudonymise", False)
    kept = keep_source(ws, source.path, may_copy=not is_hidden)
    rules = rules_for(ws, task, source.columns)
    report.stored_as = str(kept.path.relative_to(ws.root))
    tally = Tally()
    with RefusedRows(ws, kept) as refused:
        asked = Reading(
            source.path, source.importer, source.options, source.columns, task, kept.name, rules
        )
        items = read_ahead(asked) if is_worth_it(source.estimated_rows) else read_items(asked)
        rows = take_rows(items, refused, tally, source.notes)
        if on_progress is not None:
            rows = _reported(rows, tally, source.estimated_rows, on_progress)
        try:
            added = ws.store.examples.add_many(rows)
            report.taken, report.duplicate = added.taken, added.duplicate
        except InvalidInput as error:
            # The file turned out to be unreadable half-way; what was taken before stays.
            tally.error = error.message
    tally.fill(report)
    report.notes = [*source.notes, *source.columns.notes, *note_of(rules, task)]
    report.refused_file = str(refused.path) if refused.has_rows else None
    if not report.error and not (report.taken or report.duplicate):
        report.error = _nothing(report)
    accept_as = wanted.get("accept_as")
    if accept_as and not report.error:
        report.accepted = _accept(ws, report, kept.name, accept_as)
    return report


def _reported(
    rows: Iterator[NewExample], tally: Tally, estimated_rows: int, on_progress: Progress
) -> Iterator[NewExample]:
    for row in rows:
        yield row
        if tally.read % PROGRESS_ROWS == 0:
            on_progress(tally.read, max(estimated_rows, tally.read))
    on_progress(tally.read, tally.read)


def _nothing(report: FileReport) -> str:
    if not report.read:
        return "it holds no rows"
    reason, count = next(iter(report.reasons.items()))
    return f"none of its {report.read:,} rows could be taken; for {count:,} of them: {reason}"


def _accept(ws: Workspace, report: FileReport, file: str, reviewer: str) -> int:
    """Accept what is pending of this file: also what an interrupted import left behind."""
    # Of rows that were rated, only those that were liked are worth learning.
    tags = ("liked",) if report.shape == "kto" else ()
    wanted = Filter(status=("pending",), task=report.task, tags=tags, files=(file,))
    count = ws.store.journal.count_bulk("accept", wanted)
    if count:
        ws.store.journal.bulk(f"import-{uuid.uuid4().hex}", "accept", wanted, reviewer)
    return count


def _import_session(
    ws: Workspace, source: Source, task: Task, report: FileReport, accept_as: str | None
) -> FileReport:
    loaded = load_session(ws, source.path, task=task.name, reviewer=accept_as or reviewer_name())
    report.read, report.taken, report.duplicate = loaded.items, loaded.taken, loaded.duplicate
    report.refused, report.reasons = loaded.refused, loaded.reasons
    report.notes = [*source.notes, f"{loaded.decided:,} decisions taken up"]
    return report
