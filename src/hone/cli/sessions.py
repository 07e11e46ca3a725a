"""`hone sessions`: save and load review sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

app = new_app()


@app.command()
def save(
    path: Annotated[Path, typer.Argument(help="The session file to write.")],
    task: Annotated[str | None, typer.Option(help="By default the workspace's task.")] = None,
    position: Annotated[int, typer.Option(help="Where the review stands.")] = 0,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write a session file: every example of a task with what was decided on it.

    Example: hone sessions save monday.json
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import ingest

    with loop.open_workspace(workspace) as ws:
        report = ingest.save_session(ws, path, task=task, position=position)
    if json:
        show.print_json(report)
    else:
        show.say(f"Wrote {report.items:,} examples of the task {report.task} to {path}.")


@app.command()
def load(
    path: Annotated[Path, typer.Argument(help="A session file.")],
    task: Annotated[str | None, typer.Option(help="By default the session's task.")] = None,
    reviewer: Annotated[
        str | None, typer.Option(help="In whose name decisions are journalled; by default yours.")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Take up a session file again: its examples and its decisions.

    Example: hone sessions load monday.json
    """
    from hone import loop
    from hone.cli import show
    from hone.settings import reviewer_name
    from hone.stages import ingest

    with loop.open_workspace(workspace) as ws:
        report = ingest.load_session(ws, path, task=task, reviewer=reviewer or reviewer_name())
    if json:
        show.print_json(report)
        return
    show.say(
        f"{report.items:,} items: {report.taken:,} new, {report.duplicate:,} here already, "
        f"{report.decided:,} decisions taken up, {report.refused:,} refused."
    )
    for reason, count in report.reasons.items():
        show.say(f"  refused {count:,}: {reason}")
    show.say(f"The review stands at {report.position:,}.")
