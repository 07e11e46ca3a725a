"""`hone users`: who may sign in to the web app when it is shared."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

app = new_app()


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name that stands on every decision.")],
    role: Annotated[
        str, typer.Option(help="viewer, reviewer, trainer or admin; each may do more.")
    ] = "reviewer",
    replace: Annotated[
        bool, typer.Option("--replace", help="Give a known name a new role and password.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Let somebody sign in; the password is asked for, or read from standard input.

    Example: hone users add ann --role reviewer
    """
    from hone import loop
    from hone.cli import show
    from hone.records.person import Role
    from hone.stages import people

    chosen: Role = role  # type: ignore[assignment]  # the stage checks it and names the roles
    with loop.open_workspace(workspace) as ws:
        added = people.add_person(ws, name, chosen, _password(), is_replacing=replace)
    if json:
        show.print_json(added)
    else:
        show.say(f"{added.name} can sign in as {added.role}.")


@app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List who can sign in, and who could once.

    Example: hone users list
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import people

    with loop.open_workspace(workspace) as ws:
        found = people.list_people(ws)
    if json:
        show.print_json(found)
        return
    rows = [
        (
            one.name,
            one.role,
            f"{one.created_at:%Y-%m-%d}",
            f"{one.disabled_at:%Y-%m-%d}" if one.disabled_at else "",
        )
        for one in found
    ]
    show.table(("name", "role", "added", "removed"), rows)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Who shall no longer sign in.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Take the right to sign in away; decisions stand under the name as before.

    Example: hone users remove ann
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import people

    with loop.open_workspace(workspace) as ws:
        removed = people.remove_person(ws, name)
    if json:
        show.print_json(removed)
    else:
        show.say(f"{removed.name} can no longer sign in.")


def _password() -> str:
    """Typed twice at a terminal, else the first line that is piped in; never an argument."""
    if sys.stdin.isatty():
        return typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return sys.stdin.readline().rstrip("\r\n")
