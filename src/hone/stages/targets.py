"""Targets: what this workspace may run jobs on, and whether each is ready."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from hone import settings, shelf
from hone.errors import InvalidInput
from hone.stages import jobs
from hone.workspace.open import Workspace


class ListedTarget(BaseModel):
    """A target by the name that --on takes."""

    name: str
    kind: str = Field(description="a choice of the targets shelf")
    where: str = Field(description="the machine, or what is missing in hone.yaml")
    is_set: bool = Field(description="whether hone.yaml says all that it needs")
    limits: list[str] = Field(description="what it cannot do")


class Finding(NamedTuple):
    """One thing that a check looked at."""

    name: str
    is_good: bool
    text: str
    mend: str = ""


def list_targets(ws: Workspace) -> list[ListedTarget]:
    """Every target of the shelf and every machine of hone.yaml; nobody is asked."""
    found: list[ListedTarget] = []
    for name in jobs.target_names(ws):
        said = ws.config.targets.hosts.get(name) or (
            ws.config.targets.ssh if name == "ssh" else None
        )
        kind = "ssh" if said is not None else name
        where = "this machine" if kind == "local" else "not set: hone config set targets.ssh …"
        if said is not None:
            where = f"{said.user}@{said.host}" if said.user else said.host
        module = shelf.load("targets", kind)
        if jobs.is_rented(kind):
            found.append(_rented(ws, name, module))
            continue
        if jobs.is_paid(kind):
            found.append(_endpoint(ws, name, module))
            continue
        is_set = kind == "local" or said is not None or not hasattr(module, "check")
        found.append(
            ListedTarget(
                name=name, kind=kind, where=where, is_set=is_set, limits=list(module.LIMITS)
            )
        )
    return found


def _rented(ws: Workspace, name: str, module: Any) -> ListedTarget:
    said = ws.config.targets.rented().get(name)
    key = settings.credential(module.KEYS, ws.root)
    wanted = [] if said is None else [*said.gpu, *filter(None, [getattr(said, "cpu", None)])]
    shown = "no key" if key is None else f"key set{settings.end_of(key)}"
    where = f"rents {', '.join(wanted)} ({shown})"
    if not wanted:
        where = f"not set: hone config set targets.{name} '{{gpu: [NAME]}}' ({shown})"
    is_set = bool(wanted) and key is not None
    return ListedTarget(
        name=name, kind=name, where=where, is_set=is_set, limits=list(module.LIMITS)
    )


def _endpoint(ws: Workspace, name: str, module: Any) -> ListedTarget:
    """An endpoint is set where its id, its volume and every key are known."""
    options = jobs.target_named(ws, name).options
    lacks = module.lacks(options)
    where = f"not set: hone targets setup {name}   ({'; '.join(lacks)})"
    if not lacks:
        where = module.place(options)
    return ListedTarget(
        name=name, kind=name, where=where, is_set=not lacks, limits=list(module.LIMITS)
    )


def check_target(
    ws: Workspace, name: str, *, mends: bool = True, new_key: bool = False
) -> list[Finding]:
    """Ask a target whether a job could run on it; what can be mended from here is.

    Without `mends` nothing is changed there. `new_key` lets go of the key that was pinned.
    """
    chosen = jobs.target_named(ws, name)
    check = getattr(chosen.module, "check", None)
    if check is not None:
        found = [Finding(*one) for one in check(chosen.options, mends=mends, new_key=new_key)]
        if jobs.is_paid(name) and (trouble := settings.env_file_trouble(ws.root)):
            found.append(Finding(".env", False, *trouble.split(": ", 1)))
        return found
    if new_key:
        raise InvalidInput(f"{name} has no key.", hint=f"hone targets check {name}")
    from importlib.util import find_spec

    python = Finding("python", True, f"{sys.version.split()[0]}, {sys.executable}")
    if find_spec("torch") is None:
        mend = "pip install 'hone-studio[train]'"
        return [python, Finding("torch", False, "is not installed", mend)]
    return [python, Finding("torch", True, "is installed")]
