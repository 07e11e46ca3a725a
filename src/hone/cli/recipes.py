"""`hone recipes`: what is shipped, and a copy to change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hone.cli.options import JsonOption, new_app

app = new_app()


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List the shipped recipes.

    Example: hone recipes list
    """
    from hone import loop
    from hone.cli import show

    recipes = loop.list_recipes()
    if json:
        show.print_json([{"name": r.name, "command": r.command, "about": r.about} for r in recipes])
        return
    show.table(["recipe", "for"], [(recipe.name, recipe.about) for recipe in recipes])
    show.say("Next: hone train NAME --plan, or hone recipes copy NAME to change it")


@app.command()
def copy(
    name: Annotated[str, typer.Argument(help="A name that hone recipes list shows.")],
    out: Annotated[Path, typer.Option(help="A file or folder to write.")] = Path("recipes"),
) -> None:
    """Copy one into the workspace.

    Example: hone recipes copy extract_lora
    """
    from hone import loop
    from hone.cli import show

    show.say(f"Wrote {loop.copy_recipe(name, out)}.")
