"""`/api/settings`: the settings of the workspace, and everybody's own keyboard."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hone.stages import configure, keyboard
from hone.stages.keyboard import Keyboard
from hone.web.site import Admin, Here, Viewer

router = APIRouter(prefix="/api/settings", tags=["settings"])


class SettingView(BaseModel):
    """One key of hone.yaml."""

    key: str = Field(description="dotted where it is nested")
    value: Any
    default: Any
    description: str
    is_editable: bool


class ChangeRequest(BaseModel):
    """A new value."""

    model_config = ConfigDict(extra="forbid")

    value: Any


@router.get("")
def list_settings(site: Here, visitor: Viewer) -> list[SettingView]:
    """Every setting with its value and meaning."""
    site.refresh()
    return _views(site)


@router.get("/keyboard")
def show_keyboard(site: Here, visitor: Viewer) -> Keyboard:
    """The keys of whoever is signed in."""
    return keyboard.keyboard_of(visitor.name)


@router.put("/keyboard")
def change_keyboard(asked: Keyboard, site: Here, visitor: Viewer) -> Keyboard:
    """Keep other keys for whoever is signed in."""
    keyboard.keep_keyboard(visitor.name, asked)
    return asked


@router.put("/{key}")
def change_setting(key: str, asked: ChangeRequest, site: Here, visitor: Admin) -> SettingView:
    """Change one setting; comments and everything else in hone.yaml stay as they are."""
    # JSON is YAML, and says of every value what kind it is.
    configure.change_setting(site.ws, key, json.dumps(asked.value, ensure_ascii=False))
    return next(one for one in _views(site) if one.key == key)


def _views(site: Here) -> list[SettingView]:
    return [
        SettingView(
            key=one.key,
            value=one.value,
            default=one.default,
            description=one.meaning,
            is_editable=one.is_editable,
        )
        for one in configure.settings_of(site.ws)
    ]
