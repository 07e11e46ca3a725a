"""Saves a review session to one readable file, and takes it up again, here or elsewhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from hone import shelf
from hone.errors import NotFound
from hone.importers._cells import time_in
from hone.importers._rows import RawRow, Refusal, RowUnfit
from hone.records.example import Example
from hone.records.identity import example_id, fingerprint_of
from hone.records.review import Decision, Verdict
from hone.records.task import Task
from hone.workspace import clock
from hone.workspace.files import writing_aside
from hone.workspace.open import Workspace
from hone.workspace.store.examples import NewExample
from hone.workspace.store.filters import Filter
from hone.workspace.store.json_text import to_text, to_text_or_null

AGENT = "import"
BATCH_ITEMS = 500
OUR_ID = re.compile(r"[0-9a-f]{32}")
VERDICT_OF: dict[str, Verdict] = {
    "accepted": "accept",
    "edited": "edit",
    "rejected": "reject",
    "skipped": "skip",
    "flagged": "flag",
    "unknown": "unknown",
}


class SessionReport(BaseModel):
    """What loading or saving a session did."""

    model_config = ConfigDict(extra="forbid")

    file: str
    task: str
    position: int = Field(default=0, description="how many items stood before the one under review")
    current: str | None = Field(default=None, description="loaded: the example under review")
    items: int = 0
    taken: int = Field(default=0, description="loaded: examples that were new here")
    duplicate: int = Field(default=0, description="loaded: examples that were here already")
    decided: int = Field(default=0, description="loaded: decisions that changed something here")
    refused: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)


def save_session(
    ws: Workspace,
    path: Path | str,
    *,
    task: str | None = None,
    position: int = 0,
    current: str | None = None,
) -> SessionReport:
    """Write every example of a task with its state to `path`; complete, readable, never half.

    `current` names the example under review; without it `position` says where it stands.
    """
    place, chosen = Path(path), ws.task(task)
    if current is not None:
        # Somebody may stand on a blind repeat: it is no example, and must not show that it is none.
        current = ws.store.repeats.anchor_of(current) or current
        last = ws.store.examples.get(current).position - 1
        position = ws.store.examples.count(Filter(task=chosen.name, last=last))
    head: dict[str, Any] = {
        "hone": 1,
        "kind": "session",
        "task": chosen.name,
        "position": position,
        "saved_at": clock.as_text(clock.now()),
    }
    count = 0
    with writing_aside(place) as stream:
        stream.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "items": [')
        for count, example in enumerate(ws.store.examples.iterate(Filter(task=chosen.name)), 1):
            stream.write(",\n " if count > 1 else "\n ")
            stream.write(to_text(_item(chosen, example)))
        stream.write("\n]}\n")
    return SessionReport(file=str(place), task=chosen.name, position=position, items=count)


def _item(task: Task, example: Example) -> dict[str, Any]:
    original = example.suggestions[0].output if example.suggestions else None
    item: dict[str, Any] = {"id": example.id}
    if task.kind == "qa":
        item["question"] = example.input.get("question")
        item["answer"] = _answer(example.proposal)
        item["original_answer"] = _answer(original)
    else:
        item |= {"input": example.input, "output": example.proposal, "original_output": original}
    item |= {"status": example.status, "notes": example.note}
    item["origin"] = example.origin.model_dump(exclude_none=True)
    around = {
        "context": [passage.model_dump() for passage in example.context],
        "tags": example.tags,
        "group": example.group,
        "occurred_at": clock.as_text(example.occurred_at) if example.occurred_at else None,
    }
    return item | {name: value for name, value in around.items() if value}


def _answer(output: Any) -> Any:
    return cast("dict[str, Any]", output).get("answer") if isinstance(output, dict) else None


def load_session(
    ws: Workspace, path: Path | str, *, task: str | None = None, reviewer: str
) -> SessionReport:
    """Take a session up: its examples are added, its decisions journalled where they differ.

    Loading the same file twice changes nothing the second time.
    """
    place = Path(path)
    module = shelf.load("importers", "session")
    head = module.header(place)
    chosen = ws.task(task or _named_task(ws, head))
    report = SessionReport(
        file=str(place), task=chosen.name, position=_position(head.get("position"))
    )
    loading = _Loading(ws, chosen, reviewer, str(head.get("saved_at")), report)
    items: list[RawRow] = []
    seen = 0
    for item in module.run(place, module.Options()):
        if isinstance(item, RawRow):
            items.append(item)
            if seen == report.position:
                loading.current = item
            seen += 1
        elif isinstance(item, Refusal):
            loading.refuse(item.reason)
            seen += 1
        if len(items) >= BATCH_ITEMS:
            loading.take(items)
            items = []
    loading.take(items)
    report.reasons = dict(loading.reasons.most_common(10))
    return report


def _position(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _named_task(ws: Workspace, head: dict[str, Any]) -> str | None:
    """The session's own task where the workspace has it, otherwise the default task."""
    name = head.get("task")
    return name if isinstance(name, str) and name in ws.tasks() else None


class _Loading:
    """One session on its way into a workspace."""

    def __init__(
        self, ws: Workspace, task: Task, reviewer: str, saved_at: str, report: SessionReport
    ) -> None:
        self.ws, self.task, self.reviewer = ws, task, reviewer
        self.saved_at, self.report = saved_at, report
        self.reasons: Counter[str] = Counter()
        self.tasks = shelf.load("tasks", task.kind)
        self.current: RawRow | None = None

    def refuse(self, reason: str) -> None:
        """Count an item that was not taken."""
        self.report.items += 1
        self.report.refused += 1
        self.reasons[reason] += 1

    def take(self, items: list[RawRow]) -> None:
        """Add a batch of items, then journal what was decided on them."""
        rows: list[NewExample] = []
        decisions: list[Decision] = []
        for item in items:
            try:
                row, decision = self._read(item)
            except RowUnfit as unfit:
                self.refuse(unfit.reason)
                continue
            rows.append(row)
            if item is self.current:
                self.report.current = row.id
            if decision is not None:
                decisions.append(decision)
        added = self.ws.store.examples.add_many(rows)
        self.report.items += len(rows)
        self.report.taken += added.taken
        self.report.duplicate += added.duplicate
        wanted = [decision for decision in decisions if self._differs(decision)]
        receipts = self.ws.store.journal.decide(wanted)
        self.report.decided += sum(receipt.outcome == "applied" for receipt in receipts)

    def _read(self, item: RawRow) -> tuple[NewExample, Decision | None]:
        fields = item.fields
        question, output, original = _contents(self.task, fields)
        problems = self.tasks.input_problems(self.task, question)
        if original is not None:
            problems += self.tasks.output_problems(self.task, original)
        if fields["status"] in ("accepted", "edited"):
            problems += self.tasks.output_problems(self.task, output)
        if problems:
            raise RowUnfit(" ".join(problems))
        context: list[Any] = list(fields.get("context") or ())
        row_id = self._id(fields.get("id"), question, original, context)
        origin = cast("dict[str, Any]", fields.get("origin") or {})
        moment = time_in(fields.get("occurred_at"))
        row = NewExample(
            id=row_id,
            task=self.task.name,
            input=to_text(question),
            fingerprint=fingerprint_of(question, original),
            search=self.tasks.search_text(self.task, question, original),
            proposal=None if original is None else to_text(original),
            proposal_agent=None if original is None else AGENT,
            context=to_text_or_null(context),
            origin=to_text_or_null(origin),
            file=str(origin["file"]) if origin.get("file") else None,
            tags=to_text_or_null([str(tag) for tag in fields.get("tags") or ()]),
            occurred_at=None if moment is None else clock.as_text(moment),
            group_key=fields.get("group"),
        )
        return row, self._decision(row_id, fields, output)

    def _id(self, named: Any, question: Any, original: Any, context: list[Any]) -> str:
        """The id of the file where it is one of ours, so that a moved example stays the same."""
        computed = example_id(self.task.name, question, original, context)
        if named == computed or not (isinstance(named, str) and OUR_ID.fullmatch(named)):
            return computed
        try:
            known = self.ws.store.examples.get(named)
        except NotFound:
            return named
        if known.input != question:
            raise RowUnfit("its id belongs to another example of this workspace")
        return named

    def _decision(self, row_id: str, fields: dict[str, Any], output: Any) -> Decision | None:
        verdict = VERDICT_OF.get(fields["status"])
        if verdict is None:
            return None
        note = str(fields.get("notes") or "")
        has_output = fields["status"] in ("accepted", "edited")
        # Named by its contents: the same file loaded again sends the same operation again.
        named = fingerprint_of([row_id, verdict, self.saved_at, note], to_text(output))
        return Decision(
            op_id=f"session-{named}",
            example_id=row_id,
            verdict=verdict,
            base_version=None,
            reviewer=self.reviewer,
            output=output if has_output else None,
            note=note or None,
        )

    def _differs(self, decision: Decision) -> bool:
        known = self.ws.store.examples.get(decision.example_id)
        if VERDICT_OF.get(known.status) != decision.verdict:
            return True
        if known.note != (decision.note or ""):
            return True
        return decision.output is not None and known.output != decision.output


def _contents(task: Task, fields: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
    """Input, output as decided, and the original proposal of an item."""
    if task.kind == "qa" and "question" in fields:
        answers = [fields.get("answer"), fields.get("original_answer")]
        output, original = ({"answer": a} if a not in (None, "") else None for a in answers)
        return {"question": fields["question"]}, output, original
    if not isinstance(fields.get("input"), dict):
        raise RowUnfit(f"it asks a question, and the task {task.name} is of the kind {task.kind}")
    return fields["input"], fields.get("output"), fields.get("original_output")
