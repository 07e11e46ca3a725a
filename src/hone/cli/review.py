"""`hone review`: decide at the terminal, one by one or all; every decision is on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.records.choice import Choice
    from hone.records.example import Example
    from hone.workspace.open import Workspace

app = new_app()

KEYS = (
    "a accept · e edit · r reject · s skip · f flag · k I don't know · "
    "n note · u undo · q quit (everything is saved)"
)
VERDICT_OF_KEY = {
    "a": "accept",
    "r": "reject",
    "s": "skip",
    "f": "flag",
    "k": "unknown",
}


@app.command()
def review(
    filter: Annotated[
        str, typer.Option(help="pending, accepted, edited, rejected, skipped, flagged, unknown.")
    ] = "pending",
    order: Annotated[
        str,
        typer.Option(
            help="file, newest, least_certain or most_valuable: contradicting suggestions first."
        ),
    ] = "file",
    accept_all: Annotated[
        bool, typer.Option("--accept-all", help="Accept every pending suggestion, as one decision.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before --accept-all.")] = False,
    decisions: Annotated[
        Path | None,
        typer.Option(help="Apply a JSONL file of decisions: id, verdict, output.", metavar="FILE"),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take your newest decision back.")] = False,
    redo: Annotated[bool, typer.Option("--redo", help="Repeat what you last took back.")] = False,
    task: Annotated[str | None, typer.Option(help="Only examples of this task.")] = None,
    reviewer: Annotated[
        str | None, typer.Option(help="Who decides; by default HONE_REVIEWER or the login.")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Accept, edit or reject examples, one by one or all.

    Example: hone review --order most_valuable
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import examples
    from hone.stages import review as reviewing

    with loop.open_workspace(workspace) as ws:
        who = reviewer or loop.reviewer_name()
        if decisions is not None:
            with show.progress("Deciding") as step:
                done = reviewing.apply_decisions(ws, decisions, reviewer=who, on_progress=step)
            result: Any = done
        elif accept_all:
            result = _accept_all(ws, who, task, yes=yes)
        elif undo or redo:
            result = (reviewing.undo if undo else reviewing.redo)(ws, reviewer=who)
        else:
            _one_by_one(ws, who, order, examples.Choice(status=[filter], task=task))
            result = None
        _say_result(result, as_json=json)
        if not json:
            show.say(reviewing.statistics(ws, task=task).sentence)


def _say_result(result: Any, *, as_json: bool) -> None:
    from hone.cli import show
    from hone.errors import Conflict

    if as_json:
        show.print_json(result)
    elif result is not None and hasattr(result, "outcomes"):
        counts = ", ".join(f"{count:,} {name}" for name, count in result.outcomes.items() if count)
        show.say(f"{result.read:,} decisions: {counts or 'none'}.")
        for problem in result.problems:
            show.say(f"  - {problem}")
    elif result is not None and result.outcome not in ("applied", "duplicate"):
        raise Conflict(
            f"Nothing was changed: {result.reason or result.outcome}.",
            hint="hone review   (shows what stands now)",
        )


def _accept_all(ws: Workspace, who: str, task: str | None, *, yes: bool) -> Any:
    from hone.errors import HoneError
    from hone.stages import review as reviewing

    count = reviewing.count_acceptable(ws, task=task)
    if not count:
        raise HoneError(
            "Nothing is pending that could be accepted.",
            hint="hone review   (an example without a suggestion needs an answer), or "
            "hone import FILE",
        )
    if not yes and not typer.confirm(f"Accept {count:,} pending examples as {who}?"):
        raise typer.Exit(0)
    return reviewing.accept_all(ws, reviewer=who, expected_count=count, task=task)


def _one_by_one(ws: Workspace, who: str, order: str, choice: Choice) -> None:
    from hone.cli import show
    from hone.stages import examples

    after: str | None = None
    show.say(KEYS)
    while True:
        page = examples.list_examples(ws, choice, order=order, after=after, limit=1)
        if not page.items:
            show.say(f"No more {choice.status[0]} examples.")
            return
        example = page.items[0]
        _show(example)
        note: str | None = None
        while True:
            key = typer.prompt("", prompt_suffix="> ", default="a", show_default=False).lower()[:1]
            if key == "q":
                return
            if key == "n":
                note = typer.prompt("note")
                continue
            if key == "u":
                after = _undo(ws, who, after)
                break
            if _decide(ws, who, (example, key, note)):
                after = page.last
                break


def _undo(ws: Workspace, who: str, after: str | None) -> str | None:
    """Take the newest decision back; the next page starts there, so the example comes again."""
    from hone.cli import show
    from hone.errors import HoneError
    from hone.stages import review as reviewing

    try:
        receipt = reviewing.undo(ws, reviewer=who)
    except HoneError as error:
        show.say(error.message)
        return after
    show.say("Taken back." if receipt.outcome == "applied" else f"Not taken back: {receipt.reason}")
    return None


def _decide(ws: Workspace, who: str, given: tuple[Example, str, str | None]) -> bool:
    """Whether the key was a decision and was journalled."""
    from hone.cli import show
    from hone.records.review import Decision
    from hone.stages import review as reviewing

    example, key, note = given
    output: Any = None
    if key == "e":
        output = _edited(example)
        if output is None:
            return False
    elif key not in VERDICT_OF_KEY:
        show.say(KEYS)
        return False
    (receipt,) = reviewing.decide(
        ws,
        [
            Decision.model_validate(
                {
                    "op_id": reviewing.new_op_id(),
                    "example_id": example.id,
                    "verdict": "edit" if key == "e" else VERDICT_OF_KEY[key],
                    "reviewer": who,
                    "base_version": example.version,
                    "output": output,
                    "note": note,
                }
            )
        ],
    )
    if receipt.outcome != "applied":
        show.say(f"Not applied: {receipt.reason or receipt.outcome}")
    return receipt.outcome == "applied"


def _edited(example: Example) -> Any:
    """The output after an edit; None where nothing usable was written."""
    import json

    from hone.cli import show

    proposal = example.proposal
    if isinstance(proposal, dict) and len(proposal) == 1:
        (field,) = proposal
        if field in ("answer", "reply"):
            text = edit_text(str(proposal[field]), ".txt")
            return {field: text.strip()} if text.strip() else None
    text = edit_text(json.dumps(proposal, ensure_ascii=False, indent=1), ".json")
    try:
        return json.loads(text)
    except ValueError as error:
        show.say(f"Not JSON: {error}")
        return None


def edit_text(text: str, suffix: str) -> str:
    """The text after the user's editor closed; without an editor one line is asked for."""
    import subprocess
    import tempfile

    from hone.settings import editor_command

    editor = editor_command()
    if editor is None:
        return typer.prompt("new answer", default=text)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"answer{suffix}"
        file.write_text(text + "\n", encoding="utf-8")
        subprocess.run([*editor, str(file)], check=False)
        return file.read_text(encoding="utf-8")


def _show(example: Example) -> None:
    import json

    from hone.cli import show

    show.say("")
    where = example.origin.file or ""
    show.say(f"── {example.position} · {example.id} · {example.status} · {where}")
    for name, value in example.input.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        show.say(f"{name}: {text}")
    proposal = example.proposal
    show.say(f"→ {json.dumps(proposal, ensure_ascii=False) if proposal is not None else '(none)'}")
    if example.note:
        show.say(f"note: {example.note}")
