"""`hone app`: the web app in a window of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from hone.cli.options import WorkspaceOption, new_app

app = new_app()


@app.command("app")
def app_(
    port: Annotated[
        int | None, typer.Option(help="Where it listens; by default a port of the workspace's own.")
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Open the web app in a window of its own, with the system's file dialogs.

    Example: hone app
    """
    from hone import loop
    from hone.cli import show
    from hone.desktop import window
    from hone.web import serve

    with loop.open_workspace(workspace) as ws:
        address = serve.own_address(ws, port)
        with serve.Running(serve.site_for(ws, address), address) as running:
            window.show_app(running, show.say)
