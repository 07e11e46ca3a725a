"""The registered models: list, show with ancestry, choose the active one, take one out, load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from hone import shelf
from hone.errors import Conflict, HoneError, InvalidInput, NotFound
from hone.records.dataset import Manifest, Member
from hone.records.example import Example
from hone.records.model import Measured, ModelVersion
from hone.records.review import Operation
from hone.rendering.tokens import Renderer
from hone.workspace.bases import find_base, read_shapes
from hone.workspace.contenders import able_to_answer, soundness_problems, task_problem
from hone.workspace.open import Workspace
from hone.workspace.store import Activation, Registered

FEW_MEMBERS = 500


class ModelSummary(BaseModel):
    """One line of the list of models."""

    ref: str
    is_active: bool
    kind: str
    base: str
    task: str | None
    dataset: str | None
    score: Measured | None = Field(description="the task's 0-to-1 score, where it was measured")
    registered_at: datetime
    folder: str
    parents: list[str] = Field(default_factory=list[str], description="versions it came from")
    method: str = ""
    runtime_seconds: float = Field(default=0.0, description="of its training")
    cost_usd: float = Field(default=0.0, description="of the machine that trained it")


class DatasetAncestry(BaseModel):
    """The dataset that a version was trained on, and who stands behind its examples."""

    ref: str
    sha256: str
    template: str
    splits: dict[str, int]
    files: dict[str, int] = Field(description="examples that trained the version, by origin file")
    reviewers: dict[str, dict[str, int]] = Field(
        description="who accepted or edited how many of them, as they were frozen"
    )
    missing: int = Field(default=0, description="examples that are no longer in the workspace")


class ModelInfo(BaseModel):
    """A version with where it comes from, down to the people who reviewed its examples."""

    model: ModelVersion
    is_active: bool
    registered_at: datetime
    folder: str
    missing_files: list[str]
    dataset: DatasetAncestry | None
    parents: list[ModelVersion]
    activations: list[str] = Field(description="when which version became active, through whom")


def list_models(ws: Workspace, name: str | None = None) -> list[ModelSummary]:
    """Every registered version, by name and number; of one name where it is given."""
    score_names = {task.name: task.score_name for task in ws.tasks().values()}
    return [_summary(one, score_names) for one in ws.store.models.list(name)]


def model_info(ws: Workspace, ref: str) -> ModelInfo:
    """One version (NAME: the active or newest) with its ancestry."""
    found = ws.store.models.get(ref)
    model = found.model
    return ModelInfo(
        model=model,
        is_active=found.is_active,
        registered_at=found.registered_at,
        folder=str(found.folder),
        missing_files=[name for name in model.sha256 if not (found.folder / name).is_file()],
        dataset=_dataset_ancestry(ws, model),
        parents=_parents(ws, model),
        activations=[_said(one) for one in ws.store.models.activations(model.name)],
    )


def set_active(ws: Workspace, ref: str, *, reviewer: str, note: str = "") -> ModelVersion:
    """Make one version the one that answers; journalled with who chose it."""
    found = ws.store.models.get(ref)
    missing = [name for name in found.model.sha256 if not (found.folder / name).is_file()]
    if missing:
        raise HoneError(
            f"{found.model.ref} cannot answer: {', '.join(missing)} is gone from {found.folder}.",
            hint="Put the files back, or choose another version: hone models list",
        )
    return ws.store.models.set_active(found.model.ref, reviewer=reviewer, note=note)


def delete_model(ws: Workspace, ref: str, *, reviewer: str, is_forced: bool = False) -> Registered:
    """Take a version out of the registry; its files stay, and its number is not used again."""
    found = ws.store.models.get(ref)
    if found.is_active and not is_forced:
        others = [one for one in ws.store.models.list(found.model.name) if not one.is_active]
        hint = f"hone models delete {found.model.ref} --force"
        if others:
            hint = f"hone models set-active {others[-1].model.ref}, or {hint}"
        raise Conflict(f"{found.model.ref} is the active version.", hint=hint)
    return ws.store.models.delete(ref, reviewer=reviewer)


class Validation(BaseModel):
    """What holds of a version and what does not."""

    ref: str
    passed: list[str]
    problems: list[str]


def validate_model(ws: Workspace, ref: str) -> Validation:
    """Check a version's files, weights, base, template and task; loads no weights."""
    found = ws.store.models.get(ref)
    model = found.model
    problems: list[str] = []
    try:
        base = find_base(ws, model.ref)
        renderer = Renderer.load(base.path)
        problems += soundness_problems(found.folder, model, base, renderer)
        problems += list(renderer.problems)
        changed = task_problem(ws, model, ws.task(model.task))
        problems += [changed] if changed else []
    except HoneError as error:
        problems += list(getattr(error, "problems", ())) or [error.message]
    for path in sorted(found.folder.glob("*.safetensors")):
        try:
            read_shapes(path)
        except HoneError as error:
            problems.append(error.message)
    passed = [] if problems else _passed(model)
    return Validation(ref=model.ref, passed=passed, problems=problems)


def refuse_invalid(checks: Validation, *, bad: int, tried: int) -> None:
    """HoneError where a version or its answers to samples are not sound."""
    if checks.problems:
        raise InvalidInput(
            f"{checks.ref} is not sound: {len(checks.problems)} checks failed.",
            hint="Put the files back from a copy, or train again: hone train RECIPE",
        )
    if bad:
        raise InvalidInput(
            f"{checks.ref} gave {bad} of {tried} samples an answer that does not fit the task.",
            hint=f"hone evaluate {checks.ref} --quick   (how it does on many)",
        )


def _passed(model: ModelVersion) -> list[str]:
    return [
        f"{len(model.sha256)} files as they were registered",
        f"base {model.base} as it was at training",
        "template and tokenizer as they were at training",
        f"task {model.task} as its dataset was built",
    ]


def load_model(ws: Workspace, ref: str) -> tuple[Any, Any, Any]:
    """(model, tokenizer, device) of a registered version or a base, ready to generate.

    Loads torch into this process. A version is checked first to be what it was when it was made.
    """
    able = able_to_answer(ws, ref, _task_of(ws, ref))
    generator = shelf.load("generators", able.contender.generator)
    if not hasattr(generator, "load"):
        raise InvalidInput(
            f"{ref} gives numbers: it cannot be loaded to generate answers.",
            hint=f"hone predict --version {ref}, or hone evaluate {ref}",
        )
    options = generator.Options.model_validate(able.contender.options)
    return generator.load(options)


def _task_of(ws: Workspace, ref: str) -> Any:
    try:
        return ws.task(ws.store.models.get(ref).model.task)
    except NotFound:
        return ws.task(None)


def _summary(found: Registered, score_names: Mapping[str, str]) -> ModelSummary:
    model = found.model
    return ModelSummary(
        ref=model.ref,
        is_active=found.is_active,
        kind=model.kind,
        base=model.base,
        task=model.task,
        dataset=model.dataset,
        score=model.metrics.get(model.score_name(score_names.get(model.task or "", ""))),
        registered_at=found.registered_at,
        folder=str(found.folder),
        parents=model.parents,
        method=str(model.details.get("method", "")),
        runtime_seconds=model.runtime_seconds,
        cost_usd=model.cost_usd,
    )


def _parents(ws: Workspace, model: ModelVersion) -> list[ModelVersion]:
    """The versions that it was trained from, nearest first."""
    found: dict[str, ModelVersion] = {}
    waiting = list(model.parents)
    while waiting:
        ref = waiting.pop(0)
        if ref in found:
            continue
        try:
            found[ref] = ws.store.models.get(ref).model
        except NotFound:
            continue  # taken out of the registry
        waiting += found[ref].parents
    return list(found.values())


def _dataset_ancestry(ws: Workspace, model: ModelVersion) -> DatasetAncestry | None:
    if model.dataset is None:
        return None
    try:
        manifest = ws.store.datasets.get(model.dataset)
    except NotFound:
        return None
    return ancestry_of(ws, manifest)


def ancestry_of(
    ws: Workspace, manifest: Manifest, *, few_members: int = FEW_MEMBERS
) -> DatasetAncestry:
    """What stands behind a dataset: its train examples by file, and who reviewed them.

    Up to `few_members` are looked up one by one; more in one pass over the store.
    """
    members = {
        one.id: one for one in ws.store.datasets.members(manifest.ref) if one.split == "train"
    }
    files: Counter[str] = Counter()
    reviewers: dict[str, Counter[str]] = {}
    seen = 0
    is_large = len(members) > few_members
    for example in _examples(ws, members, manifest.task, is_large=is_large):
        seen += 1
        files[example.origin.file or "unknown"] += 1
        reviewer, verdict = _decided(ws, example, members[example.id].version)
        reviewers.setdefault(reviewer, Counter())[verdict] += 1
    return DatasetAncestry(
        ref=manifest.ref,
        sha256=manifest.sha256,
        template=manifest.template,
        splits={name: file.rows for name, file in manifest.splits.items()},
        files=dict(files.most_common()),
        reviewers={
            name: dict(sorted(counts.items()))
            for name, counts in sorted(reviewers.items(), key=lambda one: -one[1].total())
        },
        missing=len(members) - seen,
    )


def _examples(
    ws: Workspace, members: Mapping[str, Member], task: str, *, is_large: bool
) -> Iterable[Example]:
    if is_large:
        yield from (one for one in ws.store.examples.iterate(task=task) if one.id in members)
        return
    for example_id in members:
        try:
            yield ws.store.examples.get(example_id)
        except NotFound:
            continue


def _decided(ws: Workspace, example: Example, version: int) -> tuple[str, str]:
    """Who made the answer that was frozen, and how; an example decided since is looked up."""
    if example.version == version:
        return example.reviewer or "unknown", example.status
    # Every operation raised the version by one, from 1.
    history: list[Operation] = ws.store.journal.history(example.id)
    if not 2 <= version <= len(history) + 1:
        return "unknown", "unknown"
    operation = history[version - 2]
    verdicts = {"accept": "accepted", "edit": "edited"}
    return operation.reviewer, verdicts.get(operation.verdict or "", operation.kind)


def _said(one: Activation) -> str:
    who = f" by {one.reviewer}" if one.reviewer else ""
    note = f" ({one.note})" if one.note else ""
    what = one.version or "none"
    return f"{one.at:%Y-%m-%d %H:%M} {what}{who}{note}"
