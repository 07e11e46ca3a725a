"""Everybody's own keys in the web app, kept in the user's folder of this machine."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hone.settings import user_config_folder
from hone.workspace.files import explained, write_atomically

MOST_PEOPLE = 1000

Action = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
Key = Annotated[str, Field(min_length=1, max_length=30)]


class Keyboard(BaseModel):
    """How somebody wants the keys to work."""

    model_config = ConfigDict(extra="forbid")

    single_keys: bool = Field(default=True, description="letters act without Ctrl or Alt")
    repeat_accept: bool = Field(default=False, description="a held key goes on deciding")
    keys: dict[Action, Key] = Field(
        default_factory=dict, max_length=100, description="action -> key, where it is another one"
    )


_KEPT = TypeAdapter(dict[str, Keyboard])
# Two tabs may write at once; the file holds everybody's keys.
_WRITING = Lock()


def keyboard_of(name: str) -> Keyboard:
    """The keys of a person, or the usual ones."""
    return _kept().get(name, Keyboard())


def keep_keyboard(name: str, keyboard: Keyboard) -> None:
    """Keep the keys of a person."""
    with _WRITING:
        others = {who: keys for who, keys in _kept().items() if who != name}
        kept = dict(list(others.items())[1 - MOST_PEOPLE :]) | {name: keyboard}
        write_atomically(_file(), _KEPT.dump_json(kept, indent=1) + b"\n")


def _kept() -> dict[str, Keyboard]:
    path = _file()
    if not path.is_file():
        return {}
    with explained("read", path):
        text = path.read_bytes()
    try:
        return _KEPT.validate_json(text)
    except ValidationError:
        # Written by another version: the usual keys are better than none.
        return {}


def _file() -> Path:
    return user_config_folder() / "keyboards.json"
