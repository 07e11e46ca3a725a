"""`hone datasets curve`: how many more labels, from trainings on parts of a dataset."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.records.curve import LearningCurve
    from hone.records.job import Event
    from hone.stages.train import PlannedSubsets
    from hone.workspace.open import Workspace

app = new_app()


@app.command()
def curve(
    ref: Annotated[str, typer.Argument(help="NAME (its newest version) or NAME@VERSION.")],
    recipe: Annotated[
        str, typer.Option(help="How to train: a recipe file, or the name of a shipped one.")
    ],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one key, such as base=hone-nano.", metavar="KEY=VALUE"),
    ] = None,
    points: Annotated[
        int, typer.Option(help="Numbers of examples: all, half, a quarter, and so on; 4 or more.")
    ] = 5,
    repeats: Annotated[int, typer.Option(help="Trainings on each, with draws of their own.")] = 2,
    seed: Annotated[int, typer.Option(help="The same seed draws the same examples.")] = 0,
    split: Annotated[str, typer.Option(help="Held-out examples: test, val or probe.")] = "test",
    reach: Annotated[
        float | None, typer.Option(help="A score: how many examples would it take?")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print the plan and stop.")] = False,
    confirm_run: Annotated[
        bool, typer.Option("--confirm-run", help="Really train, or go on where it was cut off.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """How many more labels? Train on parts, predict the score at twice as many.

    Ctrl+C stops; the same command goes on, and pays for no part twice.

    Example: hone datasets curve pickup --recipe pickup_lora --confirm-run
    """
    from hone import loop
    from hone.cli import show
    from hone.stages.train import missing_for_a_real_run

    if plan and confirm_run:
        raise typer.BadParameter("choose one of --plan and --confirm-run")
    choices: dict[str, Any] = {"points": points, "repeats": repeats, "seed": seed}
    choices |= {"split": split, "reach": reach}
    with loop.open_workspace(workspace) as ws:
        planned = loop.plan_learning_curve(ws, ref, recipe, overrides=set_ or [], **choices)
        subsets, wanted = planned
        if not confirm_run:
            whole = subsets.prepared.plan
            missing = missing_for_a_real_run(ws, whole, is_confirmed=False)
            if json:
                told = {"dataset": wanted.dataset, "on": wanted.on, "seconds": subsets.seconds}
                told |= {"trainings": [one._asdict() for one in subsets.subsets]}
                show.print_json({**told, "price_usd": subsets.price_usd, "missing": missing})
                return
            _say_plan(subsets, wanted.dataset, wanted.on)
            if not plan:
                show.say("Nothing was started. Missing for a real run:")
                for one in missing:
                    show.say(f"  - {one}")
            return
        found = _carried_out(ws, planned)
        _say(ws, found, as_json=json)


def _carried_out(ws: Workspace, planned: Any) -> LearningCurve:
    """Train and ask, with a bar for each; Ctrl+C stops the training that runs."""
    from hone import loop
    from hone.cli import show
    from hone.stages import jobs

    seen: dict[str, None] = {}
    total = len(planned[0].subsets)
    try:
        with ExitStack() as bars:
            trained = bars.enter_context(show.progress("Training"))

            def on_event(job: str, event: Event) -> None:
                seen[job] = None
                trained(len(seen) - 1, total)

            def on_progress(done: int, of: int | None) -> None:
                trained(total, total)
                answered(done, of)

            answered = bars.enter_context(show.progress("Answering"))
            return loop.learning_curve(
                ws, planned, confirm_run=True, on_event=on_event, on_progress=on_progress
            )
    except KeyboardInterrupt:
        running = [job for job in seen if jobs.show(ws, job).state in ("waiting", "running")]
        for job in running:
            jobs.ask_to_stop(ws, job)
        sys.stderr.write("Stopped. The same command goes on; what is done is not done again.\n")
        raise


def _say_plan(planned: PlannedSubsets, dataset: str, on: str) -> None:
    from hone.cli import show
    from hone.cli.told import duration

    plan = planned.prepared.plan
    show.say(f"{plan.method} of {plan.base} on parts of {dataset}, each asked all of {on}:")
    show.table(
        ["examples", "seed", "rows", "steps"],
        [(one.examples, one.seed, one.rows, one.steps) for one in planned.subsets],
    )
    seconds = planned.seconds
    show.say(
        f"{len(planned.subsets)} trainings: {duration(seconds.low)} to {duration(seconds.high)}, "
        f"at most ${planned.price_usd:.2f}; the answers come on top."
    )
    for note in plan.notes:
        show.say(f"Note: {note}")


def _say(ws: Workspace, found: LearningCurve, *, as_json: bool) -> None:
    from hone.cli import show
    from hone.stages import curve as curves

    files = curves.report_files(ws, found)
    if as_json:
        show.print_json({**found.model_dump(mode="json"), "report": str(files.json)})
        return
    show.say(curves.headline(found))
    table = curves.table_of(found)
    show.table(table.head, table.rows)
    for line in curves.as_lines(found):
        show.say(line)
    if found.outlook != "little to gain":
        show.say("Next: hone review --order most_valuable")
    show.say(f"Report: {files.page}, .md, .json")
