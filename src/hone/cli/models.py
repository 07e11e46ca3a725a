"""`hone models`: list, info, set-active, delete, validate, merge, bases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.records.comparison import GateResult
    from hone.records.model import Measured
    from hone.stages.registry import ModelInfo

app = new_app()

ReviewerOption = Annotated[
    str | None, typer.Option(help="Who decides; by default HONE_REVIEWER or the login.")
]


@app.command("list")
def list_(
    name: Annotated[str | None, typer.Argument(help="Only versions of this name.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """List models and versions.

    Example: hone models list
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.stages import registry

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        found = registry.list_models(opened, name)
    if json:
        show.print_json(found)
        return
    if not found:
        show.say("No models yet. Next: hone train recipes/NAME.yaml --plan")
        return
    rows = [
        (
            one.ref,
            "active" if one.is_active else "",
            one.kind,
            one.base,
            one.dataset,
            _figure(one.score),
            one.score.on if one.score is not None else "not evaluated",
        )
        for one in found
    ]
    show.table(["model", "", "kind", "base", "dataset", "score", "measured on"], rows)


@app.command()
def info(
    model: Annotated[str, typer.Argument(help="NAME (active or newest) or NAME@VERSION.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Show one version: figures, ancestry down to the reviewers.

    Example: hone models info pickup@v2
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.stages import registry
    from hone.stages.evaluate import what_comes_next

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        found = registry.model_info(opened, model)
        how_to = what_comes_next(opened, found.model)
    if json:
        show.print_json(found)
        return
    one = found.model
    state = "active" if found.is_active else "not active"
    show.say(f"{one.ref} ({one.kind}, {state}) in {found.folder}")
    if found.missing_files:
        show.say(f"Missing: {', '.join(found.missing_files)}")
    figures = {name: m for name, m in one.metrics.items() if m.on != "training"}
    if figures:
        show.table(
            ["figure", "value, 95 %", "measured on"],
            [(name, _figure(figure), figure.on) for name, figure in figures.items()],
        )
    else:
        show.say(f"Not evaluated yet. Next: {how_to}")
    _say_forgetting(found)
    _say_ancestry(found)


def _say_forgetting(found: ModelInfo) -> None:
    """What it lost on the test of the version that it goes on from, where that was measured."""
    from hone.cli import show
    from hone.cli.evaluate import meaning, signed
    from hone.records.model import Measured

    noted = found.model.details.get("forgetting")
    if not noted:
        if any(one.dataset != found.model.dataset for one in found.parents):
            show.say(
                f"Forgetting was not measured. Next: hone evaluate {found.model.ref} --forgetting"
            )
        return
    older, newer, by = (
        Measured.model_validate(noted[name])
        for name in ("older_score", "newer_score", "difference")
    )
    show.say(
        f"Against {noted['older']} on {noted['on']} ({noted['examples']} examples): "
        f"{_figure(older)} before, {_figure(newer)} now, {signed(by)}: {meaning(by)}."
    )


def _say_ancestry(found: ModelInfo) -> None:
    from hone.cli import show

    one = found.model
    show.say("Comes from:")
    for parent in found.parents:
        show.say(f"  model {parent.ref} (dataset {parent.dataset})")
    files = f"; files {one.base_sha256[:12]}" if one.base_sha256 else ""
    show.say(f"  base {one.base}{files}")
    if found.dataset is None:
        show.say(f"  dataset {one.dataset or 'unknown'}")
    else:
        dataset = found.dataset
        splits = ", ".join(f"{rows} {split}" for split, rows in dataset.splits.items() if rows)
        show.say(f"  dataset {dataset.ref}: {splits}; content {dataset.sha256[:12]}")
        show.say(f"  template {dataset.template.removeprefix('sha256:')[:12]}")
        for name, count in dataset.files.items():
            show.say(f"  {count} examples from {name}")
        for name, counts in dataset.reviewers.items():
            said = ", ".join(f"{verdict} {count}" for verdict, count in counts.items())
            show.say(f"  reviewed by {name}: {said}")
        if dataset.missing:
            show.say(f"  {dataset.missing} examples are no longer in this workspace")
    show.say(f"  job {one.job or 'unknown'}: {one.runtime_seconds:.0f} s, ${one.cost_usd:.2f}")
    for line in found.activations:
        show.say(f"  activated {line}")


@app.command("set-active")
def set_active(
    model: Annotated[str, typer.Argument(help="NAME@VERSION.")],
    note: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "",
    force: Annotated[
        bool,
        typer.Option("--force", help="Also where the gate says no; needs --note, is journalled."),
    ] = False,
    reviewer: ReviewerOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Choose the version that answers, where the gate lets it.

    Example: hone models set-active pickup@v2 --note "wins on the new messages"
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        judged = loop.judge_gate(opened, model)
        is_refused = judged.verdict != "pass" and not force
        if not json:
            _say_gate(judged)
        elif is_refused:
            show.print_json({"gate": judged})
        chosen = loop.set_active(opened, judged, note=note, is_forced=force, reviewer=reviewer)
    if json:
        show.print_json({**chosen.model_dump(mode="json"), "gate": judged})
        return
    show.say(f"{chosen.ref} answers from now on.")


def _say_gate(result: GateResult) -> None:
    from hone.cli import show

    for one in result.rules:
        show.say(f"{one.verdict:<11} {one.rule} on {one.on}: {one.says}.")
        if one.command:
            show.say(f"            Next: {one.command}")
    show.say(f"Gate: {result.says}")


@app.command()
def delete(
    model: Annotated[str, typer.Argument(help="NAME@VERSION.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also where it is the active version.")
    ] = False,
    reviewer: ReviewerOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Take a version out of the registry.

    Example: hone models delete pickup@v1
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.stages import registry

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        who = reviewer or loop.reviewer_name()
        gone = registry.delete_model(opened, model, reviewer=who, is_forced=force)
    if json:
        show.print_json({"model": gone.model.ref, "folder": str(gone.folder)})
        return
    show.say(f"{gone.model.ref} is out of the registry. Its files stay in {gone.folder}.")


@app.command()
def validate(
    model: Annotated[str, typer.Argument(help="NAME (active or newest) or NAME@VERSION.")],
    message: Annotated[
        list[str] | None, typer.Option(help="A sample to answer; repeatable.")
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(help="A JSONL or CSV file of samples to answer.", metavar="FILE")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Check a version's files, base and template, and try it on samples.

    Example: hone models validate pickup@v2 --message "12 cases of bread to the shelter"
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.stages import predict, registry

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        checks = registry.validate_model(opened, model)
        answered = []
        if (message or samples) and not checks.problems:
            rows = predict.sample_inputs(opened, checks.ref, messages=message or [], file=samples)
            answered = predict.predict_messages(
                opened, rows, predict.predict_options(model=checks.ref)
            )
    if json:
        show.print_json({**checks.model_dump(mode="json"), "answers": answered})
    else:
        for line in checks.passed:
            show.say(f"ok   {line}")
        for line in checks.problems:
            show.say(f"bad  {line}")
        for one in answered:
            for answer in one.answers:
                show.say(f"{'bad ' if answer.problems else 'ok  '} {answer.text or '(no answer)'}")
                for problem in answer.problems:
                    show.say(f"     {problem}")
    bad = [one for one in answered if any(answer.problems for answer in one.answers)]
    registry.refuse_invalid(checks, bad=len(bad), tried=len(answered))


@app.command()
def merge(
    model: Annotated[str, typer.Argument(help="NAME (active or newest) or NAME@VERSION.")],
    dtype: Annotated[
        str,
        typer.Option(
            help="Type of the weights: auto, base or float32. auto: the base's own where the "
            "merged model then answers exactly as its adapter does, otherwise float32."
        ),
    ] = "auto",
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Make whole weights of an adapter, as a version of its own.

    Example: hone models merge pickup@v2
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished

    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        with show.progress("Merging") as step:
            made = loop.merge_model(opened, model, dtype=dtype, on_progress=step)
        folder = opened.store.models.get(made.ref).folder
    if json:
        show.print_json(made)
        return
    merged = made.details["merged"]
    show.say(f"Registered {made.ref}: {made.parents[0]} merged into {made.base}, in {folder}.")
    show.say(
        f"Weights in {merged['dtype']}; {merged['asked']} held-out prompts get the same answers "
        "from both."
    )
    for name, count in merged["differences"].items():
        if count:
            show.say(f"Not in {name}, as the base has it: {count} answers would differ.")


@app.command()
def bases(json: JsonOption = False) -> None:
    """List open bases that can be adapted, and what that needs.

    Example: hone models bases
    """
    from hone.cli import show
    from hone.stages import train as training

    listed = training.list_bases()
    if json:
        show.print_json(listed)
        return
    rows = [
        (
            one.base.id,
            f"{one.base.parameters / 1e9:.2f}",
            one.base.licence or "unknown",
            {True: "yes", False: "no", None: "unknown"}[one.base.gated],
            one.base.context or "unlimited",
            one.base.chat.name if one.base.chat is not None else "none",
            f"{one.lora_gib.low:.1f} to {one.lora_gib.high:.1f}",
        )
        for one in listed
    ]
    show.table(["base", "10⁹ weights", "licence", "gated", "tokens", "chat", "GiB for LoRA"], rows)
    show.say(
        "GiB on a card, at the least: rank 16 on every linear layer, one row of 2,048 tokens at a "
        "time, bfloat16, checkpointing."
    )
    show.say("Any other base: hf download ID config.json tokenizer.json, then hone train --plan.")


def _figure(one: Measured | None) -> str:
    from hone.cli.evaluate import interval

    return interval(one) if one is not None else ""
