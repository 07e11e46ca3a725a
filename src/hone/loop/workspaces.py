"""Opens workspaces, and says what is wrong with one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hone.errors import HoneError, NotFound
from hone.settings import workspace_from_environment
from hone.stages import health, jobs
from hone.stages.train import (
    look_at_this_machine,
)
from hone.workspace.open import Workspace, find_workspace
from hone.workspace.open import open_workspace as open_folder


def open_workspace(folder: Path | str | None = None) -> Workspace:
    """The workspace at `folder`, else that of HONE_WORKSPACE, else the nearest folder up.

    Jobs that wait there, as after a reboot, go on in a process of their own. NotFound where there
    is no workspace; WorkspaceTooNew where a later Hone wrote it.
    """
    workspace = open_folder(folder)
    # Whoever only reads must not be kept from it; what watches jobs says why they stand still.
    with suppress(HoneError):
        jobs.wake_if_owed(workspace)
    return workspace


def check_health(folder: Path | str | None = None, *, is_online: bool = False) -> health.Health:
    """What is wrong with machine and workspace, and its mend; changes nothing.

    `folder` as `open_workspace` takes it; where nothing is named and none is found, the machine
    alone is looked at. With `is_online` the model hub and the providers are asked.
    """
    try:
        root = find_workspace(folder)
    except NotFound:
        if folder is not None or workspace_from_environment() is not None:
            raise
        root = None
    return health.examine(root, look_at_this_machine(), is_online=is_online)


def rebuild_standings(folder: Path | str | None = None) -> int:
    """Derive anew from the journal where every example stands; gives the operations replayed."""
    with open_workspace(folder) as workspace:
        return workspace.store.journal.rebuild()
