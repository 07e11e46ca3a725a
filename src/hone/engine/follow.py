"""What the other processes of a training do: as the first one decides, step by step."""

from __future__ import annotations

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hone.engine.train_loop import Exact


class Follow(TrainerCallback):
    """Hears what `Watch` decided in the first process, at the same places; tells nothing."""

    def __init__(self, trainer: Exact) -> None:
        self._trainer = trainer

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Help with the validation before the first step, where there is one."""
        [needs_baseline] = self._trainer.team.told([0])
        if needs_baseline:
            self._trainer.validation_figures()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Give what this process saw of the step, and do what follows."""
        self._trainer.take_step_loss()
        self._trainer.take_step_figures()
        self._obey()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """After a validation the first one may keep the weights, and may end the training."""
        if self._trainer.BEST not in (logs or {}):
            return
        [is_best] = self._trainer.team.told([0])
        if is_best:
            self._trainer.keep_best({})
        self._obey()

    def _obey(self) -> None:
        words = self._trainer.team.told([0] * len(decided(self._trainer)))
        control = self._trainer.control
        (
            control.should_evaluate,
            control.should_save,
            control.should_log,
            control.should_training_stop,
            self._trainer.is_final,
        ) = (bool(word) for word in words)


def decided(trainer: Exact) -> list[float]:
    """What follows this step, as numbers that can be sent."""
    control = trainer.control
    return [
        control.should_evaluate,
        control.should_save,
        control.should_log,
        control.should_training_stop,
        trainer.is_final,
    ]
