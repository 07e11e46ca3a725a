"""Settings, tasks and store: can they be read, are they sound, does the journal add up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hone.errors import HoneError, WorkspaceTooOld
from hone.stages.health.finding import Finding, listed, ok, problem, refused, warning
from hone.workspace.open import STORE_FILE, Workspace, look_into

# The check of a large store is cut off: the doctor answers in seconds.
CHECK_SECONDS = 3.0


def open_to_look(root: Path) -> tuple[Workspace | None, list[Finding]]:
    """The workspace, only to be read; None and why where it cannot be."""
    try:
        return look_into(root), []
    except WorkspaceTooOld as error:
        return None, [warning("workspace", error.message.rstrip("."), error.hint)]
    except HoneError as error:
        return None, [refused("workspace", error)]


def look_at_store(ws: Workspace, *, seconds: float = CHECK_SECONDS) -> Iterator[Finding]:
    """Tasks, pages of the store, and the journal against what is derived from it."""
    yield _tasks(ws)
    place = ws.root / STORE_FILE
    damage = ws.store.soundness.damage(seconds=seconds)
    if damage.said:
        yield problem(
            "workspace",
            f"the store is damaged: {listed(damage.said)}",
            f"Restore {place} from a backup, or rescue what is left: sqlite3 {place} .recover",
        )
        return
    checked = "its pages are sound"
    if not damage.is_whole:
        checked = f"no damage found in {seconds:g} seconds, it is too large to be read whole"
    if (lost := ws.store.soundness.lost()) > 0:
        what = f"{lost:,} of the stored examples stand nowhere, so nothing shows them"
        yield problem("workspace", what, f"Restore {place} from a backup.")
        return
    drift = ws.store.soundness.drift()
    if drift:
        yield problem(
            "workspace",
            f"the journal and what is derived from it differ: {listed(drift)}",
            "hone doctor --rebuild   (derives it anew; the journal stays as it is)",
        )
        return
    examples = sum(ws.store.examples.counters().values())
    yield ok("workspace", f"{examples:,} examples; {checked}, and the journal adds up")


def _tasks(ws: Workspace) -> Finding:
    try:
        names = list(ws.tasks())
        default = ws.task().name
    except HoneError as error:
        return refused("workspace", error)
    return ok("workspace", f"tasks: {', '.join(names)}; the default is {default}")
