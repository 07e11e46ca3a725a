"""Resolves a flag: what a person says of it becomes a review, with where it came from."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import uuid4

from hone import shelf
from hone.errors import Conflict, InvalidInput, NotFound
from hone.records.example import Example, Origin, Suggestion
from hone.records.flag import FLAG_VERDICTS, Flag, FlagVerdict, Resolution
from hone.records.identity import fingerprint_of
from hone.records.review import Decision, Receipt, Verdict
from hone.records.task import Task
from hone.stages.flags.answers import is_of_split
from hone.stages.flags.find import find_flags, with_state
from hone.stages.flags.look import Opened, open_flag
from hone.workspace.open import Workspace
from hone.workspace.store import new_example
from hone.workspace.store.flags import Said


class Saying(NamedTuple):
    """What a person says of a flag; `output` is the right answer of an edit."""

    verdict: FlagVerdict
    reviewer: str
    output: Any = None
    note: str = ""
    op_id: str = ""
    base_version: int | None = None


class Resolved(NamedTuple):
    """The receipt of what was said, and the flag as it stands now."""

    receipt: Receipt
    resolution: Resolution | None
    flag: Flag


def read_output(task: Task, text: str) -> Any:
    """The answer that a person wrote, as the task has it; InvalidInput where it is none."""
    kind = shelf.load("tasks", task.kind)
    output = kind.parse(task, text)
    if output is None:
        raise InvalidInput(
            f"This cannot be read as an answer of the task {task.name}: {text.strip()[:80]!r}",
            hint="Write it as a model must: hone flags next shows the expected answer.",
        )
    return output


def next_flag(ws: Workspace, model: str | None = None, *, task: str | None = None) -> Opened | None:
    """The flag to look at next, opened; None where the queue is empty."""
    found = find_flags(ws, model, task=task)
    return open_flag(ws, found.flags[0]) if found.flags else None


def resolve(ws: Workspace, flag: Flag, saying: Saying) -> Resolved:
    """Keeps what was said and the review that it makes, in one transaction.

    Confirm, edit and "the reference is wrong" leave a reviewed example that may train; reject a
    rejected one. InvalidInput where an answer does not fit the task, or the example stands in a
    test set; Conflict where somebody decided meanwhile.
    """
    if saying.verdict not in FLAG_VERDICTS:
        raise InvalidInput(
            f'"{saying.verdict}" says nothing of a flag.',
            hint=f"Known: {', '.join(FLAG_VERDICTS)}.",
        )
    if flag.is_tested:
        raise InvalidInput(
            f"{flag.id} stands in a test or val split: correcting it would teach the test.",
            hint=f"hone flags promote {flag.id} --note WHY   (it leaves that split for ever)",
        )
    task = ws.task(flag.task)
    op_id = saying.op_id or uuid4().hex
    verdict, output = _meant(task, flag, saying)
    example = _example(ws, task, flag)
    if verdict == "confirm":
        _refuse_changed(task, flag, example)
    said = Said(
        op_id=op_id,
        example_id=flag.id,
        reviewer=saying.reviewer,
        verdict=verdict,
        evaluation=flag.evaluation,
        model=flag.model,
        answer=flag.got,
        reference=flag.expected,
        score=flag.score,
        note=saying.note,
    )
    kept = ws.store.flags.resolve(said, _decision(said, saying, output))
    if kept.resolution is None:
        raise Conflict(
            f"Nothing was kept: {kept.receipt.reason or kept.receipt.outcome}.",
            hint=f"Look again: hone flags next, or hone examples show {flag.id}",
        )
    standing = ws.store.flags.standing([flag.id]).get(flag.id, [])
    untouched = flag.model_copy(update={"state": "open", "resolution": None})
    return Resolved(kept.receipt, kept.resolution, with_state(untouched, standing))


def _meant(task: Task, flag: Flag, saying: Saying) -> tuple[FlagVerdict, Any]:
    """The verdict, and the answer that it gives the example."""
    kind = shelf.load("tasks", task.kind)
    if saying.verdict == "reference_wrong":
        output = kind.parse(task, flag.got)
        problems: list[str] = ["it cannot be read as one of the task."]
        if output is not None:
            problems = kind.output_problems(task, output)
        if problems:
            raise InvalidInput(
                f"The model's answer cannot become the expected one: {problems[0]}",
                hint="Write the right answer: hone flags resolve ID --verdict edit --output …",
            )
        return "reference_wrong", output
    if saying.verdict != "edit":
        return saying.verdict, None
    if saying.output is None:
        raise InvalidInput(
            "An edit needs the right answer.", hint="hone flags resolve ID --output ANSWER"
        )
    problems = kind.output_problems(task, saying.output)
    if problems:
        raise InvalidInput(
            f"The answer does not fit: {' '.join(problems)}",
            hint=f"The task {task.name} says what an answer is made of.",
            problems=problems,
        )
    is_same = kind.answer_text(task, saying.output) == flag.expected
    return ("confirm", None) if is_same else ("edit", saying.output)


def _decision(said: Said, saying: Saying, output: Any) -> Decision | None:
    verdicts: dict[FlagVerdict, Verdict] = {
        "edit": "edit",
        "reference_wrong": "edit",
        "confirm": "accept",
        "reject": "reject",
    }
    verdict = verdicts.get(said.verdict)
    if verdict is None:
        return None
    return Decision(
        op_id=f"flag-{said.op_id}",
        example_id=said.example_id,
        verdict=verdict,
        reviewer=said.reviewer,
        base_version=saying.base_version,
        output=output,
        note=saying.note or None,
    )


def _refuse_changed(task: Task, flag: Flag, example: Example) -> None:
    """What a person confirms is the answer that they were shown."""
    kind = shelf.load("tasks", task.kind)
    output = example.proposal
    if output is None or kind.output_problems(task, output):
        return
    if kind.answer_text(task, output) != flag.expected:
        raise Conflict(
            f"The expected answer of {flag.id} was changed after {flag.model} was asked.",
            hint=f"hone examples show {flag.id}; then edit it, or evaluate again",
        )


def _example(ws: Workspace, task: Task, flag: Flag) -> Example:
    """The example in the store; a row of a file is taken in first, with where it stood."""
    try:
        return ws.store.examples.get(flag.id)
    except NotFound:
        if is_of_split(flag.on):
            raise
    kind = shelf.load("tasks", task.kind)
    output = kind.parse(task, flag.expected)
    file, _, row = flag.on.rpartition(":")
    made = Example.model_validate(
        {
            "id": flag.id,
            "task": task.name,
            "input": flag.input,
            "suggestions": [Suggestion(agent="import", output=output)],
            "context": flag.context,
            "origin": Origin(file=file, row=int(row) if row.isdecimal() else None),
            "fingerprint": fingerprint_of(flag.input, output),
        }
    )
    search: str = kind.search_text(task, flag.input, output)
    # Not taken where somebody resolved the same flag at this moment: then it is there already.
    ws.store.examples.add_many([new_example(made, search=search)])
    return ws.store.examples.get(flag.id)
