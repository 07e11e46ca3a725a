"""Tasks, rows and drafts that the tests of shapes and mappings share."""

from __future__ import annotations

from typing import Any

from hone.importers._asking import with_columns
from hone.importers._forms import Draft
from hone.importers._mapping import drafter
from hone.importers._rows import RowUnfit
from hone.importers._shapes import recognise
from hone.records.task import Task

QA = Task.model_validate({"kind": "qa", "name": "qa", "unanswerable": "I do not know."})
CHAT = Task.model_validate({"kind": "chat", "name": "chat"})
PICKUP = Task.model_validate(
    {
        "kind": "extract",
        "name": "pickup",
        "fields": {
            "item": {"type": "string", "required": True},
            "quantity": {"type": "number"},
            "cold": {"type": "boolean"},
        },
    }
)
SCORE = Task.model_validate(
    {"kind": "score", "name": "score", "dimensions": ["clarity", "warmth"], "scale": [0, 10]}
)
PASSAGE = {"text": "Long text about grace.", "source": "Grace"}


def said(user: str, assistant: str, who: str = "role", what: str = "content") -> list[Any]:
    names = {
        "role": ("user", "assistant"),
        "from": ("human", "gpt"),
        "speaker": ("USER", "ASSISTANT"),
    }
    texts = (user, assistant)
    return [{who: name, what: text} for name, text in zip(names[who], texts, strict=True)]


TALK = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]
REPLY = {"role": "assistant", "text": "a", "replies": []}
KALE = {"item": "kale"}
KALE_TEXT = '{"item": "kale"}'
LONG = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    {"role": "user", "content": [{"type": "text", "text": "Who"}, {"type": "text", "value": "?"}]},
    {"role": "assistant", "content": "I am Hone"},
    {"role": "user", "content": "Bye"},
]


def drafts(row: dict[str, Any], task: Task, **mapping: str) -> list[Draft | RowUnfit]:
    found = with_columns(recognise([row], task), mapping, [row], task)
    assert not found.question, found.question
    return list(drafter(found, task)(row))


def pair(row: dict[str, Any], task: Task = QA, **mapping: str) -> tuple[Any, list[Any]]:
    (draft,) = drafts(row, task, **mapping)
    assert isinstance(draft, Draft)
    return draft.input, [one.output for one in draft.proposals]
