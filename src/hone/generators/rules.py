"""Answers by rules: patterns that people write and change in a YAML file.

Needs: an extract task, its rules file, and the messages; no model.
Gives: one answer per message, as JSON text in the task's own form.
Source: the file's language is described in docs/reference/rules.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone import shelf
from hone.errors import InvalidInput
from hone.generators._answers import Answer
from hone.generators._rules_engine import Engine, TookTooLong
from hone.generators._rules_file import read_rule_book
from hone.records.task import Task


class Options(BaseModel):
    """Which rules, and how long they may take."""

    model_config = ConfigDict(extra="forbid")

    file: Path = Field(description="the rules file")
    task: Task = Field(description="the extract task whose fields the rules fill")
    seconds_per_message: float = Field(
        default=1.0, gt=0, description="a message that takes longer gets no answer"
    )
    max_characters: int = Field(default=20_000, ge=1, description="a longer message gets no answer")


LIMITS: tuple[str, ...] = (
    "Rules answer extract tasks only.",
    "Rules have no confidence: every answer counts as equally sure.",
    "A message that takes longer than its time limit, or is too long, gets an empty answer.",
)


class Rules:
    """A rules file, ready for messages of one task."""

    def __init__(
        self, engine: Engine, task: Task, *, seconds: float = 1.0, max_characters: int = 20_000
    ) -> None:
        self._engine = engine
        self._task = task
        self._seconds = seconds
        self._max_characters = max_characters

    def propose(self, message: str) -> Any:
        """The output for one message; None where it is too long or takes too long.

        A record without a required field is left out. Where the task allows one record, the
        first one is the answer, and None where there is none.
        """
        if len(message) > self._max_characters:
            return None
        try:
            found = self._engine.records(message, self._seconds)
        except TookTooLong:
            return None
        required = [name for name, field in self._task.fields.items() if field.required]
        records = [record for record in found if all(name in record for name in required)]
        if self._task.many:
            return records
        return records[0] if records else None


def load_rules(
    path: Path | str, task: Task, *, seconds: float = 1.0, max_characters: int = 20_000
) -> Rules:
    """Read a rules file; InvalidInput lists every mistake in it with its line."""
    if task.kind != "extract":
        raise InvalidInput(
            f"Rules answer extract tasks; {task.name} is a {task.kind} task.",
            hint=f"Take the line rules: out of the task file of {task.name}.",
        )
    engine = Engine(read_rule_book(Path(path), task), task)
    return Rules(engine, task, seconds=seconds, max_characters=max_characters)


def run(inputs: Iterable[Mapping[str, Any]], options: Options) -> Iterator[Answer]:
    """One answer per input, in order; its text is empty where the rules gave up."""
    rules = load_rules(
        options.file,
        options.task,
        seconds=options.seconds_per_message,
        max_characters=options.max_characters,
    )
    task_kind = shelf.load("tasks", options.task.kind)
    for one in inputs:
        output = rules.propose(str(one["message"]))
        yield Answer("" if output is None else task_kind.answer_text(options.task, output))
