"""Remembers who is signed in to the web app, so that a restart of the server signs nobody out.

Kept in the user's own folder, by the hash of the cookie alone: whoever reads the file cannot
come in with what it says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hone.settings import user_config_folder
from hone.workspace import clock
from hone.workspace.files import explained, write_atomically
from hone.workspace.open import Workspace


class SignIn(BaseModel):
    """One browser that is signed in."""

    model_config = ConfigDict(extra="forbid")

    name: str
    is_operator: bool = Field(description="came with the start-up token, not with a password")
    mark: str = Field(default="", description="of the password: another one ends the sign-in")
    until: datetime


_KEPT = TypeAdapter(dict[str, SignIn])


def remembered(ws: Workspace) -> dict[str, SignIn]:
    """Who is signed in, by the hash of the cookie; what has run out is left away."""
    path = _file(ws)
    if not path.is_file():
        return {}
    with explained("read", path):
        text = path.read_bytes()
    try:
        found = _KEPT.validate_json(text)
    except ValidationError:
        # Written by another version, or cut off: everybody signs in anew.
        return {}
    return {key: one for key, one in found.items() if one.until > clock.now()}


def remember(ws: Workspace, sign_ins: Mapping[str, SignIn]) -> None:
    """Keep exactly these; only the user may read the file."""
    path = _file(ws)
    with explained("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # It is moved into place with the rights of the file that stands there.
        path.touch(mode=0o600)
    kept = {key: one.model_dump(mode="json") for key, one in sign_ins.items()}
    write_atomically(path, json.dumps(kept, indent=1) + "\n")


def _file(ws: Workspace) -> Path:
    named = hashlib.sha256(str(ws.root.resolve()).encode()).hexdigest()[:16]
    return user_config_folder() / "sign-ins" / f"{named}.json"
