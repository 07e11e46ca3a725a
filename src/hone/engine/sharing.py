"""What several processes share of one training: rows, losses, figures, random states.

Every step has the rows, and gives them the weights, that it has in one process. The recipe says
how large a step is; the number of processes decides how fast it goes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer

from hone.engine import shards
from hone.engine.sampling import EpochOrder, Part, Shares
from hone.engine.team import Team

if TYPE_CHECKING:
    from hone.engine.train_loop import TrainingPlan

_Trainer = Trainer if TYPE_CHECKING else object
WEIGHT = "weight_in_step"
SCHEDULER = "scheduler.pt"


class Sharing(_Trainer):
    """Mixed into a trainer below what is exact; alone it adds nothing."""

    SHOWN: ClassVar[Mapping[str, str]]
    plan: TrainingPlan
    team: Team
    tokens_seen: int
    model: Any
    _train_rows: Sequence[Any]

    @property
    def is_sharded(self) -> bool:
        """Whether each process holds a share of the weights instead of all of them."""
        return self.plan.sharding == "fsdp2" and self.plan.processes > 1

    def share(self) -> None:
        """Once the trainer stands: what it must do otherwise among others."""
        self._sums: dict[str, float] = {}
        self._weights: dict[str, float] = {}
        self._own_tokens = 0
        self.is_own_part = True
        if self.team.size == 1:
            return
        # The library would gather figures of parts of unequal size, and wait for ever. They stay
        # where they are and are put together once, when they are told.
        accelerator: Any = self.accelerator
        accelerator.gather = accelerator.gather_for_metrics = _as_it_is
        self.team.part_ways(self.plan.seed)

    # Rows

    def get_train_dataloader(self) -> Any:
        """The rows of this process, part by part."""
        if self.team.size == 1:
            return super().get_train_dataloader()
        order: EpochOrder = self._get_train_sampler()  # type: ignore[assignment]
        plan = self.plan
        shares = Shares(
            order,
            (plan.batch_size, plan.accumulation, plan.parts),
            rank=self.team.rank,
            processes=self.team.size,
        )
        return DataLoader(
            _PartsOf(self._train_rows, self.beside),
            batch_sampler=shares,  # type: ignore[arg-type]
            collate_fn=self._collated,
            pin_memory=self.args.dataloader_pin_memory,
        )

    def beside(self, row: Any, before: Any) -> Any:
        """A row with what it needs of the one before it in the whole batch."""
        return row

    def _collated(self, parts: list[tuple[list[Any], float]]) -> dict[str, Any]:
        [(rows, weight)] = parts
        return {**self.data_collator(rows), WEIGHT: weight}

    # Steps

    def shared_step(
        self, model: nn.Module, inputs: Any, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Forward and backward of a part; what the others add is averaged while going back."""
        weight = float(inputs.pop(WEIGHT))
        self.is_own_part = weight > 0
        if weight:
            self._own_tokens += self.tokens_of(inputs)
        model.train()
        batch: Any = self._prepare_inputs(inputs)
        loss: Any = self.compute_loss(model, batch, num_items_in_batch=num_items_in_batch)
        loss = loss * self.share_of_loss(weight)
        self._note_figures(weight, batch)
        self.accelerator.backward(loss)
        return loss.detach()

    def share_of_loss(self, weight: float) -> float:
        """What a part's mean is multiplied by, before the mean over all processes is taken."""
        return weight * self.team.size

    def tokens_of(self, batch: Any) -> int:
        """Tokens of a batch without padding."""
        mask = batch.get("attention_mask")
        return int(mask.sum()) if mask is not None else self.ids_of(batch).numel()

    def ids_of(self, batch: Any) -> torch.Tensor:
        """Token ids of a batch, (rows, longest row)."""
        return batch["input_ids"]

    def shared_loss(self, loss: float) -> float:
        """The step's loss over all processes; their tokens are counted with it."""
        if self.team.size == 1:
            return loss
        total, tokens = self.team.total([loss, self._own_tokens])
        self._own_tokens = 0
        self.tokens_seen += round(tokens)
        return total / self.team.size

    def _note_figures(self, weight: float, batch: Any) -> None:
        counted: dict[str, list[float]] = self._counted("train")
        for name, shown in self.SHOWN.items():
            if counted.get(name):
                share = weight * self.share_of_figure(shown, batch)
                self._sums[shown] = self._sums.get(shown, 0.0) + share * counted[name][-1]
                self._weights[shown] = self._weights.get(shown, 0.0) + share
        counted.clear()

    def share_of_figure(self, shown: str, batch: Any) -> float:
        """Which share of a part's rows a figure is about."""
        return 1.0

    def shared_figures(self) -> dict[str, float]:
        """Means of what the library counts beside the loss, over all processes since last told."""
        names = list(self.SHOWN.values())
        sums = self.team.total([self._sums.get(name, 0.0) for name in names])
        weights = self.team.total([self._weights.get(name, 0.0) for name in names])
        self._sums.clear()
        self._weights.clear()
        found = zip(names, sums, weights, strict=True)
        return {name: total / weight for name, total, weight in found if weight}

    # Validation

    def own_starts(self, rows: int) -> range:
        """Where the validation batches of this process begin."""
        size = self.plan.batch_size
        if self.is_sharded:
            # Weights that are shared out can be read only together: all go through all rows.
            return range(0, rows, size)
        return range(self.team.rank * size, rows, self.team.size * size)

    def over_all(self, values: dict[str, float]) -> dict[str, float]:
        """Sums by name over all processes; one may have had no batch and know no names."""
        if self.team.size == 1 or self.is_sharded:
            return values
        found: dict[str, float] = {}
        for part in self.team.collected(values):
            for name, value in part.items():
                found[name] = found.get(name, 0.0) + value
        return found

    # Checkpoints

    def random_states(self) -> dict[str, bytes] | None:
        """File name -> content of the random state of every process; None for one alone."""
        if self.team.size == 1:
            return None
        with tempfile.TemporaryDirectory() as folder:
            self._save_rng_state(folder)
            own = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        return {
            name: content for part in self.team.collected(own) for name, content in part.items()
        }

    def whole_weights(self) -> dict[str, torch.Tensor] | None:
        """Where each process holds a share of the weights, those to be saved; all must ask."""
        if not self.is_sharded:
            return None
        return shards.whole_weights(self.model, only_trained=hasattr(self.model, "peft_config"))

    def save_states(self, folder: Path) -> None:
        """Optimizer and schedule, by the first process; of a share, with the help of all."""
        if not self.is_sharded:
            self._save_optimizer_and_scheduler(str(folder))
            return
        scheduler: Any = self.lr_scheduler
        torch.save(scheduler.state_dict(), str(folder / SCHEDULER))
        self.add_to_checkpoint(folder)

    def add_to_checkpoint(self, folder: Path) -> None:
        """This process's share, once the first one has made the folder."""
        if not self.is_sharded:
            return
        shards.wait_for_all()
        shards.write_shard(folder, self.model, self._bare_optimizer, self.team.rank)
        shards.wait_for_all()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if not self.is_sharded:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        shards.read_weights(Path(resume_from_checkpoint), self.model, self.team.rank)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if not self.is_sharded or checkpoint is None:
            super()._load_optimizer_and_scheduler(checkpoint)
            return
        folder = Path(checkpoint)
        shards.read_states(folder, self.model, self._bare_optimizer, self.team.rank)
        scheduler: Any = self.lr_scheduler
        scheduler.load_state_dict(torch.load(str(folder / SCHEDULER), weights_only=True))

    @property
    def _bare_optimizer(self) -> Any:
        return getattr(self.optimizer, "optimizer", self.optimizer)

    def _counted(self, mode: str) -> dict[str, list[float]]:
        return getattr(self, "_metrics", {}).get(mode, {})


class _PartsOf(Dataset[tuple[list[Any], float]]):
    """Rows by the parts that a process takes of them."""

    def __init__(self, rows: Sequence[Any], beside: Callable[[Any, Any], Any]) -> None:
        self._rows, self._beside = rows, beside

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, part: Part) -> tuple[list[Any], float]:
        pairs = zip(part.rows, part.before, strict=True)
        rows = [self._beside(self._rows[one], self._rows[before]) for one, before in pairs]
        return rows, part.weight


def how_to_share(plan: TrainingPlan) -> dict[str, Any]:
    """What a trainer is told beside, where it is one of several."""
    told: dict[str, Any] = {
        # Every trained weight takes part in every step.
        "ddp_find_unused_parameters": False,
    }
    if plan.device == "cpu":
        told["ddp_backend"] = "gloo"
    if plan.sharding == "fsdp2":
        told["fsdp"] = True
        told["fsdp_config"] = {
            "version": 2,
            "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "reshard_after_forward": True,
            "state_dict_type": "FULL_STATE_DICT",
            "cpu_ram_efficient_loading": False,
        }
    return told


def _as_it_is(tensor: Any, *_: Any, **__: Any) -> Any:
    return tensor
