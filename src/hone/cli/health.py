"""`hone doctor`: everything of machine and workspace that one may stumble over, with the mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.stages.health import Health

app = new_app()
TITLES = {
    "machine": "This machine",
    "packages": "Packages",
    "keys": "Keys",
    "workspace": "Workspace",
    "jobs": "Jobs",
    "money": "Money",
    "online": "Online",
}


@app.command()
def doctor(
    online: Annotated[
        bool,
        typer.Option("--online", help="Also ask the model hub and the providers."),
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="First derive where every example stands anew."),
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Look at machine and workspace, and say what is wrong with the mend; exits 1 on a problem.

    Nothing is changed (but by --rebuild, from the journal alone), and nobody is asked without
    --online. Outside of a workspace the machine alone is looked at.

    Example: hone doctor
    """
    from hone import loop
    from hone.cli import show

    if rebuild:
        replayed = loop.rebuild_standings(workspace)
        if not json:
            show.say(f"Derived anew from {replayed:,} operations of the journal.")
    health = loop.check_health(workspace, is_online=online)
    if json:
        show.print_json(health)
    else:
        _say(health)
    if health.of_level("problem"):
        raise typer.Exit(1)


def _say(health: Health) -> None:
    from hone.cli import show

    for part, title in TITLES.items():
        findings = [one for one in health.findings if one.part == part]
        if not findings:
            continue
        place = f" {health.workspace}" if part == "workspace" else ""
        show.say(f"{title}{place}")
        for one in findings:
            show.say(f"  {one.level:<8} {one.what}.")
            if one.mend:
                show.say(f"           Try: {one.mend}")
    problems, warnings = len(health.of_level("problem")), len(health.of_level("warning"))
    if health.workspace is None:
        show.say("No workspace here: only the machine was looked at.")
    counted = ", ".join(
        f"{number} {what}{'' if number == 1 else 's'}"
        for number, what in ((problems, "problem"), (warnings, "warning"))
    )
    show.say(f"{counted}." if problems or warnings else "Nothing is wrong.")
