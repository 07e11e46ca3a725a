"""What to ask when columns are not clear, and what a person's own mapping makes of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace

from hone.errors import InvalidInput, nearest
from hone.importers._column_map import (
    ANSWER_NAMES,
    EXTRA_FIELDS,
    FIELDS_OF_KIND,
    QUESTION_NAMES,
    SHAPES,
    ColumnMap,
    Rows,
    named,
)
from hone.importers._columns import MISSING, at_path, columns_of, plain_name, text_paths
from hone.records.task import Task


def with_columns(found: ColumnMap, given: Mapping[str, str], rows: Rows, task: Task) -> ColumnMap:
    """The recognised map with what the person said; every wrong name is reported at once."""
    if not given:
        return found
    problems = []
    allowed = (*FIELDS_OF_KIND[task.kind], *task.fields, *task.dimensions, *EXTRA_FIELDS)
    for name, path in given.items():
        if name not in allowed:
            problems.append(f'no field "{name}" in a {task.kind} task. {nearest(name, allowed)}')
        elif all(at_path(row, path) is MISSING for row in rows):
            known = {*columns_of(rows), *text_paths(rows)}
            problems.append(f'no column "{path}" for {name}. {nearest(path, known)}')
    if problems:
        raise InvalidInput(
            "The mapping does not fit the file.",
            problems=problems,
            hint="hone import FILE --plan   (what each column is taken for)",
        )
    main = {name for name in given if name not in EXTRA_FIELDS}
    if not main and not found.question:
        return replace(found, columns={**found.columns, **given})
    if not main:
        return found
    return _said(found, given, rows, task)


def _said(found: ColumnMap, given: Mapping[str, str], rows: Rows, task: Task) -> ColumnMap:
    flat_shapes = ("qa", "alpaca", "prompt_completion", "text_category", "slots", "scores")
    columns = dict(found.columns) if found.shape in flat_shapes and not found.question else {}
    if task.kind in ("qa", "chat") and "messages" not in given and not columns:
        # A part that was clear by its name stays, so that only the unclear one has to be said.
        for name, names in (("question", QUESTION_NAMES), ("answer", ANSWER_NAMES)):
            candidates = named(rows, names)
            if len(candidates) == 1:
                columns[name] = candidates[0]
    columns |= given
    shape = {"extract": "slots", "score": "scores"}.get(task.kind, "qa")
    if "messages" in given:
        shape, columns = "messages", dict(given)
    needed = {"extract": "message", "score": "content"}.get(task.kind, "question")
    question = ""
    if shape != "messages" and needed not in columns:
        question = f"which column is the {needed}?"
    used = {path.split(".")[0] for path in columns.values()} | set(columns.values())
    return ColumnMap(
        shape,
        columns,
        ignored=tuple(name for name in columns_of(rows) if name not in used),
        question=question,
        mend=_map_line({**columns, needed: _longest(rows, set(columns.values()))}),
    )


def unclear(rows: Rows, task: Task, shape: str | None) -> ColumnMap:
    """The question to ask where no shape fits, with a ready command."""
    names = columns_of(rows)
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    if shape is not None:
        return ColumnMap(
            shape,
            {},
            0,
            tuple(names),
            f"the columns are not those of {shape} ({SHAPES[shape]}): {listed}",
            "leave --as out, or say the columns: " + _ask_line(rows, task),
        )
    special = _known_stranger(rows, task)
    if special:
        return replace(special, ignored=tuple(names))
    wanted = {"extract": "the message and its fields", "score": "the text and its scores"}
    what = wanted.get(task.kind, "the question and the answer")
    return ColumnMap(
        "unknown",
        {},
        0,
        tuple(names),
        f"it is not clear which columns hold {what}: {listed}",
        _ask_line(rows, task),
    )


def _known_stranger(rows: Rows, task: Task) -> ColumnMap | None:
    """Files that are often at hand and are no examples: say what they are instead of guessing."""
    names = columns_of(rows)
    plain = [plain_name(name) for name in names]
    question, mend = "", _ask_line(rows, task)
    if _is_index(rows):
        listed = ", ".join(names[:4])
        question = f"it is one object of {len(names):,} named entries ({listed}, …), not rows"
        mend = "import the files it speaks of, or write one record per line (JSON Lines)"
    elif "choices" in plain and "question id" in plain:
        question = "it holds a model's answers (choices) without their questions (only question_id)"
        mend = "join it with the file of questions first, so that every row holds both"
    elif "prompt template" in plain:
        question = "it holds prompt templates with places to fill in, not questions with answers"
        mend = "nothing to import here; import the answers that were judged"
    elif plain == ["text"]:
        question = "it holds plain text only: nothing is asked and nothing is answered"
        mend = "import questions with answers; to write the answers yourself: --map question=text"
    elif len(_question_like(rows)) >= 2 and not named(rows, ANSWER_NAMES):
        question = f"it holds pairs of questions, not questions with answers: {', '.join(names)}"
    elif isinstance(rows[0].get("turns"), list) and task.kind in ("qa", "chat"):
        question = "it holds questions (turns) without answers"
        mend = "hone import FILE --map question=turns.0   (examples without an answer, for review)"
    return ColumnMap("unknown", {}, 0, (), question, mend) if question else None


def _is_index(rows: Rows) -> bool:
    values = list(rows[0].values())
    return len(rows) == 1 and len(values) > 1 and all(isinstance(v, (dict, list)) for v in values)


def _question_like(rows: Rows) -> list[str]:
    plain = {name: plain_name(name) for name in columns_of(rows)}
    return [
        name
        for name, words in plain.items()
        if words.startswith("question") and not words.endswith((" id", " type"))
    ]


def _ask_line(rows: Rows, task: Task) -> str:
    """A ready command with the file's own columns."""
    if task.kind == "extract":
        return _map_line({"message": _longest(rows, set()), "slots": "COLUMN"})
    if task.kind == "score":
        columns = {"content": _longest(rows, set())}
        return _map_line(columns | {name: "COLUMN" for name in task.dimensions})
    answers = named(rows, ANSWER_NAMES)
    likely = named(rows, QUESTION_NAMES) or _question_like(rows)
    question = likely[0] if likely else _longest(rows, set(answers))
    others = [name for name in (*answers, *likely[1:]) if name != question]
    answer = others[0] if others else _longest(rows, {question})
    return _map_line({"question": question, "answer": answer})


def _map_line(columns: Mapping[str, str]) -> str:
    pairs = " ".join(f"--map {shlex.quote(f'{name}={path}')}" for name, path in columns.items())
    return f"hone import FILE {pairs}"


def _longest(rows: Rows, taken: set[str]) -> str:
    lengths = {path: length for path, length in text_paths(rows).items() if path not in taken}
    return max(lengths, key=lambda path: lengths[path], default="COLUMN")
