"""Freezes reviewed examples into a dataset version: the same query and seed, the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from hone import shelf
from hone.errors import HoneError, InvalidInput
from hone.records.dataset import (
    SPLITS,
    ExampleQuery,
    Manifest,
    Member,
    SplitFile,
    SplitRatios,
)
from hone.records.example import Example
from hone.records.task import Task
from hone.rendering.messages import template_fingerprint
from hone.stages.prepare.choose import Chosen, Entry, KeptOut, Rule, Tested, choose, counts
from hone.stages.prepare.split import Candidate, Shared, share_out
from hone.workspace.files import explained, sha256_of, write_json
from hone.workspace.open import Workspace

Progress = Callable[[int, int | None], None]


class BuildOptions(BaseModel):
    """How a dataset is made; everything here goes into its manifest."""

    model_config = ConfigDict(extra="forbid")

    task: str | None = Field(default=None, description="by default the workspace's task")
    format: str = Field(default="sft", description="a choice of the formats shelf")
    format_options: dict[str, Any] = Field(default_factory=dict[str, Any])
    ratios: SplitRatios = Field(default_factory=lambda: SplitRatios())
    seed: int = Field(default=0, ge=0)
    query: ExampleQuery = Field(default_factory=lambda: ExampleQuery())
    similarity: float | None = Field(
        default=None, ge=0.5, le=1, description="near-duplicate threshold; by default the task's"
    )
    max_tokens: int | None = Field(
        default=None, ge=8, description="rows longer than this many tokens of `base` are kept out"
    )
    base: Path | None = Field(default=None, description="folder of the model that counts tokens")


class Built(NamedTuple):
    """The version, its folder, and whether it was already there with the same content."""

    manifest: Manifest
    folder: Path
    is_new: bool


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
            entries, refused = _render(workspace, task, options, rows, on_progress)
            chosen = _choose(workspace, task, options, entries)
            shared = _share(workspace, name, chosen.entries, options)
            _write_splits(aside, rows, chosen.entries, shared.split_of)
        (aside / "rows").unlink()
        kept_out = [*refused, *chosen.kept_out]
        manifest = _manifest(workspace, name, task, options, _Parts(aside, shared, kept_out))
        newest = workspace.store.datasets.latest(name)
        if newest is not None and newest.sha256 == manifest.sha256:
            return Built(newest, workspace.datasets / newest.ref, is_new=False)
        return Built(manifest, _freeze(workspace, aside, manifest), is_new=True)
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


def _render(
    workspace: Workspace,
    task: Task,
    options: BuildOptions,
    rows: IO[str],
    on_progress: Progress,
) -> tuple[list[Entry], list[KeptOut]]:
    """One pass over the store: every row is rendered aside, light entries stay in memory."""
    kind, format_module = shelf.load("tasks", task.kind), shelf.load("formats", options.format)
    format_options = _format_options(format_module, options.format_options)
    total = workspace.store.examples.count(options.query)
    entries: list[Entry] = []
    refused: list[KeptOut] = []
    line = 0
    for done, example in enumerate(_examples(workspace, task, options.query)):
        if done % 1000 == 0:
            on_progress(done, total)
        row = None
        if not kind.output_problems(task, example.output):
            row = format_module.run(task, example, format_options)
        if row is None:
            refused.append(KeptOut(example.id, "invalid"))
            continue
        rows.write(json.dumps(row, ensure_ascii=False) + "\n")
        entries.append(_entry(kind, task, example, weight=row.get("weight", 1.0), line=line))
        line += 1
    on_progress(total, total)
    if not entries:
        raise _nothing_to_learn_from(workspace, task, len(refused))
    entries, too_long = _without_too_long(entries, rows, options)
    return entries, [*refused, *too_long]


def _examples(workspace: Workspace, task: Task, query: ExampleQuery) -> Iterator[Example]:
    return workspace.store.examples.iterate(query, task=task.name)


def _format_options(module: Any, given: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    try:
        return module.Options.model_validate(given)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidInput(
            "The options of the format do not fit.", hint="see the docs", problems=problems
        ) from error


def _entry(kind: Any, task: Task, example: Example, *, weight: float, line: int) -> Entry:
    return Entry(
        id=example.id,
        version=example.version,
        group=example.group,
        label=kind.label_of(task, example.output),
        text=kind.near_duplicate_text(task, example.input),
        weight=weight,
        line=line,
    )


def _nothing_to_learn_from(workspace: Workspace, task: Task, invalid: int) -> InvalidInput:
    counters = workspace.store.examples.counters(task.name)
    listed = ", ".join(f"{count} {status}" for status, count in counters.items() if count)
    what = f"No example of the task {task.name} can be trained on"
    if invalid:
        return InvalidInput(
            f"{what}: the {invalid} accepted outputs do not fit the task.",
            hint="hone examples list --status accepted, then correct them or the task file",
        )
    return InvalidInput(
        f"{what}: there are {listed or 'no examples at all'}.",
        hint="review first: hone review" if listed else "hone import FILE, then hone review",
    )


def _without_too_long(
    entries: list[Entry], rows: IO[str], options: BuildOptions
) -> tuple[list[Entry], list[KeptOut]]:
    if options.max_tokens is None:
        return entries, []
    if options.base is None:
        raise HoneError(
            "Tokens cannot be counted without a base model.",
            hint="add --base hone-nano, or the folder of another model",
        )
    from hone.rendering.tokens import Renderer

    check = shelf.load("checks", "too_long")
    rows.seek(0)
    conversations = ([*row["prompt"], *row["completion"]] for row in map(json.loads, rows))
    lengths = check.run(
        conversations,
        check.Options(max_tokens=options.max_tokens),
        renderer=Renderer.load(options.base),
    )
    kept: list[Entry] = []
    gone: list[KeptOut] = []
    for entry, (_, fits) in zip(entries, lengths, strict=True):
        if fits:
            kept.append(entry)
        else:
            gone.append(KeptOut(entry.id, "too_long"))
    if not kept:
        raise InvalidInput(
            f"All {len(entries)} rows are longer than {options.max_tokens} tokens.",
            hint="raise --max-tokens",
        )
    return kept, gone


def _choose(
    workspace: Workspace, task: Task, options: BuildOptions, entries: list[Entry]
) -> Chosen:
    kind = shelf.load("tasks", task.kind)
    tested = {
        example.id: Tested(
            example.id, split, example.group, kind.near_duplicate_text(task, example.input)
        )
        for example, split in workspace.store.datasets.tested(task.name)
    }
    if kind.DUPLICATE_RULE == "normalised" and options.similarity is None:
        rule = Rule("duplicate", shelf.load("checks", "duplicate").Options())
    else:
        chosen = {} if options.similarity is None else {"threshold": options.similarity}
        rule = Rule("near_duplicate", shelf.load("checks", "near_duplicate").Options(**chosen))
    return choose(entries, tested, rule)


def _share(workspace: Workspace, name: str, entries: list[Entry], options: BuildOptions) -> Shared:
    """Splits, with every example where an earlier version of this dataset had it.

    A model that trained on an example must never meet it in a later test set, so train
    members are pinned as well; a probe member is free once a correction changed it.
    """
    version_of = {entry.id: entry.version for entry in entries}
    pinned: dict[str, str] = {
        member.id: member.split
        for member in workspace.store.datasets.placed(name)
        if member.id in version_of
        and (member.split != "probe" or member.version == version_of[member.id])
    }
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
