"""The form that each kind of task gives to what a row says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from hone.importers._cells import tags_in, text_in
from hone.importers._column_map import ColumnMap
from hone.importers._columns import getter
from hone.importers._readers import Found, Proposal
from hone.importers._rows import RowUnfit
from hone.records.task import Task

Row = Mapping[str, Any]
NO_SPEAKER_HINT = "import it into a chat task: hone import FILE --task NAME"


class Draft(NamedTuple):
    """An example without its id: what was asked, what is proposed, and what lies around it."""

    input: dict[str, Any]
    proposals: list[Proposal]
    passages: list[dict[str, Any]]
    tags: list[str]
    group: str | None
    occurred_at: datetime | None
    agent: str = "import"
    """Who proposes: the file itself, or rules that were asked."""


def _as_qa(found: Found, task: Task) -> tuple[dict[str, Any], list[Proposal]]:
    spoken = [turn for turn in found.turns if turn.speaker != "system"]
    if len(spoken) != 1:
        raise RowUnfit(
            f"a conversation of {len(spoken) + bool(found.answers)} turns, and a qa example is one "
            "question with one answer",
            NO_SPEAKER_HINT,
        )
    question = text_in(spoken[0].text, "question")
    answers = [Proposal({"answer": _qa_answer(one.output)}, one.score) for one in found.answers]
    if found.is_unanswerable:
        if task.unanswerable is None:
            raise RowUnfit(
                "the question has no answer, and the task names none for such questions",
                f'add to tasks/{task.name}.yaml: unanswerable: "I do not know."',
            )
        answers = [Proposal({"answer": task.unanswerable})]
    return {"question": question}, answers


def _qa_answer(output: Any) -> str:
    return text_in(output, "answer")


def _as_chat(found: Found, task: Task) -> tuple[dict[str, Any], list[Proposal]]:
    if found.is_unanswerable:
        raise RowUnfit("the question has no answer, so there is no reply to learn")
    messages = [{"role": turn.speaker, "content": turn.text} for turn in found.turns]
    if not any(turn.speaker == "user" and turn.text.strip() for turn in found.turns):
        raise RowUnfit("nobody asks anything")
    return {"messages": messages}, [
        Proposal({"reply": text_in(one.output, "reply")}, one.score) for one in found.answers
    ]


def _as_extract(found: Found, task: Task) -> tuple[dict[str, Any], list[Proposal]]:
    """Rows that Hone or another trainer wrote for training: the answer is JSON text."""
    asked = [turn.text for turn in found.turns if turn.speaker == "user"]
    if len(asked) != 1:
        raise RowUnfit("a conversation, and an extract example is one message", NO_SPEAKER_HINT)
    answers = [Proposal(slots_of(one.output, task), one.score) for one in found.answers]
    return {"message": text_in(asked[0], "message")}, answers


def _as_score(found: Found, task: Task) -> tuple[dict[str, Any], list[Proposal]]:
    raise RowUnfit(
        "no column per dimension: " + (", ".join(task.dimensions) or "the task names none"),
        "hone import FILE --map content=COLUMN --map DIMENSION=COLUMN",
    )


FORMS: dict[str, Callable[[Found, Task], tuple[dict[str, Any], list[Proposal]]]] = {
    "qa": _as_qa,
    "chat": _as_chat,
    "extract": _as_extract,
    "score": _as_score,
}


def slots_of(value: Any, task: Task) -> Any:
    """The output of an extract task from an object, a list of objects, or JSON text of them."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RowUnfit("the output is not JSON") from None
    records = value if isinstance(value, list) else [value]
    if not all(isinstance(record, dict) for record in records):
        raise RowUnfit("the output is neither an object nor a list of objects")
    strangers = {name for record in records for name in record} - set(task.fields)
    if strangers:
        raise RowUnfit(
            f"the task {task.name} has no field {', '.join(sorted(strangers))}",
            f"add it to tasks/{task.name}.yaml, or hone import FILE --as spans --new-task NAME",
        )
    # Nothing found is written as null or left out in most files; here a missing key says it.
    records = [{k: v for k, v in record.items() if v not in (None, "")} for record in records]
    if task.many:
        return [record for record in records if record]
    if len(records) > 1:
        raise RowUnfit("several objects, and the task takes one (many: true allows several)")
    return records[0] if records else {}


def slots_form(columns: ColumnMap, task: Task) -> Callable[[Row], Draft]:
    """A function from a row with a message and its slots to a draft."""
    message = getter(columns.columns["message"])
    slots = getter(columns.columns["slots"]) if "slots" in columns.columns else None
    single = {name: getter(path) for name, path in columns.columns.items() if name in task.fields}

    def read(fields: Row) -> Draft:
        if task.kind != "extract":
            raise RowUnfit(
                f"a message with slots does not fit a {task.kind} task",
                "hone import FILE --task NAME",
            )
        text = text_in(message(fields), "message")
        tags = tags_in(fields.get("tags")) if "slots" in fields else []
        found: Any = None
        if slots is not None:
            found = slots(fields)
            if found is None:
                raise RowUnfit("the slots are missing")
        elif single:
            found = {name: typed(read_one(fields), task, name) for name, read_one in single.items()}
        proposals = [] if found is None else [Proposal(slots_of(found, task))]
        return Draft({"message": text}, proposals, [], tags, None, None)

    return read


def typed(value: Any, task: Task, name: str) -> Any:
    """A cell as the field's type: CSV knows only text."""
    kind = task.fields[name].type
    if not isinstance(value, str) or not value.strip() or kind in ("string", "enum", "date"):
        return value
    text = value.strip()
    try:
        if kind == "boolean":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                text.casefold()
            ]
        number = float(text)
        return int(number) if kind == "integer" or number.is_integer() else number
    except (ValueError, KeyError, OverflowError):
        raise RowUnfit(f"{name} {text[:40]!r} is no {kind}") from None


def scores_form(columns: ColumnMap, task: Task) -> Callable[[Row], Draft]:
    """A function from a row with a text and its scores to a draft."""
    get = {name: getter(path) for name, path in columns.columns.items()}

    def read(fields: Row) -> Draft:
        labels: dict[str, float] = {}
        for name in task.dimensions:
            if name not in get:
                continue
            value = get[name](fields)
            try:
                labels[name] = float(value)
            except (TypeError, ValueError):
                raise RowUnfit(f"{name} {str(value)[:40]!r} is no number") from None
            low, high = task.scale
            if not low <= labels[name] <= high:
                raise RowUnfit(f"{name} {labels[name]:g} is outside the scale {low:g} to {high:g}")
        title = get["title"](fields) if "title" in get else ""
        question = {
            "title": str(title or ""),
            "content": text_in(get["content"](fields), "content"),
        }
        return Draft(question, [Proposal({"labels": labels})] if labels else [], [], [], None, None)

    return read


def hone_form(columns: ColumnMap, task: Task) -> Callable[[Row], Draft]:
    """A function from an exported example to a draft; an output that was edited comes first."""

    def read(fields: Row) -> Draft:
        asked, context = fields.get("input"), fields.get("context") or []
        suggestions = fields.get("suggestions") or []
        if not isinstance(asked, dict):
            raise RowUnfit("the input is no object")
        if not all(isinstance(one, dict) and "output" in one for one in suggestions):
            raise RowUnfit("a suggestion has no output")
        if not all(isinstance(one, dict) and isinstance(one.get("text"), str) for one in context):
            raise RowUnfit("a passage of the context has no text")
        proposals = [Proposal(one["output"], _score(one.get("score"))) for one in suggestions]
        output = fields.get("output")
        if output is not None and not (proposals and proposals[0].output == output):
            proposals.insert(0, Proposal(output))
        return Draft(dict(asked), proposals, list(context), [], None, None)

    return read


def _score(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None
