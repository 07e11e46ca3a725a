"""Examples of every kind for the tests of the formats."""

from __future__ import annotations

from typing import Any

from hone.records.example import Example, Passage, Status, Suggestion
from hone.records.review import Reviewed
from hone.records.task import Task

QA = Task(kind="qa", name="catechism", system="Answer briefly.")
BOOK = Task(kind="qa", name="book", context=True, unanswerable="I do not know.")
SCORE = Task(kind="score", name="news", dimensions=["agency", "progress"], scale=(0, 10))


def suggested(text: str, agent: str = "import", score: float | None = None) -> Suggestion:
    return Suggestion(agent=agent, output={"answer": text}, score=score)


def reviewed(
    status: Status,
    answer: str | None = "God.",
    *,
    shown: Any = None,
    suggestions: tuple[Suggestion, ...] = (),
    context: tuple[Passage, ...] = (),
) -> Reviewed:
    """One question, reviewed; `shown` is a text, or an output of another shape."""
    example = Example(
        id="e1",
        task="catechism",
        input={"question": "Who made you?"},
        output=None if answer is None else {"answer": answer},
        suggestions=list(suggestions),
        context=list(context),
        fingerprint="f",
        status=status,
    )
    return Reviewed(example, {"answer": shown} if isinstance(shown, str) else shown)
