"""One task of each kind with a good input and output, for tests over all kinds."""

from __future__ import annotations

from typing import Any, NamedTuple

from hone.records.task import Task


class Sample(NamedTuple):
    task: Task
    input: dict[str, Any]
    output: Any
    answer: str


PICKUP = Task.model_validate(
    {
        "kind": "extract",
        "name": "pickup",
        "system": "List the food.",
        "fields": {
            "item": {"type": "string", "required": True},
            "quantity": {"type": "number"},
            "unit": {"type": "enum", "values": ["cases", "lbs", "each"]},
            "count": {"type": "integer"},
            "is_cold": {"type": "boolean"},
            "date": {"type": "date"},
            "many": True,
        },
        "weights_in_pounds": {"lbs": 1, "cases": 24},
    }
)
SINGLE = PICKUP.model_copy(update={"many": False, "name": "single"})
QUESTIONS = Task(kind="qa", name="questions", context=True, unanswerable="I do not know.")
ARTICLES = Task(kind="score", name="articles", dimensions=["agency", "progress"], scale=(0, 10))
TALK = Task(kind="chat", name="talk", roles=["Anna", "Ben"])

SAMPLES: dict[str, Sample] = {
    "qa": Sample(
        QUESTIONS, {"question": "What is grace?"}, {"answer": "A free gift."}, "A free gift."
    ),
    "extract": Sample(
        PICKUP,
        {"message": "12 cases of café crème"},
        [{"unit": "cases", "item": "café crème", "quantity": 12.0, "date": None}],
        '[{"item": "café crème", "quantity": 12, "unit": "cases"}]',
    ),
    "score": Sample(
        ARTICLES,
        {"title": "Solar", "content": "Panels for all."},
        {"labels": {"progress": 7.5, "agency": 3.0}},
        '{"agency": 3, "progress": 7.5}',
    ),
    "chat": Sample(
        TALK,
        {"messages": [{"role": "Anna", "content": "Hello"}]},
        {"reply": "Hi there"},
        "Hi there",
    ),
}
