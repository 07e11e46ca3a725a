"""`hone targets`: where jobs may run, and whether it is ready."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

app = new_app()


@app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List where jobs may run.

    Example: hone targets list
    """
    from hone import loop
    from hone.cli import show
    from hone.stages.targets import list_targets

    with loop.open_workspace(workspace) as ws:
        found = list_targets(ws)
    if json:
        show.print_json(found)
        return
    show.table(["target", "kind", "where"], [(one.name, one.kind, one.where) for one in found])


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A target, as --on of hone train takes it.")],
    mend: Annotated[
        bool, typer.Option("--mend/--no-mend", help="Bring Hone and missing packages there.")
    ] = True,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="The host has a new key and you know why: pin it.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Look whether a job could run there, and mend what can be mended.

    Exits 1 where something is missing; each line says what mends it.

    Example: hone targets check ssh
    """
    from hone import loop
    from hone.cli import show
    from hone.stages.targets import check_target

    with loop.open_workspace(workspace) as ws:
        found = check_target(ws, name, mends=mend, new_key=new_key)
    if json:
        show.print_json([one._asdict() for one in found])
    else:
        rows = [("ok" if one.is_good else "not ok", one.name, one.text) for one in found]
        show.table(["", "", ""], rows)
        for one in found:
            if one.mend:
                show.say(f"{one.name}: {one.mend}")
    if not all(one.is_good for one in found):
        raise SystemExit(1)
    if not json:
        show.say(f"Next: hone train RECIPE --on {name} --plan")


@app.command()
def setup(
    name: Annotated[str, typer.Argument(help="The target: runpod-serverless.")],
    image: Annotated[
        str, typer.Option(help="The worker image that you pushed (docker/README.md), NAME:VERSION.")
    ],
    gpu: Annotated[
        list[str] | None, typer.Option(help="Pools of GPUs that a worker may have; repeat it.")
    ] = None,
    data_center: Annotated[str, typer.Option(help="Where volume and workers are.")] = "EU-RO-1",
    called: Annotated[str, typer.Option(help="Name of volume, template and endpoint.")] = "hone",
    volume_gb: Annotated[int, typer.Option(help="Size of the volume: bases and jobs.")] = 50,
    workers: Annotated[int, typer.Option(help="Workers that may run at once.")] = 1,
    hub_secret: Annotated[
        str | None, typer.Option(help="A secret at RunPod that holds the hub's token.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Make what a target needs at its provider: the price first, then a question.

    Volume, template and endpoint are looked for by their name first, so the same command again
    makes nothing twice, and brings a new image to an endpoint that is there.

    Example: hone targets setup runpod-serverless --image docker.io/me/hone-worker:0.1.0
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import setup_endpoint as setting_up

    setting_up.refuse_other(name)
    wanted = setting_up.Wanted(
        called, image, data_center, tuple(gpu or ("ADA_24",)), volume_gb, workers, hub_secret
    )
    with loop.open_workspace(workspace) as ws:
        if not yes:
            _ask_for_keys(ws, [setting_up.KEY])
        plan = setting_up.plan_endpoint(ws, wanted)
        if not json:
            for line in _price_lines(plan):
                show.say(line)
        if not yes and not typer.confirm("Make it?" if plan.makes else "Go on?"):
            raise typer.Exit(0)
        made = setting_up.set_up_endpoint(ws, wanted)
        if not yes and made.missing_keys:
            show.say(f"Keys to the volume are made at {setting_up.S3_PAGE}.")
            _ask_for_keys(ws, made.missing_keys)
            made.missing_keys = setting_up.missing_keys(ws)
    if json:
        show.print_json(made)
        return
    show.say(f"Endpoint {made.endpoint_id}, volume {made.volume_id}: written into hone.yaml.")
    if made.missing_keys:
        show.say(f"Still missing in .env: {', '.join(made.missing_keys)}.")
        show.say(f"Keys to the volume are made at {setting_up.S3_PAGE}.")
    show.say(f"Next: hone targets check {name}")


def _price_lines(plan: Any) -> list[str]:
    when = "now" if plan.price_of == "live" else f"as of {plan.price_of}"
    return [
        f"A worker ({plan.worker}) costs up to ${plan.per_hour_usd:.2f} an hour {when}, by the "
        "second, while it runs; nothing while none runs.",
        f"The volume costs ${plan.volume_per_month_usd:.2f} a month, used or not.",
        *(f"There is: {one}." for one in plan.keeps),
        *(f"To be made: {one}." for one in plan.makes),
    ]


def _ask_for_keys(ws: Any, names: list[str]) -> None:
    """Ask for keys that are missing, without showing them; a blank one is left for later."""
    from hone.stages import setup_endpoint as setting_up

    for name in names:
        if name in setting_up.missing_keys(ws):
            said = typer.prompt(f"{name} (blank: later)", default="", hide_input=True)
            if said:
                setting_up.keep_keys(ws, {name: said})
