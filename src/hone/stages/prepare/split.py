"""Shares examples out into splits: seeded, stratified, and never through a group."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hone.errors import InvalidInput
from hone.records.dataset import SPLITS, SplitRatios


class Candidate(NamedTuple):
    """What splitting needs to know of an example; a twin is never parted from the one it is of."""

    id: str
    group: str | None
    label: str
    twin_of: str = ""

    @property
    def unit(self) -> str:
        """The id that it shares with its twins."""
        return self.twin_of or self.id


class Shared(NamedTuple):
    """Example id -> split, and what had to be said about it."""

    split_of: dict[str, str]
    notes: list[str]


def share_out(
    candidates: Sequence[Candidate],
    ratios: SplitRatios,
    *,
    seed: int,
    pinned: Mapping[str, str] | None = None,
) -> Shared:
    """Every candidate in exactly one split.

    `pinned` examples keep the split they had in an earlier version; new members of a pinned
    group follow it. The others fill what the ratios still ask for: groups in a seeded order
    within each label, each to the split that lags furthest behind its share (error diffusion,
    so shares hold in every label as well as in total).
    """
    pinned = pinned or {}
    wanted: dict[str, float] = {split: getattr(ratios, split) for split in SPLITS}
    _refuse_too_few(candidates, wanted)
    units, notes = _units(candidates, wanted)
    split_of: dict[str, str] = {}
    free: list[list[Candidate]] = []
    for unit in units:
        fixed = next((pinned[member.id] for member in unit if member.id in pinned), None)
        if fixed is None:
            free.append(unit)
            continue
        split_of.update({member.id: pinned.get(member.id, fixed) for member in unit})
    taken = Counter(split_of.values())
    missing: dict[str, float] = {
        s: max(0.0, share * len(candidates) - taken[s]) for s, share in wanted.items()
    }
    split_of.update(_diffuse(free, missing, seed=seed))
    _fill_empty(split_of, free, wanted)
    return Shared(split_of, notes)


def _refuse_too_few(candidates: Sequence[Candidate], wanted: Mapping[str, float]) -> None:
    asked = [split for split, share in wanted.items() if share > 0]
    units = len({candidate.unit for candidate in candidates})
    if units < len(asked):
        raise InvalidInput(
            f"{units} examples cannot fill the {len(asked)} splits {', '.join(asked)}.",
            hint="review more examples, or set a ratio to 0, as in --test-ratio 0 --train-ratio .9",
        )


def _units(
    candidates: Sequence[Candidate], wanted: Mapping[str, float]
) -> tuple[list[list[Candidate]], list[str]]:
    """What may not be cut: groups, or single examples where there are too few groups."""
    groups: dict[str, list[Candidate]] = defaultdict(list)
    twins: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        twins[candidate.unit].append(candidate)
        key = f"group {candidate.group}" if candidate.group else f"example {candidate.unit}"
        groups[key].append(candidate)
    asked = sum(1 for share in wanted.values() if share > 0)
    if len(groups) < asked:
        note = (
            f"Only {len(groups)} groups for {asked} splits: groups were cut through, "
            "so near-identical context may stand on both sides."
        )
        return list(twins.values()), [note]
    return list(groups.values()), []


def _diffuse(
    units: Sequence[Sequence[Candidate]], missing: Mapping[str, float], *, seed: int
) -> dict[str, str]:
    total = sum(missing.values())
    if total <= 0:
        # Everything that the ratios ask for is there already: new examples train.
        shares: dict[str, float] = {"train": 1.0}
    else:
        shares = {split: count / total for split, count in missing.items() if count > 0}
    by_label: dict[str, list[Sequence[Candidate]]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: unit[0].id):
        label = Counter(member.label for member in unit).most_common(1)[0][0]
        by_label[label].append(unit)
    dice = random.Random(seed)
    given: Counter[str] = Counter()
    seen = 0
    split_of: dict[str, str] = {}
    for label in sorted(by_label):
        order = by_label[label]
        dice.shuffle(order)
        for unit in order:
            seen += len(unit)
            split = max(shares, key=lambda s: (shares[s] * seen - given[s], shares[s]))
            given[split] += len(unit)
            split_of.update({member.id: split for member in unit})
    return split_of


def _fill_empty(
    split_of: dict[str, str],
    free: Sequence[Sequence[Candidate]],
    wanted: Mapping[str, float],
) -> None:
    """Give every wanted split at least one unit, taken from the fullest one."""
    for split in SPLITS:
        if wanted[split] <= 0 or split in split_of.values():
            continue
        counts = Counter(split_of.values())
        donors = [unit for unit in free if counts[split_of[unit[0].id]] > len(unit)]
        if donors:
            unit = min(donors, key=lambda u: (-counts[split_of[u[0].id]], len(u), u[0].id))
            split_of.update({member.id: split for member in unit})
