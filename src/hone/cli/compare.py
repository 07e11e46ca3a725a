"""`hone compare`: versions, and bases, on the same examples, in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.records.comparison import Comparison

app = new_app()

SHOWN_IDS = 5


@app.command()
def compare(
    models: Annotated[
        list[str],
        typer.Argument(help="Two or more: NAME, NAME@VERSION, or a base. The first leads."),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            help="NAME, NAME@VERSION/SPLIT, or a JSONL or CSV file with answers; by default the "
            "test split of the dataset that the first was trained on.",
            metavar="DATASET|FILE",
        ),
    ] = None,
    repeat: Annotated[
        bool,
        typer.Option(
            "--repeat/--no-repeat",
            help="Ask the base once more in another batch size, for the noise floor.",
        ),
    ] = True,
    judge: Annotated[
        str | None,
        typer.Option(
            help="An endpoint of hone.yaml whose model says which answers it prefers, if it agrees "
            "with people's own choices.",
            metavar="NAME",
        ),
    ] = None,
    confidence: Annotated[float, typer.Option(help="Of intervals and tests.")] = 0.95,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 0,
    task: Annotated[str | None, typer.Option(help="By default the first one's.")] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            help="Longest answer of who is asked now; by default as hone evaluate has it."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Compare versions on the same examples, in pairs.

    Example: hone compare pickup@v2 pickup@v1
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.stages import compare as comparison

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        with show.progress("Answering") as step:
            found = loop.compare(
                opened,
                models,
                on=data,
                repeats_base=repeat,
                judge=judge,
                on_progress=step,
                confidence=confidence,
                seed=seed,
                task=task,
                max_new_tokens=max_new_tokens,
            )
        files = comparison.report_files(opened, found)
    if json:
        show.print_json({**found.model_dump(mode="json"), "report": str(files.json)})
        return
    _say(found)
    show.say(f"Report: {files.page}, .md, .json")


def _say(found: Comparison) -> None:
    from hone.cli import show
    from hone.stages import compare as comparison

    show.say(comparison.headline(found))
    for table in comparison.tables(found):
        show.table(table.head, table.rows, title=table.title)
    for sentence in comparison.sentences(found):
        show.say(sentence)
    for pair in found.pairs:
        for word, ids in (("won", pair.won), ("lost", pair.lost)):
            if ids:
                more = f" and {len(ids) - SHOWN_IDS:,} more" if len(ids) > SHOWN_IDS else ""
                shown = ", ".join(ids[:SHOWN_IDS])
                show.say(f"{pair.one} {word} against {pair.other}: {shown}{more}")
    if any(pair.won or pair.lost for pair in found.pairs):
        show.say("One of them: hone examples show ID")
