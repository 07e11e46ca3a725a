"""`hone spend`: what rented machines cost, and what is left of the budgets."""

from __future__ import annotations

from typing import Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

app = new_app()


@app.command()
def spend(
    by: Annotated[str, typer.Option(help="month, job or target.", metavar="WHAT")] = "month",
    month: Annotated[
        str | None, typer.Option(help="Only of this month, such as 2026-11.", metavar="MONTH")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Show what was spent and what is promised.

    Sums are measured here until a provider's own bill takes their place, for which
    `hone jobs reap` asks.

    Example: hone spend --by job
    """
    from hone import loop
    from hone.cli import show
    from hone.stages.spend import spending

    with loop.open_workspace(workspace) as ws:
        found = spending(ws, by=by, month=month)
    if json:
        show.print_json(found)
        return
    rows = [
        (
            one.what,
            _usd(one.reserved_usd),
            _usd(one.spent_usd),
            _usd(one.billed_usd),
            _usd(one.promised_usd),
        )
        for one in found.sums
    ]
    if rows:
        show.table([found.by, "reserved $", "spent $", "of it billed $", "still promised $"], rows)
    show.say(
        f"{found.month}: ${found.spent_this_month_usd:.2f} spent, ${found.promised_usd:.2f} "
        f"promised, ${found.left_usd:.2f} of ${found.per_month_usd:.2f} left."
    )


def _usd(amount: float) -> str:
    return f"{amount:.4f}"
