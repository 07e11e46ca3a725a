"""What a training tells while it runs, and when it saves, validates and stops."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hone.engine.follow import decided
from hone.engine.memory import peak_memory_gib
from hone.engine.train_loop import Exact, Measures
from hone.engine.watchdogs import Actions, Finding, Run, Watchdogs
from hone.errors import HoneError
from hone.workspace.job_folder import JobFolder

LOG_AT_LEAST_EVERY_SECONDS = 5.0
_SPOKEN = {
    "eval_loss": "validation loss",
    "eval_mae": "mean absolute error",
    "eval_reward": "reward",
}


@dataclass
class Habits:
    """When something happens, beside the plan's steps; none of it changes the weights."""

    logging_steps: int
    save_minutes: float
    early_stopping_evals: int | None
    tensorboard: Path | None
    reactions: Actions = field(default_factory=Actions)
    samples: int = 0
    """Predictions of each kind that a validation shows."""
    saves_first: bool = False
    """A checkpoint after the first step too: on a machine that is paid for it is then known at once
    whether one can be written and brought home."""


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
        self._team = trainer.team
        self.was_stopped = False
        self._sampler = trainer.sampler(habits.samples)
        if trainer.IS_HIGHER_BETTER:
            # Both rules take a figure that falls for the better one.
            calm = replace(habits.reactions, no_learning="ignore", overfitting="ignore")
            self._habits = replace(habits, reactions=calm)
        self._watchdogs = Watchdogs(
            self._habits.reactions,
            Run(
                total_steps=trainer.plan.total_steps,
                learning_rate=trainer.plan.learning_rate,
                dataset=str(folder.job.spec.get("dataset", {}).get("name", "NAME")),
                figure=trainer.BEST,
                has_falling_loss=trainer.HAS_FALLING_LOSS,
            ),
        )

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clocks; work before the first step does not count as training."""
        self._first_step = state.global_step
        self._open_board(state.global_step)
        self._look_back(state.global_step)
        self._began = self._logged = self._saved = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Decide what follows this step."""
        plan, step, now = self._trainer.plan, state.global_step, time.monotonic()
        loss = self._trainer.take_step_loss()
        self._remember(state, {"loss": (loss, 1), **self._trainer.take_step_figures()})
        self._react(self._watchdogs.stepped(step, loss))
        is_last = step >= plan.total_steps
        self._trainer.is_final = is_last
        is_first = step == (self._first_step or 0) + 1
        control.should_evaluate = self.has_val and (step % plan.eval_steps == 0 or is_last)
        control.should_save = (
            step % plan.save_steps == 0
            or is_last
            or now - self._saved >= self._habits.save_minutes * 60
            or (is_first and self._habits.saves_first)
        )
        control.should_log = (
            is_first
            # The gradient is looked at before weights that it moved are kept.
            or control.should_save
            or control.should_evaluate
            or step % self._habits.logging_steps == 0
            or now - self._logged >= LOG_AT_LEAST_EVERY_SECONDS
        )
        if self._folder.is_stop_requested and not is_last:
            self.was_stopped = True
            control.should_log = control.should_save = control.should_training_stop = True
        self._team.told(decided(self._trainer))
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
        told = self._validated if self._trainer.BEST in values else self._trained
        told(state, values)

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
        # A loss can be finite where its gradient is not.
        norm = values.get("grad_norm", 0.0)
        self._react(self._watchdogs.counted(state.global_step, "gradient norm", norm))
        now = time.monotonic()
        seconds = max(now - self._logged - self._idle_seconds, 1e-6)
        tokens = self._trainer.tokens_seen - self._tokens_logged
        values["tokens_per_second"] = round(tokens / seconds, 1)
        values["memory_gib"] = round(peak_memory_gib(self._trainer.plan.device), 3)
        self._logged, self._idle_seconds = now, 0.0
        self._tokens_logged = self._trainer.tokens_seen
        self._folder.append("metric", step=state.global_step, values=values)
        self._show(state.global_step, values)
        total, done = self._trainer.plan.total_steps, state.global_step
        here = done - (self._first_step or 0)
        eta = (total - done) * (now - self._began) / max(here, 1)
        self._folder.append("progress", done=done, total=total, eta_seconds=round(eta, 1))

    def _validated(self, state: TrainerState, values: dict[str, float]) -> None:
        step, figure = state.global_step, values[self._trainer.BEST]
        trained = self._since_validation(state)
        self._folder.append("metric", step=step, values={**values, **trained})
        self._show(step, {**values, **trained})
        best = state.best_metric
        is_best = math.isfinite(figure) and self._trainer.is_better(figure, best)
        self._team.told([is_best])
        if is_best:
            state.best_metric, state.best_global_step = figure, step
            self._trainer.keep_best(
                {name: value for name, value in values.items() if name.startswith("eval_")}
            )
            self._folder.append("best", step=step, name=self._trainer.BEST, value=figure)
        rows = self._sampler.take(step)
        if rows:
            self._folder.append("samples", step=step, rows=rows)
        self._react(self._watchdogs.validated(step, values, trained["train_loss"]))
        patience = self._habits.early_stopping_evals
        behind = (step - (state.best_global_step or 0)) / self._trainer.plan.eval_steps
        if patience is not None and behind >= patience:
            self._end_here()
            self._folder.append(
                "log",
                level="info",
                text=f"Stopped early at step {step}: no better "
                f"{_SPOKEN.get(self._trainer.BEST, self._trainer.BEST)} "
                f"than {state.best_metric or math.nan:.4f} of step {state.best_global_step}.",
            )
        self._team.told(decided(self._trainer))
        self._idle()

    def _remember(self, state: TrainerState, figures: Measures) -> None:
        """Add to what was seen since the last validation; it is part of every checkpoint."""
        held: dict[str, Any] = state.log_history[0] if state.log_history else {}
        for name, (total, count) in figures.items():
            before, seen = held.get(name, (0.0, 0.0))
            held[name] = [before + total, seen + count]
        state.log_history = [held]

    def _since_validation(self, state: TrainerState) -> dict[str, float]:
        held: dict[str, Any] = state.log_history[0] if state.log_history else {"loss": (0.0, 1)}
        state.log_history = []
        found = {f"train_{name}": total / count for name, (total, count) in held.items()}
        return self._trainer.finished(found)

    def _look_back(self, step: int) -> None:
        """What earlier attempts saw, and validation before the first step."""
        validations: dict[int, dict[str, float | None]] = {}
        for event in self._folder.events():
            fields: dict[str, Any] = event.model_extra or {}
            if event.type == "baseline":
                self._watchdogs.before = fields["values"]
            elif event.type == "metric" and self._trainer.BEST in fields["values"]:
                # What was seen after the checkpoint is seen again.
                later = [one for one in validations if one >= fields["step"]]
                for one in later:
                    del validations[one]
                validations[fields["step"]] = fields["values"]
            elif event.type == "watchdog" and fields["action"] == "warned":
                self._watchdogs.told.add(fields["name"])
        seen = sorted((at, values) for at, values in validations.items() if at <= step)
        self._watchdogs.remember(seen)
        # Both are judged against it: a loss that leaps in the first steps has no other measure.
        reactions = self._habits.reactions
        judges = (reactions.no_learning, reactions.divergence)
        is_wanted = self.has_val and any(one != "ignore" for one in judges)
        needs_baseline = step == 0 and is_wanted and self._watchdogs.before is None
        self._team.told([needs_baseline])
        if needs_baseline:
            self._watchdogs.before = {**self._trainer.validation_figures()}
            self._folder.append("baseline", values=self._watchdogs.before)
            self._draw(step, self._watchdogs.before)

    def _react(self, findings: list[Finding]) -> None:
        """Tell what a watchdog found; end the training where that is wanted."""
        for found in findings:
            action = "stopped" if found.action == "stop" else "warned"
            self._folder.append("watchdog", **{**asdict(found), "action": action})
            if found.action == "warn":
                continue
            if found.name == "overfitting":
                # The best weights were kept: the run ends well, only earlier.
                self._end_here()
                continue
            raise HoneError(found.text, hint=found.hint)

    def _end_here(self) -> None:
        self._trainer.control.should_training_stop = True
        self._trainer.control.should_save = self._trainer.is_final = True

    def _idle(self) -> None:
        now = time.monotonic()
        self._idle_seconds += now - self._idle_from
        self._idle_from = now

    def _show(self, step: int, values: dict[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.6g}" for name, value in values.items())
        print(f"step {step}/{self._trainer.plan.total_steps}  {shown}", flush=True)
        self._draw(step, values)

    def _open_board(self, step: int) -> None:
        if self._habits.tensorboard is None:
            return
        from torch.utils.tensorboard import SummaryWriter

        # What an attempt that was killed wrote after its last checkpoint is hidden.
        self._board = SummaryWriter(str(self._habits.tensorboard), purge_step=step + 1)

    def _draw(self, step: int, values: Mapping[str, float | None]) -> None:
        if self._board is None:
            return
        # A validation tells the epoch of its step again.
        is_again = self._trainer.BEST in values
        for name, value in values.items():
            if value is not None and not (is_again and name == "epoch"):
                self._board.add_scalar(name, value, step)
        # A run that a watchdog ends is one whose curves are looked at: nothing waits in memory.
        self._board.flush()
