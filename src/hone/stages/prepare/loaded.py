"""Freezes a prepared file as a dataset version: checked line by line, and kept out of the tests.

Its rows are no examples of the workspace: nobody reviews, corrects or asks them. They train and
validate, so no test split is made of them. What repeats or resembles a tested example of the task,
by its question, is kept out as it is where a dataset is built.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import IO, NamedTuple

from hone import shelf
from hone.errors import InvalidInput
from hone.records.dataset import ExampleQuery, SplitRatios
from hone.records.task import Task
from hone.rendering.messages import question_in
from hone.stages.prepare.build import Built, check_name, rule_of, tested_of
from hone.stages.prepare.choose import Entry, choose
from hone.stages.prepare.form import Form
from hone.stages.prepare.freeze import Parts, freeze, write_manifest, write_splits
from hone.stages.prepare.options import BuildOptions
from hone.stages.prepare.prepared_rows import LINES, read_prepared
from hone.stages.prepare.shown import show_data
from hone.stages.prepare.split import Candidate, share_out
from hone.workspace.files import explained, sha256_of
from hone.workspace.open import Workspace

MOST_BYTES = 1024**3
SHOWN_PROBLEMS = 20
MOST_PROBLEMS = 1000
LEAST_FOR_VAL = 20
VAL_SHARE = 0.1


class Prepared(NamedTuple):
    """A file with the name that people know it by."""

    path: Path
    name: str


def load_prepared(
    workspace: Workspace, name: str, file: Prepared, *, format: str = "sft", task: str | None = None
) -> Built:
    """Freeze the next version of `name` from a file; the same file again gives that version back.

    InvalidInput names every line that is no row of the format; nothing is written then.
    """
    check_name(name)
    asked = _asked(workspace.task(task), format)
    if file.path.stat().st_size > MOST_BYTES:
        raise InvalidInput(
            f"{file.name} is larger than {MOST_BYTES // 1024**3} GiB.", hint="Load it in parts."
        )
    workspace.datasets.mkdir(parents=True, exist_ok=True)
    with explained("write", workspace.datasets):
        aside = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=workspace.datasets))
    try:
        return _loaded(workspace, name, asked, file, aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _loaded(
    workspace: Workspace,
    name: str,
    asked: tuple[Task, Form, BuildOptions],
    file: Prepared,
    aside: Path,
) -> Built:
    task, form, options = asked
    with explained("write", aside), (aside / "rows").open("w+", encoding="utf-8") as rows:
        entries = _entries(file, options.format, rows)
        chosen = choose(entries, tested_of(workspace, task), rule_of(task, options))
        if not chosen.entries:
            raise InvalidInput(
                f"Every row of {file.name} asks what is tested here: nothing may train on it.",
                hint="Load rows that are in no test split of this workspace.",
            )
        candidates = [Candidate(one.id, one.group, "", one.twin_of) for one in chosen.entries]
        ratios = _ratios(len({one.unit for one in candidates}))
        shared = share_out(candidates, ratios, seed=options.seed)
        written = write_splits(aside, rows, chosen.entries, shared.split_of)
    (aside / "rows").unlink()
    recorded = {"loaded": {"file": file.name, "sha256": sha256_of(file.path), "rows": len(entries)}}
    notes = [f"Loaded from {file.name}: rows of a prepared file, none of them reviewed here."]
    parts = Parts(aside, written, chosen.kept_out, [*notes, *shared.notes], recorded)
    options = options.model_copy(update={"ratios": ratios})
    manifest = write_manifest(workspace, name, (task, form, options), parts)
    newest = workspace.store.datasets.latest(name)
    if newest is not None and newest.sha256 == manifest.sha256:
        folder = workspace.datasets / newest.ref
        show_data(workspace, newest)
        return Built(newest, folder, is_new=False, kept_out=chosen.kept_out)
    folder = freeze(workspace, aside, manifest)
    show_data(workspace, manifest)
    return Built(manifest, folder, is_new=True, kept_out=chosen.kept_out)


def _asked(task: Task, format_name: str) -> tuple[Task, Form, BuildOptions]:
    allowed = [one for one in shelf.load("tasks", task.kind).FORMATS if one in LINES]
    if format_name not in allowed:
        raise InvalidInput(
            f"A prepared file of the format {format_name} cannot be loaded for a {task.kind} task.",
            hint=f"Formats that can: {', '.join(allowed)}.",
        )
    module = shelf.load("formats", format_name)
    form = Form(module, module.Options(), ExampleQuery.model_validate({"status": []}), {})
    return task, form, BuildOptions(format=format_name)


def _ratios(rows: int) -> SplitRatios:
    """A share to pick the best checkpoint by, where there are rows enough for it."""
    val = VAL_SHARE if rows >= LEAST_FOR_VAL else 0.0
    return SplitRatios(train=1 - val, val=val, test=0.0, probe=0.0)


def _entries(file: Prepared, format_name: str, rows: IO[str]) -> list[Entry]:
    """An entry for each row, which is written to `rows`; InvalidInput with all that is wrong."""
    entries: list[Entry] = []
    problems: list[str] = []
    for number, row, problem in read_prepared(file.path, format_name):
        if row is None:
            problems.append(f"Line {number}: {problem}.")
            if len(problems) == MOST_PROBLEMS:
                break
            continue
        if problems:
            continue  # only what is wrong is still of interest
        text = json.dumps({name: row[name] for name in row if name != "id"}, ensure_ascii=False)
        rows.write(json.dumps(row, ensure_ascii=False) + "\n")
        entries.append(
            Entry(
                id=row["id"],
                version=1,
                group=None,
                label="",
                text=question_in(row["prompt"]),
                weight=row["weight"],
                line=len(entries),
                said=hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
            )
        )
    if problems:
        raise _refusal(file, format_name, problems)
    if not entries:
        raise InvalidInput(f"{file.name} holds no rows.", hint=f"A line is {LINES[format_name]}.")
    return entries


def _refusal(file: Prepared, format_name: str, problems: list[str]) -> InvalidInput:
    shown, count = problems[:SHOWN_PROBLEMS], len(problems)
    least = "at least " if count == MOST_PROBLEMS else ""
    more = [f"… and {least}{count - len(shown)} more."] if count > len(shown) else []
    what = "1 line is" if count == 1 else f"{least}{count} lines are"
    return InvalidInput(
        f"{file.name} was not loaded: {what} no row of the format {format_name}.",
        hint=f"A line is {LINES[format_name]}.",
        problems=[*shown, *more],
    )
