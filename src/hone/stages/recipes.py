"""The recipes that come with Hone: list them, find one, copy one to change it."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from hone.errors import Conflict, NotFound, nearest
from hone.workspace.files import explained, write_atomically

_PACKAGE = Path(__file__).resolve().parents[1]
# In a wheel the recipes lie inside the package, in a checkout beside the source.
FOLDERS = (_PACKAGE / "bundled" / "recipes", _PACKAGE.parents[1] / "recipes")


class ShippedRecipe(NamedTuple):
    """A recipe file, the command that its first line shows, and what it is for."""

    name: str
    path: Path
    command: str
    about: str


def list_recipes() -> list[ShippedRecipe]:
    """Every shipped recipe, by name."""
    folder = next((folder for folder in FOLDERS if folder.is_dir()), None)
    if folder is None:
        return []
    return [
        ShippedRecipe(path.stem, path, *_opening(path.read_text()))
        for path in sorted(folder.glob("*.yaml"))
    ]


def _opening(text: str) -> tuple[str, str]:
    """The command of the first line, and the first sentence of the comment below it."""
    lines = list(takewhile(lambda line: line.startswith("#"), text.splitlines()))
    command, *rest = [line.lstrip("# ") for line in lines] or [""]
    return command, " ".join(" ".join(rest).split()).partition(". ")[0].rstrip(".")


def find_recipe(named: str) -> Path:
    """The file that is meant: a path, or the name of a shipped recipe."""
    path = Path(named)
    if path.is_file():
        return path
    shipped = {recipe.name: recipe.path for recipe in list_recipes()}
    stem = path.stem if path.suffix == ".yaml" else named
    # `recipes/qa_lora.yaml` also works from a folder that holds no copy of it.
    if stem in shipped and path.parent in (Path(), Path("recipes")):
        return shipped[stem]
    raise NotFound(
        f"There is no recipe file {named}.", hint=f"hone recipes list. {nearest(stem, shipped)}"
    )


def copy_recipe(name: str, out: Path) -> Path:
    """Copy a shipped recipe to `out` (a file, or a folder); refuses to overwrite."""
    source = find_recipe(name)
    target = out / source.name if out.is_dir() or not out.suffix else out
    if target.exists():
        raise Conflict(f"{target} exists already.", hint="choose another --out")
    with explained("write", target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, source.read_text())
    return target
