"""What a training tells while it runs, and when it saves, validates and stops."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hone.engine.memory import peak_memory_gib
from hone.engine.train_loop import Exact
from hone.errors import HoneError
from hone.workspace.job_folder import JobFolder

LOG_AT_LEAST_EVERY_SECONDS = 5.0
_SPOKEN = {"eval_loss": "validation loss", "eval_mae": "mean absolute error"}


@dataclass
class Habits:
    """When something happens, beside the plan's steps; none of it changes the weights."""

    logging_steps: int
    save_minutes: float
    early_stopping_evals: int | None
    tensorboard: Path | None


class Watch(TrainerCallback):
    """Writes metric and progress events; asks for checkpoints, validations and the end."""

    def __init__(self, trainer: Exact, folder: JobFolder, habits: Habits) -> None:
        self._trainer, self._folder, self._habits = trainer, folder, habits
        self._board: Any = None
        self._began = self._logged = self._saved = time.monotonic()
        self._idle_from = self._began
        self._idle_seconds = 0.0
        self._tokens_logged = 0
        self._first_step: int | None = None
        self.has_val = trainer.has_validation
        self.was_stopped = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clocks; work before the first step does not count as training."""
        self._began = self._logged = self._saved = time.monotonic()
        self._first_step = state.global_step

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Decide what follows this step."""
        plan, step, now = self._trainer.plan, state.global_step, time.monotonic()
        is_last = step >= plan.total_steps
        self._trainer.is_final = is_last
        is_first = step == (self._first_step or 0) + 1
        control.should_log = (
            is_first
            or is_last
            or step % self._habits.logging_steps == 0
            or now - self._logged >= LOG_AT_LEAST_EVERY_SECONDS
        )
        control.should_evaluate = self.has_val and (step % plan.eval_steps == 0 or is_last)
        control.should_save = (
            step % plan.save_steps == 0
            or is_last
            or now - self._saved >= self._habits.save_minutes * 60
        )
        if self._folder.is_stop_requested and not is_last:
            self.was_stopped = True
            control.should_save = control.should_training_stop = True
        self._idle_from = time.monotonic()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """One metric event, and for training steps one of progress."""
        values = {key: float(value) for key, value in (logs or {}).items()}
        if "train_runtime" in values:
            return
        if self._trainer.BEST in values:
            self._validated(state, values)
        else:
            self._trained(state, values)
        self._show(state.global_step, values)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Restart the clock of time-based checkpoints; saving does not count as training."""
        self._saved = time.monotonic()
        self._idle()

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Close what shows the curves."""
        if self._board is not None:
            self._board.close()

    def _trained(self, state: TrainerState, values: dict[str, float]) -> None:
        if not math.isfinite(values["loss"]):
            raise HoneError(
                f"The loss is {values['loss']} at step {state.global_step}: training has diverged.",
                hint="Lower the step size: "
                f"--set training.learning_rate={self._trainer.plan.learning_rate / 4:g}",
            )
        now = time.monotonic()
        seconds = max(now - self._logged - self._idle_seconds, 1e-6)
        tokens = self._trainer.tokens_seen - self._tokens_logged
        values["tokens_per_second"] = round(tokens / seconds, 1)
        values["memory_gib"] = round(peak_memory_gib(self._trainer.plan.device), 3)
        self._logged, self._idle_seconds = now, 0.0
        self._tokens_logged = self._trainer.tokens_seen
        self._folder.append("metric", step=state.global_step, values=values)
        total, done = self._trainer.plan.total_steps, state.global_step
        here = done - (self._first_step or 0)
        eta = (total - done) * (now - self._began) / max(here, 1)
        self._folder.append("progress", done=done, total=total, eta_seconds=round(eta, 1))

    def _validated(self, state: TrainerState, values: dict[str, float]) -> None:
        self._folder.append("metric", step=state.global_step, values=values)
        figure, best = values[self._trainer.BEST], state.best_metric
        if best is None or figure < best:
            state.best_metric, state.best_global_step = figure, state.global_step
            self._trainer.keep_best(
                {name: value for name, value in values.items() if name.startswith("eval_")}
            )
        patience = self._habits.early_stopping_evals
        behind = (state.global_step - (state.best_global_step or 0)) / self._trainer.plan.eval_steps
        if patience is not None and behind >= patience:
            self._trainer.control.should_training_stop = True
            self._trainer.control.should_save = self._trainer.is_final = True
            self._folder.append(
                "log",
                level="info",
                text=f"Stopped early at step {state.global_step}: no better "
                f"{_SPOKEN.get(self._trainer.BEST, self._trainer.BEST)} "
                f"than {state.best_metric:.4f} of step {state.best_global_step}.",
            )
        self._idle()

    def _idle(self) -> None:
        now = time.monotonic()
        self._idle_seconds += now - self._idle_from
        self._idle_from = now

    def _show(self, step: int, values: dict[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.6g}" for name, value in values.items())
        print(f"step {step}/{self._trainer.plan.total_steps}  {shown}", flush=True)
        if self._habits.tensorboard is None:
            return
        if self._board is None:
            from torch.utils.tensorboard import SummaryWriter

            # What an attempt that was killed wrote after its last checkpoint is hidden.
            self._board = SummaryWriter(str(self._habits.tensorboard), purge_step=step)
        for name, value in values.items():
            self._board.add_scalar(name, value, step)
