"""What a column may be called, and the record of which columns feed which fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hone.importers._columns import columns_of, plain_name
from hone.importers._turns import is_conversation

Row = Mapping[str, Any]
Rows = Sequence[Row]

SHAPES: dict[str, str] = {
    "qa": "question and answer columns under any of their usual names",
    "alpaca": "instruction, input, output (system, history)",
    "prompt_completion": "prompt and completion or response, as text or as turns",
    "sharegpt": "conversations of {from, value} turns",
    "messages": "messages of {role, content} turns, content parts included",
    "oasst": "message trees with ranked replies: the best ranked branch",
    "squad": "SQuAD v1 and v2: paragraphs with questions, or one question per row",
    "preference": "a prompt or conversation with a chosen and a rejected answer",
    "kto": "a conversation or prompt and completion with a true or false label",
    "text_category": "a text and its category",
    "slots": "a message and an object of slots; also character spans and text chunks",
    "scores": "a text and one column per dimension of the score task",
    "session": "a saved review session",
    "hone": "examples as `hone examples export` writes them: input, output, suggestions, context",
}
QUESTION_NAMES = (
    "question",
    "questions",
    "query",
    "queries",
    "q",
    "prompt",
    "instruction",
    "input",
    "user",
)
ANSWER_NAMES = (
    "answer",
    "a",
    "response",
    "responses",
    "expected response",
    "expected answer",
    "best answer",
    "correct answer",
    "completion",
    "output",
    "reply",
    "assistant",
    "answers",
)
CATEGORY_NAMES = ("category", "label", "intent", "class")
CONVERSATION_NAMES = (
    "messages",
    "conversations",
    "conversation",
    "utterances",
    "dialogue",
    "dialog",
    "turns",
)
TITLE_NAMES = ("title", "headline", "name")
CONTENT_NAMES = ("content", "text", "full text", "article", "body", "essay")
CONTEXT_NAMES = ("context", "passage", "passages", "s")
EXTRA_FIELDS = ("group", "tags", "occurred_at")
FIELDS_OF_KIND: dict[str, tuple[str, ...]] = {
    "qa": ("question", "answer", "context"),
    "chat": ("messages", "question", "answer", "context"),
    "extract": ("message", "slots"),
    "score": ("title", "content"),
}


@dataclass(frozen=True)
class ColumnMap:
    """Which columns feed which fields; `question` is what a person has to decide first."""

    shape: str
    columns: dict[str, str] = field(default_factory=dict)
    confidence: float = 1.0
    ignored: tuple[str, ...] = ()
    question: str = ""
    mend: str = ""
    notes: tuple[str, ...] = ()


def named(rows: Rows, names: Sequence[str]) -> list[str]:
    """Columns with one of these names that hold text or numbers somewhere."""
    return [
        column
        for column in columns_of(rows)
        if plain_name(column) in names
        and any(isinstance(row.get(column), (str, int, float, list)) for row in rows)
    ]


def conversation(rows: Rows) -> str | None:
    """The column that holds turns, if there is one."""
    for column in columns_of(rows):
        if plain_name(column) in CONVERSATION_NAMES and any(
            is_conversation(row.get(column)) for row in rows
        ):
            return column
    return None


def if_there(rows: Rows, name: str) -> dict[str, str]:
    """The column under its own name, where any row has it."""
    return {name: name} if any(name in row for row in rows) else {}
