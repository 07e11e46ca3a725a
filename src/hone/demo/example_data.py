"""Example data for a new workspace: a made-up world's files, written into its `data/raw/`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, cast

from hone.errors import InvalidInput

# Template -> module whose `write(folder)` leaves files in a folder and says what they are.
WRITERS: dict[str, str] = {"extract": "hone.demo.slack_export"}


class Written(NamedTuple):
    """A file of example data."""

    path: Path
    says: str
    """What it is, in a few words."""


def refuse_without_example(template: str) -> None:
    """InvalidInput where nobody wrote example data for a template; before anything is made."""
    if template not in WRITERS:
        having = ", ".join(WRITERS)
        raise InvalidInput(
            f"There is no example data for the template {template}.",
            hint=f"--example goes with: {having}",
        )


def write_example(template: str, folder: Path) -> list[Written]:
    """Write the example data of a template into a folder; the first file is the one to import."""
    refuse_without_example(template)
    write = cast("Callable[[Path], list[Written]]", import_module(WRITERS[template]).write)
    return write(folder)
