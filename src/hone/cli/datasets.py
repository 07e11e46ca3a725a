"""`hone datasets`: build, list, show, diff, export; doctor and curve have files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli import curve, doctor
from hone.cli.import_ import pairs
from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.stages.prepare import Built

app = new_app()
app.add_typer(doctor.app)
app.add_typer(curve.app)


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="The dataset's name; its next version is made.")],
    format: Annotated[
        str, typer.Option(help="What rows are: sft, raft, dpo, kto or regression.")
    ] = "sft",
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            help="Of the format: distractors=4, passages=FILE, edited_weight=2, …",
            metavar="NAME=VALUE",
        ),
    ] = None,
    train_ratio: Annotated[float, typer.Option(help="Share that trains.")] = 0.8,
    val_ratio: Annotated[float, typer.Option(help="Share that picks the best checkpoint.")] = 0.1,
    test_ratio: Annotated[float, typer.Option(help="Share that is never trained on.")] = 0.1,
    probe_ratio: Annotated[float, typer.Option(help="Share to flag and correct from.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same splits.")] = 0,
    task: Annotated[str | None, typer.Option(help="By default the workspace's task.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only examples with this tag.")] = None,
    file: Annotated[list[str] | None, typer.Option(help="Only examples of this file.")] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="By default those that the format reads.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many examples.")] = None,
    similarity: Annotated[
        float | None, typer.Option(help="Near-duplicate threshold, 0.5 to 1; default: the task's.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="Count tokens as this base model does.", metavar="MODEL")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(help="Keep out rows longer than this; needs --base.")
    ] = None,
    replay: Annotated[
        str | None,
        typer.Option(
            help="Only what is new beside this version, and a sample of what trained there.",
            metavar="NAME@VERSION",
        ),
    ] = None,
    replay_share: Annotated[
        float | None, typer.Option(help="Share of all that trains that is replayed; default 0.2.")
    ] = None,
    replay_rows: Annotated[
        int | None, typer.Option(help="So many examples are replayed, instead of a share.")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Freeze a new version: splits, quarantine, near-duplicates.

    Example: hone datasets build answers --format raft --option distractors=3
    """
    from hone import loop
    from hone.cli import show

    wanted = {
        "task": task,
        "format": format,
        "format_options": pairs("--option", option),
        "ratios": {
            "train": train_ratio,
            "val": val_ratio,
            "test": test_ratio,
            "probe": probe_ratio,
        },
        "seed": seed,
        "query": {
            "tags": tag or [],
            "files": file or [],
            "limit": limit,
            **({"status": status} if status else {}),
        },
        "similarity": similarity,
        "max_tokens": max_tokens,
        "base": base,
    }
    replays = {"replay": replay, "replay_share": replay_share, "replay_rows": replay_rows}
    wanted |= {name: value for name, value in replays.items() if value is not None}
    with loop.open_workspace(workspace) as opened, show.progress("Building") as step:
        built = loop.build_dataset(opened, name, on_progress=step, **wanted)
    if json:
        show.print_json({**built.manifest.model_dump(mode="json"), "is_new": built.is_new})
        return
    say_built(built, f"hone train recipes/NAME.yaml --set dataset={built.manifest.ref} --plan")


def say_built(built: Built, following: str) -> None:
    """What was frozen, or that nothing has changed, and the next command."""
    from hone.cli import show

    manifest = built.manifest
    if not built.is_new:
        show.say(f"Nothing changed: {manifest.ref} holds exactly these examples.")
        return
    show.say(f"Froze {manifest.ref} in {built.folder}.")
    show.table(["split", "rows"], [(name, split.rows) for name, split in manifest.splits.items()])
    _say_kept_out(manifest.kept_out, manifest.ref)
    for note in manifest.notes:
        show.say(f"Note: {note}")
    show.say(f"Next: {following}")


def _say_kept_out(kept_out: dict[str, int], ref: str) -> None:
    from hone.cli import show

    if kept_out:
        listed = ", ".join(f"{count} {reason}" for reason, count in kept_out.items())
        show.say(f"Kept out: {listed}. (hone datasets show {ref} --kept-out lists them.)")


@app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List datasets and their versions.

    Example: hone datasets list
    """
    from hone import loop
    from hone.cli import show

    with loop.open_workspace(workspace) as opened:
        manifests = opened.store.datasets.list()
    if json:
        show.print_json(manifests)
        return
    if not manifests:
        show.say("No datasets yet. Next: hone datasets build NAME")
        return
    rows = [
        (
            manifest.ref,
            manifest.format,
            *(manifest.splits[s].rows if s in manifest.splits else 0 for s in _SPLITS),
            manifest.sha256[:12],
        )
        for manifest in manifests
    ]
    show.table(["dataset", "format", *_SPLITS, "content"], rows)


_SPLITS = ("train", "val", "test", "probe")


@app.command("show")
def show_(
    ref: Annotated[str, typer.Argument(help="NAME (its newest version) or NAME@VERSION.")],
    kept_out: Annotated[
        bool, typer.Option("--kept-out", help="List what was kept out, and because of what.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Show one version: splits, what was kept out and why.

    Example: hone datasets show pickup@1 --kept-out
    """
    from hone import loop
    from hone.cli import show

    with loop.open_workspace(workspace) as opened:
        loop.check_files(opened, ref)
        manifest, folder = loop.dataset_folder(opened, ref)
        left = list(loop.kept_out(opened, ref)) if kept_out else []
    if json:
        show.print_json(left if kept_out else manifest)
        return
    if kept_out:
        if not left:
            show.say(f"Nothing was kept out of {manifest.ref}.")
            return
        columns = ("id", "reason", "because_of", "similarity", "detail")
        show.table(columns, [[row.get(column) for column in columns] for row in left])
        return
    show.say(f"{manifest.ref} ({manifest.format}, task {manifest.task}) in {folder}")
    show.table(["split", "rows"], [(name, split.rows) for name, split in manifest.splits.items()])
    _say_kept_out(manifest.kept_out, manifest.ref)
    for note in manifest.notes:
        show.say(f"Note: {note}")
    show.say(
        f"seed {manifest.seed}, template {manifest.template[7:19]}, content {manifest.sha256[:12]}"
    )


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="NAME@VERSION.")],
    second: Annotated[str, typer.Argument(help="NAME@VERSION.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Compare two versions.

    Example: hone datasets diff pickup@1 pickup@2
    """
    from hone import loop
    from hone.cli import show

    with loop.open_workspace(workspace) as opened:
        found = loop.compare_datasets(opened, first, second)
    if json:
        show.print_json(found)
        return
    rows = [
        ("added", len(found.added), ", ".join(found.added[:5])),
        ("removed", len(found.removed), ", ".join(found.removed[:5])),
        ("moved", len(found.moved), ", ".join(f"{i} {a}→{b}" for i, a, b in found.moved[:5])),
        ("corrected", len(found.changed), ", ".join(found.changed[:5])),
    ]
    show.table(["change", "examples", "first ones"], rows)


@app.command()
def export(
    ref: Annotated[str, typer.Argument(help="NAME or NAME@VERSION.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    layout: Annotated[str, typer.Option(help="trl, messages, openai, alpaca or sharegpt.")] = "trl",
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write a version for other trainers to read.

    Example: hone datasets export pickup --layout alpaca --out exported/
    """
    from hone import loop
    from hone.cli import show

    with loop.open_workspace(workspace) as opened:
        written = loop.export_dataset(opened, ref, out, layout_name=layout)
    if json:
        show.print_json([str(path) for path in written])
        return
    for path in written:
        show.say(f"Wrote {path}.")
