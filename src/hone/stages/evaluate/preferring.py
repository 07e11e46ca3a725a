"""Pairs of a better and a worse answer: what is asked of models about them, and its figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hone.errors import HoneError, InvalidInput
from hone.metrics._intervals import mean_interval
from hone.metrics._preferences import mean_margin, share_in_order
from hone.records.evaluation import Contender
from hone.records.model import Measured
from hone.stages.evaluate.questions import Question, Questions
from hone.workspace.files import explained
from hone.workspace.predictions import Read, Weighed

FILE = "pairs.jsonl"
ACCURACY = "preference_accuracy"
PER_TOKEN = "preference_accuracy_per_token"
MARGIN = "preference_margin"
WEIGHING = ("model", "adapter", "reward")
"""Generators whose contenders can tell which of two answers they put higher."""


def pair_lines(items: Iterable[Question], rejected: Mapping[str, Sequence[str]]) -> str:
    """`inputs/pairs.jsonl` of the job: the better answer of each question and the worse ones."""
    lines = (
        {"id": one.id, "chosen": one.answer, "rejected": list(rejected[one.id])}
        for one in items
        if rejected.get(one.id)
    )
    return "".join(json.dumps(line) + "\n" for line in lines)


def rejected_texts(inputs: Path) -> dict[str, list[str]]:
    """The worse answers of a job's questions by example; none where it asks of no pairs."""
    file = inputs / FILE
    if not file.is_file():
        return {}
    with explained("read", file), file.open(encoding="utf-8") as lines:
        found: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return {str(one["id"]): [str(text) for text in one["rejected"]] for one in found}


def with_pairs(questions: Questions, name: str) -> Questions:
    """What the reward model `name` can be asked; InvalidInput where nothing has a worse answer."""
    items = [one for one in questions.items if questions.rejected.get(one.id)]
    if not items:
        raise InvalidInput(
            f"{name} is a reward model: it weighs pairs of answers, and {questions.on} has none.",
            hint="--data NAME/test of a dataset of the format dpo",
        )
    return questions._replace(items=items)


def preference_figures(
    contender: Contender, read: Read, rejected: Mapping[str, Sequence[str]], *, seed: int = 0
) -> dict[str, Measured]:
    """How often and by how much the better answer is put higher; nothing where none was weighed.

    HoneError where a pair was not weighed at all.
    """
    if contender.generator not in WEIGHING or not rejected:
        return {}
    told = weighed_of(contender, read, rejected)
    whole = [one for one in told if not one.problem]
    if not whole:
        return {}
    found = {ACCURACY: [share_of(one) for one in told]}
    if contender.generator != "reward":
        found[PER_TOKEN] = [_share_by_token(one) for one in told]
    found[MARGIN] = [mean_margin(one.chosen, one.rejected) for one in whole]
    return {name: _measured(values, seed) for name, values in found.items()}


def share_of(told: Weighed) -> float:
    """The share of an example's pairs in order; 0 where they could not be weighed."""
    return 0.0 if told.problem else share_in_order(told.chosen, told.rejected)


def weighed_of(
    contender: Contender, read: Read, rejected: Mapping[str, Sequence[str]]
) -> list[Weighed]:
    """What a contender made of each pair, in order; HoneError where it has not seen them all."""
    pairs = read.pairs or {}
    missing = [name for name in rejected if name not in pairs]
    if missing:
        raise HoneError(
            f"{contender.name} left the pairs of {len(missing)} of {len(rejected)} examples.",
            hint="Run the same command again: it goes on where it stopped.",
        )
    return [pairs[name] for name in rejected]


def preferred_text(question: Question, told: Weighed, rejected: Sequence[str]) -> str:
    """The answer that was put highest; the better one among equals, nothing where none was."""
    if told.problem:
        return ""
    best = max(told.rejected)
    return question.answer if told.chosen >= best else rejected[told.rejected.index(best)]


def not_weighed(read: Read) -> dict[str, int]:
    """How many examples have answers that could not be weighed, if any."""
    count = sum(bool(one.problem) for one in (read.pairs or {}).values())
    return {"not_weighed": count} if count else {}


def _share_by_token(one: Weighed) -> float:
    if one.problem:
        return 0.0
    each = zip(one.rejected, one.rejected_tokens, strict=True)
    return share_in_order(one.chosen / one.chosen_tokens, [sum_ / count for sum_, count in each])


def _measured(values: Sequence[float], seed: int) -> Measured:
    interval = mean_interval(values, seed=seed)
    return Measured(value=interval.value, low=interval.low, high=interval.high)
