"""Renders reviewed examples into rows, in one pass over the store, and keeps light entries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import IO, Any

from hone import shelf
from hone.errors import HoneError, InvalidInput
from hone.records.example import Example
from hone.records.task import Task
from hone.stages.prepare.choose import Entry, KeptOut
from hone.stages.prepare.options import BuildOptions
from hone.workspace.open import Workspace

Progress = Callable[[int, int | None], None]


def render_rows(
    workspace: Workspace,
    task: Task,
    options: BuildOptions,
    rows: IO[str],
    on_progress: Progress,
) -> tuple[list[Entry], list[KeptOut]]:
    """One pass over the store: every row is rendered aside, light entries stay in memory."""
    kind, format_module = shelf.load("tasks", task.kind), shelf.load("formats", options.format)
    format_options = _format_options(format_module, options.format_options)
    total = workspace.store.examples.count(options.query)
    entries: list[Entry] = []
    refused: list[KeptOut] = []
    line = 0
    for done, example in enumerate(workspace.store.examples.iterate(options.query, task=task.name)):
        if done % 1000 == 0:
            on_progress(done, total)
        row = None
        if not kind.output_problems(task, example.output):
            row = format_module.run(task, example, format_options)
        if row is None:
            refused.append(KeptOut(example.id, "invalid"))
            continue
        rows.write(json.dumps(row, ensure_ascii=False) + "\n")
        entries.append(_entry(kind, task, example, weight=row.get("weight", 1.0), line=line))
        line += 1
    on_progress(total, total)
    if not entries:
        raise _nothing_to_learn_from(workspace, task, len(refused))
    entries, too_long = _without_too_long(entries, rows, options)
    return entries, [*refused, *too_long]


def _format_options(module: Any, given: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    try:
        return module.Options.model_validate(given)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidInput(
            "The options of the format do not fit.", hint="see the docs", problems=problems
        ) from error


def _entry(kind: Any, task: Task, example: Example, *, weight: float, line: int) -> Entry:
    return Entry(
        id=example.id,
        version=example.version,
        group=example.group,
        label=kind.label_of(task, example.output),
        text=kind.near_duplicate_text(task, example.input),
        weight=weight,
        line=line,
    )


def _nothing_to_learn_from(workspace: Workspace, task: Task, invalid: int) -> InvalidInput:
    counters = workspace.store.examples.counters(task.name)
    listed = ", ".join(f"{count} {status}" for status, count in counters.items() if count)
    what = f"No example of the task {task.name} can be trained on"
    if invalid:
        return InvalidInput(
            f"{what}: the {invalid} accepted outputs do not fit the task.",
            hint="hone examples list --status accepted, then correct them or the task file",
        )
    if not listed:
        others = [name for name in workspace.tasks() if _has_examples(workspace, name)]
        options = " or ".join(f"--task {name}" for name in others)
        hint = f"{options}, where the examples are" if others else "hone import FILE"
        return InvalidInput(f"{what}: there are no examples of it.", hint=hint)
    return InvalidInput(f"{what}: there are {listed}.", hint="review first: hone review")


def _has_examples(workspace: Workspace, task: str) -> bool:
    return any(workspace.store.examples.counters(task).values())


def _without_too_long(
    entries: list[Entry], rows: IO[str], options: BuildOptions
) -> tuple[list[Entry], list[KeptOut]]:
    if options.max_tokens is None:
        return entries, []
    if options.base is None:
        raise HoneError(
            "Tokens cannot be counted without a base model.",
            hint="add --base hone-nano, or the folder of another model",
        )
    from hone.rendering.tokens import Renderer

    check = shelf.load("checks", "too_long")
    rows.seek(0)
    conversations = ([*row["prompt"], *row["completion"]] for row in map(json.loads, rows))
    lengths = check.run(
        conversations,
        check.Options(max_tokens=options.max_tokens),
        renderer=Renderer.load(options.base),
    )
    kept: list[Entry] = []
    gone: list[KeptOut] = []
    for entry, (_, fits) in zip(entries, lengths, strict=True):
        if fits:
            kept.append(entry)
        else:
            gone.append(KeptOut(entry.id, "too_long"))
    if not kept:
        raise InvalidInput(
            f"All {len(entries)} rows are longer than {options.max_tokens} tokens.",
            hint="raise --max-tokens",
        )
    return kept, gone
