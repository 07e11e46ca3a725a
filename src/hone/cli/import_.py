"""`hone import`: bring examples in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.stages.ingest import FileReport, ImportPlan, ImportReport

app = new_app()


@app.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files: CSV, JSON, JSONL, Parquet, session, Slack export (or its folder)."
        ),
    ],
    as_: Annotated[
        str | None,
        typer.Option(
            "--as", help="A shape (alpaca, squad, spans, …) or an importer (csv, json, slack, …)."
        ),
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="question=COLUMN, answer=COLUMN, context, group, tags, occurred_at; "
            "a nested column by its dotted path.",
            metavar="FIELD=COLUMN",
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="By default the workspace's task.")] = None,
    new_task: Annotated[
        str | None,
        typer.Option(help="Write tasks/NAME.yaml with the slots found (spans) and import into it."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            help="How the file is read: delimiter=;, encoding=latin-1, has_header=false, …",
            metavar="NAME=VALUE",
        ),
    ] = None,
    accept: Annotated[
        str | None,
        typer.Option(
            help="Accept what is pending of these files in this name.", metavar="REVIEWER"
        ),
    ] = None,
    pseudonymise: Annotated[
        bool,
        typer.Option(
            "--pseudonymise",
            help="Slack: pseudonyms for people, e-mail addresses and phone numbers masked.",
        ),
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would be done, and stop.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Bring examples in: each row becomes an example to review; nothing is taken twice.

    Example: hone import questions.csv --map question=Frage --map answer=Antwort
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import ingest

    wanted: ingest.Wanted = {
        "task": task,
        "shape": as_,
        "mapping": pairs("--map", map),
        "options": pairs("--option", option) | ({"pseudonymise": "true"} if pseudonymise else {}),
        "accept_as": accept,
        "new_task": new_task,
    }
    with loop.open_workspace(workspace) as ws:
        if plan:
            planned = ingest.propose_import(ws, paths, **wanted)
            show.print_json(planned) if json else _show_plan(planned)
            return
        with show.progress("Importing") as step:
            report = ingest.import_examples(ws, paths, on_progress=step, **wanted)
    if json:
        show.print_json(report_as_json(report))
    else:
        for file in report.files:
            _show_file(file)
        if new_task and not report.errors:
            show.say(f"Wrote tasks/{new_task}.yaml.")
            if report.default_task:
                show.say("It is now this workspace's task (hone.yaml).")
            else:
                show.say(f"Later commands take --task {new_task}; to make it the default:")
                show.say(f"hone config set task tasks/{new_task}.yaml")
    if report.errors:
        raise typer.Exit(1)


def pairs(flag: str, given: list[str] | None) -> dict[str, str]:
    """`NAME=VALUE` arguments as a dictionary; the first `=` divides."""
    from hone.errors import InvalidInput

    found: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(f'{flag} "{text}" has no "=".', hint=f"{flag} NAME=VALUE")
        if name in found:
            raise InvalidInput(f"{flag} {name} is given twice.", hint=f"{flag} {name}={value}")
        found[name] = value
    return found


def report_as_json(report: ImportReport) -> dict[str, Any]:
    """The report with its sums."""
    sums = ("read", "taken", "duplicate", "refused", "accepted")
    return {name: getattr(report, name) for name in sums} | report.model_dump(mode="json")


def _show_plan(plan: ImportPlan) -> None:
    from hone.cli import show

    for file in plan.files:
        show.say(f"{file.file}: {file.shape} (confidence {file.confidence:.2f}) by {file.importer}")
        show.say(f"  read as: {'; '.join(file.notes)}")
        if file.question:
            show.say(f"  to decide: {file.question}")
            show.say(f"  try: {file.mend}")
            continue
        show.say(f"  into task {file.task}, about {file.estimated_rows:,} rows")
        show.say(
            "  columns: " + ", ".join(f"{name} <- {col}" for name, col in file.columns.items())
        )
        if file.ignored:
            show.say(f"  not used: {', '.join(file.ignored)}")
        for sample in file.sample:
            proposed = sample["proposals"][0] if sample["proposals"] else None
            show.say(f"  {_short(sample['input'])} -> {_short(proposed)}")
    if plan.new_task:
        show.say("The task file that would be written:")
        show.say(plan.new_task)
        show.say("found: " + ", ".join(f"{name} {count:,}" for name, count in plan.slots.items()))


def _short(value: Any) -> str:
    """A value on one line: a single text as it is, fields as `name: value`."""
    if isinstance(value, dict):
        found = list(value.items())
        text = str(found[0][1]) if len(found) == 1 else "; ".join(f"{k}: {v}" for k, v in found)
    else:
        text = "; ".join(map(_short, value)) if isinstance(value, list) else str(value or "nothing")
    text = " ".join(text.split())
    return text if len(text) <= 90 else f"{text[:89]}…"


def _show_file(file: FileReport) -> None:
    from hone.cli import show

    show.say(
        f"{file.file}: {file.read:,} rows read, {file.taken:,} taken, "
        f"{file.duplicate:,} duplicate, {file.refused:,} refused"
    )
    if file.columns:
        columns = ", ".join(f"{name} <- {column}" for name, column in file.columns.items())
        show.say(f"  {file.shape} into task {file.task}: {columns}")
    for note in file.notes:
        show.say(f"  {note}")
    if file.comments:
        show.say(f"  {file.comments:,} comment rows left out")
    for reason, count in file.left_out.items():
        show.say(f"  left out {count:,}: {reason}")
    for reason, count in file.reasons.items():
        show.say(f"  refused {count:,}: {reason}")
    if file.refused and file.hint:
        show.say(f"  try: {file.hint}")
    if file.refused_file:
        show.say(f"  refused rows are kept in {file.refused_file}")
    if file.accepted:
        show.say(f"  {file.accepted:,} accepted")
    if file.error:
        show.say(f"  stopped: {file.error}")
