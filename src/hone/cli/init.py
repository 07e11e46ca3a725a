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
    example: Annotated[
        bool,
        typer.Option("--example", help="Write made-up data to try it with into data/raw/."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Make a workspace: settings, database, and folders for data, jobs, models and reports.

    Example: hone init tools --template qa
    Example: hone init pickups --template extract --example
    """
    from hone import loop
    from hone.cli import show
    from hone.demo import example_data

    if example:
        example_data.refuse_without_example(template)
    with loop.init_workspace(folder, template=template) as workspace:
        written = (
            example_data.write_example(template, workspace.data_folder("raw")) if example else []
        )
        if json:
            show.print_json(
                {"workspace": str(workspace.root), "task": workspace.task(None).name}
                | ({"example": [str(one.path) for one in written]} if example else {})
            )
            return
        show.say(f"Made the workspace {workspace.root}.")
        for one in written:
            show.say(f"Wrote {one.path.relative_to(workspace.root)}: {one.says}.")
        file = written[0].path.relative_to(workspace.root) if written else "FILE"
        show.say(f"Next: cd {folder} && hone import {file}")
