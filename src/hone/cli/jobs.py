"""`hone jobs`: see and steer jobs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.stages.jobs import JobStatus, Reaped
    from hone.workspace.open import Workspace

app = new_app()
JobArgument = Annotated[str, typer.Argument(help="A job's id, or the beginning of it.")]


@app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List jobs and their states.

    Example: hone jobs list
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import jobs

    with loop.open_workspace(workspace) as ws:
        found = jobs.list_jobs(ws, asks_targets=True)
    if json:
        show.print_json(found)
        return
    if not found:
        show.say("There are no jobs yet. Next: hone train RECIPE --plan")
        return
    show.table(
        ["job", "kind", "state", "on", "done", "to go", "attempts"],
        [
            (job.id, job.kind, job.state, job.target, _done(job), _to_go(job), str(job.attempts))
            for job in found
        ],
    )
    for job in found:
        if job.says and job.state == "waiting":
            show.say(f"{job.id}: {job.says}")
        if job.trouble:
            show.say(f"{job.id}: as seen at {_seen(job)}. {job.trouble}")


@app.command()
def show(job: JobArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Show one job.

    Example: hone jobs show train-20261120
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.told import figure
    from hone.stages import jobs

    with loop.open_workspace(workspace) as ws:
        status = jobs.show(ws, job, asks_targets=True)
        order = ws.store.jobs.get(status.id)
    if json:
        show.print_json({"status": status, "job": order})
        return
    rows = [
        ("job", status.id),
        ("state", status.state),
        *([("now", status.says)] if status.says else []),
        ("target", status.target),
        ("made at", f"{status.created_at:%Y-%m-%d %H:%M:%S %Z}"),
        ("attempts", str(status.attempts)),
        ("done", _done(status)),
        ("folder", status.folder),
        *((name, figure(value)) for name, value in status.metrics.items()),
    ]
    if status.runtime_seconds is not None:
        rows.append(("seconds", f"{status.runtime_seconds:.1f}"))
    rows += [("went on elsewhere", why) for why in status.moves]
    if status.rented:
        rows.append(("rented", status.rented))
    if status.cost_usd:
        is_billed = status.billed_usd == status.cost_usd
        by = "by the provider's bill" if is_billed else "measured here"
        rows.append(("cost", f"${status.cost_usd:.4f}   ({by})"))
    if status.seen_at is not None:
        rows.append(("seen there", _seen(status)))
    if status.damaged_lines:
        rows.append(("unreadable", f"{status.damaged_lines} lines of events.jsonl"))
    show.table(["", ""], rows)
    if status.trouble:
        show.say(status.trouble)
    if status.error:
        show.say(status.error)
    if status.hint:
        show.say(f"Try: {status.hint}")


@app.command()
def watch(job: JobArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Follow a running job.

    Ctrl+C ends the watching, not the job.

    Example: hone jobs watch train-20261120
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.follow import follow
    from hone.stages import jobs

    with loop.open_workspace(workspace) as ws:
        job_id = jobs.show(ws, job).id
        state = follow(ws, job_id, stops_on_interrupt=False, is_silent=json)
        status = jobs.show(ws, job_id)
    if json:
        show.print_json(status)
        return
    show.say(f"{job_id}: {state}. {status.error}".rstrip())
    if status.hint:
        show.say(f"Try: {status.hint}")


@app.command()
def logs(
    job: JobArgument,
    tail: Annotated[int, typer.Option(help="How many lines from the end.", min=1)] = 100,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print a job's log.

    Example: hone jobs logs train-20261120 --tail 20
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import jobs

    with loop.open_workspace(workspace) as ws:
        lines = jobs.logs(ws, job, tail=tail)
        folder = jobs.show(ws, job).folder if not lines else ""
    if json:
        show.print_json({"lines": lines})
        return
    if not lines:
        show.say(f"Its worker has printed nothing yet; the log is {folder}/worker.log.")
    for line in lines:
        show.say(line)


@app.command()
def stop(
    job: JobArgument,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for a checkpoint before force.", min=0)
    ] = 60.0,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Stop a job, with a checkpoint.

    Example: hone jobs stop train-20261120
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import jobs

    with loop.open_workspace(workspace) as ws:
        job_id = jobs.show(ws, job).id
        how = jobs.stop(ws, job_id, deadline_seconds=wait)
    if json:
        show.print_json({"job": job_id, "how": how})
        return
    said = {
        "stopped": "Stopped, with a checkpoint.",
        "terminated": "Ended by a signal; what was done since the last checkpoint is lost.",
        "killed": "Ended by force; what was done since the last checkpoint is lost.",
        "never started": "It had not started; it will not.",
    }
    show.say(said.get(how, "It was not running any more."))
    show.say(f"Next: hone jobs resume {job_id}")


@app.command()
def resume(
    job: JobArgument,
    detach: Annotated[
        bool, typer.Option("--detach", help="Do not wait for the end of the job.")
    ] = False,
    confirm_run: Annotated[
        bool, typer.Option("--confirm-run", help="Do not ask before a machine is paid for again.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a lost, failed or stopped job.

    Example: hone jobs resume train-20261120
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.follow import follow
    from hone.cli.train import finish
    from hone.stages import jobs

    with loop.open_workspace(workspace) as ws:
        found = jobs.show(ws, job)
        price_usd = None if confirm_run else _agreed_price(ws, found)
        job_id = loop.resume_job(ws, found.id, price_usd=price_usd)
        if detach:
            if json:
                show.print_json({"job": job_id})
            else:
                show.say(f"Going on with {job_id}. Next: hone jobs watch {job_id}")
            return
        state = follow(ws, job_id, stops_on_interrupt=True, is_silent=json)
        if found.kind == "train":
            finish(ws, job_id, state, json=json)
        elif json:
            show.print_json(jobs.show(ws, job_id))
        else:
            show.say(f"{job_id}: {state}.")


def _agreed_price(ws: Workspace, found: JobStatus) -> float | None:
    """What somebody agreed that going on may cost; None where it costs nothing.

    HoneError where nobody can be asked.
    """
    from hone.errors import HoneError
    from hone.stages import jobs

    if not jobs.is_paid(found.target) or found.state in ("succeeded", "running", "waiting"):
        return None
    left = jobs.left_usd(ws, ws.store.jobs.get(found.id))
    said = (
        f"Going on with {found.id} is paid for on {found.target}: at most ${left:.2f}, "
        "what its budget has left"
    )
    if not sys.stdin.isatty():
        raise HoneError(f"{said}.", hint=f"hone jobs resume {found.id} --confirm-run")
    if not typer.confirm(f"{said}. Go on?"):
        raise typer.Exit(0)
    return left


@app.command()
def reap(
    only_list: Annotated[bool, typer.Option("--list", help="Give nothing back.")] = False,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also what jobs run on or can be resumed from: that is lost."),
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Give back rented machines that nobody owns, and list all others.

    The providers are asked what is rented under this workspace's names; a serverless endpoint, for
    requests that no living job here needs, and its volume, for files that jobs left there. Their
    bills, where they have one, take the place of what was measured. Exits 1 where something could
    not be given back.

    Example: hone jobs reap --list
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import jobs

    if only_list and everything:
        raise typer.BadParameter("choose one of --list and --all")
    with loop.open_workspace(workspace) as ws:
        found = jobs.reap(ws, frees=not only_list, also_used=everything)
    if json:
        show.print_json(found)
    else:
        _say_reaped(found)
    if found.problems or any(one.trouble for one in found.machines):
        raise SystemExit(1)


def _say_reaped(found: Reaped) -> None:
    from hone.cli import show

    if found.machines:
        rows = [
            (
                one.target,
                one.name,
                one.said,
                one.use,
                "" if one.price_per_hour_usd is None else f"{one.price_per_hour_usd:.2f}",
                "given back" if one.is_freed else one.trouble,
            )
            for one in found.machines
        ]
        show.table(["at", "machine", "state", "use", "$ an hour", ""], rows)
    elif not found.problems:
        show.say("Nothing is rented for this workspace.")
    for problem in found.problems:
        show.say(problem)
    if abs(found.corrected_usd) >= 0.0001:
        show.say(
            f"The providers' bills differ from what was measured by ${found.corrected_usd:.4f}."
        )


def _seen(job: JobStatus) -> str:
    return f"{job.seen_at:%Y-%m-%d %H:%M:%S %Z}" if job.seen_at is not None else "no time"


def _done(job: JobStatus) -> str:
    return f"{job.done}/{job.total}" if job.total else ""


def _to_go(job: JobStatus) -> str:
    from hone.cli.told import duration

    is_on = job.state == "running" and job.eta_seconds is not None
    return duration(job.eta_seconds or 0) if is_on else ""
