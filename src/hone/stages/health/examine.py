"""Looks at the machine, and at a workspace where there is one; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import HoneError
from hone.stages.health.finding import Finding, Level, refused
from hone.stages.health.folders import look_at_folders
from hone.stages.health.keys import look_at_keys
from hone.stages.health.leftovers import look_at_leftovers
from hone.stages.health.locks import look_at_locks
from hone.stages.health.machine import Device, look_at_disk, look_at_machine
from hone.stages.health.money import look_at_money
from hone.stages.health.online import look_at_hub, look_at_providers
from hone.stages.health.packages import look_at_packages
from hone.stages.health.store import look_at_store, open_to_look
from hone.stages.health.waiting import look_at_jobs


class Health(BaseModel):
    """Everything that was looked at."""

    model_config = ConfigDict(extra="forbid")

    workspace: str | None = Field(description="its folder; None: only the machine was looked at")
    is_online: bool = Field(description="whether the hub and the providers were asked")
    findings: list[Finding]

    def of_level(self, level: Level) -> list[Finding]:
        """The findings of one level."""
        return [one for one in self.findings if one.level == level]


def examine(root: Path | None, device: Device, *, is_online: bool = False) -> Health:
    """The findings, part by part; `device` is what a plan says of this machine."""
    found = [*look_at_machine(device), *look_at_disk(root or Path.cwd()), *look_at_packages(device)]
    if root is not None:
        found += look_at_workspace(root, is_online=is_online)
    if is_online:
        found += look_at_hub()
    return Health(
        workspace=None if root is None else str(root), is_online=is_online, findings=found
    )


def look_at_workspace(root: Path, *, is_online: bool) -> Iterator[Finding]:
    """Everything that belongs to one workspace."""
    opened, said = open_to_look(root)
    yield from said
    yield from look_at_keys(root, opened.config if opened is not None else None)
    yield from look_at_leftovers(root)
    yield from look_at_locks(root / "jobs")
    if opened is None:
        return
    with opened as ws:
        looks = [look_at_store, look_at_folders, look_at_jobs, look_at_money]
        for look in [*looks, look_at_providers] if is_online else looks:
            yield from _guarded(look(ws))


def _guarded(found: Iterable[Finding]) -> Iterator[Finding]:
    """What one look cannot read must not hide what the others see."""
    try:
        yield from found
    except HoneError as error:
        yield refused("workspace", error)
