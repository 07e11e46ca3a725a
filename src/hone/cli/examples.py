"""`hone examples`: list, show, stats, search, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.records.example import Example
    from hone.stages.examples import Listed

app = new_app()

StatusOption = Annotated[
    list[str] | None,
    typer.Option(help="pending, accepted, edited, rejected, skipped, flagged or unknown."),
]
TaskOption = Annotated[str | None, typer.Option(help="Only examples of this task.")]
TagOption = Annotated[list[str] | None, typer.Option(help="Only examples with this tag.")]
FileOption = Annotated[list[str] | None, typer.Option(help="Only examples of this file.")]
TextOption = Annotated[str | None, typer.Option(help="Only examples with all these words.")]
ReviewerOption = Annotated[
    str | None, typer.Option(help="Only what this person decided, where it still stands.")
]
SinceOption = Annotated[
    str | None, typer.Option(help="Only what was decided then or later.", metavar="DATE")
]
UntilOption = Annotated[
    str | None, typer.Option(help="Only what was decided then or before.", metavar="DATE")
]
MinScoreOption = Annotated[float | None, typer.Option(help="Lowest score of the first suggestion.")]
MaxScoreOption = Annotated[
    float | None, typer.Option(help="Highest score of the first suggestion.")
]
OrderOption = Annotated[str, typer.Option(help="file, newest, least_certain or most_valuable.")]
AfterOption = Annotated[
    str | None,
    typer.Option(help="Begin behind this place, as the page before names it.", metavar="PLACE"),
]
LimitOption = Annotated[int, typer.Option(help="How many, up to 200.")]


@app.command("list")
def list_(
    status: StatusOption = None,
    task: TaskOption = None,
    tag: TagOption = None,
    file: FileOption = None,
    text: TextOption = None,
    reviewer: ReviewerOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    min_score: MinScoreOption = None,
    max_score: MaxScoreOption = None,
    order: OrderOption = "file",
    after: AfterOption = None,
    limit: LimitOption = 20,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """List examples, page by page.

    Example: hone examples list --status pending --order least_certain --limit 50
    """
    from hone import loop
    from hone.stages import examples

    choice = examples.chosen(
        {"status": status, "task": task, "tags": tag, "files": file, "text": text}
        | {"reviewer": reviewer, "since": since, "until": until}
        | {"min_score": min_score, "max_score": max_score}
    )
    with loop.open_workspace(workspace) as ws:
        found = examples.list_examples(ws, choice, order=order, after=after, limit=limit)
    _show_page(found, as_json=json)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="Words that must all occur.")],
    after: AfterOption = None,
    limit: LimitOption = 20,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Find examples by words; the last word may be unfinished.

    Example: hone examples search effectual call
    """
    from hone import loop
    from hone.stages import examples

    choice = examples.Choice(text=" ".join(words))
    with loop.open_workspace(workspace) as ws:
        found = examples.list_examples(ws, choice, after=after, limit=limit)
    _show_page(found, as_json=json)


@app.command()
def show(
    example: Annotated[str, typer.Argument(help="An id, or a position in the list.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Show one example with its history.

    Example: hone examples show 17
    """
    from hone import loop
    from hone.cli import show as screen
    from hone.stages import examples

    with loop.open_workspace(workspace) as ws:
        found, history = examples.show_example(ws, example)
    if json:
        screen.print_json({"example": found, "history": history})
        return
    screen.say(f"{found.id}  position {found.position}  {found.status}  task {found.task}")
    for name, value in found.input.items():
        screen.say(f"{name}: {value}")
    screen.say(f"output: {found.output}" if found.output is not None else "output: none yet")
    for suggestion in found.suggestions:
        score = "" if suggestion.score is None else f" ({suggestion.score:g})"
        screen.say(f"suggested by {suggestion.agent}{score}: {suggestion.output}")
    for passage in found.context:
        screen.say(f"passage {passage.source or ''}: {passage.text[:200]}")
    screen.say(f"from: {found.origin.model_dump(exclude_none=True)}")
    if found.tags:
        screen.say(f"tags: {', '.join(found.tags)}")
    for step in history:
        screen.say(f"{step.at:%Y-%m-%d %H:%M} {step.reviewer}: {step.verdict or step.kind}")


@app.command()
def stats(
    task: TaskOption = None, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Count examples by status, tag and file.

    Example: hone examples stats
    """
    from hone import loop
    from hone.cli import show as screen
    from hone.stages import examples

    with loop.open_workspace(workspace) as ws:
        counted = examples.count_examples(ws, examples.Choice(task=task))
    if json:
        screen.print_json(counted)
        return
    screen.say(f"{counted.total:,} examples")
    groups = {
        "status": counted.by_status,
        "task": counted.by_task,
        "file": counted.by_file,
        "tag": counted.by_tag,
    }
    rows = [(what, name, count) for what, found in groups.items() for name, count in found.items()]
    screen.table(("by", "name", "examples"), rows)


@app.command()
def audited(
    by: Annotated[
        list[str] | None,
        typer.Option(help="A field to add up by; by default location and subcategory."),
    ] = None,
    task: TaskOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Add up what was audited: messages, items and pounds, and whether there are enough to train.

    Example: hone examples audited --by location
    """
    from hone import loop
    from hone.cli import show as screen
    from hone.stages.audited import audited as add_up

    with loop.open_workspace(workspace) as ws:
        found = add_up(ws, task, by=by or ())
    if json:
        screen.print_json(found)
        return
    weight = found.weight
    screen.say(f"{found.audited:,} of {found.total:,} messages audited: {weight.items:,} items, "
               f"{weight.pounds:,.1f} pounds")  # fmt: skip
    if weight.unknown:
        screen.say(f"{weight.unknown:,} items have no known weight and are not in these pounds.")
    for field, values in found.by.items():
        rows = [
            # What nobody knows the weight of weighs not 0 pounds.
            (
                name,
                one.items,
                "–" if 0 < one.unknown == one.items else f"{one.pounds:,.1f}",
                one.unknown,
            )
            for name, one in values.items()
        ]
        screen.table((field, "items", "pounds", "weight unknown"), rows)
    screen.say(found.readiness)


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="The JSONL file to write.")],
    layout: Annotated[str, typer.Option(help="hone, alpaca, sharegpt or messages.")] = "hone",
    status: StatusOption = None,
    task: TaskOption = None,
    tag: TagOption = None,
    file: FileOption = None,
    text: TextOption = None,
    reviewer: ReviewerOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    min_score: MinScoreOption = None,
    max_score: MaxScoreOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write examples to a JSONL file.

    Example: hone examples export accepted.jsonl --status accepted --status edited --layout alpaca
    """
    from hone import loop
    from hone.cli import show as screen
    from hone.stages import examples

    choice = examples.chosen(
        {"status": status, "task": task, "tags": tag, "files": file, "text": text}
        | {"reviewer": reviewer, "since": since, "until": until}
        | {"min_score": min_score, "max_score": max_score}
    )
    with loop.open_workspace(workspace) as ws:
        count = examples.export_examples(ws, path, choice, layout=layout)
    if json:
        screen.print_json({"file": str(path), "examples": count, "layout": layout})
    else:
        screen.say(f"Wrote {count:,} examples to {path}.")


def _show_page(found: Listed, *, as_json: bool) -> None:
    from hone.cli import show as screen

    if as_json:
        screen.print_json(
            {"items": found.items, "counters": found.counters, "has_more": found.has_more}
            | {"last": found.last}
        )
        return
    rows = [(one.position, one.status, _short(one), _answer(one)) for one in found.items]
    screen.table(("position", "status", "input", "output"), rows)
    if found.has_more:
        screen.say(f"more: --after {found.last}")


def _short(example: Example) -> str:
    return " ".join(str(value) for value in example.input.values())[:70]


def _answer(example: Example) -> str:
    proposal = example.proposal
    if isinstance(proposal, dict) and len(proposal) == 1 and set(proposal) <= {"answer", "reply"}:
        (proposal,) = proposal.values()
    if isinstance(proposal, dict):
        filled = (f"{name}: {value}" for name, value in proposal.items() if value is not None)
        return ", ".join(filled)[:70]
    return "" if proposal is None else str(proposal)[:70]
