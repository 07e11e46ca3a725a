"""`hone report`: everything that is known of a version, as a page or as Markdown."""

from __future__ import annotations

from typing import Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

app = new_app()


@app.command()
def report(
    model: Annotated[str, typer.Argument(help="NAME (active or newest) or NAME@VERSION.")],
    format: Annotated[str, typer.Option(help="html: a page with plots; md: Markdown.")] = "html",
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write down all that is known of a version.

    Summary, data and who reviewed it, method, results with intervals, comparisons and the gate,
    what it gets wrong, limits, and how to do it again. Nothing is asked anew.

    Example: hone report pickup@v2 --format md
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.records.report import Provenance
    from hone.stages import registry
    from hone.stages import report as reporting

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        known = registry.model_info(opened, model)
        provenance = Provenance.model_validate(known.model_dump())
        gate = loop.judge_gate(opened, known.model.ref)
        facts = reporting.gather(opened, provenance, gate)
        path = reporting.write_report(opened, facts, format=format)
    if json:
        show.print_json({"report": str(path), "model": known.model.ref})
        return
    show.say(f"Wrote {path}.")
