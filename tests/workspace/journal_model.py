"""The journal as a few dictionaries: what the real one must agree with, written independently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

STATUS = {
    "reject": "rejected",
    "edit": "edited",
    "skip": "skipped",
    "flag": "flagged",
    "unknown": "unknown",
    "reset": "pending",
}


@dataclass(frozen=True)
class Stand:
    """Where an example stands after one operation."""

    status: str = "pending"
    output: Any = None
    is_own_text: bool = False
    note: str = ""
    reviewer: str | None = None


@dataclass
class Kept:
    """One example: what was proposed, and what each operation made of it, by number."""

    proposal: Any
    second: Any = None
    version: int = 1
    stands: dict[int, Stand] = field(default_factory=dict)


@dataclass
class Entry:
    """One operation of the journal."""

    number: int
    op_id: str
    kind: str
    reviewer: str
    members: list[str]
    verdict: str = ""
    target: int | None = None


class JournalModel:
    """Decides, undoes and repeats by the rule in one sentence: the newest that stands counts."""

    def __init__(self, proposals: dict[str, tuple[Any, Any]]) -> None:
        self.examples = {name: Kept(first, second) for name, (first, second) in proposals.items()}
        self.entries: list[Entry] = []
        self.undone: dict[int, int] = {}

    def stand(self, name: str) -> Stand:
        """Where an example stands."""
        stands = self.examples[name].stands
        live = [number for number in stands if number not in self.undone]
        return stands[max(live)] if live else Stand()

    def decide(self, op_id: str, name: str, verdict: str, reviewer: str, **asked: Any) -> str:
        """One decision; the outcome."""
        earlier = self.by_op_id(op_id)
        if earlier is not None:
            verdicts = ("accept", "edit") if verdict == "accept" else (verdict,)
            is_same = (earlier.kind, earlier.members) == ("decide", [name])
            return "duplicate" if is_same and earlier.verdict in verdicts else "refused"
        if name not in self.examples:
            return "missing"
        example, before = self.examples[name], self.stand(name)
        base = asked.get("base_version")
        if base is not None and base != example.version:
            return "conflict"
        after = self._after(example, before, verdict, asked.get("output"))
        if after is None:
            return "refused"
        if verdict == "accept" and asked.get("output") is not None and after[2]:
            verdict = "edit"
        note = before.note if asked.get("note") is None else asked["note"]
        number = self._enter(Entry(0, op_id, "decide", reviewer, [name], verdict))
        example.stands[number] = Stand(*after, note, reviewer)
        example.version += 1
        return "applied"

    def bulk(
        self, op_id: str, verdict: str, members: list[str], reviewer: str, note: str | None = None
    ) -> str:
        """One verdict about these examples; the outcome."""
        earlier = self.by_op_id(op_id)
        if earlier is not None:
            is_same = (earlier.kind, earlier.verdict) == ("bulk", verdict)
            return "duplicate" if is_same else "refused"
        if not members:
            return "missing"
        number = self._enter(Entry(0, op_id, "bulk", reviewer, members, verdict))
        for name in members:
            example, before = self.examples[name], self.stand(name)
            after = self._after(example, before, verdict, None)
            assert after is not None
            said = before.note if note is None else note
            example.stands[number] = Stand(*after, said, reviewer)
            example.version += 1
        return "applied"

    def touched_since(self, number: int) -> set[str]:
        """What any operation after this one moved, or put back."""
        touched: set[str] = set()
        for one in self.entries[number:]:
            touched.update(one.members)
            if one.target is not None:
                touched.update(self.entries[one.target - 1].members)
        return touched

    def undo(self, op_id: str, reviewer: str, target: str | None) -> str:
        """Takes an operation back; the outcome."""
        earlier = self.by_op_id(op_id)
        if earlier is not None:
            return "duplicate" if earlier.kind == "undo" else "refused"
        if target is None:
            mine = [
                one
                for one in self.entries
                if one.reviewer == reviewer
                and one.kind in ("decide", "bulk")
                and one.number not in self.undone
            ]
            found = mine[-1] if mine else None
        else:
            found = self.by_op_id(target)
        if found is None:
            return "missing"
        if found.kind not in ("decide", "bulk"):
            return "refused"
        if found.number in self.undone:
            return "conflict"
        before = {name: self.stand(name) for name in found.members}
        tops = {name: self._top(name) for name in found.members}
        self.undone[found.number] = self._enter(
            Entry(0, op_id, "undo", reviewer, [], target=found.number)
        )
        self._rise(before, tops)
        return "applied"

    def redo(self, op_id: str, reviewer: str, target: str | None) -> str:
        """Repeats an operation; the outcome."""
        earlier = self.by_op_id(op_id)
        if earlier is not None:
            return "duplicate" if earlier.kind == "redo" else "refused"
        found = self._to_repeat(reviewer) if target is None else self.by_op_id(target)
        if found is not None and found.target is not None:
            found = self.entries[found.target - 1]
        if found is None:
            return "missing"
        if found.number not in self.undone:
            return "conflict"
        before = {name: self.stand(name) for name in found.members}
        tops = {name: self._top(name) for name in found.members}
        del self.undone[found.number]
        self._enter(Entry(0, op_id, "redo", reviewer, [], target=found.number))
        self._rise(before, tops)
        return "applied"

    def fitting(self, verdict: str, fits: Callable[[str, Stand], bool]) -> list[str]:
        """Which examples a bulk operation is about."""
        return [
            name
            for name, one in self.examples.items()
            if fits(name, self.stand(name))
            and (
                verdict != "accept"
                or one.proposal is not None
                or self.stand(name).output is not None
            )
        ]

    def by_op_id(self, op_id: str) -> Entry | None:
        """The operation of this name."""
        return next((one for one in self.entries if one.op_id == op_id), None)

    def _to_repeat(self, reviewer: str) -> Entry | None:
        by = [
            (undo, number)
            for number, undo in self.undone.items()
            if self.entries[undo - 1].reviewer == reviewer
        ]
        if not by:
            return None
        undo, number = max(by)
        has_decided_since = any(
            one.number > undo and one.reviewer == reviewer and one.kind in ("decide", "bulk")
            for one in self.entries
        )
        return None if has_decided_since else self.entries[number - 1]

    def _after(
        self, example: Kept, before: Stand, verdict: str, output: Any
    ) -> tuple[str, Any, bool] | None:
        if verdict == "edit":
            is_blank = output is None or not str(output.get("answer", "")).strip()
            return None if is_blank else ("edited", output, True)
        if verdict != "accept":
            is_cleared = verdict in ("reject", "reset")
            kept = (None, False) if is_cleared else (before.output, before.is_own_text)
            return (STATUS[verdict], *kept)
        if output is not None:
            if output in (example.proposal, example.second):
                return ("accepted", output, False)
            return self._after(example, before, "edit", output)
        if before.output is not None:
            status = "edited" if before.is_own_text else "accepted"
            return (status, before.output, before.is_own_text)
        return None if example.proposal is None else ("accepted", example.proposal, False)

    def _enter(self, entry: Entry) -> int:
        entry.number = len(self.entries) + 1
        self.entries.append(entry)
        return entry.number

    def _top(self, name: str) -> int:
        live = [number for number in self.examples[name].stands if number not in self.undone]
        return max(live, default=0)

    def _rise(self, before: dict[str, Stand], tops: dict[str, int]) -> None:
        for name in before:
            if self._top(name) != tops[name]:
                self.examples[name].version += 1
