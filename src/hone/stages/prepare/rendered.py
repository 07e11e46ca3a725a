"""Renders reviewed examples into rows, in one pass over the store, and keeps light entries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, NamedTuple

from hone import shelf
from hone.errors import HoneError, InvalidInput
from hone.records.dataset import ExampleQuery
from hone.records.example import Example
from hone.records.task import Task
from hone.rendering.messages import Message
from hone.stages.prepare.choose import Entry, KeptOut, counts
from hone.stages.prepare.form import Form
from hone.stages.prepare.options import BuildOptions
from hone.workspace.open import Workspace

Progress = Callable[[int, int | None], None]
SHOWN_PROBLEMS = 5
# What rows of alike questions have in common, or may differ in without saying anything else.
_NOT_SAID = ("id", "prompt", "label", "weight")


class Wanted(NamedTuple):
    """Which examples are rendered, and how many lines of rows stand before theirs."""

    query: ExampleQuery
    holds: Callable[[Example], bool] = lambda example: True
    first_line: int = 0


def render_rows(
    workspace: Workspace,
    asked: tuple[Task, Form],
    wanted: Wanted,
    rows: IO[str],
    on_progress: Progress,
) -> tuple[list[Entry], list[KeptOut]]:
    """One pass over the store: rows are rendered aside, light entries stay in memory.

    The rows of an example stand one after the other.
    """
    task, form = asked
    kind = shelf.load("tasks", task.kind)
    total = workspace.store.examples.count(wanted.query, task=task.name)
    entries: list[Entry] = []
    refused: list[KeptOut] = []
    line = wanted.first_line
    found = workspace.store.reviewed.iterate(wanted.query, task=task.name)
    for done, reviewed in enumerate(found):
        if done % 1000 == 0:
            on_progress(done, total)
        example = reviewed.example
        if not wanted.holds(example):
            continue
        made = form.module.run(task, reviewed, form.options)
        refused += [KeptOut(example.id, why.reason, detail=why.detail) for why in made.refused]
        if not made.rows:
            continue
        for row in made.rows:
            rows.write(json.dumps(row, ensure_ascii=False) + "\n")
        entry = _entry(kind, task, example, made.rows, line)
        if form.module.KEEPS_TWINS:
            entry = entry._replace(said=_said(made.rows))
        entries.append(entry)
        line += len(made.rows)
    on_progress(total, total)
    return entries, refused


def without_too_long(
    entries: Sequence[Entry], rows: IO[str], form: Form, options: BuildOptions
) -> tuple[list[Entry], list[KeptOut]]:
    """The entries whose rows all fit into `max_tokens` of `base`, and the others."""
    if options.max_tokens is None:
        return list(entries), []
    if options.base is None:
        raise HoneError(
            "Tokens cannot be counted without a base model.",
            hint="add --base hone-nano, or the folder of another model",
        )
    from hone.rendering.tokens import Renderer

    check = shelf.load("checks", "too_long")
    owners: list[str] = []
    lengths = check.run(
        _conversations(entries, rows, form, owners),
        check.Options(max_tokens=options.max_tokens),
        renderer=Renderer.load(options.base),
    )
    # The check looks ahead, so the owner of a length is found by its place.
    long = {owners[place] for place, (_, fits) in enumerate(lengths) if not fits}
    if not owners:
        raise InvalidInput(
            f"Rows of the format {options.format} are no conversations: their tokens cannot be "
            "counted here.",
            hint="leave out --max-tokens; training cuts at data.max_seq_length",
        )
    if len(long) == len(entries):
        raise InvalidInput(
            f"All {len(entries)} examples are longer than {options.max_tokens} tokens.",
            hint="raise --max-tokens",
        )
    kept = [entry for entry in entries if entry.id not in long]
    return kept, [KeptOut(entry.id, "too_long") for entry in entries if entry.id in long]


def lines_of(entries: Sequence[Entry], rows: IO[str]) -> Iterator[tuple[Entry, str]]:
    """Each row of these entries with its entry, in order; rows of others are left out."""
    owner = {entry.line + more: entry for entry in entries for more in range(entry.rows)}
    rows.seek(0)
    for line, text in enumerate(rows):
        if line in owner:
            yield owner[line], text


def _conversations(
    entries: Sequence[Entry], rows: IO[str], form: Form, owners: list[str]
) -> Iterator[list[Message]]:
    for entry, text in lines_of(entries, rows):
        for conversation in form.module.conversations(json.loads(text)):
            owners.append(entry.id)
            yield conversation


def _entry(
    kind: Any, task: Task, example: Example, made: Sequence[dict[str, Any]], line: int
) -> Entry:
    return Entry(
        id=example.id,
        version=example.version,
        group=example.group,
        label=example.status if example.output is None else kind.label_of(task, example.output),
        text=kind.near_duplicate_text(task, example.input),
        weight=made[0].get("weight", 1.0),
        line=line,
        rows=len(made),
    )


def _said(made: Sequence[dict[str, Any]]) -> str:
    texts = [{name: row[name] for name in row if name not in _NOT_SAID} for row in made]
    return hashlib.blake2b(json.dumps(texts).encode(), digest_size=16).hexdigest()


def nothing_to_learn_from(
    workspace: Workspace, task: Task, form: Form, refused: Sequence[KeptOut]
) -> InvalidInput:
    """Why there is not one row: nothing imported, nothing reviewed, or nothing of use."""
    counters = workspace.store.examples.counters(task.name)
    listed = ", ".join(f"{count} {status}" for status, count in counters.items() if count)
    what = f"No example of the task {task.name} can be trained on"
    if refused:
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts(refused).items())
        return InvalidInput(
            f"{what} as it is asked here: it needs {form.module.NEEDS}; "
            f"of {len(refused)} examples none has that ({reasons}).",
            hint="hone review, and correct answers or the task file; the page formats.md of the "
            "reference explains each reason",
            problems=[f"{one.id}: {one.detail}" for one in refused[:SHOWN_PROBLEMS] if one.detail],
        )
    if not listed:
        others = [name for name in workspace.tasks() if _has_examples(workspace, name)]
        options = " or ".join(f"--task {name}" for name in others)
        hint = f"{options}, where the examples are" if others else "hone import FILE"
        return InvalidInput(f"{what}: there are no examples of it.", hint=hint)
    return InvalidInput(f"{what}: there are {listed}.", hint="review first: hone review")


def _has_examples(workspace: Workspace, task: str) -> bool:
    return any(workspace.store.examples.counters(task).values())
