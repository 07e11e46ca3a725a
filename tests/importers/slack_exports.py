"""Small Slack exports for the tests: as a folder, as a zip file, as other tools write theirs."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

USERS = [
    {"id": "U1", "name": "ada", "profile": {"display_name": "Ada", "real_name": "Ada Lovelace"}},
    {"id": "U2", "name": "boole1", "profile": {"display_name": "", "real_name": "George Boole"}},
]
CHANNELS = [{"id": "C1", "name": "pickups"}, {"id": "C2", "name": "general"}]
LISTS = {"users.json": USERS, "channels.json": CHANNELS}


def said(text: Any, ts: str = "1700000000.000100", **more: Any) -> dict[str, Any]:
    """A message as Slack writes it."""
    return {"type": "message", "user": "U1", "text": text, "ts": ts} | more


def export_of(*messages: Any, **lists: Any) -> dict[str, Any]:
    """An export with one day in one channel."""
    return LISTS | lists | {"pickups/2023-11-14.json": list(messages)}


def as_text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def folder(path: Path, members: Mapping[str, Any]) -> Path:
    """The export as a folder."""
    for name, content in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(as_text(content), "utf-8")
    return path


def packed(path: Path, members: Mapping[str, Any]) -> Path:
    """The export as a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, as_text(content))
    return path
