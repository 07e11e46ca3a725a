"""`/api/tasks`: what examples look like and how they are learned."""

from __future__ import annotations

from fastapi import APIRouter

from hone.records.task import Task
from hone.web.site import Here, Viewer

router = APIRouter(prefix="/api/tasks", tags=["tasks"])


class TaskView(Task):
    """A task, and whether it is the workspace's default."""

    is_default: bool


@router.get("")
def list_tasks(site: Here, person: Viewer) -> list[TaskView]:
    """Every task of the workspace."""
    site.refresh()
    default = site.ws.task().name
    return [
        TaskView.model_construct(**dict(task), is_default=task.name == default)
        for task in site.ws.tasks().values()
    ]
