"""Freezes reviewed examples into a dataset version: the same query and seed, the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

from hone import shelf
from hone.errors import InvalidInput
from hone.records.dataset import (
    SPLITS,
    Manifest,
    Member,
    SplitFile,
)
from hone.records.task import Task
from hone.rendering.messages import template_fingerprint
from hone.stages.prepare.choose import Chosen, Entry, KeptOut, Rule, Tested, choose, counts
from hone.stages.prepare.options import BuildOptions
from hone.stages.prepare.rendered import Progress, render_rows
from hone.stages.prepare.split import Candidate, Shared, share_out
from hone.workspace.files import explained, sha256_of, write_json
from hone.workspace.open import Workspace


class Built(NamedTuple):
    """The version, its folder, whether it is new, and what this build kept out."""

    manifest: Manifest
    folder: Path
    is_new: bool
    kept_out: list[KeptOut]


def build_dataset(
    workspace: Workspace,
    name: str,
    options: BuildOptions | None = None,
    *,
    on_progress: Progress = lambda done, total: None,
) -> Built:
    """Freeze the next version of `name`; nothing is written unless everything holds.

    A build whose content equals the newest version's gives that version back. Raises
    InvalidInput with every problem: no accepted examples, too few for the splits, and so on.
    """
    options = options or BuildOptions()
    _check_name(name)
    task = workspace.task(options.task)
    _check_format(task, options.format)
    workspace.datasets.mkdir(parents=True, exist_ok=True)
    with explained("write", workspace.datasets):
        aside = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=workspace.datasets))
    try:
        with (aside / "rows").open("w+", encoding="utf-8") as rows:
            entries, refused = render_rows(workspace, task, options, rows, on_progress)
            tested = _tested(workspace, task)
            chosen = choose(entries, tested, _rule(task, options))
            chosen = _without_homeless(chosen, tested, options)
            shared = _share(workspace, name, chosen.entries, tested, options)
            _write_splits(aside, rows, chosen.entries, shared.split_of)
        (aside / "rows").unlink()
        kept_out = [*refused, *chosen.kept_out]
        manifest = _manifest(workspace, name, task, options, _Parts(aside, shared, kept_out))
        newest = workspace.store.datasets.latest(name)
        if newest is not None and newest.sha256 == manifest.sha256:
            return Built(newest, workspace.datasets / newest.ref, is_new=False, kept_out=kept_out)
        return Built(manifest, _freeze(workspace, aside, manifest), is_new=True, kept_out=kept_out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _check_name(name: str) -> None:
    if not name or not all(c.isalnum() or c in "-_." for c in name) or name[0] in ".-":
        raise InvalidInput(
            f'"{name}" cannot be the name of a dataset.',
            hint="use letters, digits, dash and underscore, as in: hone datasets build pickup",
        )


def _check_format(task: Task, format_name: str) -> None:
    shelf.load("formats", format_name)
    allowed = shelf.load("tasks", task.kind).FORMATS
    if format_name not in allowed:
        raise InvalidInput(
            f"A {task.kind} task cannot be written as {format_name}.",
            hint=f"use --format {' or '.join(allowed)}",
        )


def _tested(workspace: Workspace, task: Task) -> dict[str, Tested]:
    kind = shelf.load("tasks", task.kind)
    return {
        example.id: Tested(
            example.id, split, example.group, kind.near_duplicate_text(task, example.input)
        )
        for example, split in workspace.store.placements.tested(task.name)
    }


def _rule(task: Task, options: BuildOptions) -> Rule:
    kind = shelf.load("tasks", task.kind)
    if kind.DUPLICATE_RULE == "normalised" and options.similarity is None:
        return Rule("duplicate", shelf.load("checks", "duplicate").Options())
    chosen = {} if options.similarity is None else {"threshold": options.similarity}
    return Rule("near_duplicate", shelf.load("checks", "near_duplicate").Options(**chosen))


def _without_homeless(
    chosen: Chosen, tested: Mapping[str, Tested], options: BuildOptions
) -> Chosen:
    """A tested example may stand only in its val or test split; without one it is kept out."""
    wanted = options.ratios.model_dump()
    homeless = {entry.id for entry in chosen.entries if entry.id in tested}
    homeless = {id for id in homeless if not wanted[tested[id].split]}
    if not homeless:
        return chosen
    return Chosen(
        [entry for entry in chosen.entries if entry.id not in homeless],
        [*chosen.kept_out, *(KeptOut(id, "quarantine", id, 1.0) for id in sorted(homeless))],
    )


def _share(
    workspace: Workspace,
    name: str,
    entries: list[Entry],
    tested: Mapping[str, Tested],
    options: BuildOptions,
) -> Shared:
    """Splits, with every example where an earlier version of this dataset had it.

    A model that trained on an example must never meet it in a later test set, so train
    members are pinned as well; a probe member is free once a correction changed it. What was
    tested in another dataset of the task is tested here too.
    """
    version_of = {entry.id: entry.version for entry in entries}
    pinned: dict[str, str] = {
        member.id: member.split
        for member in workspace.store.placements.placed(name)
        if member.id in version_of
        and (member.split != "probe" or member.version == version_of[member.id])
    }
    pinned.update({entry.id: tested[entry.id].split for entry in entries if entry.id in tested})
    candidates = [Candidate(entry.id, entry.group, entry.label) for entry in entries]
    return share_out(candidates, options.ratios, seed=options.seed, pinned=pinned)


def _write_splits(
    aside: Path, rows: IO[str], entries: list[Entry], split_of: Mapping[str, str]
) -> None:
    entry_at = {entry.line: entry for entry in entries}
    rows.seek(0)
    with explained("write", aside):
        files: dict[str, IO[str]] = {
            split: (aside / f"{split}.jsonl").open("w", encoding="utf-8") for split in SPLITS
        }
        members = (aside / "members.jsonl").open("w", encoding="utf-8")
        try:
            for line, text in enumerate(rows):
                entry = entry_at.get(line)
                if entry is None:
                    continue
                split = split_of[entry.id]
                files[split].write(text)
                member = Member(
                    id=entry.id, version=entry.version, split=split, weight=entry.weight
                )
                members.write(member.model_dump_json() + "\n")
        finally:
            for file in (*files.values(), members):
                file.close()
    if not (aside / "probe.jsonl").stat().st_size:
        (aside / "probe.jsonl").unlink()


class _Parts(NamedTuple):
    folder: Path
    shared: Shared
    kept_out: list[KeptOut]


def _manifest(
    workspace: Workspace, name: str, task: Task, options: BuildOptions, parts: _Parts
) -> Manifest:
    with explained("write", parts.folder), (parts.folder / "kept_out.jsonl").open("w") as file:
        for item in parts.kept_out:
            file.write(json.dumps(item._asdict()) + "\n")
    rows: dict[str, int] = dict.fromkeys(SPLITS, 0)
    for split in parts.shared.split_of.values():
        rows[split] += 1
    splits: dict[str, SplitFile] = {
        split: SplitFile(rows=rows[split], sha256=sha256_of(parts.folder / f"{split}.jsonl"))
        for split in SPLITS
        if (parts.folder / f"{split}.jsonl").exists()
    }
    whole = hashlib.sha256(sha256_of(parts.folder / "members.jsonl").encode())
    for split, file in splits.items():
        whole.update(f"{split} {file.sha256}".encode())
    newest = workspace.store.datasets.latest(name)
    manifest = Manifest(
        name=name,
        version=newest.version + 1 if newest else 1,
        task=task.name,
        format=options.format,
        template=template_fingerprint(task),
        seed=options.seed,
        query=options.query.model_dump(exclude_defaults=False),
        options=options.model_dump(
            mode="json", exclude={"task", "format", "seed", "query", "base"}
        ),
        splits=splits,
        kept_out=counts(parts.kept_out),
        notes=parts.shared.notes,
        sha256=whole.hexdigest(),
    )
    write_json(parts.folder / "manifest.json", manifest.model_dump(mode="json"))
    return manifest


def _freeze(workspace: Workspace, aside: Path, manifest: Manifest) -> Path:
    """Move the folder into place, then register it; either alone is mended by the next build."""
    folder = workspace.datasets / manifest.ref
    with explained("write", folder):
        if folder.exists():
            # Left by a build that was killed before it registered: nobody can have used it.
            shutil.rmtree(folder)
        aside.chmod(0o755)
        aside.rename(folder)
    members = (
        Member.model_validate_json(line)
        for line in (folder / "members.jsonl").read_text(encoding="utf-8").splitlines()
    )
    workspace.store.datasets.freeze(manifest, members)
    return folder
