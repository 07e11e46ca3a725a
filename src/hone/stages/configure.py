"""Configure: the settings of a workspace, each with its meaning, changed one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any, NamedTuple, cast

from pydantic import BaseModel

from hone.errors import InvalidInput
from hone.workspace.config import CONFIG_FILE, load_config, load_task, set_config
from hone.workspace.open import Workspace
from hone.workspace.yaml_file import parse_yaml

# The format is Hone's to raise, and this version keeps only one kind of store.
_FIXED = frozenset(("hone", "store"))
# Two tabs may write at once; the file holds every setting.
_WRITING = Lock()


class Setting(NamedTuple):
    """One key of `hone.yaml`, dotted where it is nested."""

    key: str
    value: Any
    meaning: str
    default: Any = None
    is_editable: bool = True


def settings_of(ws: Workspace) -> list[Setting]:
    """Every setting in the order of the file; groups stand for their members."""
    return list(_settings(ws.config, ""))


def change_setting(ws: Workspace, key: str, value: str) -> Any:
    """Set one key, the value written as YAML; gives it back as it was understood.

    Comments and everything else in `hone.yaml` stay as they are. InvalidInput where the key is
    not known or the value does not fit; nothing is written then.
    """
    if key == "store":
        raise InvalidInput("The store cannot be changed.", hint="This version keeps only sqlite.")
    if key == "task":
        # A workspace whose default task cannot be read opens no more.
        load_task(ws.root / str(parse_yaml(value, "the value of task")))
    with _WRITING:
        meant = set_config(ws.root / CONFIG_FILE, key, value)
        refresh_settings(ws)
    return meant


def refresh_settings(ws: Workspace) -> None:
    """Take up what stands in `hone.yaml` now: a long-lived process sees what another changed."""
    ws.config = load_config(ws.root / CONFIG_FILE)


def _settings(model: BaseModel, prefix: str) -> Iterator[Setting]:
    for name, field in type(model).model_fields.items():
        value, key = getattr(model, name), prefix + (field.alias or name)
        if isinstance(value, BaseModel):
            yield from _settings(value, f"{key}.")
        elif isinstance(value, dict) and value:
            named = cast("dict[str, BaseModel]", value)
            for one, inner in named.items():
                yield from _settings(inner, f"{key}.{one}.")
        else:
            default = None if field.is_required() else field.get_default(call_default_factory=True)
            yield Setting(key, value, field.description or "", default, key not in _FIXED)
