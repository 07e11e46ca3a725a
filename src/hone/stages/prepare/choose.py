"""Chooses what may stand in a dataset: valid, not twice, and out of every test set's reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel

from hone import shelf


class Entry(NamedTuple):
    """An example as the builder sees it.

    `line` is the place of its first row among the rendered ones, `rows` their number. Where a
    format keeps twins, `said` is the hash of what the rows say, and `twin_of` names the earlier
    example with which they must share a split. `replayed_from` names an older version.
    """

    id: str
    version: int
    group: str | None
    label: str
    text: str
    weight: float
    line: int
    rows: int = 1
    said: str = ""
    twin_of: str = ""
    replayed_from: str = ""


class KeptOut(NamedTuple):
    """One line of `kept_out.jsonl`: which example, why, and because of which other one.

    Where a single pair of an example was refused, the example may stand in the dataset too.
    """

    id: str
    reason: str
    because_of: str | None = None
    similarity: float | None = None
    detail: str = ""


class Tested(NamedTuple):
    """An example that is or was in a val or test split of any dataset."""

    id: str
    split: str
    group: str | None
    text: str


class Chosen(NamedTuple):
    """What stays, in the order of import, and what does not."""

    entries: list[Entry]
    kept_out: list[KeptOut]


class Rule(NamedTuple):
    """How likeness is judged: a choice of the checks shelf with its options."""

    check: str
    options: BaseModel


def choose(entries: Sequence[Entry], tested: Mapping[str, Tested], rule: Rule) -> Chosen:
    """Drop repetitions, and whatever touches a val or test split without belonging to it.

    Tested examples that still qualify stay (the splitter returns them to their split). An
    example that repeats a tested one, or shares its group, is kept out as "quarantine"; one
    that repeats another example as "duplicate" or "near_duplicate". The earlier one stays. Twins
    that say something else of the same question stay beside it.
    """
    standing = [entry for entry in entries if entry.id in tested]
    others = [entry for entry in entries if entry.id not in tested]
    gone = [item for id, item in sorted(tested.items()) if id not in {e.id for e in standing}]
    ids = [*(item.id for item in gone), *(e.id for e in standing), *(e.id for e in others)]
    texts = [*(item.text for item in gone), *(e.text for e in standing), *(e.text for e in others)]
    check = shelf.load("checks", rule.check)
    untested = len(gone) + len(standing)
    # Every tested text counts, also one that repeats another tested one.
    matches: list[tuple[int, float] | None] = check.run(texts, rule.options, references=untested)
    groups = {item.group for item in tested.values() if item.group}
    kept_out: dict[str, KeptOut] = {}
    twins = _Twins()
    for entry, match in zip(others, matches[untested:], strict=True):
        if entry.group in groups:
            kept_out[entry.id] = KeptOut(entry.id, "quarantine", because_of=entry.group)
        elif match is not None:
            first, similarity = match
            is_tested = first < untested
            is_by_kept = not is_tested and ids[first] not in kept_out
            if is_by_kept and twins.join(others[first - untested], entry):
                continue
            reason = "quarantine" if is_tested else _reason(similarity)
            kept_out[entry.id] = KeptOut(entry.id, reason, ids[first], round(similarity, 4))
    kept = [twins.joined.get(entry.id, entry) for entry in entries if entry.id not in kept_out]
    return Chosen(kept, [kept_out[entry.id] for entry in entries if entry.id in kept_out])


class _Twins:
    """Examples that ask the same and say something else: all of them stay, in one split."""

    def __init__(self) -> None:
        self.joined: dict[str, Entry] = {}
        self._said: dict[str, set[str]] = {}

    def join(self, first: Entry, entry: Entry) -> bool:
        """Whether `entry` may stay beside `first`; two different groups cannot be joined."""
        if not entry.said or entry.group not in (None, first.group):
            return False
        said = self._said.setdefault(first.id, {first.said})
        if entry.said in said:
            return False
        said.add(entry.said)
        self.joined[entry.id] = entry._replace(group=first.group, twin_of=first.id)
        return True


def _reason(similarity: float) -> str:
    return "duplicate" if similarity == 1.0 else "near_duplicate"


def counts(kept_out: Iterable[KeptOut]) -> dict[str, int]:
    """Reason -> number, by name."""
    found: dict[str, int] = {}
    for item in kept_out:
        found[item.reason] = found.get(item.reason, 0) + 1
    return dict(sorted(found.items()))
