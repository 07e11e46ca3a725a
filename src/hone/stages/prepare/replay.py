"""Replay: a seeded sample of older examples beside the new ones, against forgetting.

New is what the version that is replayed does not hold, or holds as it was before a correction.
Only what trained in that version is replayed; whatever is or was in a val or test split, its
near-duplicates and its group are kept out, as everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hone.errors import InvalidInput
from hone.records.dataset import Manifest, Member
from hone.records.example import Example
from hone.records.task import Task
from hone.stages.prepare.choose import Entry, Tested
from hone.stages.prepare.options import BuildOptions
from hone.workspace.open import Workspace


class Older(NamedTuple):
    """The version that is replayed, with the place of each of its examples."""

    manifest: Manifest
    members: Mapping[str, Member]

    def is_new(self, example: Example) -> bool:
        """Whether the version does not hold the example as it is now."""
        member = self.members.get(example.id)
        return member is None or member.version != example.version

    def trained(self, example: Example) -> bool:
        """Whether the version trains on the example as it is now."""
        member = self.members.get(example.id)
        return member is not None and member.split == "train" and not self.is_new(example)

    def pins(self, fresh: Sequence[Entry], older: Sequence[Entry]) -> dict[str, str]:
        """New examples that may only train: corrected ones, and siblings of what trained."""
        groups = {entry.group for entry in older if entry.group}
        return {
            entry.id: "train"
            for entry in fresh
            if entry.group in groups
            or ((member := self.members.get(entry.id)) is not None and member.split == "train")
        }


class Replayed(NamedTuple):
    """The older examples that were drawn, and what the manifest says of it."""

    entries: list[Entry]
    recorded: dict[str, Any]
    note: str


def older_version(workspace: Workspace, task: Task, options: BuildOptions) -> Older | None:
    """What the options ask to replay; InvalidInput where it cannot be."""
    if options.replay is None:
        return None
    manifest = workspace.store.datasets.get(options.replay)
    if manifest.task != task.name:
        raise InvalidInput(
            f"{manifest.ref} belongs to the task {manifest.task}, not to {task.name}: "
            "its examples ask something else.",
            hint=f"hone datasets list   (replay a version of the task {task.name})",
        )
    if options.query.limit is not None:
        raise InvalidInput(
            "--limit counts older examples too, and cannot stand beside --replay.",
            hint="choose the new ones by --file or --tag",
        )
    members = {one.id: one for one in workspace.store.datasets.members(manifest.ref)}
    return Older(manifest, members)


def replayable(
    older: Sequence[Entry], fresh: Sequence[Entry], tested: Mapping[str, Tested]
) -> list[Entry]:
    """Those of the older entries that may train beside the new ones."""
    new = {entry.id for entry in fresh}
    return [entry for entry in older if entry.id not in tested and entry.twin_of not in new]


def draw(
    older: Older, candidates: Sequence[Entry], training: int, options: BuildOptions
) -> Replayed:
    """A seeded sample beside `training` new examples that train, marked with where it is from.

    A share is one of all that trains. Where there are fewer than asked for, all are taken.
    """
    ref = older.manifest.ref
    if not candidates:
        raise InvalidInput(
            f"No example of {ref} can be replayed: all that trained there are gone, are no longer "
            "accepted, or stand too near to a test.",
            hint="leave out --replay, or name another version: hone datasets list",
        )
    wanted = options.replay_rows
    if wanted is None:
        share = options.replay_share
        wanted = max(1, round(training * share / (1 - share)))
    taken = min(wanted, len(candidates))
    places = sorted(random.Random(options.seed).sample(range(len(candidates)), taken))
    entries = [candidates[place]._replace(replayed_from=ref, twin_of="") for place in places]
    asked = (
        {"rows": options.replay_rows}
        if options.replay_rows is not None
        else {"share": options.replay_share}
    )
    note = (
        f"Replayed {taken:,} of {len(candidates):,} examples that trained in {ref}, "
        f"beside {training:,} new ones."
    )
    if taken < wanted:
        note += f" {wanted:,} were asked for."
    recorded = {
        "of": ref,
        "sha256": older.manifest.sha256,
        **asked,
        "available": len(candidates),
        "taken": taken,
        "seed": options.seed,
    }
    return Replayed(entries, {"replay": recorded}, note)
