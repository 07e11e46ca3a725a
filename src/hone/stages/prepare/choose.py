"""Chooses what may stand in a dataset: valid, not twice, and out of every test set's reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel

from hone import shelf


class Entry(NamedTuple):
    """An example as the builder sees it; `line` is its place among the rendered rows."""

    id: str
    version: int
    group: str | None
    label: str
    text: str
    weight: float
    line: int


class KeptOut(NamedTuple):
    """One line of `kept_out.jsonl`: which example, why, and because of which other one."""

    id: str
    reason: str
    because_of: str | None = None
    similarity: float | None = None


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
    that repeats another example as "duplicate" or "near_duplicate". The earlier one stays.
    """
    standing = [entry for entry in entries if entry.id in tested]
    others = [entry for entry in entries if entry.id not in tested]
    gone = [item for id, item in sorted(tested.items()) if id not in {e.id for e in standing}]
    ids = [*(item.id for item in gone), *(e.id for e in standing), *(e.id for e in others)]
    texts = [*(item.text for item in gone), *(e.text for e in standing), *(e.text for e in others)]
    matches = shelf.load("checks", rule.check).run(texts, rule.options)
    groups = {item.group for item in tested.values() if item.group}
    kept_out: dict[str, KeptOut] = {}
    for entry, match in zip(others, matches[len(gone) + len(standing) :], strict=True):
        if entry.group in groups:
            kept_out[entry.id] = KeptOut(entry.id, "quarantine", because_of=entry.group)
        elif match is not None:
            first, similarity = match
            is_tested = first < len(gone) + len(standing)
            reason = "quarantine" if is_tested else _reason(similarity)
            kept_out[entry.id] = KeptOut(entry.id, reason, ids[first], round(similarity, 4))
    kept = [entry for entry in entries if entry.id not in kept_out]
    return Chosen(kept, [kept_out[entry.id] for entry in entries if entry.id in kept_out])


def _reason(similarity: float) -> str:
    return "duplicate" if similarity == 1.0 else "near_duplicate"


def counts(kept_out: Iterable[KeptOut]) -> dict[str, int]:
    """Reason -> number, by name."""
    found: dict[str, int] = {}
    for item in kept_out:
        found[item.reason] = found.get(item.reason, 0) + 1
    return dict(sorted(found.items()))
