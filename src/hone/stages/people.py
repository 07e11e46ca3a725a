"""People who may sign in: add, list, remove, and check a password."""

from __future__ import annotations

from hone.errors import HoneError
from hone.records.person import Person, Role
from hone.workspace.open import Workspace


def add_person(
    ws: Workspace, name: str, role: Role, password: str, *, is_replacing: bool = False
) -> Person:
    """Lets somebody sign in; `is_replacing` gives a known name a new role and password."""
    raise HoneError("Not built yet.")


def list_people(ws: Workspace) -> list[Person]:
    """Everybody, by name, with those who were removed."""
    raise HoneError("Not built yet.")


def remove_person(ws: Workspace, name: str) -> Person:
    """Nobody can sign in under this name any more; their decisions stand under it."""
    raise HoneError("Not built yet.")


def find_person(ws: Workspace, name: str) -> Person | None:
    """Somebody who can sign in now, or None."""
    raise HoneError("Not built yet.")


def has_people(ws: Workspace) -> bool:
    """Whether anybody can sign in."""
    raise HoneError("Not built yet.")


def check_password(ws: Workspace, name: str, password: str) -> Person | None:
    """Who signs in, or None; it takes as long for a name that nobody has."""
    raise HoneError("Not built yet.")
