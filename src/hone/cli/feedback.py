"""`hone feedback`: corrections become the next dataset version; what that did is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.import_ import pairs
from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.records.feedback import Applied, Efficacy

app = new_app()

SHOWN_LEFT_OUT = 20


@app.command()
def apply(
    dataset: Annotated[
        str | None,
        typer.Argument(
            help="Whose next version to make; by default that of the corrected answers."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Another name for the version that is made.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            help="By default the dataset's own. dpo: the correction beside what the model "
            "answered; kto: also what was rejected."
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            help="Of the format, where the dataset does not keep it: passages=FILE.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="Counts tokens where the dataset bounds them.", metavar="MODEL"),
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Freeze the next dataset version with every correction in its training set.

    Beside it stands a control: the same version without the corrections.

    Example: hone feedback apply pickup
    """
    from hone import loop
    from hone.cli import show

    with loop.open_workspace(workspace) as opened, show.progress("Building") as step:
        found = loop.apply_feedback(
            opened,
            dataset,
            on_progress=step,
            name=name,
            format=format,
            base=base,
            options=pairs("--option", option),
        )
    if json:
        show.print_json(found.model_dump(mode="json"))
        return
    _say_applied(found)


@app.command()
def report(
    model: Annotated[str, typer.Argument(help="The retrained version: NAME or NAME@VERSION.")],
    before: Annotated[
        str | None, typer.Option(help="By default the version whose answers were corrected.")
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(help="By default the newest version trained on the dataset's control."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of intervals.")] = 0,
    batch_size: Annotated[int, typer.Option(help="Questions that are answered at once.")] = 16,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """See which corrections were fixed, stuck or broke something.

    Corrected rows (memorised) and untouched look-alikes (generalised) stand in separate columns,
    beside a control that was retrained without the corrections. Who has not answered is asked.

    Example: hone feedback report pickup@v2
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.stages import feedback

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        with show.progress("Answering") as step:
            found = loop.report_feedback(
                opened,
                model,
                before=before,
                control=control,
                seed=seed,
                batch_size=batch_size,
                on_progress=step,
            )
        files = feedback.report_files(opened, found)
    if json:
        show.print_json({**found.model_dump(mode="json"), "report": str(files.json)})
        return
    _say_report(found)
    show.say(f"Report: {files.markdown}, .json")


def _say_applied(found: Applied) -> None:
    from hone.cli import show

    total = sum(found.corrections.values())
    listed = ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in found.corrections.items()
    )
    if not found.is_new:
        show.say(f"Nothing changed: {found.dataset} holds these corrections already.")
    show.say(f"{found.dataset} goes on from {found.of}: {total:,} corrections train ({listed}).")
    show.table(["split", "rows"], list(found.rows.items()))
    changes = [
        f"{found.added:,} added",
        f"{found.removed:,} removed",
        f"{found.rewritten:,} decided anew",
        *(f"{count:,} from {way}" for way, count in found.moved.items()),
    ]
    show.say(f"Changed: {', '.join(changes)}.")
    if found.rejected:
        show.say(f"Rejected: {found.rejected:,} flagged examples (--format kto learns from them).")
    for one in found.left_out[:SHOWN_LEFT_OUT]:
        show.say(f"Does not train: {one.id}: {one.why}.")
    if len(found.left_out) > SHOWN_LEFT_OUT:
        show.say(f"… and {len(found.left_out) - SHOWN_LEFT_OUT:,} more; --json lists all.")
    for note in found.notes:
        show.say(f"Note: {note}")
    if found.control is not None:
        show.say(f"Control: {found.control} is the same without the corrections.")
    for command in found.next:
        show.say(f"Next: {command}")


def _say_report(found: Efficacy) -> None:
    from hone.cli import show
    from hone.stages import feedback

    show.say(
        f"{found.model}, trained on {found.dataset}; before: {found.before}; control: "
        f"{found.control or 'none'}"
    )
    for table in feedback.tables(found):
        show.table(table.head, table.rows, title=table.title)
    for sentence in found.says:
        show.say(sentence)
    for note in found.notes:
        show.say(f"Note: {note}")
    if found.control is None and found.control_dataset is not None:
        name = found.control_dataset.partition("@")[0]
        show.say(
            f"Next: hone train RECIPE --set dataset={found.control_dataset} --set name={name} "
            "--confirm-run, then this report again"
        )
