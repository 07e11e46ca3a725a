"""`hone flags`: what a model got wrong, one by one, and what a person says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.records.flag import Flag, FlagState, FlagVerdict
    from hone.stages.flags import Found, Promotion, Resolved

app = new_app()

STATES: tuple[FlagState, ...] = ("open", "skipped", "resolved")
SHOWN_CHARACTERS = 60
ReviewerOption = Annotated[
    str | None, typer.Option(help="Who decides; by default HONE_REVIEWER or the login.")
]
ModelOption = Annotated[
    str | None, typer.Option(help="Whose flags; by default whoever was evaluated last.")
]


@app.command("list")
def list_(
    model: Annotated[
        str | None,
        typer.Argument(help="NAME, NAME@VERSION or a base; by default who was evaluated last."),
    ] = None,
    state: Annotated[
        list[str] | None, typer.Option(help="open, skipped or resolved; repeatable.")
    ] = None,
    tested: Annotated[
        bool,
        typer.Option(
            "--tested", help="Those in test and val splits instead: they cannot be corrected there."
        ),
    ] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 50,
    task: Annotated[str | None, typer.Option(help="Only evaluations of this task.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """List what should be looked at, the most telling first.

    Example: hone flags list pickup
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.stages import flags

    states = _states(state)
    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        found = flags.find_flags(opened, model, task=task, states=states, is_tested=tested)
    if json:
        show.print_json(
            {**found._asdict(), "flags": found.flags[:limit], "total": len(found.flags)}
        )
        return
    _say_found(found, limit, is_tested=tested)


@app.command("next")
def next_(
    model: Annotated[
        str | None,
        typer.Argument(help="NAME, NAME@VERSION or a base; by default who was evaluated last."),
    ] = None,
    only_show: Annotated[
        bool, typer.Option("--show", help="Show the next one and ask nothing.")
    ] = False,
    task: Annotated[str | None, typer.Option(help="Only evaluations of this task.")] = None,
    reviewer: ReviewerOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Open one flag after the other, and say what is right.

    Example: hone flags next pickup
    """
    from hone import loop
    from hone.cli import flag_view, show
    from hone.cli.finished import take_in_finished
    from hone.stages import flags

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        if json or only_show:
            found = flags.next_flag(opened, model, task=task)
            if json:
                show.print_json(None if found is None else found._asdict())
            elif found is None:
                show.say("Nothing is flagged.")
            else:
                flag_view.say_opened(opened, found)
            return
        who = reviewer or loop.reviewer_name()
        flag_view.one_by_one(opened, flags.find_flags(opened, model, task=task), who)


@app.command()
def resolve(
    flag: Annotated[str, typer.Argument(help="The id of the example, or how it begins.")],
    verdict: Annotated[
        str | None,
        typer.Option(
            help="confirm (the expected answer is right), reference_wrong (the model's is), edit "
            "(with --output), reject, dismiss (both are right), skip, reopen.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(help="The right answer, as a model must write it; makes it an edit."),
    ] = None,
    note: Annotated[str, typer.Option(help="Why; it stays with the correction.")] = "",
    model: ModelOption = None,
    reviewer: ReviewerOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Say what is right of one flag.

    Example: hone flags resolve 3f9a1c --verdict confirm --note "the unit is pounds"
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import flags

    with loop.open_workspace(workspace) as opened:
        found = flags.find_flag(opened, flag, model)
        said = _verdict(verdict, output)
        answer = None
        if output is not None:
            answer = flags.read_output(opened.task(found.task), output)
        who = reviewer or loop.reviewer_name()
        saying = flags.Saying(said, who, answer, note)
        done = flags.resolve(opened, found, saying)
    if json:
        show.print_json(done._asdict())
        return
    _say_resolved(done)


@app.command()
def promote(
    flag: Annotated[str, typer.Argument(help="The id of the test example, or how it begins.")],
    note: Annotated[str, typer.Option(help="Why it has to leave the test set; journalled.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    base: Annotated[
        str | None,
        typer.Option(help="Counts tokens where a dataset bounds them.", metavar="MODEL"),
    ] = None,
    model: ModelOption = None,
    reviewer: ReviewerOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Take an example out of its test set for ever, so that it may be corrected.

    Its siblings and near-duplicates leave with it. Every dataset that tested one of them gets a new
    version, with fresh examples in their place.

    Example: hone flags promote 3f9a1c --note "the label was wrong from the start"
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import flags

    with loop.open_workspace(workspace) as opened:
        found = flags.find_flag(opened, flag, model)
        if (
            not yes
            and not json
            and not typer.confirm(f"Take {found.id} out of every test set, for ever?")
        ):
            raise typer.Exit(0)
        done = loop.promote_flag(opened, found.id, note=note, reviewer=reviewer, base=base)
    if json:
        show.print_json(done._asdict())
        return
    _say_promoted(done)


def _states(wanted: list[str] | None) -> tuple[FlagState, ...]:
    from hone.errors import InvalidInput, nearest

    for name in wanted or ():
        if name not in STATES:
            raise InvalidInput(f'There is no state "{name}".', hint=nearest(name, STATES))
    return tuple(one for one in STATES if one in (wanted or ("open", "skipped")))


def _verdict(verdict: str | None, output: str | None) -> FlagVerdict:
    from hone.errors import InvalidInput, nearest
    from hone.records.flag import FLAG_VERDICTS

    if verdict is None and output is None:
        listed = "; ".join(f"{name}: {means}" for name, means in FLAG_VERDICTS.items())
        raise InvalidInput("Say what is right.", hint=f"--verdict, one of: {listed}")
    named = (verdict or "edit").replace("-", "_")
    known: dict[str, FlagVerdict] = {one: one for one in FLAG_VERDICTS}
    said = known.get(named)
    if said is None:
        raise InvalidInput(f'There is no verdict "{verdict}".', hint=nearest(named, FLAG_VERDICTS))
    if output is not None and said != "edit":
        raise InvalidInput(
            f"An answer belongs to an edit, not to {said}.", hint="leave out --output or --verdict"
        )
    return said


def _say_found(found: Found, limit: int, *, is_tested: bool) -> None:
    from hone.cli import show

    what = "in test and val splits" if is_tested else "to look at"
    show.say(
        f"{found.model}: {len(found.flags):,} {what}, {found.resolved:,} resolved, of "
        f"{found.answered:,} answers."
    )
    if found.flags:
        show.table(
            ["example", "score", "", "why", "expected", "got", "state"],
            [_cells(flag) for flag in found.flags[:limit]],
        )
    if len(found.flags) > limit:
        show.say(f"{len(found.flags) - limit:,} more: --limit {len(found.flags)}")
    if found.held_back and not is_tested:
        show.say(
            f"{found.held_back:,} more stand in test and val splits and are not corrected there: "
            "hone flags list --tested; hone flags promote ID moves one for ever."
        )
    for note in found.notes:
        show.say(f"Note: {note}")
    if found.flags and not is_tested:
        show.say("Next: hone flags next")


def _cells(flag: Flag) -> tuple[str, ...]:
    return (
        flag.id,
        f"{flag.score:.2f}",
        flag.band,
        ", ".join(reason.replace("_", " ") for reason in flag.reasons),
        _short(flag.expected),
        _short(flag.got),
        flag.state,
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _say_resolved(done: Resolved) -> None:
    from hone.cli import show

    said = done.resolution.verdict if done.resolution is not None else ""
    show.say(f"{done.flag.id}: {said.replace('_', ' ')}; it is {done.flag.state} now.")
    if done.receipt.reason:
        show.say(done.receipt.reason)
    show.say("Next: hone flags next; when you are done: hone feedback apply")


def _say_promoted(done: Promotion) -> None:
    from hone.cli import show

    more = len(done.siblings)
    siblings = f" with {more} siblings" if more else ""
    show.say(f"{done.example.id} left every test set{siblings}.")
    for older, newer in done.versions.items():
        show.say(f"{newer} takes the place of {older}.")
    for note in done.notes:
        show.say(f"Note: {note}")
    show.say(f"Next: hone flags resolve {done.example.id}")
