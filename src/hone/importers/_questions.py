"""Reads a file of things to answer: with the expected answers to score, or without to predict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

from hone import shelf
from hone.errors import InvalidInput, NotFound
from hone.importers._cells import passages_in
from hone.importers._column_map import (
    CONTENT_NAMES,
    CONTEXT_NAMES,
    QUESTION_NAMES,
    TITLE_NAMES,
    ColumnMap,
)
from hone.importers._columns import plain_name
from hone.importers._mapping import drafter
from hone.importers._rows import RawRow, Refusal, RowUnfit
from hone.importers._shapes import recognise
from hone.importers._text import read_head
from hone.records.task import Task

SAMPLE_ROWS = 100
LEAST_SURE = 0.3
MESSAGE_NAMES = ("message", "text", "msg", "content", "body")

Row = Mapping[str, Any]


class Asked(NamedTuple):
    """One row: what is asked and, if known, the expected output; or why it cannot be asked."""

    row: int
    input: dict[str, Any]
    context: list[dict[str, Any]]
    output: Any = None
    problem: str = ""


def read_questions(path: Path, task: Task, *, needs_answers: bool) -> Iterator[Asked]:
    """Every row in order, one at a time; the first row already shows whether the file can be read.

    Rows may have Hone's own layout ({"input", "output"}, as `hone examples export` writes) or,
    with answers, any shape that `hone import` recognises; without, a column for the question.
    """
    module = _importer(path)
    first = _first_rows(module, path)
    read = _reader(path, task, first, needs_answers=needs_answers)
    problems = shelf.load("tasks", task.kind)
    for item in module.run(path, module.Options()):
        if isinstance(item, Refusal):
            if item.kind != "comment":
                yield Asked(item.row or 0, {}, [], problem=item.reason)
        elif isinstance(item, RawRow):
            for asked in read(item):
                yield _checked(asked, task, problems, needs_answers=needs_answers)


def _importer(path: Path) -> ModuleType:
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder.", hint="Name a JSONL or CSV file.")
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", hint="Check the path.")
    head = read_head(path)
    if not head.strip():
        raise InvalidInput(f"{path} is empty.", hint="Name a JSONL or CSV file with rows.")
    modules = [shelf.load("importers", name) for name in shelf.names("importers")]
    sure, _, best = max(
        (module.sniff(path, head), -place, module) for place, module in enumerate(modules)
    )
    if sure < LEAST_SURE:
        raise InvalidInput(
            f"{path} is no file of examples that Hone can read.", hint="Give JSONL, JSON or CSV."
        )
    return best


def _first_rows(module: ModuleType, path: Path) -> list[Row]:
    found: list[Row] = []
    refusals: list[str] = []
    for item in islice(module.run(path, module.Options()), SAMPLE_ROWS):
        if isinstance(item, RawRow):
            found.append(item.fields)
        elif isinstance(item, Refusal):
            refusals.append(f"row {item.row}: {item.reason}")
    if not found:
        raise InvalidInput(
            f"{path} holds no row that can be read.",
            hint="Give JSONL with one object per line, or CSV with a header line.",
            problems=refusals[:5],
        )
    return found


def _reader(path: Path, task: Task, rows: Sequence[Row], *, needs_answers: bool) -> Any:
    if all(isinstance(row.get("input"), dict) for row in rows):
        return _own_layout
    if not needs_answers:
        return _input_reader(path, task, rows)
    columns = recognise(rows, task)
    if columns.question or columns.shape in ("preference", "kto", "unknown"):
        raise InvalidInput(
            f"{path} does not show what is asked and what the right answer is: it holds "
            f"{', '.join(sorted(rows[0])[:8])}.",
            hint=f"Give {_example_of(task)}.",
        )
    return _shape_reader(columns, task)


def _own_layout(item: RawRow) -> Iterator[Asked]:
    if not isinstance(item.fields.get("input"), dict):
        yield Asked(item.row, {}, [], problem='there is no "input" object')
        return
    given: Any = item.fields.get("context")
    context = passages_in(given) if given else []
    yield Asked(item.row, item.fields["input"], context, item.fields.get("output"))


def _shape_reader(columns: ColumnMap, task: Task) -> Any:
    drafts = drafter(columns, task)

    def read(item: RawRow) -> Iterator[Asked]:
        try:
            for draft in drafts(item.fields):
                if isinstance(draft, RowUnfit):
                    yield Asked(item.row, {}, [], problem=draft.reason)
                    continue
                output = draft.proposals[0].output if draft.proposals else None
                yield Asked(item.row, draft.input, draft.passages, output)
        except RowUnfit as unfit:
            yield Asked(item.row, {}, [], problem=unfit.reason)

    return read


def _input_reader(path: Path, task: Task, rows: Sequence[Row]) -> Any:
    names = {plain_name(name): name for row in rows for name in row}
    if task.kind == "chat" and "messages" in names:
        return _turns_reader(names["messages"])
    wanted = {
        "extract": (*MESSAGE_NAMES, *QUESTION_NAMES),
        "score": CONTENT_NAMES,
    }.get(task.kind, (*QUESTION_NAMES, *MESSAGE_NAMES))
    column = next((names[name] for name in wanted if name in names), None)
    if column is None and len(names) == 1:
        column = next(iter(names.values()))
    if column is None:
        raise InvalidInput(
            f"{path} has no column that is asked, only {', '.join(sorted(names.values())[:8])}.",
            hint=f"Name one {_field_of(task)}, as in {_example_of(task, with_answer=False)}.",
        )
    title = next((names[name] for name in TITLE_NAMES if name in names and name != column), None)
    shown = next((names[name] for name in CONTEXT_NAMES if name in names), None)

    def read(item: RawRow) -> Iterator[Asked]:
        value = item.fields.get(column)
        context = item.fields.get(shown or "")
        passages = passages_in(context) if context and task.kind == "qa" else []
        yield Asked(item.row, _input_of(task, value, item.fields.get(title or "")), passages)

    return read


def _turns_reader(column: str) -> Any:
    def read(item: RawRow) -> Iterator[Asked]:
        turns = item.fields.get(column)
        if isinstance(turns, list) and turns and _speaker(turns[-1]) == "assistant":
            turns = cast("list[Any]", turns)[:-1]  # a reply that is there already is not shown
        yield Asked(item.row, {"messages": turns}, [])

    return read


def _speaker(turn: Any) -> str:
    return str(turn.get("role")) if isinstance(turn, dict) else ""


def input_of(task: Task, message: str) -> dict[str, Any]:
    """What a plain text is to the task: its message, question, article or first turn."""
    return _input_of(task, message, None)


def _input_of(task: Task, value: Any, title: Any) -> dict[str, Any]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value) if is_number and math.isfinite(value) else value
    if task.kind == "chat":
        return {"messages": [{"role": "user", "content": text}]}
    if task.kind == "score":
        return {"content": text, **({"title": str(title)} if title else {})}
    return {_field_of(task): text}


def _field_of(task: Task) -> str:
    fields = {"extract": "message", "qa": "question", "score": "content", "chat": "messages"}
    return fields[task.kind]


def _example_of(task: Task, *, with_answer: bool = True) -> str:
    asked = f'{{"{_field_of(task)}": "…"}}'
    return f'{{"input": {asked}, "output": …}}' if with_answer else asked


def _checked(asked: Asked, task: Task, kind: ModuleType, *, needs_answers: bool) -> Asked:
    if asked.problem:
        return asked
    problems: Iterable[str] = kind.input_problems(task, asked.input)
    if not problems and needs_answers:
        if asked.output is None:
            problems = ["there is no expected answer"]
        else:
            problems = kind.output_problems(task, asked.output)
    return asked._replace(problem=" ".join(problems)) if problems else asked
