"""Applies a file of decisions: checked whole before the first is applied, and applied once."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hone.errors import InvalidInput, NotFound
from hone.records.review import Decision, Outcome, Verdict
from hone.stages.review.decide import decide
from hone.workspace.files import explained
from hone.workspace.open import Workspace
from hone.workspace.problems import problems_of

BATCH_DECISIONS = 1000
SHOWN_PROBLEMS = 20


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
