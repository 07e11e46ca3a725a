"""Looks at what changed in the workspace since the last look: decisions, imports, jobs."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any

from hone.errors import HoneError
from hone.loop import Workspace
from hone.stages import jobs, review
from hone.web.events import Happened
from hone.web.imports import Imports

MOST_IDS = 50
JOBS_SECONDS = 2.0
WATCHED_JOBS = 20

log = logging.getLogger("hone.web")


class Watch:
    """What was seen last; one thread looks at a time."""

    def __init__(self, ws: Workspace, imports: Imports) -> None:
        self._ws = ws
        self._imports = imports
        self._seq: int | None = None
        self._position = 0
        self._states: dict[str, str] | None = None
        self._jobs_at = 0.0
        self._models: dict[str, bool] | None = None

    def look(self) -> list[Happened]:
        """What happened since the last call; at the first one nothing did."""
        return [*self._reviews(), *self._imported(), *self._jobs()]

    def _reviews(self) -> list[Happened]:
        found = review.changes(self._ws, self._seq)
        is_first, is_still = self._seq is None, self._seq == found.seq
        is_still = is_still and self._position == found.position
        self._seq, self._position = found.seq, found.position
        if is_first or is_still:
            return []
        if found.is_cut:
            return [Happened("resync", {})]
        ids = list(dict.fromkeys(id for one in found.operations for id in one.ids))
        is_whole = len(ids) <= MOST_IDS and not any(one.has_more_ids for one in found.operations)
        told: dict[str, Any] = {
            "seq": found.seq,
            "position": found.position,
            "ids": ids[:MOST_IDS],
            "has_more_ids": not is_whole,
            "op_ids": [one.op_id for one in found.operations],
            "counters": review.counters(self._ws),
            "by_task": {name: review.counters(self._ws, name) for name in self._task_names()},
        }
        return [Happened("reviews", told)]

    def _task_names(self) -> list[str]:
        try:
            return list(self._ws.tasks())
        except HoneError as error:
            # A task file that somebody is just writing must not hold the news of reviews up.
            log.warning("%s", error.message)
            return []

    def _imported(self) -> list[Happened]:
        return [
            Happened("import", {"import": upload} | progressed.model_dump(mode="json"))
            for upload, progressed in self._imports.changes()
        ]

    def _jobs(self) -> list[Happened]:
        if monotonic() - self._jobs_at < JOBS_SECONDS:
            return []
        self._jobs_at = monotonic()
        found = jobs.list_jobs(self._ws, newest=WATCHED_JOBS)
        before, self._states = self._states, {one.id: one.state for one in found}
        if before is None:
            return self._versions()
        return self._versions() + [
            Happened("job", {"id": one.id, "kind": one.kind, "state": one.state})
            for one in reversed(found)
            if before.get(one.id) != one.state
        ]

    def _versions(self) -> list[Happened]:
        """News of a version that is there, or that answers, since the last look."""
        found = {one.model.ref: one.is_active for one in self._ws.store.models.list()}
        before, self._models = self._models, found
        if before is None or before == found:
            return []
        active = [ref for ref, is_active in found.items() if is_active]
        return [Happened("models", {"new": sorted(set(found) - set(before)), "active": active})]
