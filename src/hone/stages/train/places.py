"""Where people look for a version beside the registry: checkpoints, logs, and where asked."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hone.records.model import ModelVersion
from hone.records.recipe import ROOTS, Resolved
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace


def show_checkpoints(ws: Workspace, folder: JobFolder, model: ModelVersion) -> None:
    """checkpoints/lora/NAME/checkpoint-N and final: those of the newest training of that name."""
    home = ws.checkpoints / model.kind / model.name
    aside = home.parent / f".{model.name}.{folder.path.name}"
    old = home.parent / f".{model.name}.old"
    with explained("write", home):
        clear(aside)
        for checkpoint in sorted(folder.checkpoints.glob("checkpoint-*")):
            link_tree(checkpoint, aside / checkpoint.name)
        link_tree(folder.final, aside / "final")
        clear(old)
        if home.exists():
            home.rename(old)
        aside.rename(home)
        clear(old)


def show_logs(ws: Workspace, folder: JobFolder, model: ModelVersion) -> None:
    """logs/lora_training/NAME/VERSION: training.log, metadata.json, TensorBoard's files."""
    kind = "lora" if "lora.r" in folder.job.spec["options"] else "full"
    _put_logs(ws, folder, model, ws.logs / f"{kind}_training" / model.name / model.version)


def show_where_asked(ws: Workspace, folder: JobFolder, model: ModelVersion) -> None:
    """The model and its logs once more, where the recipe says `shown_at`.

    A place that by now belongs to somebody else is left as it is (`occupied` told before).
    """
    for what, place in _places(ws, folder.job.spec["options"], model.name, model.version).items():
        if place.exists() and _owner(place) != model.ref:
            continue
        if what == "logs":
            _put_logs(ws, folder, model, place)
            continue
        aside = place.parent / f".{place.name}.{folder.path.name}"
        with explained("write", place):
            clear(aside)
            link_tree(ws.models / model.name / model.version, aside)
            clear(place)
            aside.rename(place)


def shown_places(ws: Workspace, model: ModelVersion) -> dict[str, str]:
    """Where the recipe of a version shows it, from the workspace on: model and logs."""
    options: dict[str, Any] = ws.store.jobs.get(model.job).spec["options"] if model.job else {}
    places = _places(ws, options, model.name, model.version)
    return {
        what: place.relative_to(ws.root).as_posix()
        for what, place in places.items()
        if _owner(place) == model.ref
    }


def occupied(ws: Workspace, options: Mapping[str, Resolved], name: str) -> list[tuple[str, str]]:
    """(what is wrong, what to try) where the next version would be shown in another's place."""
    values = {key: {"value": one.value} for key, one in options.items()}
    places = _places(ws, values, name, ws.store.models.next_version(name))
    owners = {what: _owner(place) for what, place in places.items()}
    return [
        (
            f"{places[what].relative_to(ws.root).as_posix()} holds {owner or 'something else'}",
            f"--set shown_at.{what}={ROOTS[what]}/{{name}}-{{version}}",
        )
        for what, owner in owners.items()
        if places[what].exists() and owner.partition("@")[0] != name
    ]


def _places(ws: Workspace, options: Mapping[str, Any], name: str, version: str) -> dict[str, Path]:
    asked: dict[str, str] = options.get("shown_at", {}).get("value") or {}
    return {
        what: ws.root / place.replace("{name}", name).replace("{version}", version)
        for what, place in asked.items()
    }


def _owner(place: Path) -> str:
    """Whose place it is, as NAME@VERSION; empty where there is nothing or nobody knows."""
    try:
        found = json.loads((place / "metadata.json").read_text(encoding="utf-8"))
        return f"{found['name']}@{found['version']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _put_logs(ws: Workspace, folder: JobFolder, model: ModelVersion, place: Path) -> None:
    with explained("write", place):
        place.mkdir(parents=True, exist_ok=True)
        # First of all whose they are: who is killed here finds the place again.
        link(ws.models / model.name / model.version / "metadata.json", place / "metadata.json")
        if folder.log.is_file():
            link(folder.log, place / "training.log")
        for path in sorted(folder.path.rglob("events.out.tfevents.*")):
            link(path, place / path.name)


def link_tree(source: Path, home: Path) -> None:
    """Every file of a folder under a second name."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            link(path, home / path.relative_to(source))


def link(source: Path, home: Path) -> None:
    """The same file under a second name, or a copy where the disk knows no links."""
    home.parent.mkdir(parents=True, exist_ok=True)
    home.unlink(missing_ok=True)
    try:
        os.link(source, home)
    except OSError:
        shutil.copyfile(source, home)


def clear(folder: Path) -> None:
    """Make room for a folder; the one above it is made."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
