"""Which splits are decided before any is shared out: by earlier versions, tests and corrections."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

from hone.records.dataset import Split
from hone.stages.prepare.choose import Entry, Tested
from hone.stages.prepare.options import BuildOptions
from hone.stages.prepare.split import Candidate, Shared, share_out
from hone.workspace.open import Workspace


def share(
    workspace: Workspace,
    name: str,
    entries: list[Entry],
    fixed: tuple[Mapping[str, Tested], Mapping[str, str]],
    options: BuildOptions,
) -> Shared:
    """Splits, with every example where an earlier version of this dataset had it.

    A model that trained on an example must never meet it in a later test set, so train
    members are pinned as well; a probe member is free once a correction changed it. What was
    tested in another dataset of the task is tested here too. `fixed`: that, and what may only
    stand in one split for another reason.
    """
    tested, pins = fixed
    version_of = {entry.id: entry.version for entry in entries}
    placed = {
        member.id: member
        for member in workspace.store.placements.placed(name)
        if member.id in version_of
    }
    pinned: dict[str, str] = dict(pins) | {
        member.id: member.split
        for member in placed.values()
        if member.split != "probe" or member.version == version_of[member.id]
    }
    for promoted in workspace.store.promotions.ids() & version_of.keys():
        was = placed[promoted].split if promoted in placed else None
        if was in ("val", "test"):
            pinned[promoted] = "probe"
        else:
            # Whatever else comes of it, it never stands in a test again.
            pinned.setdefault(promoted, "train")
    pinned |= {id: split for id, split in options.pins.items() if id in version_of}
    pinned |= {entry.id: tested[entry.id].split for entry in entries if entry.id in tested}
    _let_siblings_follow(entries, pinned, options)
    notes = _take_fresh(workspace, entries, (tested, pinned), options)
    candidates = [Candidate(entry.id, entry.group, entry.label, entry.twin_of) for entry in entries]
    shared = share_out(candidates, options.ratios, seed=options.seed, pinned=pinned)
    return Shared(shared.split_of, [*shared.notes, *notes])


def _let_siblings_follow(
    entries: Sequence[Entry], pinned: dict[str, str], options: BuildOptions
) -> None:
    """A correction that trains takes its group out of the probe split: no group is cut through."""
    moved = {
        entry.group for entry in entries if entry.group and options.pins.get(entry.id) == "train"
    }
    for entry in entries:
        if entry.group in moved and pinned.get(entry.id) == "probe":
            pinned[entry.id] = "train"


def _take_fresh(
    workspace: Workspace,
    entries: Sequence[Entry],
    fixed: tuple[Mapping[str, Tested], dict[str, str]],
    options: BuildOptions,
) -> list[str]:
    """Pin examples that never trained where some left; the first choice is who was in no split."""
    if not options.fresh:
        return []
    tested, pinned = fixed
    used = {
        *tested,
        *options.pins,
        *workspace.store.placements.ever_trained_of(entry.id for entry in entries),
        *workspace.store.promotions.ids(),
        *workspace.store.flags.standing(),
        *(entry.twin_of for entry in entries),
    }
    units: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        units[f"group {entry.group}" if entry.group else entry.id].append(entry)
    free = [
        unit
        for unit in units.values()
        if not any(
            one.id in used or one.twin_of or pinned.get(one.id, "probe") != "probe" for one in unit
        )
    ]
    free.sort(key=lambda unit: unit[0].id)
    random.Random(options.seed).shuffle(free)
    free.sort(key=lambda unit: any(one.id in pinned for one in unit))
    notes: list[str] = []
    for split, wanted in options.fresh.items():
        taken = _pin_first(free, pinned, (split, wanted))
        if taken < wanted:
            notes.append(
                f"Of {wanted} examples that left the {split} split {wanted - taken} could not be "
                "replaced: there are no others that are reviewed and never trained."
            )
    return notes


def _pin_first(free: list[list[Entry]], pinned: dict[str, str], asked: tuple[Split, int]) -> int:
    """Pin units until enough examples stand in the split; whole groups, so rarely some more."""
    split, wanted = asked
    taken = 0
    while free and taken < wanted:
        unit = free.pop(0)
        pinned.update({one.id: split for one in unit})
        taken += len(unit)
    return taken
