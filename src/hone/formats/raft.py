"""Retrieval-aware fine-tuning: the question among passages, most of which do not help.

Needs: an accepted or edited answer of a qa task with `context: true`, and its golden passages.
Gives: rows of the format `sft` (method `sft` trains them): the question behind golden passages and
    distractors in a seeded order; the answer behind the sentence that it quotes.
Source: Zhang et al. 2024, "RAFT: Adapting Language Model to Domain Specific RAG",
    arXiv:2403.10131: one golden document and four distractors, the golden one left out of 20 %.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.formats import _quotes
from hone.formats._made import Made, Row, answer_text, problems_of, refusal, said
from hone.records.example import TRUSTED, Example, Status
from hone.records.identity import normalised_text
from hone.records.review import Reviewed
from hone.records.task import Task
from hone.rendering.messages import Message, messages_of
from hone.rendering.quotations import answer_alone, quoted, with_quote
from hone.workspace.files import sha256_of


class Options(BaseModel):
    """How many passages stand around the golden ones, and how the answer quotes them."""

    model_config = ConfigDict(extra="forbid")

    distractors: int = Field(4, ge=0, le=50, description="passages that do not help, per row")
    without_golden_share: float = Field(
        0.2, ge=0, le=1, description="share of rows whose golden passages are left out"
    )
    without_golden: Literal["answer", "quoted", "unanswerable"] = Field(
        "answer",
        description="what those rows answer: answer (the answer alone), quoted (with its "
        "quotation, as in the paper), unanswerable (the task's word for no answer)",
    )
    quote: Literal["sentence", "required", "none"] = Field(
        "sentence",
        description="what an answer quotes: sentence (what it rests on, where that is found), "
        "required (the same, and answers without it are kept out), none (nothing)",
    )
    least_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="smallest share of the answer's words that a quoted sentence must hold",
    )
    from_examples: bool = Field(
        True, description="draw distractors from the passages of other examples of the same split"
    )
    passages: Path | None = Field(
        None, description='a file of further passages to draw from: JSONL of {"id", "text"}'
    )
    edited_weight: float = Field(
        1.0, gt=0, description="weight of an answer that a person rewrote, against 1 for accepted"
    )


LIMITS: tuple[str, ...] = (
    "A quotation is the sentence that holds the answer or shares most of its words; whether it "
    "supports the answer, nobody has checked. Quotations that a person wrote are kept instead.",
    "Sentences end at full stops and line ends, also behind abbreviations.",
    "Each row draws for itself whether its golden passages are left out, so that it stays as it "
    "is when the dataset grows; the share holds on average.",
    "Distractors are drawn at random, not searched for: give hard ones as context that is not "
    "golden.",
)
STATUSES: tuple[Status, ...] = TRUSTED
NEEDS = "an accepted or edited answer with the passage that it rests on"
KEEPS_TWINS = False


class Pool(Protocol):
    """Passages to draw from."""

    def draw(self, dice: random.Random, count: int, is_fit: Callable[[str], bool]) -> list[str]:
        """Up to `count` different passages that fit, in an order that the dice decide."""
        ...


class Completed(NamedTuple):
    """A finished row, and what is unlike the others about it."""

    row: Row
    has_golden: bool
    has_all_distractors: bool
    lacks_quote: bool


def facts(task: Task, options: Options) -> dict[str, Any]:
    """The file of further passages by name and hash; InvalidInput says all that is missing."""
    problems: list[str] = []
    hints: list[str] = []
    if not task.context:
        problems.append(f"the task {task.name} shows no passages, so a row could hold none")
        hints.append(f"context: true in tasks/{task.name}.yaml")
    if options.without_golden == "unanswerable" and task.unanswerable is None:
        problems.append(f"the task {task.name} has no word for a question without an answer")
        hints.append(f"unanswerable: I do not know. in tasks/{task.name}.yaml")
    file = options.passages
    if file is not None and not file.is_file():
        problems.append(f"there is no file {file}")
        hints.append("--option passages=FILE, as JSONL of id and text")
    if problems:
        raise InvalidInput(
            f"This cannot be written as raft: {'; '.join(problems)}.",
            hint="; ".join(hints),
            problems=problems,
        )
    return {} if file is None else {"passages": {"file": file.name, "sha256": sha256_of(file)}}


def run(task: Task, reviewed: Reviewed, options: Options) -> Made:
    """A draft: what `complete` needs once it is known which passages may stand beside it."""
    example = reviewed.example
    if problems := problems_of(task, example.output):
        return refusal("invalid", problems)
    context = [one for one in example.context if one.text.strip()]
    golden = [one.text for one in context if one.is_golden]
    if not golden:
        return refusal("no_passage", "No passage is given that the answer rests on.")
    answer = answer_text(task, example.output)
    draft: Row = {
        "id": example.id,
        "weight": options.edited_weight if example.status == "edited" else 1.0,
        "input": example.input,
        "golden": golden,
        "distractors": [one.text for one in context if not one.is_golden],
        "answer": answer,
        "bare": None,
        "quotes": [],
        "lacks_quote": False,
    }
    word = None if task.unanswerable is None else task.unanswerable.strip()
    if answer == word:
        return Made([draft])
    made = _with_quotes(example, draft, options)
    for one in made.rows:
        alone = answer_alone(answer)
        one["bare"] = {"answer": alone, "quoted": one["answer"], "unanswerable": word}[
            options.without_golden
        ]
    return made


def complete(
    task: Task, draft: Row, options: Options, dice: random.Random, pool: Pool
) -> Completed:
    """The row of a draft: passages drawn and shuffled, golden ones left out where the dice say."""
    golden: list[str] = draft["golden"]
    bare: str | None = draft["bare"]
    is_bare = dice.random() < options.without_golden_share and bare is not None
    taken = {normalised_text(text) for text in golden}
    quotes = [normalised_text(text) for text in draft["quotes"]]

    def is_fit(text: str) -> bool:
        """Neither there already, nor holding what is quoted: that one would help."""
        normal = normalised_text(text)
        if normal in taken or any(quote in normal for quote in quotes):
            return False
        taken.add(normal)
        return True

    own = [text for text in draft["distractors"] if is_fit(text)]
    dice.shuffle(own)
    shown = own[: options.distractors]
    shown += pool.draw(dice, options.distractors - len(shown), is_fit)
    is_full = len(shown) == options.distractors
    # Without a single passage the question would stand alone, and nothing would be learned of one.
    answer = bare if is_bare and shown else None
    shown = [*(golden if answer is None else ()), *shown]
    dice.shuffle(shown)
    row = {
        "id": draft["id"],
        "prompt": messages_of(task, draft["input"], context=shown, answer=None),
        "completion": said(draft["answer"] if answer is None else answer),
        "weight": draft["weight"],
    }
    return Completed(row, answer is None, is_full, draft["lacks_quote"])


def conversations(row: Mapping[str, Any]) -> list[list[Message]]:
    """What a model reads of a row, to count its tokens."""
    return [[*row["prompt"], *row["completion"]]]


def _with_quotes(example: Example, draft: Row, options: Options) -> Made:
    """The draft with the quotation in its answer, or why there is none."""
    answer: str = draft["answer"]
    try:
        written = quoted(answer)
    except ValueError as error:
        return refusal("bad_quote", f"In the answer {error}.")
    strange = [
        text for text in written if not any(_quotes.holds(one, text) for one in draft["golden"])
    ]
    if strange:
        listed = "; ".join(f'"{text[:80]}"' for text in strange)
        return refusal("quote_not_in_passage", f"No golden passage says {listed}.")
    if written or options.quote == "none":
        return Made([{**draft, "quotes": written}])
    found = _quotes.find_quote(str(example.input["question"]), answer, draft["golden"])
    share = 0.0 if found is None else found.share
    if found is not None and share >= options.least_share:
        quoting = with_quote(found.text, answer)
        return Made([{**draft, "answer": quoting, "quotes": [found.text]}])
    if options.quote == "sentence":
        return Made([{**draft, "lacks_quote": True}])
    return refusal(
        "no_quote",
        f"No sentence of the golden passages holds more than {share:.0%} of the answer's words; "
        f"{options.least_share:.0%} are asked for (least_share).",
    )
