"""Review: decide, take back, accept what is left, apply a file of decisions, count.

Every verb answers after the commit; what it says was done survives a kill.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hone import shelf
from hone.errors import InvalidInput, NotFound
from hone.records.review import Decision, Operation, Outcome, Receipt, Verdict
from hone.records.task import Task
from hone.workspace.files import explained
from hone.workspace.open import Workspace
from hone.workspace.problems import problems_of
from hone.workspace.store import Filter

BATCH_DECISIONS = 1000
SHOWN_PROBLEMS = 20
PENDING = ("pending",)


class Statistics(NamedTuple):
    """How far the review of a task is, or of all tasks together."""

    total: int
    pending: int
    by_status: dict[str, int]
    by_reviewer: dict[str, dict[str, int]]

    @property
    def reviewed(self) -> int:
        """Examples that somebody said something about."""
        return self.total - self.pending

    @property
    def sentence(self) -> str:
        """The line that every screen shows."""
        return f"Reviewed {self.reviewed:,} of {self.total:,} ({self.pending:,} pending)"


class Applied(BaseModel):
    """What became of a file of decisions."""

    model_config = ConfigDict(extra="forbid")

    file: str
    read: int = 0
    outcomes: dict[Outcome, int] = Field(
        default_factory=lambda: dict.fromkeys(
            ("applied", "duplicate", "conflict", "missing", "refused"), 0
        )
    )
    problems: list[str] = Field(
        default_factory=list, description="the first of those that were not applied, with line"
    )


class Line(BaseModel):
    """One line of a decisions file."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="the example")
    verdict: Verdict = Field(description="accept, reject, edit, skip, flag, unknown or reset")
    output: Any = Field(default=None, description="edit: the answer; accept: which suggestion")
    note: str | None = Field(default=None, description="why")
    reviewer: str | None = Field(default=None, description="by default who applies the file")
    base_version: int | None = Field(default=None, description="the version that was looked at")
    op_id: str | None = Field(
        default=None, description="by default made from the line, so that a file applies once"
    )


def decide(ws: Workspace, decisions: Sequence[Decision]) -> list[Receipt]:
    """Journals decisions in one transaction; a receipt for each, in order.

    An answer that does not fit the task is refused, as is an accept where nothing was suggested;
    the receipt says why and the other decisions are applied all the same.
    """
    reasons = _unfit(ws, decisions)
    sound = [one for place, one in enumerate(decisions) if place not in reasons]
    receipts = iter(ws.store.journal.decide(sound))
    return [
        Receipt(op_id=one.op_id, outcome="refused", reason=reasons[place])
        if place in reasons
        else next(receipts)
        for place, one in enumerate(decisions)
    ]


def undo(
    ws: Workspace, *, reviewer: str, target: str | None = None, op_id: str | None = None
) -> Receipt:
    """Takes back the named operation, or the reviewer's newest that stands."""
    return ws.store.journal.undo(op_id or new_op_id(), reviewer=reviewer, target=target)


def redo(
    ws: Workspace, *, reviewer: str, target: str | None = None, op_id: str | None = None
) -> Receipt:
    """Repeats the named operation, or what the reviewer's newest undo took back."""
    return ws.store.journal.redo(op_id or new_op_id(), reviewer=reviewer, target=target)


def count_acceptable(ws: Workspace, *, task: str | None = None) -> int:
    """How many pending examples `accept_all` would accept: the number to ask about."""
    return ws.store.journal.count_bulk("accept", Filter(status=PENDING, task=task))


def accept_all(
    ws: Workspace,
    *,
    reviewer: str,
    expected_count: int | None,
    task: str | None = None,
    op_id: str | None = None,
) -> Receipt:
    """Accepts the first suggestion of every pending example, as one operation.

    Where another number than the one that was shown is pending by now, nothing is accepted and
    the receipt is a conflict. Examples without a suggestion stay pending.
    """
    wanted = Filter(status=PENDING, task=task)
    name = op_id or new_op_id()
    return ws.store.journal.bulk(name, "accept", wanted, reviewer, expected_count)


def history(ws: Workspace, example_id: str) -> list[Operation]:
    """What was decided about an example, oldest first."""
    return ws.store.journal.history(example_id)


def statistics(ws: Workspace, *, task: str | None = None) -> Statistics:
    """How far the review is, by status and by reviewer."""
    counters = ws.store.examples.counters(task)
    return Statistics(
        total=sum(counters.values()),
        pending=counters["pending"],
        by_status=counters,
        by_reviewer=ws.store.journal.by_reviewer(task),
    )


def apply_decisions(
    ws: Workspace,
    path: Path | str,
    *,
    reviewer: str,
    on_progress: Callable[[int], None] | None = None,
) -> Applied:
    """Applies a JSON lines file of decisions, one transaction per 1,000.

    A line that is no decision refuses the whole file before anything is applied, and every such
    line is named. The same file again changes nothing: its lines are duplicates.
    """
    place = Path(path)
    _refuse_unreadable(place)
    report = Applied(file=str(place))
    for numbered in _batches(place):
        decisions = [_decision(line, number, reviewer) for number, line in numbered]
        for (number, _), receipt in zip(numbered, decide(ws, decisions), strict=True):
            report.read += 1
            report.outcomes[receipt.outcome] += 1
            is_done = receipt.outcome in ("applied", "duplicate")
            if not is_done and len(report.problems) < SHOWN_PROBLEMS:
                report.problems.append(f"line {number}: {receipt.reason}")
        if on_progress is not None:
            on_progress(report.read)
    return report


def new_op_id() -> str:
    """A name for an operation that nobody else uses."""
    return uuid4().hex


def _unfit(ws: Workspace, decisions: Sequence[Decision]) -> dict[int, str]:
    """Which answers do not fit their task, by place, with the reason."""
    reasons: dict[int, str] = {}
    known: dict[str, Task] = {}
    for place, one in enumerate(decisions):
        if one.verdict not in ("edit", "accept") or one.output is None:
            continue
        try:
            name = ws.store.examples.task_of(one.example_id)
        except NotFound:
            continue  # the journal answers that it is missing
        known = known or ws.tasks()
        if name in known:
            task = known[name]
            problems = shelf.load("tasks", task.kind).output_problems(task, one.output)
            if problems:
                reasons[place] = f"the answer does not fit: {' '.join(problems)}"
    return reasons


def _refuse_unreadable(place: Path) -> None:
    if not place.is_file():
        raise NotFound(f"There is no file {place}.", hint="Check the path.")
    problems: list[str] = []
    count = 0
    for number, text in _lines(place):
        try:
            Line.model_validate(json.loads(text.decode("utf-8")))
        except ValidationError as error:
            found = " ".join(problems_of(error, Line))
        except (ValueError, RecursionError) as error:
            found = f"it is not JSON ({error})."
        else:
            continue
        count += 1
        if len(problems) < SHOWN_PROBLEMS:
            problems.append(f"line {number}: {found}")
    if count:
        raise InvalidInput(
            f"{place} has {count:,} lines that are no decisions; nothing was applied.",
            hint='A line looks like {"id": "…", "verdict": "edit", "output": {"answer": "…"}}',
            problems=problems,
        )


def _batches(place: Path) -> Iterator[list[tuple[int, Line]]]:
    batch: list[tuple[int, Line]] = []
    for number, text in _lines(place):
        batch.append((number, Line.model_validate(json.loads(text.decode("utf-8")))))
        if len(batch) == BATCH_DECISIONS:
            yield batch
            batch = []
    if batch:
        yield batch


def _lines(place: Path) -> Iterator[tuple[int, bytes]]:
    with explained("read", place), place.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text


def _decision(line: Line, number: int, reviewer: str) -> Decision:
    named = json.dumps([number, line.model_dump(), reviewer], sort_keys=True)
    return Decision(
        op_id=line.op_id or f"line-{hashlib.sha256(named.encode()).hexdigest()[:32]}",
        example_id=line.id,
        verdict=line.verdict,
        reviewer=line.reviewer or reviewer,
        base_version=line.base_version,
        output=line.output,
        note=line.note,
    )
