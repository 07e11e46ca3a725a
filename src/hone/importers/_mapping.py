"""Turns rows into drafts of examples, by the columns of the file and the kind of the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hone.importers._cells import tags_in, time_in
from hone.importers._column_map import EXTRA_FIELDS, ColumnMap
from hone.importers._columns import getter
from hone.importers._forms import FORMS, Draft, hone_form, scores_form, slots_form
from hone.importers._readers import FLAT, READERS, Proposal
from hone.importers._rows import RowUnfit
from hone.records.task import Task

Row = Mapping[str, Any]
# Shapes that give a task's own input and output, without the detour over turns.
_OWN_FORMS = {"slots": slots_form, "scores": scores_form, "hone": hone_form}
Drafts = Sequence[Draft | RowUnfit]


def drafter(columns: ColumnMap, task: Task) -> Callable[[Row], Drafts]:
    """A function from one row to its drafts; a part of a row that is unfit comes as RowUnfit."""
    extras = {name: getter(path) for name, path in columns.columns.items() if name in EXTRA_FIELDS}
    if columns.shape in _OWN_FORMS:
        form = _OWN_FORMS[columns.shape](columns, task)

        def single(fields: Row) -> Drafts:
            draft = form(fields)
            return [draft._replace(**_extras(fields, extras, draft.group, draft.tags))]

        return single
    read = READERS[columns.shape](columns)
    shape = FORMS[task.kind]

    def drafts(fields: Row) -> Drafts:
        made: list[Draft | RowUnfit] = []
        for found in read(fields):
            try:
                question, proposals = shape(found, task)
                around = _extras(fields, extras, found.group, found.tags)
                made.append(Draft(question, proposals, found.passages, **around))
            except RowUnfit as unfit:
                made.append(unfit)
        return made

    is_plain = columns.shape in FLAT and set(columns.columns) == {"question", "answer"}
    return _plain_qa(columns, drafts) if is_plain and task.kind == "qa" else drafts


def _plain_qa(columns: ColumnMap, otherwise: Callable[[Row], Drafts]) -> Callable[[Row], Drafts]:
    """Two columns of text, by far the commonest large file, without the detours of the others."""
    asked, told = columns.columns["question"], columns.columns["answer"]

    def drafts(fields: Row) -> Drafts:
        question, answer = fields.get(asked), fields.get(told)
        if type(question) is not str or type(answer) is not str:
            return otherwise(fields)
        if question.isspace() or answer.isspace() or not (question and answer):
            return otherwise(fields)
        proposals = [Proposal({"answer": answer})]
        return (Draft({"question": question}, proposals, [], [], None, None),)

    return drafts


def _extras(
    fields: Row, extras: Mapping[str, Callable[[Row], Any]], group: str | None, tags: list[str]
) -> dict[str, Any]:
    if not extras:
        return {"group": group, "tags": tags, "occurred_at": None}
    said = {name: read(fields) for name, read in extras.items()}
    return {
        "group": group if said.get("group") in (None, "") else str(said["group"]),
        "tags": [*tags, *tags_in(said.get("tags"))],
        "occurred_at": time_in(said.get("occurred_at")),
    }
