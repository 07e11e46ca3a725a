"""One training: TRL's SFTTrainer on rows that Hone rendered, with exact resume.

What is ours: the order of rows, the loss on trained positions only, checkpoints that are whole or
not there, validation over every token, and events. Everything else is TRL, PEFT and transformers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import nn
from transformers import PreTrainedTokenizerFast, PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from hone.engine import checkpoints
from hone.engine.collate import Collator, Row
from hone.engine.sampling import EpochOrder
from hone.engine.weights import resume_bytes, write_weights
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


@dataclass(frozen=True)
class TrainingPlan:
    """Everything that decides the bits of a run beside base, adapter and rows."""

    total_steps: int
    steps_per_epoch: int
    batch_size: int
    accumulation: int
    learning_rate: float
    lr_scheduler: str
    warmup_steps: int
    weight_decay: float
    max_grad_norm: float
    seed: int
    eval_steps: int
    save_steps: int
    keep_checkpoints: int
    is_grouped: bool
    dtype: str
    device: str
    is_checkpointing_gradients: bool


def steps_of(rows: int, batch_size: int, accumulation: int) -> int:
    """Steps of the optimizer per epoch; a last partial batch is a step."""
    return math.ceil(math.ceil(rows / batch_size) / accumulation)


class RowTrainer(SFTTrainer):
    """TRL's trainer for rows of ids and labels; applies no template and prepares no data."""

    model: Any
    # The loss is a sum divided by all trained tokens of the step, over all its batches.
    loss_is_scaled_for_ga = True

    def __init__(
        self,
        model: nn.Module,
        plan: TrainingPlan,
        *,
        rows: tuple[list[Row], list[Row]],
        tokenizer: PreTrainedTokenizerFast,
        place: Path,
    ) -> None:
        self.plan = plan
        self.place = place
        self.base_id = ""
        self.is_final = False
        self.tokens_seen = 0
        self._train_rows, self._val_rows = rows
        super().__init__(
            model=model,  # type: ignore[arg-type]
            args=_arguments(plan, place),
            # TRL insists on its own kind of dataset; ours, already tensors, takes its place below.
            train_dataset=Dataset.from_dict({"input_ids": [[0]], "labels": [[0]]}),
            data_collator=Collator(int(tokenizer.pad_token_id)),  # type: ignore[arg-type]
            processing_class=tokenizer,
        )
        self.train_dataset = self._train_rows  # type: ignore[assignment]
        # A tokenizer would make the library rewrite the base's own configuration.
        self.processing_class = None
        self.remove_callback(PrinterCallback)
        config = self._bare.config.get_text_config()
        self._has_plain_head = not any(getattr(config, name, None) for name in SPECIAL_HEADS)

    # The order of rows

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochOrder:
        return EpochOrder(
            [len(row["input_ids"]) for row in self._train_rows],
            batch_size=self.plan.batch_size,
            seed=self.plan.seed,
            is_grouped=self.plan.is_grouped,
        )

    # The loss

    @property
    def _bare(self) -> Any:
        """The causal model inside whatever adapter surrounds it; LoRA lives in its layers."""
        model: Any = self.model
        return model.get_base_model() if hasattr(model, "get_base_model") else model

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Mean over the step's trained tokens; the head sees no other position.

        TRL's own head is used on cards (a fused kernel), for heads that do more than multiply,
        and where all logits at once would not fit.
        """
        if model.training:
            self.tokens_seen += int(inputs["attention_mask"].sum())
        trained = int((inputs["labels"][:, 1:] != MASKED).sum())
        vocabulary = self._bare.get_output_embeddings().weight.shape[0]
        is_plain = self._has_plain_head and trained * vocabulary <= LARGEST_LOGITS
        if return_outputs or not is_plain or self.plan.device == "cuda":
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        total, _ = self._scored(inputs)
        return total / max(int(num_items_in_batch or trained), 1)

    def _scored(self, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Sum of the losses of all trained tokens, and how many of them were the likeliest."""
        with self.accelerator.autocast():
            backbone = self._bare.base_model
            hidden = backbone(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
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
        return sum(int((batch["labels"][:, 1:] != MASKED).sum()) for batch in batch_samples)

    # Validation

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Mean loss and accuracy over every trained token of the validation rows."""
        self.model.eval()
        order = sorted(range(len(self._val_rows)), key=lambda i: len(self._val_rows[i]["labels"]))
        rows = [self._val_rows[i] for i in order]
        size, total, right, tokens = self.plan.batch_size, 0.0, 0, 0
        with torch.no_grad():
            for start in range(0, len(rows), size):
                batch = self._prepare_inputs(self.data_collator(rows[start : start + size]))  # type: ignore[arg-type]
                loss, hits, count = self._validated(batch)
                total, right, tokens = total + loss, right + hits, tokens + count
        metrics = {
            "eval_loss": total / max(tokens, 1),
            "eval_token_accuracy": right / max(tokens, 1),
        }
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _validated(self, batch: dict[str, torch.Tensor]) -> tuple[float, int, int]:
        count = int((batch["labels"][:, 1:] != MASKED).sum())
        if self._has_plain_head:
            loss, right = self._scored(batch)
            return float(loss), int(right), count
        outputs: Any = self.model(**batch, use_cache=False, fused_lm_head=True)
        return -float(outputs.log_probs.sum()), int(outputs.is_top1.sum()), count

    # Checkpoints

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Write checkpoint-N whole: weights, optimizer, schedule, random states, progress."""
        step = self.state.global_step
        checkpoints.check_room(self.place, resume_bytes(self.model))

        def write_files(folder: Path) -> None:
            write_weights(self.model, folder, self.base_id)
            self._save_optimizer_and_scheduler(str(folder))
            self._save_rng_state(str(folder))
            self.state.save_to_json(str(folder / "trainer_state.json"))

        name = f"checkpoint-{step}"
        checkpoints.write(self.place / name, write_files, step=step, is_final=self.is_final)
        checkpoints.keep_newest(self.place, self.plan.keep_checkpoints)

    def keep_best(self, loss: float) -> None:
        """Write the present weights to best/, the export of this run unless a better one comes."""
        checkpoints.write(
            self.place / "best",
            lambda folder: write_weights(self.model, folder, self.base_id),
            step=self.state.global_step,
            eval_loss=loss,
        )

    # What is left out of the libraries

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted: it costs time on every batch and nothing reads it."""
        return 0

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Hand the values to the callbacks as they are."""
        logs["epoch"] = round(self.state.epoch or 0.0, 4)
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)

    def _send_telemetry(self) -> None:
        """Never: nothing leaves the machine unasked."""

    def _move_model_to_device(self, model: nn.Module, device: torch.device) -> None:
        if not any(weight.is_meta for weight in model.parameters()):
            super()._move_model_to_device(model, device)


def train(
    trainer: RowTrainer, callback: TrainerCallback, *, resume_from: Path | None
) -> dict[str, Any]:
    """Run to the end or to a stop; returns the final state's facts."""
    trainer.add_callback(callback)
    trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
    return {"step": trainer.state.global_step, "epoch": trainer.state.epoch}


def forward_once(trainer: RowTrainer) -> float | None:
    """The loss of the heaviest batch, nothing trained; None on the meta device (shapes only)."""
    sampler = trainer._get_train_sampler()
    heaviest = sampler.order(0)[: trainer.plan.batch_size]
    batch = trainer.data_collator([trainer._train_rows[i] for i in heaviest])  # type: ignore[arg-type]
    trainer.model.eval()
    with torch.no_grad():
        if any(weight.is_meta for weight in trainer.model.parameters()):
            ids = batch["input_ids"].to("meta")
            trainer.model(input_ids=ids, use_cache=False, logits_to_keep=1)
            return None
        batch = trainer._prepare_inputs(batch)
        return float(trainer.compute_loss(trainer.model, batch))


def _arguments(plan: TrainingPlan, place: Path) -> SFTConfig:
    return SFTConfig(
        output_dir=str(place),
        max_steps=plan.total_steps,
        per_device_train_batch_size=plan.batch_size,
        gradient_accumulation_steps=plan.accumulation,
        learning_rate=plan.learning_rate,
        lr_scheduler_type=plan.lr_scheduler,
        warmup_steps=plan.warmup_steps,
        weight_decay=plan.weight_decay,
        max_grad_norm=plan.max_grad_norm,
        seed=plan.seed,
        use_cpu=plan.device == "cpu",
        bf16=plan.dtype == "bfloat16",
        activation_checkpointing=plan.is_checkpointing_gradients,
        # Rows arrive as ids and labels; TRL must not touch them.
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        remove_unused_columns=False,
        # The callback decides when; a value that is not finite must be seen, not replaced.
        logging_strategy="no",
        save_strategy="no",
        eval_strategy="no",
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=plan.device == "cuda",
    )
