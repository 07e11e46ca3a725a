"""Turns drafts into rows of the store: ids, fingerprints, compact JSON, the text for search."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from hone import shelf
from hone.importers._forms import Draft
from hone.importers._mapping import Drafts, drafter
from hone.importers._rows import Note, RawRow, Refusal, RowUnfit
from hone.records.identity import canonical_json, fingerprint_of, id_of_parts
from hone.records.task import Task
from hone.stages.ingest.keep import Kept, RefusedRows
from hone.stages.ingest.plan import Source
from hone.stages.ingest.report import Tally
from hone.workspace.clock import as_text
from hone.workspace.store.examples import NewExample
from hone.workspace.store.json_text import to_text

AGENT = "import"
PROGRESS_ROWS = 1000


def new_rows(
    source: Source, task: Task, kept: Kept, refused: RefusedRows, tally: Tally
) -> Iterator[NewExample]:
    """Every row of a file that can be taken, in order; the others go to `refused`."""
    drafts = drafter(source.columns, task)
    row_of = row_builder(task, kept.name, is_own_form=source.columns.shape == "hone")
    for item in source.module.run(source.path, source.options):
        if isinstance(item, RawRow):
            yield from _taken(item, drafts, row_of, refused, tally)
        elif isinstance(item, Refusal):
            _refused(item, refused, tally)
        elif isinstance(item, Note) and item.text not in source.notes:
            source.notes.append(item.text)


def _taken(
    item: RawRow,
    drafts: Callable[[Mapping[str, Any]], Drafts],
    row_of: Callable[[Draft, RawRow], NewExample],
    refused: RefusedRows,
    tally: Tally,
) -> Iterator[NewExample]:
    try:
        for draft in drafts(item.fields):
            tally.read += 1
            if isinstance(draft, RowUnfit):
                _unfit(draft, item, refused, tally)
                continue
            try:
                row = row_of(draft, item)
            except RowUnfit as unfit:
                _unfit(unfit, item, refused, tally)
            else:
                yield row
    except RowUnfit as unfit:
        tally.read += 1
        _unfit(unfit, item, refused, tally)


def _unfit(unfit: RowUnfit, item: RawRow, refused: RefusedRows, tally: Tally) -> None:
    tally.refuse(unfit.reason, unfit.hint)
    refused.write(Refusal(unfit.reason, item.row, item.line, item.fields, "refused", unfit.hint))


def _refused(item: Refusal, refused: RefusedRows, tally: Tally) -> None:
    refused.write(item)
    if item.kind == "comment":
        tally.comments += 1
        return
    tally.read += 1
    tally.refuse(item.reason, item.hint)
    if item.kind == "broken":
        place = f"line {item.line}: " if item.line else ""
        tally.error = f"{place}{item.reason}; nothing after it was read"


def row_builder(
    task: Task, file: str, *, is_own_form: bool = False
) -> Callable[[Draft, RawRow], NewExample]:
    """A function from a draft and its place to a row of the store, which may raise RowUnfit.

    `is_own_form`: input and outputs stand in the file as they are, so nothing checked them yet.
    """
    tasks = shelf.load("tasks", task.kind)
    file_text = json.dumps(file, ensure_ascii=False)
    # Questions and replies were checked on the way; fields and scores have rules of their own.
    has_rules = is_own_form or task.kind in ("extract", "score")
    # Of objects with one key, the canonical text is the text; others keep the order of their keys.
    is_qa = task.kind == "qa" and not is_own_form

    def build(draft: Draft, item: RawRow) -> NewExample:
        proposal = draft.proposals[0] if draft.proposals else None
        output = proposal.output if proposal else None
        if has_rules:
            _check(tasks, task, draft)
        try:
            asked, told = canonical_json(draft.input), canonical_json(output)
            around = canonical_json(draft.passages) if draft.passages else "[]"
            line = "" if item.line is None else f',"line":{item.line}'
            return NewExample(
                id=id_of_parts(task.name, asked, told, around),
                task=task.name,
                input=asked if is_qa else to_text(draft.input),
                fingerprint=fingerprint_of(draft.input, output),
                search=tasks.search_text(task, draft.input, output),
                proposal=_stored(told, output, is_qa=is_qa) if proposal else None,
                proposal_agent=AGENT if proposal else None,
                proposal_score=proposal.score if proposal else None,
                suggestions=_further(draft) if len(draft.proposals) > 1 else None,
                context=around if draft.passages else None,
                origin=f'{{"file":{file_text},"row":{item.row}{line}}}',
                file=file,
                tags=to_text(draft.tags) if draft.tags else None,
                occurred_at=as_text(draft.occurred_at) if draft.occurred_at else None,
                group_key=draft.group,
            )
        except UnicodeEncodeError as error:
            code = ord(error.object[error.start])
            raise RowUnfit(
                f"U+{code:04X} is half of a character, or a byte that the encoding does not allow",
                "--option encoding=NAME where the encoding was guessed wrong",
            ) from None
        except ValueError:
            raise RowUnfit("a number is infinite or no number at all") from None

    return build


def _check(tasks: ModuleType, task: Task, draft: Draft) -> None:
    problems = [*tasks.input_problems(task, draft.input)]
    for one in draft.proposals:
        problems += tasks.output_problems(task, one.output)
    if problems:
        raise RowUnfit(" ".join(problems))


def _stored(canonical: str, output: Any, *, is_qa: bool) -> str:
    return canonical if is_qa else to_text(output)


def _further(draft: Draft) -> str:
    return to_text(
        [{"agent": AGENT, "output": one.output, "score": one.score} for one in draft.proposals[1:]]
    )
