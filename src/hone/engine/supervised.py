"""Supervised training: TRL's SFTTrainer on rows that Hone rendered, the loss on answers alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from torch import nn
from trl import SFTConfig, SFTTrainer

from hone.engine.collate import Collator, PackedCollator
from hone.engine.samples import Judged, clipped, last_answer, log_probability
from hone.engine.sharing import WEIGHT
from hone.engine.train_loop import Exact, Measures, Parts, arguments_of
from hone.rendering.tokens import MASKED

# Where one of these is set, the head does more than multiply: TRL's own head knows them all.
SPECIAL_HEADS = (
    "final_logit_softcapping",
    "logit_scale",
    "logits_scaling",
    "output_multiplier",
    "lm_head_multiplier",
    "output_router_logits",
)
LARGEST_LOGITS = 64_000_000
"""Above so many values (trained positions x vocabulary) TRL's tiled head is used: less memory."""


class RowTrainer(Exact, SFTTrainer):
    """TRL's trainer for rows of ids and labels; applies no template and prepares no data."""

    model: Any
    # The loss is a sum divided by all trained tokens of the step, over all its batches.
    loss_is_scaled_for_ga = True

    def __init__(self, parts: Parts) -> None:
        self.begin(parts)
        collate = PackedCollator() if parts.plan.is_packed else Collator(parts.pad_id)
        super().__init__(
            model=parts.model,
            args=SFTConfig(
                **arguments_of(parts.plan, parts.place),
                # Rows arrive as ids and labels; TRL must not touch them.
                dataset_kwargs={"skip_prepare_dataset": True},
                max_length=None,
            ),
            # TRL insists on its own kind of dataset; ours, already tensors, takes its place below.
            train_dataset=Dataset.from_dict({"input_ids": [[0]], "labels": [[0]]}),
            data_collator=collate,  # type: ignore[arg-type]
            processing_class=parts.tokenizer,
        )
        self.settle()
        config = self._bare.config.get_text_config()
        self._has_plain_head = not any(getattr(config, name, None) for name in SPECIAL_HEADS)

    # The loss

    @property
    def _bare(self) -> Any:
        """The causal model inside whatever adapter surrounds it; LoRA lives in its layers."""
        model: Any = self.model
        return model.get_base_model() if hasattr(model, "get_base_model") else model

    @property
    def _needs_whole_model(self) -> bool:
        return self.plan.device == "cuda" or self.team.size > 1

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Mean over the step's trained tokens; the head sees no other position.

        TRL's own head is used on cards (a fused kernel), for heads that do more than multiply,
        where all logits at once would not fit, and among several processes, whose gradients are
        put together only where the whole model is called.
        """
        trained = int((inputs["labels"][:, 1:] != MASKED).sum())
        vocabulary = self._bare.get_output_embeddings().weight.shape[0]
        is_plain = self._has_plain_head and trained * vocabulary <= LARGEST_LOGITS
        if return_outputs or not is_plain or self._needs_whole_model:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        total, _ = self._scored(inputs)
        return total / max(int(num_items_in_batch or trained), 1)

    def _scored(self, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Sum of the losses of all trained tokens, and how many of them were the likeliest."""
        with self.accelerator.autocast():
            backbone = self._bare.base_model
            hidden = backbone(
                **{name: value for name, value in inputs.items() if name != "labels"},
                use_cache=False,
            ).last_hidden_state[:, :-1]
            wanted = inputs["labels"][:, 1:]
            is_trained = wanted != MASKED
            logits = self._bare.get_output_embeddings()(hidden[is_trained]).float()
        wanted = wanted[is_trained]
        right = wanted.new_zeros(())
        if not self.model.training:
            right = (logits.argmax(-1) == wanted).sum()
        return nn.functional.cross_entropy(logits, wanted, reduction="sum"), right

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> int:
        own = sum(
            int((batch["labels"][:, 1:] != MASKED).sum())
            for batch in batch_samples
            if batch.get(WEIGHT, 1.0)
        )
        return round(self.team.total([own])[0])

    def share_of_loss(self, weight: float) -> float:
        """The loss is a share already: a sum over the trained tokens of all processes."""
        return 1.0 if weight else 0.0

    # Validation

    def measured(self, batch: dict[str, torch.Tensor], rows: int) -> Measures:
        """Loss and accuracy over every trained token."""
        count = int((batch["labels"][:, 1:] != MASKED).sum())
        if self._has_plain_head and not self.is_sharded:
            loss, right = self._scored(batch)
            return {"loss": (float(loss), count), "token_accuracy": (int(right), count)}
        outputs: Any = self.model(**batch, use_cache=False, fused_lm_head=True)
        return {
            "loss": (-float(outputs.log_probs.sum()), count),
            "token_accuracy": (int(outputs.is_top1.sum()), count),
        }

    def judged(self, rows: Sequence[Any]) -> list[Judged]:
        """By the mean loss of the last answer's tokens; the answer itself is asked for."""
        found: list[Judged] = []
        for row in rows:
            begin, end = last_answer(row["labels"])
            prompt, wanted = row["input_ids"][:begin].tolist(), row["input_ids"][begin:end].tolist()
            total = log_probability(self.model, prompt, wanted, self.args.device)
            shown = {
                "prompt": clipped(self.tokenizer.decode(prompt)),
                "expected": clipped(
                    self.tokenizer.decode(wanted, skip_special_tokens=True).strip()
                ),
                "loss": round(-total / len(wanted), 4),
            }
            found.append(Judged(total / len(wanted), shown, prompt, len(wanted)))
        return found
