"""`hone up`: the web app."""

from __future__ import annotations

from typing import Annotated

import typer

from hone.cli.options import WorkspaceOption, new_app

app = new_app()


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Where it listens; 0: any that is free.")] = 8321,
    host: Annotated[
        str, typer.Option(help="Another address than this machine's own needs hone users add.")
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Another name under which browsers reach it, as they write it: hone.example.org.",
            metavar="NAME",
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the browser.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Open the web app of a workspace: review, import, see what to do next.

    Example: hone up
    """
    from hone import loop
    from hone.cli import show
    from hone.web import serve

    with loop.open_workspace(workspace) as ws:
        address = serve.Address(host, port, allow_host or ())
        site = serve.site_for(ws, address)
        serve.serve(site, address, say=show.say, open_browser=not no_browser)
