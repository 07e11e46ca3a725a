"""From a recipe to a training that may begin; what was reviewed is frozen first, if it says so."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import GateRefused, InvalidInput
from hone.loop.examples import build_options
from hone.loop.progress import Progress
from hone.records.dataset import Manifest
from hone.records.example import TRUSTED
from hone.stages import prepare
from hone.stages.train import (
    CheckedRecipe,
    Found,
    Prepared,
    check_recipe,
    prepare_checked,
    read_recipe,
    too_few_for,
)
from hone.workspace.open import Workspace
from hone.workspace.store import Filter


class Ready(NamedTuple):
    """A training that could begin, and the dataset version that has to be frozen for it first."""

    prepared: Prepared
    draft: prepare.Draft | None


@contextmanager
def preparing(
    workspace: Workspace,
    recipe: Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    is_plan: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Generator[Ready]:
    """As `prepare_training`; where the recipe says `build`, on what would be frozen by it.

    Nothing is left of that unless `freeze_first` is called within. InvalidInput with every
    problem; GateRefused where too few messages were audited to build from.
    """
    checked = _checked(recipe, overrides)
    if not _builds(checked):
        prepared = prepare_checked(workspace, checked, is_plan=is_plan)
        yield Ready(_noted(prepared, _named(checked)), None)
        return
    options = _options(workspace, checked)
    _refuse_too_few(workspace, checked, options, is_plan=is_plan)
    name = checked.recipe.dataset
    with ExitStack() as stack:
        drafting = prepare.drafted(workspace, name, options, on_progress=on_progress)
        try:
            draft = stack.enter_context(drafting)
        except InvalidInput as error:
            _tell_what_else_is_wrong(workspace, checked, error, is_plan=is_plan)
            raise
        found = Found(draft.manifest, draft.folder)
        prepared = prepare_checked(workspace, checked, is_plan=is_plan, draft=found)
        yield Ready(_noted(prepared, _frozen_first(workspace, draft)), draft)


def freeze_first(workspace: Workspace, ready: Ready) -> Prepared:
    """Freeze the dataset that a training is on, where it is not yet; within `preparing`."""
    if ready.draft is None or not ready.draft.is_new:
        return ready.prepared
    built = prepare.keep(workspace, ready.draft)
    materials = ready.prepared.materials._replace(folder=built.folder)
    return ready.prepared._replace(materials=materials)


def build_for(
    workspace: Workspace,
    recipe: Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    on_progress: Progress = lambda done, total: None,
) -> prepare.Built:
    """Freeze what a recipe would train on, and train nothing; the base is not looked for.

    InvalidInput where the recipe builds nothing, or names a version.
    """
    checked = _checked(recipe, overrides)
    name = checked.recipe.dataset
    if not _builds(checked):
        is_version = "@" in name
        raise InvalidInput(
            f"{name} is a version, which is frozen already."
            if is_version
            else f"The recipe does not say how {name} is built.",
            hint=f"Name it without a version: --set dataset={name.partition('@')[0]}"
            if is_version
            else f"hone datasets build {name}, or a key build: in the recipe",
        )
    options = _options(workspace, checked)
    return prepare.build_dataset(workspace, name, options, on_progress=on_progress)


def _checked(recipe: Path | Mapping[str, Any], overrides: Sequence[str]) -> CheckedRecipe:
    return check_recipe(read_recipe(recipe) if isinstance(recipe, Path) else recipe, overrides)


def _builds(checked: CheckedRecipe) -> bool:
    return checked.recipe.build is not None and "@" not in checked.recipe.dataset


def _options(ws: Workspace, checked: CheckedRecipe) -> prepare.BuildOptions:
    """How the dataset is built; by default of its last version's task, as the method reads it."""
    read: Sequence[str] = getattr(checked.method, "FORMATS", (checked.recipe.method,))
    before = ws.store.datasets.latest(checked.recipe.dataset)
    of_last = before.task if before is not None else None
    usual = {"task": checked.recipe.task or of_last, "format": read[0]}
    return build_options(ws, {**usual, **(checked.recipe.build or {})})


def _refuse_too_few(
    ws: Workspace, checked: CheckedRecipe, options: prepare.BuildOptions, *, is_plan: bool
) -> None:
    """GateRefused where so little was audited that no training, or not even a plan, comes of it."""
    if checked.recipe.force:
        return
    task = ws.task(options.task)
    count = ws.store.examples.count(Filter(task=task.name, status=TRUSTED))
    splits = sum(share > 0 for share in options.ratios.model_dump().values())
    refusal = too_few_for(task, count, checked.recipe.dataset)
    # Where nothing at all was audited the builder says what there is instead.
    if refusal and count and (count < splits or not is_plan):
        raise GateRefused(f"No training: {refusal}.", hint="hone review")


def _tell_what_else_is_wrong(
    ws: Workspace, checked: CheckedRecipe, error: InvalidInput, *, is_plan: bool
) -> None:
    """InvalidInput with all problems where a build that failed is not the only one."""
    failed = InvalidInput(error.message, hint=error.hint)
    try:
        prepare_checked(ws, checked, is_plan=is_plan, draft=failed)
    except InvalidInput as found:
        if found.problems:
            raise


def _named(checked: CheckedRecipe) -> str:
    if checked.recipe.build is None:
        return ""
    return f"{checked.recipe.dataset} was named, so it is trained on as it is: nothing is frozen."


def _frozen_first(ws: Workspace, draft: prepare.Draft) -> str:
    manifest = draft.manifest
    if not draft.is_new:
        return f"{manifest.ref} holds all that was reviewed for it: nothing is frozen."
    before = ws.store.datasets.latest(manifest.name)
    compared = f"; {before.ref} holds {_size(before):,}" if before is not None else ""
    return f"{manifest.ref} is frozen first, with {_size(manifest):,} rows{compared}."


def _size(manifest: Manifest) -> int:
    return sum(split.rows for split in manifest.splits.values())


def _noted(prepared: Prepared, note: str) -> Prepared:
    if not note:
        return prepared
    notes = [note, *prepared.plan.notes]
    return prepared._replace(plan=prepared.plan.model_copy(update={"notes": notes}))
