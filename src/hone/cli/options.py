"""What every command shares: the shape of an app, and the options for workspace and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="The workspace; by default the nearest folder up with hone.yaml, or HONE_WORKSPACE.",
        metavar="DIR",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def new_app() -> typer.Typer:
    """An app with plain help: fast, readable in a pipe, the same on every terminal."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
