"""Turns drafts into rows of the store: ids, fingerprints, compact JSON, the text for search."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from hone import shelf
from hone.importers._column_map import ColumnMap
from hone.importers._forms import Draft
from hone.importers._mapping import Drafts, drafter
from hone.importers._rows import LeftOut, Note, RawRow, Refusal, RowUnfit
from hone.records.identity import canonical_json, fingerprint_of, id_of_parts
from hone.records.task import Task
from hone.stages.ingest.keep import RefusedRows
from hone.stages.ingest.proposing import proposing
from hone.stages.ingest.report import Tally
from hone.workspace.clock import as_text
from hone.workspace.store.examples import NewExample
from hone.workspace.store.json_text import to_text

AGENT = "import"
PROGRESS_ROWS = 1000


class Reading(NamedTuple):
    """All that it takes to read a file: values alone, so that another process can do it."""

    path: Path
    importer: str
    options: Any
    columns: ColumnMap
    task: Task
    file: str
    """What the examples give as the file they come from."""
    rules: Path | None = None
    """The rules that propose fields for messages that bring none."""


Item = NewExample | Refusal | Note | LeftOut


def read_items(asked: Reading) -> Iterator[Item]:
    """Every row of a file in order: as a row of the store where it can be taken, else refused."""
    drafts = drafter(asked.columns, asked.task)
    row_of = row_builder(asked.task, asked.file, is_own_form=asked.columns.shape == "hone")
    propose = proposing(asked.rules, asked.task)
    importer = shelf.load("importers", asked.importer)
    for item in importer.run(asked.path, asked.options):
        if isinstance(item, RawRow):
            yield from _made(item, drafts, lambda draft, row: row_of(propose(draft), row))
        else:
            yield item


def _made(
    item: RawRow,
    drafts: Callable[[Mapping[str, Any]], Drafts],
    row_of: Callable[[Draft, RawRow], NewExample],
) -> Iterator[NewExample | Refusal]:
    try:
        for draft in drafts(item.fields):
            if isinstance(draft, RowUnfit):
                yield _unfit(draft, item)
                continue
            try:
                yield row_of(draft, item)
            except RowUnfit as unfit:
                yield _unfit(unfit, item)
    except RowUnfit as unfit:
        yield _unfit(unfit, item)


def _unfit(unfit: RowUnfit, item: RawRow) -> Refusal:
    return Refusal(unfit.reason, item.row, item.line, item.fields, "refused", unfit.hint)


def take_rows(
    items: Iterable[Item], refused: RefusedRows, tally: Tally, notes: list[str]
) -> Iterator[NewExample]:
    """The rows that can be taken; refusals are kept and counted on the way, new notes noted."""
    for item in items:
        if isinstance(item, NewExample):
            tally.read += 1
            yield item
        elif isinstance(item, Refusal):
            refused.write(item)
            _count(item, tally)
        elif isinstance(item, LeftOut):
            tally.leave_out(item.reason)
        elif item.text not in notes:
            notes.append(item.text)


def _count(item: Refusal, tally: Tally) -> None:
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
            more = f",{to_text(dict(item.origin))[1:-1]}" if item.origin else ""
            # Rules are changed now and then; a message that they read anew is the same example.
            named = told if draft.agent == AGENT else "null"
            return NewExample(
                id=id_of_parts(task.name, asked, named, around),
                task=task.name,
                input=asked if is_qa else to_text(draft.input),
                fingerprint=fingerprint_of(draft.input, output),
                search=tasks.search_text(task, draft.input, output),
                proposal=_stored(told, output, is_qa=is_qa) if proposal else None,
                proposal_agent=draft.agent if proposal else None,
                proposal_score=proposal.score if proposal else None,
                suggestions=_further(draft) if len(draft.proposals) > 1 else None,
                context=around if draft.passages else None,
                origin=f'{{"file":{file_text},"row":{item.row}{line}{more}}}',
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
