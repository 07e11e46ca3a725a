"""Several answers to one question as ids: the same prompt before each, none of it lost for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hone.rendering.messages import Message
from hone.rendering.tokens import MASKED, Renderer, TrainingRow


class Continuation(NamedTuple):
    """Token ids of a prompt, and of an answer with the token that ends it."""

    prompt_ids: list[int]
    answer_ids: list[int]


class Continuations(NamedTuple):
    """The answers to one question in order; none and the reason where one cannot be read whole."""

    texts: list[Continuation]
    cut_tokens: int = 0
    """How many tokens the prompt lost to fit, where it lost most."""
    problem: str = ""


def continuations(
    renderer: Renderer,
    groups: Iterable[tuple[Sequence[Message], Sequence[str]]],
    *,
    max_length: int,
) -> Iterator[Continuations]:
    """Of each question, given as (its messages, the answers); `max_length` counts all tokens.

    They are rendered as a training row is. Where the prompt lost its beginning before one answer,
    all answers follow the shorter prompt, so that they are compared after the same words.
    """
    for messages, answers in groups:
        told = [[*messages, {"role": "assistant", "content": answer}] for answer in answers]
        yield _as_one(list(renderer.training_rows(told, max_length)))


def _as_one(rows: Sequence[TrainingRow]) -> Continuations:
    problem = next((row.reason or "it has no token" for row in rows if not _begins(row)), "")
    if problem:
        return Continuations([], problem=problem)
    prompt = min((row.input_ids[: _begins(row)] for row in rows), key=len)
    texts = [Continuation(prompt, row.input_ids[_begins(row) :]) for row in rows]
    return Continuations(texts, max(row.cut_tokens for row in rows))


def _begins(row: TrainingRow) -> int:
    """Where the answer begins; 0 where there is none."""
    return next((place for place, label in enumerate(row.labels) if label != MASKED), 0)
