"""The form of a build: a format with its options, and which examples it reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from hone import shelf
from hone.errors import InvalidInput, nearest
from hone.records.dataset import ExampleQuery
from hone.records.task import Task
from hone.stages.prepare.options import BuildOptions


class Form(NamedTuple):
    """A choice of the formats shelf, ready to run; `recorded` goes into the manifest's options."""

    module: ModuleType
    options: BaseModel
    query: ExampleQuery
    recorded: dict[str, Any]

    @property
    def is_drafted(self) -> bool:
        """Whether rows are finished only when it is known which split they stand in."""
        return hasattr(self.module, "complete")


def chosen_form(task: Task, options: BuildOptions) -> Form:
    """The form that the options ask for; InvalidInput where it does not fit the task."""
    module = shelf.load("formats", options.format)
    allowed = shelf.load("tasks", task.kind).FORMATS
    if options.format not in allowed:
        raise InvalidInput(
            f"A {task.kind} task cannot be written as {options.format}.",
            hint=f"use --format {' or '.join(allowed)}",
        )
    chosen = _checked(options.format, module, options.format_options)
    query = options.query
    if "status" not in query.model_fields_set:
        query = query.model_copy(update={"status": list(module.STATUSES)})
    given = chosen.model_dump(mode="json", include=set(options.format_options))
    facts: dict[str, Any] = module.facts(task, chosen)
    # What the facts say better stands there alone: a path would differ between machines.
    recorded = {name: value for name, value in given.items() if name not in facts}
    return Form(module, chosen, query, {"format_options": recorded, **facts})


def _checked(name: str, module: ModuleType, given: Mapping[str, Any]) -> BaseModel:
    try:
        return module.Options.model_validate(given)
    except ValidationError as error:
        known = module.Options.model_fields
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        strange = [one for one in given if one not in known]
        raise InvalidInput(
            f"The options of the format {name} do not fit: {'; '.join(problems)}.",
            hint=nearest(strange[0], known) if strange else f"Known: {', '.join(known)}.",
            problems=problems,
        ) from error
