"""Looks for what goes wrong in a training: no number, divergence, no learning, overfitting.

Every rule counts steps and compares losses of the same run; none reads a clock or a random state,
so the same run is judged the same way each time. The thresholds are chosen to leave noise alone:

- not finite: one loss or gradient norm that is no number; every later weight is none either.
- divergence: the mean of the last steps is above twice the best such mean (or the validation before
  the first step), more than half of what was gained is lost, and the rise is above four times
  what a step usually lies below the mean before it, for losses of a base that knew its task move
  with every batch. A mean is over a tenth of the run, 5 to 20 steps, and it must stay there for as
  many steps again.
- no learning: from the half of the run on, the best validation is less than 1 % below the one
  before the first step. By then the warm-up is over and the highest rates were used.
- overfitting: three validations in a row each worse than the one before, the last more than 5 %
  above the best, while the training loss fell. Noise alone rises three times in a row in one of 24.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

Action = Literal["stop", "warn", "ignore"]
SHORTEST_WINDOW, LONGEST_WINDOW, WINDOW_SHARE = 5, 20, 0.1
FAR_ABOVE, LOST_SHARE, USUALLY_OFF = 2.0, 0.5, 4.0
JUDGED_FROM_SHARE, LEARNED_SHARE = 0.5, 0.01
RISES, RISEN_SHARE = 3, 0.05


@dataclass(frozen=True)
class Actions:
    """What follows when a rule is broken."""

    not_finite: Action = "stop"
    divergence: Action = "stop"
    no_learning: Action = "warn"
    overfitting: Action = "warn"


@dataclass(frozen=True)
class Run:
    """What the rules must know of a run."""

    total_steps: int
    learning_rate: float
    dataset: str
    figure: str
    """The figure of a validation that says which weights are best."""
    has_falling_loss: bool = True
    """False where the loss says nothing of progress, as in reinforcement learning."""


@dataclass(frozen=True)
class Finding:
    """A broken rule, in plain words, and the value to change."""

    name: str
    step: int
    text: str
    hint: str
    action: Action


@dataclass
class Watchdogs:
    """The rules and what they remember; each is told of once."""

    actions: Actions
    run: Run
    told: set[str] = field(default_factory=set[str])
    before: dict[str, float | None] | None = None
    """The validation before the first step."""
    _best: float = math.inf
    _first: float | None = None
    _above: int = 0
    """Steps in a row whose mean was above the limit of divergence."""
    _squares: float = 0.0
    """Of how far losses were below the mean of the steps before them."""
    _judged: int = 0
    _cap: float | None = None
    """The loss of the first step, 1 at least."""
    _vals: list[tuple[int, float, float]] = field(default_factory=list[tuple[int, float, float]])

    def __post_init__(self) -> None:
        window = round(self.run.total_steps * WINDOW_SHARE)
        self._last = deque[float](maxlen=min(max(window, SHORTEST_WINDOW), LONGEST_WINDOW))

    def remember(self, validations: Iterable[tuple[int, dict[str, float | None]]]) -> None:
        """Take up what earlier attempts saw: (step, figures) in order; no number stands as None."""
        for step, values in validations:
            figure, trained = values.get(self.run.figure), values.get("train_loss")
            trained = math.inf if trained is None else trained
            self._vals.append((step, math.inf if figure is None else figure, trained))
            self._best = min(self._best, trained)

    def stepped(self, step: int, loss: float) -> list[Finding]:
        """After a step of the optimizer, with its loss."""
        if not math.isfinite(loss):
            return self.counted(step, "loss", loss)
        self._cap = max(loss, 1.0) if self._cap is None else self._cap
        below = sum(self._last) / max(len(self._last), 1) - loss
        if below > 0:
            # Capped, and only what lies below: a run that diverges must not widen its own limit.
            self._squares += min(below, self._cap) ** 2
            self._judged += 1
        self._last.append(loss)
        return self._diverged(step)

    def counted(self, step: int, name: str, value: float) -> list[Finding]:
        """Any figure that must be a number."""
        if math.isfinite(value):
            return []
        return self._found(
            "not_finite",
            step,
            f"The {name} is {value} at step {step}: the weights are lost.",
            f"Lower the step size: --set training.learning_rate={self._lower(10)}",
        )

    def validated(self, step: int, values: dict[str, float], trained: float) -> list[Finding]:
        """After a validation; `trained` is the mean training loss since the one before."""
        self._vals.append((step, values[self.run.figure], trained))
        return self._learned_nothing(step) + self._overfitted(step)

    def _diverged(self, step: int) -> list[Finding]:
        if len(self._last) < (self._last.maxlen or 0) or not self.run.has_falling_loss:
            return []
        mean = sum(self._last) / len(self._last)
        if self._first is None:
            self._first = self._number_before("eval_loss") or mean
        best = min(self._best, self._first)
        self._best = min(best, mean)
        off = math.sqrt(self._squares / max(self._judged, 1))
        gained = self._first - best
        limit = max(FAR_ABOVE * best, best + LOST_SHARE * gained, best + USUALLY_OFF * off)
        self._above = self._above + 1 if mean > limit else 0
        if best <= 0 or self._above <= len(self._last):
            return []
        return self._found(
            "divergence",
            step,
            f"Training has diverged: the loss of the last {len(self._last)} steps is {mean:.4g}, "
            f"its best was {best:.4g}.",
            f"Lower the step size: --set training.learning_rate={self._lower(4)}",
        )

    def _learned_nothing(self, step: int) -> list[Finding]:
        figure = self.run.figure
        began, best = self._number_before(figure), min(value for _, value, _ in self._vals)
        if began is None or step < JUDGED_FROM_SHARE * self.run.total_steps:
            return []
        if best < began - LEARNED_SHARE * abs(began):
            return []
        spoken = figure.removeprefix("eval_")
        return self._found(
            "no_learning",
            step,
            f"Nothing was learned by step {step}: validation {spoken} was {began:.4g} before the "
            f"first step and is {best:.4g} at best.",
            "Look whether the answers follow from the questions: "
            f"hone datasets doctor {self.run.dataset}; or try another step size: "
            f"--set training.learning_rate={self._lower(0.25)} (or {self._lower(4)})",
        )

    def _overfitted(self, step: int) -> list[Finding]:
        if len(self._vals) <= RISES:
            return []
        last = self._vals[-RISES - 1 :]
        rises = all(after > before for (_, before, _), (_, after, _) in pairwise(last))
        best_step, best, _ = min(self._vals, key=lambda one: one[1])
        falls = last[-1][2] < last[0][2]
        if not rises or not falls or last[-1][1] <= best + RISEN_SHARE * abs(best):
            return []
        spoken = self.run.figure.removeprefix("eval_")
        return self._found(
            "overfitting",
            step,
            f"The model learns its rows by heart: validation {spoken} rose {RISES} times in a row "
            f"to {last[-1][1]:.4g} (best {best:.4g} at step {best_step}), while the training loss "
            "fell.",
            f"The weights of step {best_step} are kept; --set training.max_steps={best_step} or "
            "--set training.early_stopping_evals=2 ends there, more rows go further.",
        )

    def _found(self, name: str, step: int, text: str, hint: str) -> list[Finding]:
        action: Action = getattr(self.actions, name)
        if action == "ignore" or name in self.told:
            return []
        self.told.add(name)
        return [Finding(name, step, text, hint, action)]

    def _number_before(self, name: str) -> float | None:
        found = (self.before or {}).get(name)
        return found if found is not None and math.isfinite(found) else None

    def _lower(self, by: float) -> str:
        return f"{self.run.learning_rate / by:g}"
