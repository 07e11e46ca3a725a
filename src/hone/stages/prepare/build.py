"""Freezes reviewed examples into a dataset version: the same query and seed, the same bytes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from hone import shelf
from hone.errors import Conflict, InvalidInput
from hone.records.dataset import ExampleQuery, Manifest
from hone.records.task import Task
from hone.stages.prepare.choose import Chosen, Entry, KeptOut, Rule, Tested, choose
from hone.stages.prepare.form import Form, chosen_form
from hone.stages.prepare.freeze import Parts, freeze, write_manifest, write_splits
from hone.stages.prepare.options import BuildOptions
from hone.stages.prepare.passages import Drafts, finish_rows
from hone.stages.prepare.placing import share
from hone.stages.prepare.rendered import (
    Progress,
    Wanted,
    nothing_to_learn_from,
    render_rows,
    without_too_long,
)
from hone.stages.prepare.replay import Older, draw, older_version, replayable
from hone.stages.prepare.shown import show_data
from hone.stages.prepare.split import Shared
from hone.workspace.files import explained
from hone.workspace.open import Workspace


class Built(NamedTuple):
    """The version, its folder, whether it is new, and what this build kept out."""

    manifest: Manifest
    folder: Path
    is_new: bool
    kept_out: list[KeptOut]


class Draft(NamedTuple):
    """What a build would freeze: aside, or the newest version where nothing has changed."""

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
    with drafted(workspace, name, options, on_progress=on_progress) as draft:
        return keep(workspace, draft)


def keep(workspace: Workspace, draft: Draft) -> Built:
    """Freeze a draft, once; Conflict where another version of it came between."""
    manifest, folder = draft.manifest, draft.folder
    if draft.is_new:
        newest = workspace.store.datasets.latest(manifest.name)
        if newest is not None and newest.version >= manifest.version:
            raise Conflict(
                f"{newest.ref} was frozen while this was prepared.", hint="The same command again."
            )
        folder = freeze(workspace, folder, manifest)
    show_data(workspace, manifest)
    return Built(manifest, folder, is_new=draft.is_new, kept_out=draft.kept_out)


@contextmanager
def drafted(
    workspace: Workspace,
    name: str,
    options: BuildOptions | None = None,
    *,
    on_progress: Progress = lambda done, total: None,
) -> Generator[Draft]:
    """What `build_dataset` would freeze, in a folder of its own that is gone afterwards."""
    options = options or BuildOptions()
    check_name(name)
    task = workspace.task(options.task)
    form = chosen_form(task, options)
    asked = (task, form, options)
    workspace.datasets.mkdir(parents=True, exist_ok=True)
    with explained("write", workspace.datasets):
        aside = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=workspace.datasets))
    try:
        with (aside / "rows").open("w+", encoding="utf-8") as rows:
            rendered = _rendered(workspace, asked, rows, on_progress)
            made = _arranged(workspace, name, asked, rendered, rows)
            if form.is_drafted:
                with (aside / "finished").open("w+", encoding="utf-8") as finished:
                    made = _finished(asked, made, rows, finished)
                    written = write_splits(aside, finished, made.entries, made.shared.split_of)
                (aside / "finished").unlink()
            else:
                written = write_splits(aside, rows, made.entries, made.shared.split_of)
        (aside / "rows").unlink()
        recorded = made.recorded | ({"feedback": options.because} if options.because else {})
        parts = Parts(aside, written, made.kept_out, _notes(made, written), recorded)
        manifest = write_manifest(workspace, name, asked, parts)
        newest = workspace.store.datasets.latest(name)
        if newest is not None and newest.sha256 == manifest.sha256:
            yield Draft(newest, workspace.datasets / newest.ref, False, made.kept_out)
        else:
            yield Draft(manifest, aside, True, made.kept_out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


class _Rendered(NamedTuple):
    """What the store gave; `replayed` are the ids of those that are only there to be replayed."""

    entries: list[Entry]
    refused: list[KeptOut]
    older: Older | None
    replayed: set[str]


class _Made(NamedTuple):
    """What stands where, and what does not."""

    entries: list[Entry]
    shared: Shared
    kept_out: list[KeptOut]
    recorded: dict[str, Any]


def _rendered(
    workspace: Workspace,
    asked: tuple[Task, Form, BuildOptions],
    rows: IO[str],
    on_progress: Progress,
) -> _Rendered:
    """The rows of every new example, then those of what may be replayed."""
    task, form, options = asked
    older = older_version(workspace, task, options)
    wanted = Wanted(form.query) if older is None else Wanted(form.query, older.is_new)
    entries, refused = render_rows(workspace, (task, form), wanted, rows, on_progress)
    if not entries and older is not None and not refused:
        raise InvalidInput(
            f"Nothing is new beside {older.manifest.ref}: it holds every example that fits.",
            hint="hone review, or build without --replay",
        )
    if not entries:
        raise nothing_to_learn_from(workspace, task, form, refused)
    if older is None:
        return _Rendered(entries, refused, None, set())
    again = Wanted(
        ExampleQuery.model_validate({"status": form.query.status}),
        older.trained,
        sum(entry.rows for entry in entries),
    )
    found, also_refused = render_rows(workspace, (task, form), again, rows, on_progress)
    ids = {entry.id for entry in found}
    return _Rendered([*entries, *found], [*refused, *also_refused], older, ids)


def _arranged(
    workspace: Workspace,
    name: str,
    asked: tuple[Task, Form, BuildOptions],
    rendered: _Rendered,
    rows: IO[str],
) -> _Made:
    """Choose among the rendered examples, share the new ones out, and draw what is replayed."""
    task, form, options = asked
    entries, too_long = rendered.entries, list[KeptOut]()
    if not form.is_drafted:
        entries, too_long = without_too_long(entries, rows, form, options)
    tested = tested_of(workspace, task)
    chosen = choose(entries, tested, rule_of(task, options))
    chosen = _without_homeless(chosen, tested, options)
    kept_out = [*rendered.refused, *too_long, *chosen.kept_out]
    fresh = [entry for entry in chosen.entries if entry.id not in rendered.replayed]
    if rendered.older is None:
        shared = share(workspace, name, fresh, (tested, {}), options)
        return _Made(fresh, shared, kept_out, {})
    before = [entry for entry in rendered.entries if entry.id in rendered.replayed]
    pins = rendered.older.pins(fresh, before)
    shared = share(workspace, name, fresh, (tested, pins), options)
    standing = [entry for entry in chosen.entries if entry.id in rendered.replayed]
    training = sum(split == "train" for split in shared.split_of.values())
    drawn = draw(rendered.older, replayable(standing, fresh, tested), training, options)
    split_of = shared.split_of | {entry.id: "train" for entry in drawn.entries}
    shared = Shared(split_of, [*shared.notes, drawn.note])
    return _Made([*fresh, *drawn.entries], shared, kept_out, drawn.recorded)


def _finished(
    asked: tuple[Task, Form, BuildOptions], made: _Made, rows: IO[str], finished: IO[str]
) -> _Made:
    """The same with finished rows, without those that only now turn out to be too long."""
    task, form, options = asked
    drafts = Drafts(made.entries, rows, made.shared.split_of)
    entries, notes = finish_rows(task, form, drafts, finished, seed=options.seed)
    kept, too_long = without_too_long(entries, finished, form, options)
    split_of = {entry.id: made.shared.split_of[entry.id] for entry in kept}
    empty = sorted(set(made.shared.split_of.values()) - set(split_of.values()))
    if empty:
        raise InvalidInput(
            f"Every row of {' and '.join(empty)} is longer than {options.max_tokens} tokens.",
            hint="raise --max-tokens, or ask for fewer distractors",
        )
    shared = Shared(split_of, [*made.shared.notes, *notes])
    return _Made(kept, shared, [*made.kept_out, *too_long], made.recorded)


def _notes(made: _Made, written: Mapping[str, int]) -> list[str]:
    rows, examples = sum(written.values()), len(made.entries)
    if rows == examples:
        return made.shared.notes
    return [f"{rows:,} rows of {examples:,} examples.", *made.shared.notes]


def check_name(name: str) -> None:
    """InvalidInput for what could not be a folder's name."""
    if not name or not all(c.isalnum() or c in "-_." for c in name) or name[0] in ".-":
        raise InvalidInput(
            f'"{name}" cannot be the name of a dataset.',
            hint="use letters, digits, dash and underscore, as in: hone datasets build pickup",
        )


def tested_of(workspace: Workspace, task: Task) -> dict[str, Tested]:
    """Every example of a task that is or was in a val or test split, by its id."""
    kind = shelf.load("tasks", task.kind)
    found = {
        example.id: Tested(
            example.id, split, example.group, kind.near_duplicate_text(task, example.input)
        )
        for example, split in workspace.store.placements.tested(task.name)
    }
    if not any(one.group for one in found.values()):
        return found
    # Where groups had to be cut, examples stand for themselves: their siblings train already.
    cut = workspace.store.placements.cut_groups(task.name)
    return {id: one._replace(group=None) if one.group in cut else one for id, one in found.items()}


def rule_of(task: Task, options: BuildOptions) -> Rule:
    """How likeness is judged for a task."""
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
