"""`hone train`: plan a training, try it dry, run it when confirmed, follow it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from pathlib import Path

    from hone.loop.preparing import Ready
    from hone.records.model import ModelVersion
    from hone.stages.jobs import JobStatus
    from hone.stages.registry import Validation
    from hone.stages.train import CardPlan, Plan, Started
    from hone.workspace.open import Workspace

app = new_app()
INTERRUPTED = 130


@app.command()
def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="A recipe file, the name of a shipped one, or a version (NAME@VERSION): as that "
            "one was trained."
        ),
    ],
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change one key, such as training.epochs=1.", metavar="KEY=VALUE"
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            help="Processes that train together; by default one per NVIDIA card.",
            min=1,
            metavar="N",
        ),
    ] = None,
    on: Annotated[str | None, typer.Option(help="The target; by default the recipe's.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print the plan and stop.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Build everything, run one batch, train nothing.")
    ] = False,
    confirm_run: Annotated[
        bool, typer.Option("--confirm-run", help="Really train, or go on with a training cut off.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Train on fewer examples than the task asks for."),
    ] = False,
    data_only: Annotated[
        bool,
        typer.Option("--data-only", help="Freeze what the recipe would train on; train nothing."),
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Print the job's id and do not wait.")
    ] = False,
    version: Annotated[
        str | None, typer.Option(help="The new version; must be the next one, such as v2.")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Train by a recipe: plan first, run when confirmed.

    Ctrl+C stops with a checkpoint; the same command goes on from there.

    Example: hone train recipes/qa_lora.yaml --set training.epochs=1 --confirm-run
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import train as training

    if plan + dry_run + confirm_run + data_only > 1:
        raise typer.BadParameter("choose one of --plan, --dry-run, --data-only and --confirm-run")
    overrides = [*(set_ or []), *([f"on={on}"] if on else [])]
    overrides += [f"training.processes={processes}"] if processes is not None else []
    overrides += ["force=true"] if force else []
    is_start = dry_run or confirm_run
    with loop.open_workspace(workspace) as ws, ExitStack() as stack:
        training.collect_trained(ws)
        named = loop.recipe_named(ws, recipe)
        if data_only:
            _freeze_alone(ws, named, overrides, json=json)
            return
        with show.progress("Preparing") as step:
            asked = {"overrides": overrides, "is_plan": not is_start, "on_progress": step}
            ready = stack.enter_context(loop.preparing(ws, named, **asked))
        prepared = ready.prepared
        missing = training.missing_for_a_real_run(ws, prepared.plan, is_confirmed=confirm_run)
        cards = training.cards_for(prepared) if not is_start else []
        if confirm_run and not json:
            _say_plan(prepared.plan)
        elif not json:
            _show_plan(prepared.plan, cards)
        if not is_start:
            if json:
                show.print_json({"plan": prepared.plan, "missing": missing, "cards": cards})
            elif not plan:
                _show_missing(missing)
            return
        if dry_run:
            started = training.start_dry_run(ws, prepared)
        else:
            started = _start(ws, ready, version, json=json)
        stack.close()
        _attend(ws, started, detach=detach, json=json)


def _freeze_alone(
    ws: Workspace, recipe: Path | dict[str, Any], overrides: list[str], *, json: bool
) -> None:
    """Freeze what the recipe would train on, and say so."""
    from hone import loop
    from hone.cli import show
    from hone.cli.datasets import say_built

    with show.progress("Building") as step:
        built = loop.build_for(ws, recipe, overrides=overrides, on_progress=step)
    if json:
        show.print_json({**built.manifest.model_dump(mode="json"), "is_new": built.is_new})
    else:
        say_built(built, "the same command with --plan")


def _start(ws: Workspace, ready: Ready, version: str | None, *, json: bool) -> Started:
    """Begin a confirmed training; what it trains on is frozen once nothing can be refused."""
    from hone import loop
    from hone.cli import show
    from hone.stages import train as training

    plan = ready.prepared.plan
    training.refuse_unready(ws, plan, is_confirmed=True)
    if ready.draft is not None and ready.draft.is_new and version is not None:
        training.check_version(ws, plan.model, version)
    prepared = loop.freeze_first(ws, ready)
    if not json and ready.draft is not None and ready.draft.is_new:
        rows = ready.draft.manifest.splits.items()
        show.say(
            f"Froze {plan.dataset}: {', '.join(f'{one.rows:,} {name}' for name, one in rows)}."
        )
    if not json and plan.price_per_hour_usd:
        show.say("Renting a machine; until it is usable, minutes pass.")
    return training.start_training(ws, prepared, is_confirmed=True, version=version)


def _attend(ws: Workspace, started: Started, *, detach: bool, json: bool) -> None:
    from hone.cli import show
    from hone.cli.follow import follow
    from hone.stages import jobs

    job = started.job_id
    if not json and started.is_resumed:
        show.say(f"Going on with {job}, which was cut off.")
    if detach:
        if json:
            show.print_json({"job": job, "is_resumed": started.is_resumed})
        else:
            says = jobs.show(ws, job).says
            if says.startswith("Waiting in"):
                show.say(f"Handed in {job}. {says}")
            elif not started.is_resumed:
                show.say(f"Started {job}.")
            show.say(f"Next: hone jobs watch {job}")
        return
    state = follow(ws, job, stops_on_interrupt=True, is_silent=json)
    finish(ws, job, state, json=json)


def finish(ws: Workspace, job: str, state: str, *, json: bool) -> None:
    """Say how a training ended and what comes next; HoneError where it failed."""
    from hone.cli import show
    from hone.errors import HoneError
    from hone.stages import jobs, registry
    from hone.stages import train as training

    problems = training.collect_trained(ws).problems
    status = jobs.show(ws, job)
    models = (one.model for one in ws.store.models.list())
    found = next((one for one in models if one.job == job), None)
    checks = registry.validate_model(ws, found.ref) if found is not None else None
    if json:
        model = found.ref if found is not None else None
        show.print_json({"job": status, "model": model, "validation": checks})
    if state in ("failed", "lost"):
        lines = [] if json else jobs.logs(ws, job, tail=10)
        # What a person can mend stands below; the log is for what nobody foresaw.
        if status.error not in lines:
            for line in lines:
                show.say(f"  | {line}")
        raise HoneError(status.error or f"{job} is {state}.", hint=status.hint)
    if problems:
        raise HoneError(f"Not registered: {'; '.join(problems)}", hint=f"hone jobs show {job}")
    if state == "cancelled":
        if not json:
            _say_stopped(status)
        raise SystemExit(INTERRUPTED)
    if not json:
        _say_trained(ws, status, found, checks)


def _say_trained(
    ws: Workspace, status: JobStatus, model: ModelVersion | None, checks: Validation | None
) -> None:
    from hone.cli import show
    from hone.cli.told import figure
    from hone.stages.evaluate import what_comes_next

    figures = ", ".join(f"{name} {figure(value)}" for name, value in status.metrics.items())
    if figures:
        show.say(figures)
    if model is None:
        show.say("Everything could be built and run; nothing was trained and nothing kept.")
        return
    show.say(f"Registered {model.ref}.")
    _say_where(ws, model)
    if checks is not None and not checks.problems:
        show.say("Validated: files, base, template and task are as they were at training.")
    for problem in checks.problems if checks is not None else ():
        show.say(f"Not sound: {problem}. hone models validate {model.ref} shows it again.")
    show.say(f"Next: {what_comes_next(ws, model)}")
    if model.parents:
        show.say(f"What it forgot: hone evaluate {model.ref} --forgetting")


def _say_where(ws: Workspace, model: ModelVersion) -> None:
    """Where the recipe wants the version seen, and what it took."""
    from hone.cli import show
    from hone.cli.told import duration
    from hone.stages import train as training

    for what, place in training.shown_places(ws, model).items():
        show.say(f"{'Adapter' if what == 'model' else 'Logs'} in {place}.")
    cost = f", ${model.cost_usd:.4f}" if model.cost_usd else ""
    show.say(f"It took {duration(model.runtime_seconds)}{cost}.")


def _say_stopped(status: JobStatus) -> None:
    from hone.cli import show

    show.say(f"Stopped at step {status.done or 0} of {status.total or '?'}.")
    if status.error:
        show.say(status.error)
    show.say(f"Next: hone jobs resume {status.id}, or the same command again")


def _show_missing(missing: list[str]) -> None:
    from hone.cli import show

    show.say("Nothing was started. Missing for a real run:")
    for one in missing:
        show.say(f"  - {one}")


def _say_plan(plan: Plan) -> None:
    """The plan in a sentence, for who has seen the tables and says go."""
    from hone.cli import show
    from hone.cli.told import duration

    show.say(
        f"Training {plan.model}: {plan.method} of {plan.base} on {plan.dataset}, "
        f"{plan.steps:,} steps, {duration(plan.seconds.low)} to {duration(plan.seconds.high)}, "
        f"{_price(plan)}."
    )
    for note in plan.notes:
        show.say(f"Note: {note}")


def _show_plan(plan: Plan, cards: list[CardPlan]) -> None:
    from hone.cli import show
    from hone.cli.told import duration

    memory, train = plan.memory_gib, plan.train
    about = "" if train.is_exact else "about "
    rows: list[tuple[str, Any]] = [
        ("model", f"{plan.model}: {plan.method} of {plan.base} ({plan.base_parameters:,} weights)"),
        ("trained weights", f"{plan.trained_parameters:,}"),
        ("dataset", f"{plan.dataset}: {train.rows:,} rows{_val(plan)}"),
        ("tokens per epoch", f"{about}{train.tokens:,}{_interval(plan)}, longest {train.longest}"),
        ("steps", f"{plan.steps:,} ({plan.epochs:g} epochs of {plan.steps_per_epoch:,})"),
        ("memory", f"{memory.low:.1f} to {memory.high:.1f} of {plan.device_memory_gib:.1f} GiB: "
                   f"{plan.verdict}"),
        ("device", f"{plan.device} {plan.device_name}".strip()),
        *([("processes", f"{plan.processes}, {plan.sharding} ({plan.sharding_reason})")]
          if plan.processes > 1 else []),
        ("time", f"{duration(plan.seconds.low)} to {duration(plan.seconds.high)} "
                 f"({plan.seconds_source})"),
        ("disk", f"{plan.disk_gib:.2f} GiB"),
        ("price", _price(plan)),
    ]  # fmt: skip
    show.table(["plan", ""], rows)
    shown = [
        (key, _value(one.value), one.source)
        for key, one in plan.options.items()
        if one.source != "default"
    ]
    show.table(["set", "value", "from"], shown)
    for one in plan.choices:
        show.say(f"Chosen: {one}.")
    _show_cards(cards)
    for note in plan.notes:
        show.say(f"Note: {note}")


def _show_cards(cards: list[CardPlan]) -> None:
    from hone.cli import show
    from hone.cli.told import duration

    if not cards:
        return
    rows = [
        (
            one.card.name if one.count == 1 else f"{one.count} x {one.card.name}",
            f"{one.memory_gib.low:.1f} to {one.memory_gib.high:.1f} of {one.card.memory_gib:.1f}",
            one.verdict,
            f"{duration(one.hours.low * 3600)} to {duration(one.hours.high * 3600)}",
            f"${one.usd.low:.2f} to ${one.usd.high:.2f}",
            f"{one.card.at}, seen {one.card.seen}",
        )
        for one in cards
    ]
    show.table(["would fit on", "GiB", "", "training", "price", "prices of"], rows)
    show.say("Renting, installing and downloads come on top; look at the provider's own price.")


def _price(plan: Plan) -> str:
    if not plan.price_per_hour_usd:
        return f"${plan.price_usd:.2f}"
    return (
        f"${plan.price_low_usd:.2f} to ${plan.price_usd:.2f} "
        f"at ${plan.price_per_hour_usd:.2f} an hour"
    )


def _val(plan: Plan) -> str:
    return f", {plan.val.rows:,} for validation" if plan.val is not None else ", no validation"


def _interval(plan: Plan) -> str:
    if plan.train.is_exact:
        return ""
    return f" ({plan.train.tokens_low:,} to {plan.train.tokens_high:,})"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
