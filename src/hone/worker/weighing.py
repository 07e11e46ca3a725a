"""How models weigh answers that are there already: for each pair, which one they put higher.

Writes lines of predictions/pairs/<contender>.jsonl: {"id", "chosen", "rejected": [...]}, with the
tokens of each answer, or the reason why a question's answers could not be weighed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hone import shelf
from hone.records.evaluation import Contender
from hone.records.task import Task
from hone.rendering.continuations import Continuations, continuations
from hone.rendering.tokens import Renderer
from hone.worker.answering import (
    Line,
    Question,
    context_of,
    conversation,
    limits_of,
    lines_of,
    shots_of,
    timed,
)
from hone.workspace.job_folder import JobFolder

BY = {"model": "likelihood", "adapter": "likelihood", "reward": "reward"}
"""The generator that answers -> the one that weighs; the others cannot weigh."""
UNBOUNDED = 10**9


class Pair(NamedTuple):
    """A question, the better answer to it, and the worse ones."""

    question: Question
    chosen: str
    rejected: list[str]

    @property
    def id(self) -> str:
        """The example's."""
        return self.question.id


def pairs_of(folder: JobFolder, questions: Sequence[Question]) -> list[Pair]:
    """The pairs of a job in order; none where its dataset has none."""
    file = folder.inputs / "pairs.jsonl"
    if not file.is_file():
        return []
    asked = {one.id: one for one in questions}
    return [
        Pair(asked[str(one["id"])], str(one["chosen"]), [str(text) for text in one["rejected"]])
        for one in lines_of(file)
    ]


def weighings(
    folder: JobFolder, task: Task, contender: Contender, pairs: Sequence[Pair]
) -> Iterator[list[Line]]:
    """The lines of a contender's file, as they come."""
    generator = shelf.load("generators", BY[contender.generator])
    options = generator.Options(**limits_of(folder.job), **contender.options)
    shots = shots_of(folder, contender)
    length = min(context_of(options.base) or UNBOUNDED, getattr(options, "max_length", UNBOUNDED))
    rendered = list(
        continuations(
            Renderer.load(options.base),
            (
                (conversation(task, one.question, shots), [one.chosen, *one.rejected])
                for one in pairs
            ),
            max_length=length,
        )
    )
    unread = [place for place, one in enumerate(rendered) if one.problem]
    if unread:
        yield [{"id": pairs[place].id, "problem": rendered[place].problem} for place in unread]
    whole = [place for place, one in enumerate(rendered) if not one.problem]
    if not whole:
        return
    groups = [rendered[place].texts for place in whole]
    for batch, each in timed(generator.run(groups, options)):
        yield [
            {"id": pairs[whole[at]].id, "seconds": each, **_told(rendered[whole[at]], values)}
            for at, values in batch
        ]


def _told(read: Continuations, values: Sequence[float]) -> dict[str, Any]:
    if not all(map(math.isfinite, values)):
        return {"problem": "the model gave no number"}
    tokens = [len(one.answer_ids) for one in read.texts]
    return {
        "chosen": values[0],
        "rejected": list(values[1:]),
        "chosen_tokens": tokens[0],
        "rejected_tokens": tokens[1:],
        "cut_tokens": read.cut_tokens,
    }
