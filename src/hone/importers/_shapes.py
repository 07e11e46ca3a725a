"""Recognises what the columns of a file mean, one function per shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hone.errors import InvalidInput, nearest
from hone.importers._asking import unclear
from hone.importers._column_map import (
    ANSWER_NAMES,
    CATEGORY_NAMES,
    CONTENT_NAMES,
    CONTEXT_NAMES,
    QUESTION_NAMES,
    SHAPES,
    TITLE_NAMES,
    ColumnMap,
    Rows,
    conversation,
    if_there,
    named,
)
from hone.importers._columns import columns_of, plain_name
from hone.importers._turns import is_conversation
from hone.records.task import Task


def recognise(rows: Rows, task: Task, *, shape: str | None = None) -> ColumnMap:
    """The likeliest meaning of the columns for this task; asks where it is not clear."""
    if shape is not None and shape not in SHAPES:
        raise InvalidInput(f'No shape "{shape}".', hint=nearest(shape, SHAPES))
    rows = [row for row in rows if row]
    if not rows:
        return ColumnMap(
            "unknown", confidence=0, question="the rows are empty", mend="check the file"
        )
    for name, recogniser in _RECOGNISERS.items():
        if shape is not None and name != shape:
            continue
        found = recogniser(rows, task)
        if found is not None:
            used = {path.split(".")[0] for path in found.columns.values()} | set(
                found.columns.values()
            )
            ignored = tuple(name for name in columns_of(rows) if name not in used)
            return replace(found, shape=found.shape or name, ignored=ignored)
    return unclear(rows, task, shape)


def _slack(rows: Rows, task: Task) -> ColumnMap | None:
    """Messages of a Slack export: nothing is proposed for them yet."""
    if not all(set(row) >= {"message", "channel", "thread", "at"} for row in rows):
        return None
    shape, field = {"extract": ("slots", "message"), "score": ("scores", "content")}.get(
        task.kind, ("qa", "question")
    )
    around = {"group": "thread", "occurred_at": "at", "tags": "tags"}
    return ColumnMap(shape, {field: "message"} | around, 0.98)


def _session(rows: Rows, task: Task) -> ColumnMap | None:
    if not all("original_answer" in row and "status" in row for row in rows):
        return None
    return ColumnMap("session", {"question": "question", "answer": "original_answer"})


def _hone(rows: Rows, task: Task) -> ColumnMap | None:
    if not all(isinstance(row.get("input"), dict) for row in rows):
        return None
    if not any("output" in row or "suggestions" in row for row in rows):
        return None
    names = ("output", "suggestions", "context", "tags", "group", "occurred_at")
    there = {name: name for name in names if any(name in row for row in rows)}
    return ColumnMap("hone", {"input": "input"} | there, 0.95)


def _preference(rows: Rows, task: Task) -> ColumnMap | None:
    names = {plain_name(name): name for name in columns_of(rows)}
    if "chosen" not in names or "rejected" not in names:
        return None
    columns = {"chosen": names["chosen"], "rejected": names["rejected"]}
    before = conversation(rows) or next(
        (names[name] for name in ("prompt", "question", "instruction", "input") if name in names),
        None,
    )
    if before is None and not is_conversation(rows[0].get(names["chosen"])):
        return None
    return ColumnMap("preference", columns | ({"before": before} if before else {}), 0.95)


def _kto(rows: Rows, task: Task) -> ColumnMap | None:
    label = next((name for name in ("label", "kto_tag", "kto_label") if name in rows[0]), None)
    if label is None or not all(isinstance(row.get(label), bool) for row in rows):
        return None
    turns = conversation(rows)
    if turns:
        return ColumnMap("kto", {"messages": turns, "label": label}, 0.95)
    if {"prompt", "completion"} <= set(rows[0]):
        return ColumnMap("kto", {"before": "prompt", "after": "completion", "label": label}, 0.95)
    return None


def _messages(rows: Rows, task: Task) -> ColumnMap | None:
    name = conversation(rows)
    if name is None:
        return None
    first = next(row[name] for row in rows if is_conversation(row.get(name)))[0]
    return ColumnMap("sharegpt" if "from" in first else "messages", {"messages": name}, 0.95)


def _oasst(rows: Rows, task: Task) -> ColumnMap | None:
    if all(isinstance(row.get("prompt"), dict) and "replies" in row["prompt"] for row in rows):
        note = "of every tree only the best ranked branch is taken"
        return ColumnMap("oasst", {"tree": "prompt"}, 0.9, notes=(note,))
    return None


def _squad(rows: Rows, task: Task) -> ColumnMap | None:
    first = rows[0]
    if isinstance(first.get("paragraphs"), list):
        return ColumnMap("squad", {"paragraphs": "paragraphs"} | if_there(rows, "title"), 0.98)
    if {"question", "context", "answers"} <= set(first) and isinstance(
        first["answers"], (dict, list)
    ):
        columns = {"question": "question", "context": "context", "answers": "answers"}
        return ColumnMap(
            "squad", columns | if_there(rows, "title") | if_there(rows, "is_impossible"), 0.95
        )
    return None


def _alpaca(rows: Rows, task: Task) -> ColumnMap | None:
    names = {plain_name(name): name for name in columns_of(rows)}
    if "instruction" not in names or "output" not in names:
        return None
    columns = {"instruction": names["instruction"], "answer": names["output"]}
    for name in ("input", "system", "history"):
        if name in names:
            columns[name] = names[name]
    return ColumnMap("alpaca", columns, 0.95)


def _slots(rows: Rows, task: Task) -> ColumnMap | None:
    if task.kind != "extract":
        # Rows of the spans importer are nothing else, whatever the task is.
        if all(set(row) >= {"message", "slots"} for row in rows):
            return ColumnMap("slots", {"message": "message", "slots": "slots"}, 0.95)
        return None
    names = {plain_name(name): name for name in columns_of(rows)}
    if "instruction" in names and "output" in names:
        return None  # alpaca rows: the message may be in either of two columns
    message = next(
        (names[n] for n in ("message", "text", "input", "question", "prompt") if n in names), None
    )
    if message is None or not all(isinstance(row.get(message, ""), str) for row in rows):
        return None
    likely = ("slots", "output", "answer", "completion", "expected")
    slots = next((names[n] for n in likely if n in names and _holds_objects(rows, names[n])), None)
    if slots is not None:
        return _slots_of_task(rows, task, {"message": message, "slots": slots})
    fields = {f: names[plain_name(f)] for f in task.fields if plain_name(f) in names}
    missing = [f for f, spec in task.fields.items() if spec.required and f not in fields]
    if fields and not missing:
        return ColumnMap("slots", {"message": message, **fields}, 0.9)
    # Where the task has rules, they find the fields; nothing else may lie in the file.
    is_bare = task.rules is not None and plain_name(message) in ("message", "text")
    return ColumnMap("slots", {"message": message}, 0.8) if is_bare and len(names) == 1 else None


def _holds_objects(rows: Rows, column: str) -> bool:
    """Whether most values of a column are objects, lists, or JSON text of them."""
    values = [row.get(column) for row in rows if row.get(column) not in (None, "")]
    objects = sum(
        isinstance(value, (dict, list))
        or (isinstance(value, str) and value.lstrip()[:1] in ("{", "["))
        for value in values
    )
    return objects * 2 > len(values)


def _slots_of_task(rows: Rows, task: Task, columns: dict[str, str]) -> ColumnMap:
    """Slots of which the task knows none belong to another task: ask, do not take empty ones."""
    found = {
        name: None
        for row in rows
        if isinstance(row.get(columns["slots"]), dict)
        for name in row[columns["slots"]]
    }
    if found and not set(found) & set(task.fields):
        listed = ", ".join(list(found)[:8])
        question = f"its slots ({listed}) are no fields of the task {task.name}"
        mend = "hone import FILE --as spans --new-task NAME   (writes tasks/NAME.yaml)"
        return ColumnMap("slots", columns, 0, question=question, mend=mend)
    return ColumnMap("slots", columns, 0.85)


def _scores(rows: Rows, task: Task) -> ColumnMap | None:
    if task.kind != "score":
        return None
    names = {plain_name(name): name for name in columns_of(rows)}
    content = next((names[name] for name in CONTENT_NAMES if name in names), None)
    dimensions = {d: names[plain_name(d)] for d in task.dimensions if plain_name(d) in names}
    if content is None or not task.dimensions or len(dimensions) < len(task.dimensions):
        return None
    title = next((names[name] for name in TITLE_NAMES if name in names), None)
    columns = {"content": content, **dimensions}
    return ColumnMap("scores", columns | ({"title": title} if title else {}), 0.9)


def _qa(rows: Rows, task: Task) -> ColumnMap | None:
    questions, answers = named(rows, QUESTION_NAMES), named(rows, ANSWER_NAMES)
    exact = {plain_name(name): name for name in (*questions, *answers)}
    if "question" in exact and "answer" in exact:
        questions, answers = [exact["question"]], [exact["answer"]]
    if len(questions) != 1 or len(answers) != 1:
        return None
    names = (plain_name(questions[0]), plain_name(answers[0]))
    columns = {"question": questions[0], "answer": answers[0]}
    context = named(rows, CONTEXT_NAMES)
    if len(context) == 1 and (plain_name(context[0]) != "s" or names == ("q", "a")):
        columns["context"] = context[0]
    confidence = (
        0.95 if names in (("question", "answer"), ("queries", "expected response")) else 0.85
    )
    is_prompt = names[0] == "prompt" and names[1] in ("completion", "response")
    return ColumnMap("prompt_completion" if is_prompt else "qa", columns, confidence)


def _text_category(rows: Rows, task: Task) -> ColumnMap | None:
    names = {plain_name(name): name for name in columns_of(rows)}
    category = next((names[name] for name in CATEGORY_NAMES if name in names), None)
    if set(names) - {"text", *CATEGORY_NAMES} or "text" not in names or category is None:
        return None
    return ColumnMap("text_category", {"question": names["text"], "answer": category}, 0.7)


_RECOGNISERS: dict[str, Callable[[Rows, Task], ColumnMap | None]] = {
    "slack": _slack,
    "session": _session,
    "hone": _hone,
    "preference": _preference,
    "kto": _kto,
    "messages": _messages,
    "sharegpt": _messages,
    "oasst": _oasst,
    "squad": _squad,
    "scores": _scores,
    "slots": _slots,
    "alpaca": _alpaca,
    "qa": _qa,
    "prompt_completion": _qa,
    "text_category": _text_category,
}
