"""Follows a job on the terminal: one live line there, a quiet line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

from hone.cli.told import describe, duration, wrapped

if TYPE_CHECKING:
    from rich.progress import Progress

    from hone.records.job import Event, JobState
    from hone.workspace.open import Workspace

QUIET_SECONDS = 10.0
INTERRUPTED = 130


def follow(ws: Workspace, job_id: str, *, stops_on_interrupt: bool, is_silent: bool) -> JobState:
    """Show a job until it ends; the state it ended in.

    Ctrl+C asks the worker to stop with a checkpoint and waits for that; a second one lets go of
    it (it stops by itself). Where `stops_on_interrupt` is false, Ctrl+C only ends the watching.
    """
    from hone.stages import jobs

    screen = _Silent() if is_silent else _Live() if sys.stderr.isatty() else _Lines()
    with screen:
        try:
            return _until_it_ends(ws, job_id, screen)
        except KeyboardInterrupt:
            if not stops_on_interrupt:
                _let_go(job_id, screen)
        try:
            jobs.ask_to_stop(ws, job_id)
            screen.say("Stopping with a checkpoint. Ctrl+C again: do not wait for it.")
            return _until_it_ends(ws, job_id, screen)
        except KeyboardInterrupt:
            _let_go(job_id, screen)


def _until_it_ends(ws: Workspace, job_id: str, screen: _Silent) -> JobState:
    from hone.stages import jobs

    state: JobState = "waiting"
    for one in jobs.watch(ws, job_id, after=screen.seen):
        if isinstance(one, str):
            state = one
        else:
            screen.seen = one.seq
            screen.show(one)
    return state


def _let_go(job_id: str, screen: _Silent) -> NoReturn:
    screen.say(f"Left it alone. hone jobs watch {job_id} shows it again.")
    raise SystemExit(INTERRUPTED) from None


class _Figures:
    """The latest figures of a job, as one line."""

    def __init__(self) -> None:
        self.done, self.total = 0, 0
        self.eta_seconds: float | None = None
        self.values: dict[str, float] = {}

    def take(self, event: Event) -> None:
        """Remember what an event says."""
        fields: dict[str, Any] = event.model_extra or {}
        if event.type == "metric":
            self.values |= fields.get("values", {})
        elif event.type == "progress":
            self.done, self.total = int(fields.get("done", 0)), int(fields.get("total") or 0)
            self.eta_seconds = fields.get("eta_seconds")

    @property
    def text(self) -> str:
        """`loss 1.9312 · 8,120 tokens/s`."""
        shown: list[str] = []
        # What reinforcement learning follows is the reward; its loss says nothing.
        name = "reward" if "reward_std" in self.values else "loss"
        if name in self.values:
            shown.append(f"{name} {self.values[name]:.4f}")
        if "tokens_per_second" in self.values:
            shown.append(f"{self.values['tokens_per_second']:,.0f} tokens/s")
        return " · ".join(shown)

    @property
    def line(self) -> str:
        """The same with the step and the time to go."""
        parts = [f"step {self.done}/{self.total}" if self.total else "", self.text]
        if self.eta_seconds is not None:
            parts.append(f"{duration(self.eta_seconds)} to go")
        return " · ".join(part for part in parts if part)


class _Silent:
    def __init__(self) -> None:
        self.seen = 0

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, event: Event) -> None:
        """Nothing: the result comes as JSON."""

    def say(self, text: str) -> None:
        """One line beside the result."""
        sys.stderr.write(text + "\n")


class _Lines(_Silent):
    """For logs and pipes: what changes the picture, and the figures every ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.figures = _Figures()
        self.next_at = time.monotonic() + QUIET_SECONDS

    def show(self, event: Event) -> None:
        self.figures.take(event)
        said = describe(event)
        if said:
            self.say(said)
        elif event.type in ("metric", "progress") and time.monotonic() >= self.next_at:
            self.next_at = time.monotonic() + QUIET_SECONDS
            self.say(self.figures.line)


class _Live(_Silent):
    """For a terminal: one line that is drawn again and again, other lines above it."""

    def __init__(self) -> None:
        super().__init__()
        self.figures = _Figures()
        self.bars: Progress = _progress()
        self.bar = self.bars.add_task("starting", total=None, figures="", eta="")

    def __enter__(self) -> None:
        self.bars.start()

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def show(self, event: Event) -> None:
        from rich.markup import escape

        self.figures.take(event)
        fields: dict[str, Any] = event.model_extra or {}
        if event.type == "stage" and fields.get("name"):
            self.bars.update(self.bar, description=escape(str(fields["name"])))
        elif said := describe(event):
            self.say(said)
        eta = self.figures.eta_seconds
        self.bars.update(
            self.bar,
            completed=self.figures.done,
            total=self.figures.total or None,
            figures=self.figures.text,
            eta="" if eta is None else f"{duration(eta)} to go",
        )

    def say(self, text: str) -> None:
        shown = wrapped(text, self.bars.console.width)
        self.bars.console.print(shown, markup=False, highlight=False)


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class Time(TimeElapsedColumn):
        """What is left, or what has passed as long as that is not known."""

        def render(self, task: Any) -> Text:
            return Text(task.fields["eta"]) if task.fields["eta"] else super().render(task)

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        Time(),
        console=Console(stderr=True),
        transient=True,
    )
