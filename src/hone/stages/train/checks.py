"""What must hold before a training may be written down: dataset, task, base, room; all at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from hone import shelf
from hone.errors import HoneError, InvalidInput
from hone.records.dataset import Manifest
from hone.records.task import Task
from hone.rendering.messages import template_fingerprint
from hone.rendering.tokens import Renderer
from hone.stages import jobs
from hone.stages.train.fitting import unfit_for
from hone.stages.train.lessons import Lessons, lessons_of
from hone.stages.train.machine import Machine
from hone.stages.train.places import occupied
from hone.stages.train.plan import Plan
from hone.stages.train.recipe import CheckedRecipe
from hone.stages.train.remaining import Rows, count_split, nothing_remains
from hone.stages.train.rewards import FoundReward, as_list, find_rewards, names_of
from hone.stages.train.sharing import sharing_problems
from hone.workspace.bases import FoundBase, find_base, planned_base
from hone.workspace.contenders import base_problems
from hone.workspace.files import sha256_of
from hone.workspace.open import Workspace

GIB = 1024**3
SPARE_DISK_GIB = 0.05
TOLD_BY_LESSONS = ("dpo", "regression")
"""Formats whose lessons tell of rows that teach nothing: equal pairs, scores that are missing."""


class Found(NamedTuple):
    """A dataset and where it lies: frozen, or a draft of its next version."""

    manifest: Manifest
    folder: Path


class Materials(NamedTuple):
    """What a training is made of, found and sound."""

    base: FoundBase
    manifest: Manifest
    folder: Path
    task: Task
    renderer: Renderer | None  # none where only a plan is wanted and the tokenizer is not here
    rewards: tuple[FoundReward, ...] = ()  # models that judge answers while a model learns
    notes: tuple[str, ...] = ()  # rows that the worker leaves out


def gather(
    ws: Workspace,
    checked: CheckedRecipe,
    *,
    is_plan: bool = False,
    machine: Machine | None = None,
    draft: Found | HoneError | None = None,
) -> Materials:
    """Find dataset, task and base; InvalidInput lists everything that is missing or wrong.

    For a plan, a base is enough of which only the shape is known. `machine` is None where it is
    not known yet, or does not matter. `draft` stands for a dataset that is not frozen yet, or says
    why it cannot be.
    """
    recipe, problems = checked.recipe, list[str]()
    hints: list[str] = []
    manifest = task = None
    folder, is_readable = ws.datasets, False
    try:
        manifest, folder = _dataset(ws, recipe.dataset, draft)
        reads = _formats_of(recipe.method)
        problems += _dataset_problems((manifest, folder), (recipe.method, reads))
        is_readable = not problems
        wanted = manifest.format if manifest.format in reads else reads[0]
        hints += [_rebuild(manifest, wanted)] * bool(problems)
    except HoneError as error:
        _note(error, problems, hints)
    taught = Lessons([], [])
    try:
        task = ws.task(recipe.task or (manifest.task if manifest else None))
        if manifest is not None:
            if is_readable:
                taught = _lessons((manifest, folder), task, checked)
            wrong = _task_problems(task, manifest) + taught.problems
            problems += wrong
            mend = _rebuild(manifest, manifest.format)
            hints += [f"{taught.mend}; then {mend}" if taught.mend else mend] * bool(wrong)
    except HoneError as error:
        _note(error, problems, hints)
    base, renderer = _find_base(ws, recipe.base, (problems, hints), is_plan=is_plan)
    if unfit := unfit_for(checked, task, base):
        problems += unfit
        hints.append("hone train RECIPE --plan   (shows every value and where it comes from)")
    rewards = find_rewards(ws, names_of(_rewards_in(checked)), renderer, (problems, hints))
    try:
        jobs.target_named(ws, recipe.on)
    except HoneError as error:
        _note(error, problems, hints)
    if problems or manifest is None or base is None or task is None:
        dimensions = len(task.dimensions) if task is not None else 0
        read = Rows(manifest, folder, renderer, dimensions) if is_readable and manifest else None
        _note_later(checked, read, machine, (problems, hints))
        raise _refusal(problems, hints)
    return Materials(base, manifest, folder, task, renderer, tuple(rewards), tuple(taught.notes))


def refuse_unfit(ws: Workspace, plan: Plan, machine: Machine, *, needs_room: bool = True) -> None:
    """InvalidInput when nothing could be learned, or there is no room on disk or in memory.

    Without `needs_room` only what holds on every machine is refused.
    """
    problems: list[tuple[str, str]] = sharing_problems(plan.options, machine) if needs_room else []
    problems += nothing_remains(plan.train, plan.options, _doctor(plan.dataset, plan.base))
    problems += occupied(ws, plan.options, plan.model)
    rooms = {"on disk": shutil.disk_usage(ws.root).free / GIB}
    if machine.disk_free_gib is not None:
        rooms["on the disk of that machine"] = machine.disk_free_gib
    for where, free in rooms.items():
        if needs_room and plan.disk_gib + SPARE_DISK_GIB > free:
            what = (
                f"checkpoints and model need {plan.disk_gib:.2f} GiB {where}, {free:.2f} are free"
            )
            problems.append((what, "Free some space, or --set training.keep_checkpoints=1"))
    in_4bit = plan.options.get("lora.load_in_4bit")
    if needs_room and in_4bit is not None and in_4bit.value and plan.device != "cuda":
        what = f"lora.load_in_4bit needs an NVIDIA card, and this run is on {plan.device}"
        problems.append((what, "--set lora.load_in_4bit=false, perhaps with a smaller base"))
    if needs_room and plan.memory_gib.low > plan.device_memory_gib:
        batch = int(plan.options["training.batch_size"].value)
        what = (
            f"at least {plan.memory_gib.low:.1f} GiB of memory are needed, "
            f"{plan.device} has {plan.device_memory_gib:.1f}"
        )
        mend = f"--set training.batch_size={max(1, batch // 2)}, or a smaller base"
        problems.append((what, mend))
    if problems:
        raise InvalidInput(
            f"This training cannot work: {'; '.join(what for what, _ in problems)}.",
            hint="; ".join(dict.fromkeys(mend for _, mend in problems)),
        )


def _refusal(problems: list[str], hints: list[str]) -> InvalidInput:
    if len(problems) == 1:
        return InvalidInput(_sentence(problems[0]), hint=hints[0] if hints else "")
    return InvalidInput(
        f"Training cannot begin: {len(problems)} things are missing or wrong.",
        hint="; ".join(dict.fromkeys(hints)),
        problems=problems,
    )


def _note_later(
    checked: CheckedRecipe,
    read: Rows | None,
    machine: Machine | None,
    found: tuple[list[str], list[str]],
) -> None:
    """Add what a sound training is asked for later: everything is told at once."""
    more = sharing_problems(checked.options, machine) if machine is not None else []
    try:
        if read is not None and read.renderer is not None:
            train = count_split(read, "train", checked.options)
            assert train is not None  # a dataset without training rows is not readable
            doctor = _doctor(read.manifest.ref, checked.recipe.base)
            if train.too_long or read.manifest.format not in TOLD_BY_LESSONS:
                more += nothing_remains(train, checked.options, doctor)
    except HoneError as error:
        _note(error, *found)
    found[0].extend(what for what, _ in more)
    found[1].extend(mend for _, mend in more)


def _dataset(ws: Workspace, named: str, draft: Found | HoneError | None) -> Found:
    if isinstance(draft, HoneError):
        raise draft
    if draft is not None:
        return draft
    manifest = ws.store.datasets.get(named)
    return Found(manifest, ws.datasets / manifest.ref)


def _lessons(found_in: tuple[Manifest, Path], task: Task, checked: CheckedRecipe) -> Lessons:
    """What the train split teaches; notes tell of rows that are left out of it, and of val."""
    (manifest, folder), method = found_in, checked.recipe.method
    found = lessons_of(folder / "train.jsonl", task, method, _rewards_in(checked))
    val = manifest.splits.get("val")
    if method == "regression" and val is not None and val.rows:
        beside = lessons_of(folder / "val.jsonl", task, method)
        notes = [f"Of val: {one.rstrip('.')}." for one in [*beside.notes, *beside.problems]]
        found = found._replace(notes=found.notes + notes, mend=found.mend or beside.mend)
    if found.notes and found.mend and not found.problems:
        mend = f"{found.mend}; then {_rebuild(manifest, manifest.format)}"
        found = found._replace(notes=[*found.notes, f"To learn from them: {mend}."])
    return found


def _doctor(dataset: str, base: str) -> str:
    return f"hone datasets doctor {dataset} --base {base}"


def _formats_of(method: str) -> tuple[str, ...]:
    """The formats that a method reads; one that names none reads the format of its own name."""
    return getattr(shelf.load("methods", method), "FORMATS", (method,))


def _dataset_problems(
    found: tuple[Manifest, Path], asked: tuple[str, tuple[str, ...]]
) -> list[str]:
    problems: list[str] = []
    (manifest, folder), (method, reads) = found, asked
    if manifest.format not in reads:
        problems.append(
            f"{manifest.ref} has the format {manifest.format}; "
            f"the method {method} reads {' or '.join(reads)}"
        )
    if manifest.splits.get("train") is None or manifest.splits["train"].rows == 0:
        problems.append(f"{manifest.ref} has no rows in its train split")
    for split, file in manifest.splits.items():
        path = folder / f"{split}.jsonl"
        if split not in ("train", "val") or file.rows == 0:
            continue
        if not path.is_file():
            problems.append(f"{path} is gone")
        elif sha256_of(path) != file.sha256:
            problems.append(f"{path} was changed after {manifest.ref} was frozen")
    return problems


def _task_problems(task: Task, manifest: Manifest) -> list[str]:
    if task.name != manifest.task:
        return [f"{manifest.ref} was built for the task {manifest.task}, not {task.name}"]
    if template_fingerprint(task) != manifest.template:
        return [
            f"the task {task.name} has changed since {manifest.ref} was built; build a new version"
        ]
    return []


def _rewards_in(checked: CheckedRecipe) -> list[str]:
    reward = checked.options.get("training.reward")
    return as_list(reward.value) if reward is not None else []


def _find_base(
    ws: Workspace, name: str, found: tuple[list[str], list[str]], *, is_plan: bool
) -> tuple[FoundBase | None, Renderer | None]:
    """The base and what renders for it, as far as they are there; what is wrong is noted."""
    base = renderer = None
    try:
        base = planned_base(ws, name) if is_plan else find_base(ws, name)
        if base.is_here or (base.path / "tokenizer.json").is_file():
            renderer = Renderer.load(base.path)
            if wrong := _base_problems(ws, base, renderer):
                found[0].extend(wrong)
                found[1].append(f"Put the old files of {base.id} back, or take another base")
    except HoneError as error:
        _note(error, *found)
    return base, renderer


def _base_problems(ws: Workspace, base: FoundBase, renderer: Renderer) -> list[str]:
    """Where an adapter, a tokenizer and the weights below them do not belong together."""
    problems: list[str] = []
    if base.adapter is not None and base.model is not None:
        problems += base_problems(ws.store.models.get(base.model).model, base, renderer)
    rows, last = base.vocabulary, renderer.last_id
    if rows is not None and last >= rows:
        problems.append(
            f"the tokenizer of {base.id} writes ids up to {last:,}, its weights know {rows:,} "
            "tokens: they are not of one model"
        )
    return problems


def _rebuild(manifest: Manifest, format_name: str) -> str:
    return f"hone datasets build {manifest.name} --format {format_name}"


def _sentence(text: str) -> str:
    first = text.partition(" ")[0]
    # A name stays as it is written.
    said = text if "@" in first or "." in first else f"{text[:1].upper()}{text[1:]}"
    return said if text.endswith(".") else f"{said}."


def _note(error: HoneError, problems: list[str], hints: list[str]) -> None:
    if isinstance(error, InvalidInput) and error.problems:
        problems += [f"{error.message.rstrip('.')}: {problem}" for problem in error.problems]
    else:
        problems.append(error.message)
    if error.hint:
        hints.append(error.hint)
