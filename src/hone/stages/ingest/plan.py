"""Looks at files before they are imported: what they are, and what their columns mean."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hone import shelf
from hone.errors import InvalidInput, nearest
from hone.importers._asking import with_columns
from hone.importers._column_map import SHAPES, ColumnMap
from hone.importers._mapping import drafter
from hone.importers._rows import LeftOut, Note, RawRow, Refusal, RowUnfit
from hone.importers._shapes import recognise
from hone.importers._text import read_head
from hone.records.task import Task
from hone.stages.ingest.hidden import key_for_a_look
from hone.stages.ingest.proposing import Propose, note_of, proposing, rules_for
from hone.workspace.open import Workspace
from hone.workspace.problems import problems_of

SAMPLE_ROWS = 100
SAMPLE_CHARACTERS = 8_000_000
SHOWN_EXAMPLES = 3
COUNTED_BYTES = 2 * 1024 * 1024
LEAST_SURE = 0.3


class Wanted(TypedDict, total=False):
    """What the person said about an import; everything is optional."""

    task: str | None
    shape: str | None
    mapping: Mapping[str, str] | None
    options: Mapping[str, Any] | None
    accept_as: str | None
    new_task: str | None


class FilePlan(BaseModel):
    """What one file is and how it would be taken."""

    model_config = ConfigDict(extra="forbid")

    file: str
    importer: str
    task: str
    shape: str
    meaning: str = Field(default="", description="the shape in a sentence")
    columns: dict[str, str] = Field(default_factory=dict, description="field -> column")
    ignored: list[str] = Field(default_factory=list, description="columns that are not used")
    confidence: float = Field(description="0 to 1")
    notes: list[str] = Field(default_factory=list, description="how the file was read")
    sample: list[dict[str, Any]] = Field(
        default_factory=lambda: [], description="the first examples"
    )
    estimated_rows: int = 0
    question: str = Field(default="", description="what has to be decided first; empty: nothing")
    mend: str = Field(default="", description="the command that decides it")


class ImportPlan(BaseModel):
    """The plan of an import: nothing is written yet."""

    model_config = ConfigDict(extra="forbid")

    files: list[FilePlan]
    new_task: str = Field(default="", description="the task file that would be written, as YAML")
    slots: dict[str, int] = Field(default_factory=dict, description="slots found, with counts")


class Source(NamedTuple):
    """A file that was looked at, ready to be read."""

    path: Path
    importer: str
    module: ModuleType
    options: Any
    columns: ColumnMap
    notes: list[str]
    rows: list[RawRow]
    estimated_rows: int


def propose_import(
    ws: Workspace, paths: Sequence[Path | str], **wanted: Unpack[Wanted]
) -> ImportPlan:
    """What importing these files would do; writes nothing, reads a sample of each."""
    task, text, slots = chosen_task(ws, paths, wanted)
    sources = [look(Path(path), task, wanted, lambda: key_for_a_look(ws)) for path in paths]
    return ImportPlan(
        files=[_shown(source, task, rules_for(ws, task, source.columns)) for source in sources],
        new_task=text,
        slots=slots,
    )


def chosen_task(
    ws: Workspace, paths: Sequence[Path | str], wanted: Wanted
) -> tuple[Task, str, dict[str, int]]:
    """The task that the rows go to; with `new_task` a proposed one, as YAML and with counts."""
    if not paths:
        raise InvalidInput("No file was named.", hint="hone import FILE")
    name = wanted.get("new_task")
    if name is None:
        return ws.task(wanted.get("task")), "", {}
    from hone.workspace.first_files import task_text

    if name in ws.tasks():
        raise InvalidInput(
            f'There is a task "{name}" already.', hint=f"hone import {paths[0]} --task {name}"
        )
    spans = shelf.load("importers", "spans")
    rows = (
        item
        for path in paths
        for item in spans.run(Path(path), _options(spans, "spans", wanted.get("options") or {}))
    )
    task, slots = spans.propose_task(name, rows)
    return task, task_text(task), slots


def look(path: Path, task: Task, wanted: Wanted, key: Callable[[], str] = str) -> Source:
    """Find the importer, read a sample, and say what the columns mean.

    `key` gives what pseudonyms are made with, where they are asked for; by default nothing.
    """
    name, module, shape = _importer(path, wanted.get("shape"))
    options = _options(module, name, wanted.get("options") or {})
    if getattr(options, "pseudonymise", False) and not options.pseudonym_key:
        options = options.model_copy(update={"pseudonym_key": key()})
    notes, rows = _sample(path, module, options)
    fields = [row.fields for row in rows]
    columns = recognise(fields, task, shape=shape)
    columns = with_columns(columns, wanted.get("mapping") or {}, fields, task)
    columns = _fitting(columns, task, fields)
    if columns.shape == "slots" and task.kind != "extract":
        columns = ColumnMap(
            "slots",
            question=f"it holds messages with slots; the task {task.name} is of kind {task.kind}",
            mend="hone import FILE --as spans --new-task NAME   (writes tasks/NAME.yaml)",
        )
    return Source(
        path, name, module, options, columns, notes, rows, _estimate(path, module, options, rows)
    )


def _fitting(columns: ColumnMap, task: Task, rows: Sequence[Mapping[str, Any]]) -> ColumnMap:
    """Questions and conversations rarely fit extract and score tasks: say so before copying."""
    is_own = columns.shape in ("slots", "scores", "hone") or task.kind not in ("extract", "score")
    if is_own or columns.question:
        return columns
    drafts = drafter(columns, task)
    unfit: RowUnfit | None = None
    for row in rows:
        try:
            made = drafts(row)
        except RowUnfit as error:
            made = (error,)
        for draft in made:
            if not isinstance(draft, RowUnfit):
                return columns
            unfit = unfit or draft
    reason = unfit.reason if unfit else "they are empty"
    question = f"the first rows ({columns.shape}) do not fit the {task.kind} task: {reason}"
    mend = (unfit.hint if unfit else "") or "hone import FILE --task NAME"
    return replace(columns, question=question, mend=mend)


def unanswered(sources: Iterable[Source]) -> None:
    """Raise InvalidInput with every open question and the command that answers the first."""
    open_ones = [source for source in sources if source.columns.question]
    if not open_ones:
        return
    problems = [f"{source.path}: {source.columns.question}" for source in open_ones]
    first = open_ones[0]
    raise InvalidInput(
        problems[0] if len(problems) == 1 else f"{len(problems)} files are not clear.",
        hint=_mend(first),
        problems=problems if len(problems) > 1 else [],
    )


def _mend(source: Source) -> str:
    return source.columns.mend.replace("FILE", shlex.quote(str(source.path)))


def _importer(path: Path, wanted: str | None) -> tuple[str, ModuleType, str | None]:
    """The importer that is surest of the file, or the one that was named with --as."""
    known = shelf.names("importers")
    head = b"" if path.is_dir() and _is_read_whole(path, known, wanted) else read_head(path)
    if wanted in known:
        return wanted, shelf.load("importers", wanted), None
    if wanted is not None and wanted not in SHAPES:
        names = [*SHAPES, *known]
        raise InvalidInput(f'--as "{wanted}" is not known.', hint=nearest(wanted, names))
    sure = {name: shelf.load("importers", name).sniff(path, head) for name in known}
    best = max(known, key=lambda name: sure[name])
    if sure[best] < LEAST_SURE:
        raise InvalidInput(
            f"{path} is of no known kind.",
            hint=f"hone import {path} --as KIND   (one of {', '.join(known)})",
        )
    return best, shelf.load("importers", best), wanted


def _is_read_whole(folder: Path, known: Sequence[str], wanted: str | None) -> bool:
    """Whether a folder is itself what an importer reads, so that it has no first bytes."""
    for name in known if wanted is None else (wanted,):
        module = shelf.load("importers", name) if name in known else None
        if getattr(module, "READS_FOLDERS", False):
            return wanted is not None or shelf.load("importers", name).sniff(folder, b"") > 0
    return False


def _options(module: ModuleType, name: str, given: Mapping[str, Any]) -> Any:
    try:
        return module.Options.model_validate(dict(given))
    except ValidationError as error:
        problems = problems_of(error, module.Options)
        raise InvalidInput(
            f"The options do not fit the importer {name}: {' '.join(problems)}",
            hint=f"its options: {', '.join(module.Options.model_fields) or 'none'}",
            problems=problems,
        ) from error


def _sample(path: Path, module: ModuleType, options: Any) -> tuple[list[str], list[RawRow]]:
    """The first rows and notes; raises where there is nothing to look at."""
    notes: list[str] = []
    rows: list[RawRow] = []
    refused: Refusal | None = None
    size = 0
    items = module.run(path, options)
    try:
        for item in items:
            if isinstance(item, RawRow):
                rows.append(item)
                size += len(str(item.fields))
                if len(rows) >= SAMPLE_ROWS or size > SAMPLE_CHARACTERS:
                    break
            elif isinstance(item, Note):
                notes.append(item.text)
            elif not isinstance(item, LeftOut) and item.kind != "comment":
                refused = refused or item
    finally:
        items.close()
    if rows:
        return notes, rows
    if refused is not None:
        place = f", line {refused.line}" if refused.line else ""
        raise InvalidInput(
            f"{path}{place}: {refused.reason}.", hint=refused.hint or "mend the file, import again"
        )
    raise InvalidInput(f"{path} holds no rows.", hint="check the export that wrote it")


def _estimate(path: Path, module: ModuleType, options: Any, rows: Sequence[RawRow]) -> int:
    """How many rows there are: counted in a small file, else reckoned from the first ones."""
    if len(rows) < SAMPLE_ROWS:
        return len(rows)
    size = module.size_of(path) if hasattr(module, "size_of") else path.stat().st_size
    if size <= COUNTED_BYTES:
        try:
            return sum(isinstance(item, RawRow) for item in module.run(path, options))
        except InvalidInput:
            pass  # broken further down: the import itself says where
    per_row = sum(
        len(str(value).encode("utf-8", "replace")) + 1
        for row in rows
        for value in row.fields.values()
    )
    return max(len(rows), int(size * len(rows) / max(per_row, 1)))


def _shown(source: Source, task: Task, rules: Path | None) -> FilePlan:
    found = source.columns
    return FilePlan(
        file=str(source.path),
        importer=source.importer,
        task=task.name,
        shape=found.shape,
        meaning=SHAPES.get(found.shape, ""),
        columns=found.columns,
        ignored=list(found.ignored),
        confidence=found.confidence,
        notes=[*source.notes, *found.notes, *note_of(rules, task)],
        sample=[] if found.question else _first_examples(source, task, proposing(rules, task)),
        estimated_rows=source.estimated_rows,
        question=found.question,
        mend=_mend(source) if found.question else "",
    )


def _first_examples(source: Source, task: Task, propose: Propose) -> list[dict[str, Any]]:
    drafts = drafter(source.columns, task)
    shown: list[dict[str, Any]] = []
    for row in source.rows:
        try:
            for draft in drafts(row.fields):
                if not isinstance(draft, RowUnfit):
                    proposed = [one.output for one in propose(draft).proposals]
                    shown.append({"input": draft.input, "proposals": proposed})
        except RowUnfit:
            continue
        if len(shown) >= SHOWN_EXAMPLES:
            break
    return shown[:SHOWN_EXAMPLES]
