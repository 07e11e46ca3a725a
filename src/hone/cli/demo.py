"""`hone demo`: the whole loop on the bundled example."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hone.cli.options import JsonOption, new_app

if TYPE_CHECKING:
    from hone.demo.run import Demonstrated

app = new_app()


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="A folder to make for the workspace.")] = Path(
        "demo"
    ),
    json: JsonOption = False,
) -> None:
    """Run the whole loop on the bundled example (minutes, CPU).

    Example: hone demo demo
    """
    from hone.cli import show
    from hone.demo.run import run_demo, table_of

    done = run_demo(folder, _Screen(is_quiet=json))
    if json:
        show.print_json(
            {
                "seconds": done.seconds,
                "training_seconds": done.training_seconds,
                "evaluations": done.evaluations,
            }
        )
        return
    columns, rows = table_of(done)
    show.say()
    show.table(columns, rows)
    _say_next(done)


def _say_next(done: Demonstrated) -> None:
    from hone.cli import show

    trained = done.training_seconds["pickup"]
    show.say(f"Done in {done.seconds:.0f} s; the training itself took {trained:.0f} s.")
    show.say("Intervals are 95 %. No message of the three columns was trained on; of unseen words")
    show.say("neither food nor place was, of unseen wording not even a sentence pattern.")
    show.say()
    show.say(f"Look next, in {done.folder}:")
    show.say("  hone examples list --status edited     what the reviewer corrected")
    show.say("  hone models info pickup                from the figures back to the reviewer")
    show.say('  hone predict --message "9 bags of kale from Ruth\'s Kitchen"')
    show.say("  reports/                               every answer, scored")
    show.say("  docs/tutorials/                        the same with your own data")


class _Screen:
    """Steps as lines, progress as a bar on a terminal."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._begun = time.monotonic()
        self._bar: Any = None
        self._step: Any = None

    def step(self, text: str) -> None:
        from hone.cli import show

        self._end_bar()
        if self._is_quiet:
            return
        show.say(f"[{time.monotonic() - self._begun:4.0f} s] {text}")

    def detail(self, text: str) -> None:
        from hone.cli import show

        self._end_bar()
        if not self._is_quiet:
            show.say(f"         {text}")

    def progress(self, done: int, total: int | None) -> None:
        from hone.cli import show

        if self._is_quiet:
            return
        if self._bar is None:
            self._bar = show.progress("        ")
            self._step = self._bar.__enter__()
        self._step(done, total)

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
