"""Learning from preferences: TRL's DPO and KTO trainers on ids that Hone rendered.

The reference is the model as the run began: the base under a fresh adapter, the adapter itself
where one is gone on with, the base's own weights in a full training. DPO asks it once for every
row before the first step; KTO asks it batch by batch, because its estimate of the divergence
pairs the prompts of a batch with each other's answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

import numpy as np
import torch
from datasets import Dataset, disable_progress_bars
from torch import nn
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference
from trl.trainer.utils import use_adapter

from hone.engine.quiet import quiet
from hone.engine.samples import Judged, clipped, log_probability, pair_shown
from hone.engine.train_loop import Exact, Parts, arguments_of
from hone.rendering.tokens import MASKED


class PairRow(TypedDict):
    """Token ids of a prompt and of two answers to it, the better one first."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]


class JudgedRow(TypedDict):
    """Token ids of a prompt and of an answer that was called good or bad."""

    prompt_ids: list[int]
    completion_ids: list[int]
    label: bool


@dataclass(frozen=True)
class Preference:
    """What a preference loss is told; weights are of KTO alone, smoothing is DPO's alone."""

    beta: float
    loss: str = "sigmoid"
    label_smoothing: float = 0.0
    desirable_weight: float = 1.0
    undesirable_weight: float = 1.0


class PairTrainer(Exact, DPOTrainer):
    """Direct preference optimisation over pairs."""

    SHOWN: ClassVar[Mapping[str, str]] = {
        "rewards/accuracies": "accuracy",
        "rewards/margins": "margin",
        "rewards/chosen": "reward_chosen",
        "rewards/rejected": "reward_rejected",
    }

    def __init__(self, parts: Parts, preference: Preference) -> None:
        disable_progress_bars()
        self.begin(parts)
        with quiet():
            self._ask_the_reference(parts, preference)
        if "ref" in getattr(self.model, "peft_config", {}):
            self.model.delete_adapter("ref")
        self.settle()

    def _ask_the_reference(self, parts: Parts, preference: Preference) -> None:
        """TRL's own start, which scores every row before the first step."""
        super().__init__(
            model=parts.model,
            args=DPOConfig(
                **arguments_of(parts.plan, parts.place),
                beta=preference.beta,
                loss_type=[preference.loss],
                label_smoothing=preference.label_smoothing,
                max_length=None,
                # Shapes without numbers cannot be asked anything.
                precompute_ref_log_probs=not parts.is_on_meta,
            ),
            data_collator=DataCollatorForPreference(parts.pad_id),  # type: ignore[arg-type]
            train_dataset=Dataset.from_list([dict(row) for row in parts.train]),
            eval_dataset=Dataset.from_list([dict(row) for row in parts.val]) if parts.val else None,
            processing_class=parts.tokenizer,
        )
        # Both now hold what the reference says of each row.
        self._train_rows = list(self.train_dataset)  # type: ignore[arg-type]
        self._val_rows = list(self.eval_dataset or [])  # type: ignore[arg-type]

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        """What the reference says of each row; several processes ask it for a share each.

        TRL would let one write a cache that the others, in folders of their own, do not find.
        """
        if self.team.size == 1:
            return super()._precompute_ref_logps(dataset, name, batch_size)
        model: Any = self.ref_model or self.model
        own = range(self.team.rank, len(dataset), self.team.size)
        said: dict[int, tuple[float, float]] = {}
        for start in range(0, len(own), batch_size):
            places = own[start : start + batch_size]
            batch = self._prepare_inputs(self.data_collator([dataset[one] for one in places]))
            chosen, rejected = self.compute_ref_log_probs(model, batch)
            pairs = zip(chosen.tolist(), rejected.tolist(), strict=True)
            said.update(zip(places, pairs, strict=True))
        for others in self.team.collected(said):
            said.update(others)
        for place, column in enumerate(("ref_chosen_logps", "ref_rejected_logps")):
            values = np.array([said[row][place] for row in range(len(dataset))], dtype=np.float32)
            dataset = dataset.add_column(column, values)  # type: ignore[call-arg]
        return dataset

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        """The rows as they are: no trainer applies a template of its own."""
        return dataset

    def length_of(self, row: Any) -> int:
        """Tokens of the longer of both texts."""
        longer = max(len(row["chosen_ids"]), len(row["rejected_ids"]))
        return len(row["prompt_ids"]) + longer

    def judged(self, rows: Sequence[Any]) -> list[Judged]:
        """By how much more the better answer gained against the reference, times beta."""
        found: list[Judged] = []
        for row in rows:
            gained = {
                side: self.beta
                * (
                    log_probability(
                        self.model, row["prompt_ids"], row[f"{side}_ids"], self.args.device
                    )
                    - row[f"ref_{side}_logps"]
                )
                for side in ("chosen", "rejected")
            }
            margin = gained["chosen"] - gained["rejected"]
            shown = {
                **pair_shown(self.tokenizer, row),
                "chosen_score": round(gained["chosen"], 4),
                "rejected_score": round(gained["rejected"], 4),
                "margin": round(margin, 4),
            }
            found.append(Judged(margin, shown))
        return found


class JudgedTrainer(Exact, KTOTrainer):
    """Kahneman-Tversky optimisation over single judged answers."""

    SHOWN: ClassVar[Mapping[str, str]] = {
        "rewards/chosen": "reward_chosen",
        "rewards/rejected": "reward_rejected",
        "rewards/margins": "margin",
        "kl": "divergence",
    }

    def __init__(
        self, parts: Parts, preference: Preference, reference: nn.Module | None = None
    ) -> None:
        """`reference` is a second copy of the base, needed where all weights are trained."""
        self.begin(parts)
        self._seen: dict[str, list[float]] = {"chosen": [], "rejected": []}
        super().__init__(
            model=parts.model,
            ref_model=reference,  # type: ignore[arg-type]
            args=KTOConfig(
                **arguments_of(parts.plan, parts.place),
                beta=preference.beta,
                desirable_weight=preference.desirable_weight,
                undesirable_weight=preference.undesirable_weight,
                max_length=None,
            ),
            data_collator=_Rotated(parts.pad_id),  # type: ignore[arg-type]
            train_dataset=Dataset.from_list([dict(row) for row in parts.train]),
            processing_class=parts.tokenizer,
        )
        self.settle()

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        """The rows as they are: no trainer applies a template of its own."""
        return dataset

    def compute_loss(self, *inputs: Any, **more: Any) -> Any:
        """TRL's loss, without the warnings of its libraries about each other."""
        with quiet():
            return super().compute_loss(*inputs, **more)

    def beside(self, row: Any, before: Any) -> Any:
        """A row beside the answer to the one before it in the whole batch."""
        return {**row, "KL_completion_ids": before["completion_ids"]}

    def _compute_kl_logps(self, model: nn.Module, batch: dict[str, Any]) -> Any:
        """TRL's, and among several processes their mean over the rows of the whole batch."""
        found: Any = super()._compute_kl_logps(model, batch)
        if self.team.size == 1 or not self.model.training:
            return found
        is_own = float(self.is_own_part)
        total, rows = self.team.total([float(found.sum()) * is_own, len(found) * is_own])
        return found.new_full(found.shape, total / rows)

    def share_of_figure(self, shown: str, batch: dict[str, Any]) -> float:
        """Rewards count the rows of their kind."""
        good = sum(map(float, batch["label"])) / len(batch["label"])
        return {"reward_chosen": good, "reward_rejected": 1 - good}.get(shown, 1.0)

    def shared_figures(self) -> dict[str, float]:
        """The margin is between means that no process knows alone."""
        found = super().shared_figures()
        if {"reward_chosen", "reward_rejected"} <= found.keys():
            found["margin"] = found["reward_chosen"] - found["reward_rejected"]
        return found

    def length_of(self, row: Any) -> int:
        """Tokens of prompt and answer."""
        return len(row["prompt_ids"]) + len(row["completion_ids"])

    def measured(self, batch: dict[str, Any], rows: int) -> dict[str, tuple[float, float]]:
        """Loss and rewards; each kind of reward counts the rows of its kind."""
        loss: Any = self.compute_loss(self.model, batch)
        self._counted("eval").clear()
        found = {"loss": (float(loss) * rows, float(rows))}
        gained = self._gained(batch)
        good = batch["label"].bool().to(gained.device)
        for name, kind in (("chosen", good), ("rejected", ~good)):
            values = gained[kind].tolist()
            self._seen[name] += values
            if values:
                found[f"reward_{name}"] = (sum(values), float(len(values)))
        return found

    def validation_figures(self) -> dict[str, float]:
        """Those of every row, and how well both kinds of answers are told apart."""
        self._seen = {"chosen": [], "rejected": []}
        return super().validation_figures()

    def finished(self, figures: dict[str, float]) -> dict[str, float]:
        """Beside the rewards their distance, and the share of good and bad answers in order."""
        if "eval_loss" not in figures:
            return figures
        # Of the rows of all processes: each has seen some.
        parts = self.team.collected(self._seen)
        good, bad = ([one for part in parts for one in part[kind]] for kind in self._seen)
        if not good or not bad:
            return figures
        margin = figures["eval_reward_chosen"] - figures["eval_reward_rejected"]
        return {**figures, "eval_margin": margin, "eval_accuracy": share_in_order(good, bad)}

    def _gained(self, batch: dict[str, Any]) -> torch.Tensor:
        """What each answer gained against the reference, times beta; (rows,)."""
        with quiet():
            gained = self._log_probabilities(self.model, batch)
            with self._as_reference() as reference:
                gained = gained - self._log_probabilities(reference, batch)
        return self.beta * gained

    def _log_probabilities(self, model: Any, batch: dict[str, Any]) -> torch.Tensor:
        ids = batch["input_ids"]
        labels = ids.masked_fill(batch["completion_mask"] == 0, MASKED)
        out = model(
            input_ids=ids,
            attention_mask=batch["attention_mask"],
            labels=labels,
            use_cache=False,
            fused_lm_head=True,
        )
        return out.log_probs.sum(-1)

    @contextmanager
    def _as_reference(self) -> Iterator[Any]:
        """The model as the run began."""
        if self.ref_model is not None:
            yield self.ref_model
            return
        held = self.model.peft_config
        with use_adapter(self.model, "ref" if "ref" in held else None):
            yield self.model

    def judged(self, rows: Sequence[Any]) -> list[Judged]:
        """By what an answer gained against the reference, turned round where it is a bad one."""
        found: list[Judged] = []
        for row in rows:
            asked, answer, device = row["prompt_ids"], row["completion_ids"], self.args.device
            gained = log_probability(self.model, asked, answer, device)
            with self._as_reference() as reference:
                gained -= log_probability(reference, asked, answer, device)
            score = self.beta * gained
            shown = {
                "prompt": clipped(self.tokenizer.decode(asked)),
                "answer": clipped(self.tokenizer.decode(answer, skip_special_tokens=True).strip()),
                "label": bool(row["label"]),
                "score": round(score, 4),
            }
            found.append(Judged(score if row["label"] else -score, shown))
        return found


class _Rotated(DataCollatorForUnpairedPreference):
    """Each prompt of a batch beside the answer to the one before it, for KTO's divergence.

    TRL pairs rows that stand next to each other in the file; the paper means those of a batch.
    """

    def __init__(self, pad_id: int) -> None:
        super().__init__(pad_token_id=pad_id)

    def __call__(self, rows: Sequence[Any], return_tensors: str | None = None) -> dict[str, Any]:
        if "KL_completion_ids" in rows[0]:
            return self.torch_call(list(rows))
        before = [rows[-1], *rows[:-1]]
        return self.torch_call(
            [
                {**row, "KL_completion_ids": other["completion_ids"]}
                for row, other in zip(rows, before, strict=True)
            ]
        )


def balancing_weights(labels: Sequence[bool]) -> tuple[float, float]:
    """(weight of good, weight of bad) so that both kinds pull equally; the larger kind has 1.

    Ethayarajh et al. 2024, arXiv:2402.01306, equation 8: the ratio of the weighted counts should
    lie between 1 and 4/3.
    """
    good = sum(labels)
    bad = len(labels) - good
    if not good or not bad:
        return 1.0, 1.0
    return (bad / good, 1.0) if good < bad else (1.0, good / bad)


def share_in_order(good: Sequence[float], bad: Sequence[float]) -> float:
    """Of all pairs of a good and a bad answer, those whose good one has more; half for a tie."""
    below = np.sort(np.array(bad))
    wins = np.searchsorted(below, good, "left") + np.searchsorted(below, good, "right")
    return float(wins.sum()) / (2 * len(good) * len(bad))
