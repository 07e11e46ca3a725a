"""One training, whatever it learns: order of rows, whole checkpoints, validation; exact on resume.

What is ours stands in `Exact`: the order of rows, checkpoints that are whole or not there,
validation over every row, and what is told. Losses, optimizers and loops are TRL's, PEFT's and
transformers'; a method mixes `Exact` into the trainer that it needs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn
from transformers import PrinterCallback, TrainerCallback

from hone.engine import checkpoints
from hone.engine.samples import Judged, Sampler
from hone.engine.sampling import EpochOrder
from hone.engine.sharing import Sharing, how_to_share
from hone.engine.team import Team, refuse_another
from hone.engine.weights import resume_bytes, write_weights

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
    processes: int = 1
    parts: int = 1
    """Into how many a batch is cut; 1 where each batch goes to one process."""
    sharding: str = "ddp"
    """ddp: every process holds all weights; fsdp2: each holds its share of them."""

    @property
    def rows_at_once(self) -> int:
        """Most rows that go through the model of one process at once."""
        return math.ceil(self.batch_size / self.parts)

    @property
    def turns(self) -> int:
        """Batches, or parts of one, that a process takes in a step."""
        return math.ceil(self.accumulation * self.parts / self.processes)


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
    is_head_fresh: bool = False
    """Whether a head of numbers has learned nothing yet."""

    @property
    def pad_id(self) -> int:
        """The id that fills a batch up."""
        return int(self.tokenizer.pad_token_id)

    @property
    def is_on_meta(self) -> bool:
        """Whether the model has shapes only and no numbers."""
        return any(weight.is_meta for weight in self.model.parameters())


class Exact(Sharing):
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
        self.team = Team.of_this_process()
        self._train_rows, self._val_rows = parts.train, parts.val

    def settle(self) -> None:
        """Give the trainer its rows, and take from it what it must not do."""
        self.train_dataset = self._train_rows  # type: ignore[assignment]
        # A tokenizer would make the library rewrite the base's own configuration.
        self.processing_class = None
        self.remove_callback(PrinterCallback)
        refuse_another(
            self.accelerator,
            processes=self.plan.processes,
            sharding=self.plan.sharding,
            device=self.plan.device,
        )
        self.share()

    @property
    def has_validation(self) -> bool:
        """Whether there are rows to validate on."""
        return bool(self._val_rows)

    def length_of(self, row: Any) -> int:
        """Tokens of a row, by which rows are grouped."""
        return len(row["input_ids"])

    def begin_fresh(self) -> None:
        """What is done once, before the first step of a run; not where a checkpoint goes on."""

    # The order of rows

    def heaviest_rows(self) -> list[Any]:
        """The rows of the first batch, which is the heaviest one."""
        order = self._get_train_sampler().order(0)
        return [self._train_rows[place] for place in order[: self.plan.batch_size]]

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochOrder:
        return EpochOrder(
            [self.length_of(row) for row in self._train_rows],
            batch_size=self.plan.grouped_by or self.plan.batch_size,
            seed=self.plan.seed,
            is_grouped=self.plan.is_grouped,
        )

    def training_step(self, model: nn.Module, inputs: Any, *rest: Any, **more: Any) -> torch.Tensor:
        """One batch forward and backward; its tokens are counted, padding is not."""
        if self.team.size > 1:
            loss = self.shared_step(model, inputs, *rest, **more)
            self._step_losses.append(loss)
            return loss
        self.tokens_seen += self.tokens_of(inputs)
        loss = super().training_step(model, inputs, *rest, **more)
        self._step_losses.append(loss)
        return loss

    def take_step_loss(self) -> float:
        """The loss of the step that has just ended, over all its batches."""
        loss = float(sum(self._step_losses, torch.zeros(())))
        self._step_losses.clear()
        return self.shared_loss(loss)

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
            for start in self.own_starts(len(rows)):
                part = rows[start : start + self.plan.batch_size]
                batch = self._prepare_inputs(self.data_collator(part))
                for name, (total, count) in self.measured(batch, len(part)).items():
                    sums[name] = sums.get(name, 0.0) + total
                    counts[name] = counts.get(name, 0.0) + count
        sums, counts = self.over_all(sums), self.over_all(counts)
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

    # Checkpoints

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Write checkpoint-N whole: weights, optimizer, schedule, random states, progress.

        The first process writes, with the random states of all.
        """
        step = self.state.global_step
        place = self.place / f"checkpoint-{step}"
        random_states, weights = self.random_states(), self.whole_weights()
        if not self.team.is_first:
            self.add_to_checkpoint(checkpoints.aside_of(place))
            return
        checkpoints.check_room(self.place, resume_bytes(self.model))

        def write_files(folder: Path) -> None:
            write_weights(self.model, folder, self.base_id, weights)
            self.save_states(folder)
            if random_states is None:
                self._save_rng_state(str(folder))
            for name, content in (random_states or {}).items():
                (folder / name).write_bytes(content)
            self.state.save_to_json(str(folder / "trainer_state.json"))

        checkpoints.write(place, write_files, **self._facts(step))
        checkpoints.keep_newest(self.place, self.plan.keep_checkpoints)

    def _facts(self, step: int) -> dict[str, Any]:
        facts: dict[str, Any] = {"step": step, "is_final": self.is_final}
        return {**facts, "processes": self.team.size} if self.team.size > 1 else facts

    def keep_best(self, figures: Mapping[str, float]) -> None:
        """Write the present weights to best/, the export of this run unless a better one comes."""
        weights = self.whole_weights()
        if not self.team.is_first:
            return
        checkpoints.check_room(self.place, resume_bytes(self.model))
        checkpoints.write(
            self.place / "best",
            lambda folder: write_weights(self.model, folder, self.base_id, weights),
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
        if self.team.size > 1 and self.model.training:
            logs.update(self.finished(self.shared_figures()))
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
    if resume_from is None:
        trainer.begin_fresh()
    trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
    return {"step": trainer.state.global_step, "epoch": trainer.state.epoch}


def forward_once(trainer: Exact) -> float | None:
    """The loss of the heaviest batch, nothing trained; None on the meta device (shapes only)."""
    if trainer.is_sharded:
        return None  # the weights are dealt out to the cards only when the training begins
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
        "per_device_train_batch_size": plan.rows_at_once,
        "gradient_accumulation_steps": plan.turns,
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
        **(how_to_share(plan) if plan.processes > 1 else {}),
    }
