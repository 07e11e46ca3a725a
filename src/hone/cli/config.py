"""`hone config`: the settings of a workspace, read and changed one at a time."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

app = new_app()


@app.command("show")
def show_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Show every setting, its value and its meaning.

    Example: hone config show
    """
    from hone import loop
    from hone.cli import show
    from hone.stages.configure import settings_of

    with loop.open_workspace(workspace) as opened:
        found = settings_of(opened)
        config = opened.config
    if json:
        show.print_json(config.model_dump(mode="json", by_alias=True))
        return
    rows = [(one.key, _text(one.value), one.meaning) for one in found]
    show.table(["setting", "value", "meaning"], rows)


@app.command("set")
def set_(
    key: Annotated[str, typer.Argument(help="Its name; dotted where nested: budget.per_job_usd.")],
    value: Annotated[str, typer.Argument(help="The new value, as YAML: 5, true, [a, b].")],
    workspace: WorkspaceOption = None,
) -> None:
    """Change one setting.

    Comments and everything else in hone.yaml stay as they are.

    Example: hone config set budget.per_job_usd 5
    """
    from hone import loop
    from hone.cli import show
    from hone.stages.configure import change_setting

    with loop.open_workspace(workspace) as opened:
        meant = change_setting(opened, key, value)
    show.say(f"{key}: {_text(meant)}")


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
