"""One training, whatever it learns: order of rows, whole checkpoints, validation; exact on resume.

What is ours stands in `Exact`: the order of rows, checkpoints that are whole or not there,
validation over every row, and what is told. Losses, optimizers and loops are TRL's, PEFT's and
transformers'; a method mixes `Exact` into the trainer that it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn
from transformers import PrinterCallback, Trainer, TrainerCallback

from hone.engine import checkpoints
from hone.engine.samples import Judged, Sampler
from hone.engine.sampling import EpochOrder
from hone.engine.weights import resume_bytes, write_weights

_Trainer = Trainer if TYPE_CHECKING else object
Measures = dict[str, tuple[float, float]]
"""Name -> (sum, count) over the rows of a batch; a figure is the sum over the count."""


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
    is_packed: bool = False
    """The rows of a batch stand behind each other instead of side by side."""
    grouped_by: int = 0
    """Rows of similar length that stand together in the order; 0: as many as a batch has."""


@dataclass(frozen=True)
class Parts:
    """What a trainer is made of; rows are as its collator takes them."""

    model: Any
    plan: TrainingPlan
    train: Sequence[Any]
    val: Sequence[Any]
    tokenizer: Any
    place: Path
    """The folder of the checkpoints."""
    base_id: str = ""
    """The base's public name, for the adapter's configuration."""
    stop_ids: tuple[int, ...] = ()
    """Ids that end an answer."""

    @property
    def pad_id(self) -> int:
        """The id that fills a batch up."""
        return int(self.tokenizer.pad_token_id)

    @property
    def is_on_meta(self) -> bool:
        """Whether the model has shapes only and no numbers."""
        return any(weight.is_meta for weight in self.model.parameters())


class Exact(_Trainer):
    """Mixed into a trainer: the same rows in the same order, and nothing half-written.

    `begin` comes before the trainer's own start, `settle` after it.
    """

    SHOWN: ClassVar[Mapping[str, str]] = {}
    """The library's name of a figure -> ours, for those that are told."""
    BEST: ClassVar[str] = "eval_loss"
    """The figure of a validation that says which weights are best."""
    IS_HIGHER_BETTER: ClassVar[bool] = False
    """Of that figure."""
    HAS_FALLING_LOSS: ClassVar[bool] = True
    """Whether a lower training loss means progress."""
    model: Any

    def begin(self, parts: Parts) -> None:
        """Keep what the run is made of."""
        self.plan, self.place, self.base_id = parts.plan, parts.place, parts.base_id
        self.tokenizer, self.stop_ids = parts.tokenizer, parts.stop_ids
        self._step_losses: list[torch.Tensor] = []
        self.is_final = False
        self.tokens_seen = 0
        self._train_rows, self._val_rows = parts.train, parts.val

    def settle(self) -> None:
        """Give the trainer its rows, and take from it what it must not do."""
        self.train_dataset = self._train_rows  # type: ignore[assignment]
        # A tokenizer would make the library rewrite the base's own configuration.
        self.processing_class = None
        self.remove_callback(PrinterCallback)

    @property
    def has_validation(self) -> bool:
        """Whether there are rows to validate on."""
        return bool(self._val_rows)

    def length_of(self, row: Any) -> int:
        """Tokens of a row, by which rows are grouped."""
        return len(row["input_ids"])

    # The order of rows

    def heaviest_rows(self) -> list[Any]:
        """The rows of the first batch, which is the heaviest one."""
        order = self._get_train_sampler().order(0)
        return [self._train_rows[place] for place in order[: self.plan.batch_size]]

    def ids_of(self, batch: Any) -> torch.Tensor:
        """Token ids of a batch, (rows, longest row)."""
        return batch["input_ids"]

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochOrder:
        return EpochOrder(
            [self.length_of(row) for row in self._train_rows],
            batch_size=self.plan.grouped_by or self.plan.batch_size,
            seed=self.plan.seed,
            is_grouped=self.plan.is_grouped,
        )

    def tokens_of(self, batch: Any) -> int:
        """Tokens of a batch without padding."""
        mask = batch.get("attention_mask")
        return int(mask.sum()) if mask is not None else self.ids_of(batch).numel()

    def training_step(self, model: nn.Module, inputs: Any, *rest: Any, **more: Any) -> torch.Tensor:
        """One batch forward and backward; its tokens are counted, padding is not."""
        self.tokens_seen += self.tokens_of(inputs)
        loss = super().training_step(model, inputs, *rest, **more)
        self._step_losses.append(loss)
        return loss

    def take_step_loss(self) -> float:
        """The loss of the step that has just ended, over all its batches."""
        loss = float(sum(self._step_losses, torch.zeros(())))
        self._step_losses.clear()
        return loss

    def take_step_figures(self) -> Measures:
        """What else is counted over the rows of a step, for the figures of a validation."""
        return {}

    # Validation

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """The figures over every validation row, told to the callbacks."""
        metrics = self.validation_figures()
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def validation_figures(self) -> dict[str, float]:
        """The figures over every validation row, batch by batch in the order of length."""
        self.model.eval()
        order = sorted(range(len(self._val_rows)), key=lambda i: self.length_of(self._val_rows[i]))
        rows = [self._val_rows[i] for i in order]
        sums: dict[str, float] = {}
        counts: dict[str, float] = {}
        with torch.no_grad():
            for start in range(0, len(rows), self.plan.batch_size):
                part = rows[start : start + self.plan.batch_size]
                batch = self._prepare_inputs(self.data_collator(part))
                for name, (total, count) in self.measured(batch, len(part)).items():
                    sums[name] = sums.get(name, 0.0) + total
                    counts[name] = counts.get(name, 0.0) + count
        return self.finished({f"eval_{name}": sums[name] / max(counts[name], 1) for name in sums})

    def is_better(self, figure: float, best: float | None) -> bool:
        """Whether a validation found better weights than the best one so far."""
        return best is None or (figure > best if self.IS_HIGHER_BETTER else figure < best)

    def measured(self, batch: dict[str, Any], rows: int) -> Measures:
        """The figures of one validation batch: the loss, and what the library counts beside it."""
        loss: Any = self.compute_loss(self.model, batch)
        found: Measures = {"loss": (float(loss) * rows, rows)}
        counted: dict[str, list[float]] = self._counted("eval")
        for name, shown in self.SHOWN.items():
            if counted.get(name):
                found[shown] = (counted[name].pop() * rows, rows)
        counted.clear()
        return found

    def judged(self, rows: Sequence[Any]) -> list[Judged]:
        """How well each of a few validation rows is predicted; empty: nothing is shown."""
        return []

    def sampler(self, each: int) -> Sampler:
        """What shows predictions of validation rows while the training runs."""
        return Sampler(self, self._val_rows, each)

    def finished(self, figures: dict[str, float]) -> dict[str, float]:
        """The figures of a validation once all its rows are counted."""
        return figures

    def _counted(self, mode: str) -> dict[str, list[float]]:
        return getattr(self, "_metrics", {}).get(mode, {})

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

    def keep_best(self, figures: Mapping[str, float]) -> None:
        """Write the present weights to best/, the export of this run unless a better one comes."""
        checkpoints.check_room(self.place, resume_bytes(self.model))
        checkpoints.write(
            self.place / "best",
            lambda folder: write_weights(self.model, folder, self.base_id),
            step=self.state.global_step,
            **figures,
        )

    # What is left out of the libraries

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted: it costs time on every batch and nothing reads it."""
        return 0

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Hand the values to the callbacks as they are, with the library's own beside them."""
        counted = self._counted("train" if self.model.training else "eval")
        seen = {
            shown: sum(counted[name]) / len(counted[name])
            for name, shown in self.SHOWN.items()
            if counted.get(name)
        }
        logs.update(self.finished(seen))
        counted.clear()
        logs["epoch"] = round(self.state.epoch or 0.0, 4)
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)

    def _send_telemetry(self) -> None:
        """Never: nothing leaves the machine unasked."""

    def _move_model_to_device(self, model: nn.Module, device: torch.device) -> None:
        if not any(weight.is_meta for weight in model.parameters()):
            super()._move_model_to_device(model, device)


def train(trainer: Exact, callback: TrainerCallback, *, resume_from: Path | None) -> dict[str, Any]:
    """Run to the end or to a stop; returns the final state's facts."""
    trainer.add_callback(callback)
    trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
    return {"step": trainer.state.global_step, "epoch": trainer.state.epoch}


def forward_once(trainer: Exact) -> float | None:
    """The loss of the heaviest batch, nothing trained; None on the meta device (shapes only)."""
    batch = trainer.data_collator(trainer.heaviest_rows())
    trainer.model.eval()
    with torch.no_grad():
        if any(weight.is_meta for weight in trainer.model.parameters()):
            ids = trainer.ids_of(batch).to("meta")
            trainer.model(input_ids=ids, use_cache=False, logits_to_keep=1)
            return None
        batch: Any = trainer._prepare_inputs(batch)
        loss: Any = trainer.compute_loss(trainer.model, batch)
        return float(loss)


def arguments_of(plan: TrainingPlan, place: Path) -> dict[str, Any]:
    """What every trainer is told, whatever it learns."""
    return {
        "output_dir": str(place),
        "max_steps": plan.total_steps,
        "per_device_train_batch_size": plan.batch_size,
        "gradient_accumulation_steps": plan.accumulation,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": plan.lr_scheduler,
        "warmup_steps": plan.warmup_steps,
        "weight_decay": plan.weight_decay,
        "max_grad_norm": plan.max_grad_norm,
        "seed": plan.seed,
        "use_cpu": plan.device == "cpu",
        "bf16": plan.dtype == "bfloat16",
        "activation_checkpointing": plan.is_checkpointing_gradients,
        "remove_unused_columns": False,
        # The callback decides when; a value that is not finite must be seen, not replaced.
        "logging_strategy": "no",
        "save_strategy": "no",
        "eval_strategy": "no",
        "logging_nan_inf_filter": False,
        "report_to": [],
        "disable_tqdm": True,
        "dataloader_pin_memory": plan.device == "cuda",
    }
