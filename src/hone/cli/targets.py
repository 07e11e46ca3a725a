"""`hone targets`: where jobs may run, and whether it is ready."""

from __future__ import annotations

from typing import Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

app = new_app()


@app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List where jobs may run.

    Example: hone targets list
    """
    from hone import loop
    from hone.cli import show
    from hone.stages.targets import list_targets

    with loop.open_workspace(workspace) as ws:
        found = list_targets(ws)
    if json:
        show.print_json(found)
        return
    show.table(["target", "kind", "where"], [(one.name, one.kind, one.where) for one in found])


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A target, as --on of hone train takes it.")],
    mend: Annotated[
        bool, typer.Option("--mend/--no-mend", help="Bring Hone and missing packages there.")
    ] = True,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="The host has a new key and you know why: pin it.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Look whether a job could run there, and mend what can be mended.

    Exits 1 where something is missing; each line says what mends it.

    Example: hone targets check ssh
    """
    from hone import loop
    from hone.cli import show
    from hone.stages.targets import check_target

    with loop.open_workspace(workspace) as ws:
        found = check_target(ws, name, mends=mend, new_key=new_key)
    if json:
        show.print_json([one._asdict() for one in found])
    else:
        rows = [("ok" if one.is_good else "not ok", one.name, one.text) for one in found]
        show.table(["", "", ""], rows)
        for one in found:
            if one.mend:
                show.say(f"{one.name}: {one.mend}")
    if not all(one.is_good for one in found):
        raise SystemExit(1)
    if not json:
        show.say(f"Next: hone train RECIPE --on {name} --plan")
