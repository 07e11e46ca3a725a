"""People who may sign in: add, list, remove, and check a password.

A password is kept as scrypt of it with a salt of its own, so that neither the database nor a
backup of it gives one away.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

from hone.errors import Conflict, InvalidInput, NotFound, nearest
from hone.records.person import ROLES, Person, Role
from hone.workspace.open import Workspace
from hone.workspace.store.people import Secret

SHORTEST, LONGEST = 8, 1024
LONGEST_NAME = 64
# 32 MiB and a quarter of a second for each guess.
COST, BLOCKS, PARALLEL = 2**15, 8, 3
# What a password is checked against where nobody has the name, so that it takes as long.
_NOBODY = Secret(b"nobody has this ", bytes(32), COST)


def add_person(
    ws: Workspace, name: str, role: Role, password: str, *, is_replacing: bool = False
) -> Person:
    """Lets somebody sign in; `is_replacing` gives a known name a new role and password.

    InvalidInput lists everything that is wrong; Conflict where the name is known already.
    """
    problems = [*_name_problems(ws, name), *_role_problems(role), *_password_problems(password)]
    if problems:
        raise InvalidInput(
            " ".join(problems), hint="hone users add NAME --role reviewer", problems=problems
        )
    salt = secrets.token_bytes(16)
    secret = Secret(salt, _hashed(password, salt, COST), COST)
    added = ws.store.people.add(name, role, secret, is_replacing=is_replacing)
    if added is None:
        raise Conflict(
            f"There is somebody called {name} already.",
            hint=f"hone users add {name} --replace   (a new role and password), or another name",
        )
    return added


def list_people(ws: Workspace) -> list[Person]:
    """Everybody, by name, with those who were removed."""
    return ws.store.people.list()


def remove_person(ws: Workspace, name: str) -> Person:
    """Nobody can sign in under this name any more; their decisions stand under it."""
    removed = ws.store.people.disable(name)
    if removed is None:
        active = [one.name for one in list_people(ws) if one.is_active]
        raise NotFound(f"Nobody called {name} can sign in.", hint=nearest(name, active))
    return removed


def find_person(ws: Workspace, name: str) -> Person | None:
    """Somebody who can sign in now, or None."""
    found = ws.store.people.find(name)
    return found[0] if found is not None and found[0].is_active else None


def password_mark(ws: Workspace, name: str) -> str:
    """A word that changes with a person's password and tells nothing of it."""
    found = ws.store.people.find(name)
    return hashlib.sha256(found[1].salt).hexdigest()[:16] if found is not None else ""


def has_people(ws: Workspace) -> bool:
    """Whether anybody can sign in."""
    return ws.store.people.count_active() > 0


def check_password(ws: Workspace, name: str, password: str) -> Person | None:
    """Who signs in, or None; it takes as long for a name that nobody has."""
    found = ws.store.people.find(name)
    secret = found[1] if found is not None else _NOBODY
    given = _hashed(password[:LONGEST], secret.salt, secret.cost)
    is_right = hmac.compare_digest(given, secret.password_hash) and len(password) <= LONGEST
    return found[0] if found is not None and is_right and found[0].is_active else None


def _hashed(password: str, salt: bytes, cost: int) -> bytes:
    # The same letter may be typed as one character or as two.
    typed = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    most = 2 * 128 * cost * BLOCKS
    return hashlib.scrypt(typed, salt=salt, n=cost, r=BLOCKS, p=PARALLEL, maxmem=most, dklen=32)


def _name_problems(ws: Workspace, name: str) -> list[str]:
    is_plain = name == name.strip() and all(letter.isprintable() for letter in name)
    if not name or len(name) > LONGEST_NAME or not is_plain:
        return [
            f"A name has 1 to {LONGEST_NAME} letters, none of them a control character, and no "
            "space at its ends."
        ]
    alike = [
        one.name
        for one in list_people(ws)
        if one.name.casefold() == name.casefold() and one.name != name
    ]
    return [f"The name {name} is too much like {alike[0]}."] if alike else []


def _role_problems(role: str) -> list[str]:
    return [] if role in ROLES else [f'There is no role "{role}". {nearest(role, ROLES)}']


def _password_problems(password: str) -> list[str]:
    if SHORTEST <= len(password) <= LONGEST:
        return []
    return [f"A password has {SHORTEST} to {LONGEST:,} characters; this one has {len(password):,}."]
