"""Where the corrections of a workspace stand: what waits, which version holds the others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from hone.errors import HoneError, NotFound
from hone.records.dataset import Manifest
from hone.records.feedback import Efficacy
from hone.records.flag import CORRECTIONS, Resolution
from hone.stages.feedback.apply import last_said, of_task, source_of
from hone.stages.feedback.trial import control_of, trained_rows, whose_answers
from hone.workspace.contenders import safe_name
from hone.workspace.files import explained
from hone.workspace.open import Workspace


class Corrected(NamedTuple):
    """What became of what was corrected so far."""

    source: Manifest  # the newest version, which the next one goes on from
    waiting: dict[str, Resolution]  # by example: in no version yet
    made: Manifest | None  # the newest version that holds corrections
    control: Manifest | None  # the same without them
    before: str | None  # whose answers most of them correct


def corrections_of(ws: Workspace) -> Corrected | None:
    """How corrections stand in the dataset that most of them are of; None where there are none."""
    said = {id: found[-1] for id, found in last_said(ws).items()}
    try:
        source = source_of(ws, None, said)
    except HoneError:
        return None  # nothing was corrected, or what was asked is in no dataset
    task = ws.task(source.task)
    corrected = {
        id: one for id, one in of_task(ws, task, said).items() if one.verdict in CORRECTIONS
    }
    versions = [one for one in ws.store.datasets.list() if one.name == source.name]
    made = next((one for one in reversed(versions) if "feedback" in one.options), None)
    known: Mapping[str, int] = made.options["feedback"]["corrections"] if made else {}
    placed = ws.store.placements.among(source.ref, corrected)
    waiting = {
        id: one
        for id, one in corrected.items()
        if known.get(id) != one.seq
        and not (
            (member := placed.get(id)) is not None
            and member.split == "train"
            and member.version >= (one.version or 0)
        )
    }
    its_own = [corrected[id] for id in known if id in corrected] or list(corrected.values())
    before = None
    with suppress(NotFound):  # it was taken out of the registry
        before = whose_answers(ws, its_own) if its_own else None
    return Corrected(
        source=source,
        waiting=waiting,
        made=made,
        control=control_of(ws, made) if made is not None else None,
        before=before,
    )


def is_a_control(ws: Workspace, found: Corrected) -> bool:
    """Whether the version that was corrected saw the very rows of the control: it is one already.

    So it is where nothing but corrections changed since it was trained.
    """
    if found.control is None or found.before is None or "@" not in found.before:
        return False
    seen = ws.store.models.get(found.before).model.dataset
    known = [one for one in ws.store.datasets.list() if one.ref == seen]
    return any(trained_rows(one) == trained_rows(found.control) for one in known)


def newest_report(ws: Workspace, ref: str) -> Efficacy | None:
    """The report that was written last of a retrained version, or None."""
    files = sorted(ws.reports.glob(f"efficacy_{safe_name(ref)}_*.json"))
    if not files:
        return None
    with explained("read", files[-1]):
        return Efficacy.model_validate_json(files[-1].read_bytes())
