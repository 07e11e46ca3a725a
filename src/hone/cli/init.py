"""`hone init`: make a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hone.cli.options import JsonOption, new_app

app = new_app()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make; must be new or empty.")],
    template: Annotated[str, typer.Option(help="qa, extract, score or chat.")] = "qa",
    json: JsonOption = False,
) -> None:
    """Make a workspace: settings, database, and folders for data, jobs, models and reports.

    Example: hone init catechism --template qa
    """
    from hone import loop
    from hone.cli import show

    workspace = loop.init_workspace(folder, template=template)
    if json:
        show.print_json({"workspace": str(workspace.root), "task": workspace.task(None).name})
        return
    show.say(f"Made the workspace {workspace.root}.")
    show.say(f"Next: cd {folder} && hone import FILE")
