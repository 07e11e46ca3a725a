"""Heads of numbers: a reward from pairs (TRL), several scores of a text by regression."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

import torch
from datasets import Dataset
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from transformers import Trainer, TrainingArguments
from trl import RewardConfig, RewardTrainer
from trl.trainer.reward_trainer import DataCollatorForPreference

from hone.engine.ridge import fitted_head
from hone.engine.samples import Judged, clipped, pair_shown
from hone.engine.train_loop import Exact, Measures, Parts, arguments_of


class RankedRow(TypedDict):
    """Token ids of a prompt with the better answer, and of the same prompt with the other one."""

    chosen_ids: list[int]
    rejected_ids: list[int]


class ScoredRow(TypedDict):
    """Token ids of a text and its scores, one per dimension."""

    input_ids: list[int]
    labels: list[float]


LOOKED_AT = 1024
"""Texts, at most, that a fresh head is fitted to before the first step."""


@dataclass(frozen=True)
class Scale:
    """What the numbers of a head mean; `weights` count a dimension's error, one each."""

    dimensions: tuple[str, ...]
    weights: tuple[float, ...]
    huber_delta: float | None = None
    """None: squared errors. Otherwise errors above it count linearly."""


class RankTrainer(Exact, RewardTrainer):
    """A reward that is higher for the better answer of a pair (Bradley-Terry)."""

    SHOWN: ClassVar[Mapping[str, str]] = {
        "accuracy": "accuracy",
        "margin": "margin",
        "mean_reward": "reward",
    }

    def __init__(self, parts: Parts, *, centering: float | None = None) -> None:
        self.begin(parts)
        super().__init__(
            model=parts.model,
            args=RewardConfig(
                **arguments_of(parts.plan, parts.place),
                max_length=None,
                center_rewards_coefficient=centering,
            ),
            data_collator=DataCollatorForPreference(parts.pad_id),  # type: ignore[arg-type]
            train_dataset=Dataset.from_list([dict(row) for row in parts.train]),
            processing_class=parts.tokenizer,
        )
        self.settle()

    def length_of(self, row: Any) -> int:
        """Tokens of the longer of both texts."""
        return max(len(row["chosen_ids"]), len(row["rejected_ids"]))

    def judged(self, rows: Sequence[Any]) -> list[Judged]:
        """By how much more reward the better answer gets."""
        found: list[Judged] = []
        for row in rows:
            chosen, rejected = (
                float(self._reward_of(row[side])) for side in ("chosen_ids", "rejected_ids")
            )
            shown = {
                **pair_shown(self.tokenizer, row),
                "chosen_score": round(chosen, 4),
                "rejected_score": round(rejected, 4),
                "margin": round(chosen - rejected, 4),
            }
            found.append(Judged(chosen - rejected, shown))
        return found

    def _reward_of(self, ids: Sequence[int]) -> torch.Tensor:
        batch = torch.tensor([list(ids)], device=self.args.device)
        outputs: Any = self.model(
            input_ids=batch, attention_mask=torch.ones_like(batch), use_cache=False
        )
        return outputs.logits[0, 0]


class ScoreTrainer(Exact, Trainer):
    """Several numbers for a text; the best weights are those with the lowest absolute error."""

    BEST = "eval_mae"
    SHOWN: ClassVar[Mapping[str, str]] = {"mae": "mae", "squares": "rmse"}
    # Each batch gives a mean; the trainer divides by the batches of a step.
    loss_is_scaled_for_ga = False

    def __init__(self, parts: Parts, scale: Scale) -> None:
        self.begin(parts)
        self.scale = scale
        self._step_figures: Measures = {}
        super().__init__(
            model=parts.model,
            args=TrainingArguments(**arguments_of(parts.plan, parts.place)),
            data_collator=ScoreCollator(parts.pad_id),  # type: ignore[arg-type]
            train_dataset=parts.train,  # type: ignore[arg-type]
        )
        self.settle()
        self._is_head_fresh = parts.is_head_fresh

    def begin_fresh(self) -> None:
        """Fit a fresh head: the ridge regression of the labels on what the head reads of the texts.

        The head has no bias: drawn at random it would spend the run on the labels' mean and scale.
        One of another shape stays as it was drawn, and so does one of weights that are dealt out
        to the cards only when the training begins.
        """
        head = _linear_head(self.model, len(self.scale.dimensions))
        if head is None or not self._is_head_fresh or self.is_sharded:
            return
        read: list[torch.Tensor] = []
        hook = head.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
        rows = sorted(self._train_rows[:LOOKED_AT], key=self.length_of)
        self.model.eval()
        with torch.no_grad():
            for start in range(0, len(rows), self.plan.batch_size):
                part = self.data_collator(rows[start : start + self.plan.batch_size])
                batch: Any = self._prepare_inputs(part)
                self.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
                if read[-1].dim() == 3:  # of every token, of which the last one counts
                    last = batch["attention_mask"].sum(-1) - 1
                    read[-1] = read[-1][torch.arange(len(last)), last]
            hook.remove()
            labels = torch.tensor([row["labels"] for row in rows])
            head.weight.copy_(fitted_head(torch.cat(read).cpu(), labels))

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Mean over rows and weighted dimensions of the squared (or Huber) error."""
        outputs: Any = model(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
        )
        scores = outputs.logits.float()
        errors = self._errors(scores, inputs["labels"])
        weights = errors.new_tensor(self.scale.weights)
        loss = (errors * weights).sum() / (weights.sum() * len(errors))
        if model.training:
            self._count(scores.detach() - inputs["labels"])
        return (loss, outputs) if return_outputs else loss

    def _count(self, off: torch.Tensor) -> None:
        counted = self._counted("train")
        counted.setdefault("mae", []).append(float(off.abs().mean()))
        counted.setdefault("squares", []).append(float((off**2).mean()))
        for name, (total, count) in self._errors_of(off).items() if self.is_own_part else ():
            before, seen = self._step_figures.get(name, (0.0, 0.0))
            self._step_figures[name] = (before + total, seen + count)

    def take_step_figures(self) -> Measures:
        """Absolute and squared errors of the step that has just ended, and of each dimension."""
        taken, self._step_figures = self._step_figures, {}
        totals = self.over_all({name: total for name, (total, _) in taken.items()})
        counts = self.over_all({name: count for name, (_, count) in taken.items()})
        return {name: (total, counts[name]) for name, total in totals.items()}

    def _errors(self, scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        if self.scale.huber_delta is None:
            return (scores - wanted) ** 2
        return nn.functional.huber_loss(
            scores, wanted, reduction="none", delta=self.scale.huber_delta
        )

    def _counted(self, mode: str) -> dict[str, list[float]]:
        held: dict[str, dict[str, list[float]]] = self.__dict__.setdefault("_figures", {})
        return held.setdefault(mode, {})

    def measured(self, batch: dict[str, Any], rows: int) -> Measures:
        """Loss, and absolute and squared error in total and per dimension."""
        loss, outputs = self.compute_loss(self.model, batch, return_outputs=True)
        off = outputs.logits.float() - batch["labels"]
        return {"loss": (float(loss) * rows, rows), **self._errors_of(off)}

    def _errors_of(self, off: torch.Tensor) -> Measures:
        rows = len(off)
        found: Measures = {
            "mae": (float(off.abs().sum()), off.numel()),
            "rmse": (float((off**2).sum()), off.numel()),
        }
        for place, name in enumerate(self.scale.dimensions):
            found[f"mae_{name}"] = (float(off[:, place].abs().sum()), rows)
            found[f"rmse_{name}"] = (float((off[:, place] ** 2).sum()), rows)
        return found

    def judged(self, rows: Sequence[Any]) -> list[Judged]:
        """By the mean absolute error over the dimensions."""
        found: list[Judged] = []
        for row in rows:
            batch: Any = self._prepare_inputs(self.data_collator([row]))
            _, outputs = self.compute_loss(self.model, batch, return_outputs=True)
            scores = outputs.logits[0].float().tolist()
            off = [abs(a - b) for a, b in zip(scores, row["labels"], strict=True)]
            error = sum(off) / len(off)
            shown = {
                "text": clipped(self.tokenizer.decode(row["input_ids"])),
                "expected": dict(zip(self.scale.dimensions, row["labels"], strict=True)),
                "predicted": {
                    name: round(score, 3)
                    for name, score in zip(self.scale.dimensions, scores, strict=True)
                },
                "error": round(error, 4),
            }
            found.append(Judged(-error, shown))
        return found

    def finished(self, figures: dict[str, float]) -> dict[str, float]:
        """Mean squares to their roots."""
        return {
            name: math.sqrt(value) if "rmse" in name.split("_")[:2] else value
            for name, value in figures.items()
        }


def _linear_head(model: nn.Module, outputs: int) -> nn.Linear | None:
    """The trained linear layer without bias that gives the scores, if the model has one."""
    found = [
        layer
        for layer in model.modules()
        if isinstance(layer, nn.Linear)
        and layer.out_features == outputs
        and layer.bias is None
        and layer.weight.requires_grad
    ]
    return found[-1] if found else None


class ScoreCollator:
    """Makes a batch of texts: input_ids, attention_mask (rows, longest), labels (rows, scores)."""

    def __init__(self, pad_id: int) -> None:
        self._pad_id = pad_id

    def __call__(self, rows: Sequence[ScoredRow]) -> dict[str, torch.Tensor]:
        """Pad on the right; the attention mask is 0 on padding."""
        ids = [torch.tensor(row["input_ids"]) for row in rows]
        return {
            "input_ids": pad_sequence(ids, batch_first=True, padding_value=self._pad_id),
            "attention_mask": pad_sequence(
                [torch.ones_like(row) for row in ids], batch_first=True, padding_value=0
            ),
            "labels": torch.tensor([row["labels"] for row in rows], dtype=torch.float32),
        }
