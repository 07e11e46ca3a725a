"""A few predictions at each validation, by the model as it is then: the best, the worst, and any.

The rows come from the same few of the validation split each time, so that two validations can be
compared. Answers are greedy and in evaluation mode; rows are drawn by a generator of their own. So
no random state moves, and the weights are the same with and without. Not covered: a model whose
answers need another cache than keys and values (Mamba); its rows are scored and not answered.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn

from hone.engine.generate import Limits, answers
from hone.rendering.tokens import MASKED

if TYPE_CHECKING:
    from hone.engine.train_loop import Exact

CANDIDATES = 24
MOST_NEW_TOKENS = 128
MOST_SECONDS = 10.0
"""For the answers of one validation; what is not reached is shown without an answer."""
MOST_SHARE, FREE_SECONDS = 0.1, 10.0
"""Of the processor's time since the training began, beyond the first seconds; above it a validation
shows nothing."""
MOST_CHARACTERS = 400


class Judged(NamedTuple):
    """How well a row is predicted (higher is better), and what a person is shown of it."""

    goodness: float
    shown: dict[str, Any]
    prompt_ids: list[int] = []  # noqa: RUF012 (never changed)
    """Set where an answer can be asked for."""
    longest_answer: int = 0


class Sampler:
    """Picks rows and lets the trainer's model predict them."""

    def __init__(self, trainer: Exact, rows: Sequence[Any], each: int) -> None:
        dice = np.random.default_rng([trainer.plan.seed, len(rows)])
        self._trainer, self._rows, self._each = trainer, rows, each
        self._places = sorted(dice.permutation(len(rows))[:CANDIDATES].tolist())
        self._began = time.process_time()
        self._spent = 0.0

    def take(self, step: int) -> list[dict[str, Any]]:
        """[{"pick": "best" | "worst" | "random", "row", …}]; empty where there is nothing to show.

        `row` counts the validation rows that can be learned, from 0.
        """
        began = time.process_time()
        if not self._each or self._spent > FREE_SECONDS + MOST_SHARE * (began - self._began):
            return []
        self._trainer.model.eval()
        with torch.no_grad(), self._trainer.accelerator.autocast():
            judged = self._trainer.judged([self._rows[place] for place in self._places])
            picks = self._picked(judged, step)
            answered = self._answered([judged[place] for _, place in picks])
        self._spent += time.process_time() - began
        return [
            {"pick": pick, "row": self._places[place], **judged[place].shown, **answer}
            for (pick, place), answer in zip(picks, answered, strict=True)
        ]

    def _picked(self, judged: Sequence[Judged], step: int) -> list[tuple[str, int]]:
        order = sorted(range(len(judged)), key=lambda place: -judged[place].goodness)
        each = min(self._each, len(order) // 3) or min(1, len(order))
        best, rest = order[:each], order[each:]
        worst, rest = rest[len(rest) - min(each, len(rest)) :][::-1], rest[: -each or None]
        dice = np.random.default_rng([self._trainer.plan.seed, step])
        any_of = dice.permutation(rest)[:each].tolist()
        named = {"best": best, "worst": worst, "random": any_of}
        return [(pick, place) for pick, places in named.items() for place in places]

    def _answered(self, judged: Sequence[Judged]) -> list[dict[str, Any]]:
        asked = [place for place, one in enumerate(judged) if one.prompt_ids]
        found: list[dict[str, Any]] = [{} for _ in judged]
        model: Any = self._trainer.model
        if not asked or getattr(model, "_is_stateful", False):
            return found
        tokenizer, stops = self._trainer.tokenizer, self._trainer.stop_ids
        longest = max(judged[place].longest_answer for place in asked)
        limits = Limits(stops, min(MOST_NEW_TOKENS, 2 * longest + 8), max(self._each, 1))
        until = time.process_time() + MOST_SECONDS
        for batch in answers(model, [judged[place].prompt_ids for place in asked], limits):
            for place, answer in batch:
                text = tokenizer.decode(answer.ids, skip_special_tokens=True).strip()
                found[asked[place]] = {"predicted": clipped(text)}
            if time.process_time() > until:
                break
        return found


def clipped(text: str) -> str:
    """The beginning and the end of a long text."""
    half = MOST_CHARACTERS // 2
    return text if len(text) <= MOST_CHARACTERS else f"{text[:half]} … {text[-half:]}"


def last_answer(labels: torch.Tensor) -> tuple[int, int]:
    """Where the last trained answer of a row begins and ends."""
    trained = (labels != MASKED).nonzero().flatten().tolist()
    begin = end = trained[-1]
    while begin - 1 >= 0 and labels[begin - 1] != MASKED:
        begin -= 1
    return begin, end + 1


def log_probability(
    model: nn.Module, prompt_ids: Sequence[int], answer_ids: Sequence[int], device: Any
) -> float:
    """Natural log-probability of all tokens of an answer; one row at a time needs little memory."""
    ids = torch.tensor([[*prompt_ids, *answer_ids]], device=device)
    count = len(answer_ids)
    out: Any = model(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        use_cache=False,
        logits_to_keep=count + 1,
    )
    logits = out.logits[0, -count - 1 : -1].float()
    wanted = torch.tensor(list(answer_ids), device=device)
    return -float(nn.functional.cross_entropy(logits, wanted, reduction="sum"))


def pair_shown(tokenizer: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Prompt and both answers of a pair as texts."""

    def text(name: str) -> str:
        return clipped(tokenizer.decode(row[name], skip_special_tokens=True).strip())

    prompt = row.get("prompt_ids")
    shown = {"chosen": text("chosen_ids"), "rejected": text("rejected_ids")}
    return {"prompt": text("prompt_ids"), **shown} if prompt is not None else shown
