"""Trainings: one, or many on parts of a dataset for its learning curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import GateRefused, HoneError, NotFound, nearest
from hone.loop.answering import evaluate
from hone.loop.preparing import freeze_first, preparing
from hone.loop.progress import Progress
from hone.records.curve import LearningCurve
from hone.records.job import Event
from hone.records.model import ModelVersion
from hone.stages import curve, jobs
from hone.stages.recipes import find_recipe, list_recipes
from hone.stages.train import (
    CardPlan,
    Plan,
    PlannedSubsets,
    cards_for,
    collect_trained,
    missing_for_a_real_run,
    plan_subsets,
    prepare_training,
    read_recipe,
    recipe_of,
    refuse_unready,
    start_training,
    train_subsets,
)
from hone.workspace.open import Workspace

HALF_A_CENT = 0.005


def recipe_named(workspace: Workspace, named: str) -> Path | dict[str, Any]:
    """A recipe file, the name of a shipped one, or NAME@VERSION: as that version was trained."""
    if "@" in named and not Path(named).exists():
        return recipe_of(workspace, named)
    return find_recipe(named)


def train(
    workspace: Workspace,
    recipe: Path | str | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    confirm_run: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
) -> ModelVersion:
    """Plan, train and register; the same training that was cut off goes on where it stood.

    Without `confirm_run` nothing is trained: GateRefused says what is missing.
    """
    job_id = begin_training(workspace, recipe, overrides=overrides, confirm_run=confirm_run)
    return finish_training(workspace, job_id, on_event=on_event)


def known_recipe(workspace: Workspace, named: str) -> dict[str, Any]:
    """A recipe to begin a form with: one that comes with Hone, or how NAME@VERSION was trained.

    NotFound names the nearest. No file of the machine is read but the shipped ones.
    """
    if "@" in named:
        return recipe_of(workspace, named)
    shipped = {one.name: one.path for one in list_recipes()}
    if named not in shipped:
        raise NotFound(f"There is no recipe {named}.", hint=nearest(named, shipped))
    return read_recipe(shipped[named])


class Planned(NamedTuple):
    """What a training would take, why it may not begin yet, and the cards that it would fit on."""

    plan: Plan
    missing: list[str]
    cards: list[CardPlan]


def plan_training(workspace: Workspace, recipe: Path | str | Mapping[str, Any]) -> Planned:
    """The plan of a recipe, with nothing begun; InvalidInput lists every problem at once."""
    written = recipe_named(workspace, recipe) if isinstance(recipe, str) else recipe
    with preparing(workspace, written, is_plan=True) as (prepared, _):
        missing = missing_for_a_real_run(workspace, prepared.plan, is_confirmed=True)
        return Planned(prepared.plan, missing, cards_for(prepared))


def begin_training(
    workspace: Workspace,
    recipe: Path | str | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    confirm_run: bool = False,
    price_usd: float | None = None,
) -> str:
    """The id of a job that trains by this recipe, or waits for its device; as `train` begins it.

    With `price_usd`, what was agreed to, GateRefused where it may cost more by now.
    """
    written = recipe_named(workspace, recipe) if isinstance(recipe, str) else recipe
    with preparing(workspace, written, overrides=overrides) as ready:
        if price_usd is not None:
            refuse_dearer(ready.prepared.plan.price_usd, price_usd)
        refuse_unready(workspace, ready.prepared.plan, is_confirmed=confirm_run)
        prepared = freeze_first(workspace, ready)
        return start_training(workspace, prepared, is_confirmed=confirm_run).job_id


def resume_job(workspace: Workspace, job_id: str, *, price_usd: float | None = None) -> str:
    """Go on with a job that was stopped, failed or was lost, from its last checkpoint; its id.

    With `price_usd`, what was agreed to, GateRefused where a rented machine may cost more by now.
    """
    order = workspace.store.jobs.get(job_id)
    if price_usd is not None and jobs.is_paid(order.target):
        refuse_dearer(jobs.left_usd(workspace, order), price_usd)
    return jobs.resume(workspace, order.id).id


def refuse_dearer(costs_usd: float, agreed_usd: float) -> None:
    """GateRefused where something may cost more than was agreed to."""
    if costs_usd > agreed_usd + HALF_A_CENT:
        raise GateRefused(
            f"By now it may cost ${costs_usd:.2f}, and ${agreed_usd:.2f} was agreed to.",
            hint="Look at the plan again.",
        )


def finish_training(
    workspace: Workspace, job_id: str, *, on_event: Callable[[Event], None] = lambda event: None
) -> ModelVersion:
    """Follow a training that was begun to its end, and give the version that it leaves."""
    for seen in jobs.watch(workspace, job_id):
        if isinstance(seen, Event):
            on_event(seen)
    problems = collect_trained(workspace).problems
    registered = (one.model for one in workspace.store.models.list())
    trained = next((one for one in registered if one.job == job_id), None)
    if trained is None:
        status = jobs.show(workspace, job_id)
        why = status.error or "; ".join(problems) or "it left no version of a model"
        raise HoneError(
            f"Job {job_id} ended as {status.state}: {why}",
            hint=status.hint or f"hone jobs logs {job_id}",
        )
    return trained


def plan_learning_curve(
    workspace: Workspace,
    dataset: str,
    recipe: Path | str | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    **choices: Any,
) -> tuple[PlannedSubsets, curve.Wanted]:
    """The trainings on parts of a dataset that its learning curve takes; nothing is written.

    Choices: see `CurveOptions`. InvalidInput where there is too little to train on or to ask.
    """
    wanted = curve.wanted(workspace, dataset, curve.curve_options(**choices))
    written = recipe_named(workspace, recipe) if isinstance(recipe, str) else recipe
    prepared = prepare_training(
        workspace, written, overrides=[*overrides, f"dataset={wanted.dataset}"]
    )
    options = wanted.options
    return plan_subsets(workspace, prepared, options.shares, options.seeds), wanted


def learning_curve(
    workspace: Workspace,
    plan: tuple[PlannedSubsets, curve.Wanted],
    *,
    confirm_run: bool = False,
    on_event: Callable[[str, Event], None] = lambda job, event: None,
    on_progress: Progress = lambda done, total: None,
) -> LearningCurve:
    """Train on the parts, ask each model the same held-out examples, and say what more would bring.

    What was trained or asked before is not paid for again. GateRefused without `confirm_run`.
    """
    subsets, wanted = plan
    whole = subsets.prepared.plan.model_copy(update={"price_usd": subsets.price_usd})
    missing = missing_for_a_real_run(workspace, whole, is_confirmed=confirm_run)
    if missing:
        raise GateRefused(f"No learning curve: {'; '.join(missing)}.", hint="--plan shows it first")
    trained = train_subsets(workspace, subsets, on_event=on_event)
    learned = {one.job: one.answers_by for one in trained if one.answers_by}
    if owed := curve.whoever_has_not_answered(workspace, wanted.on, learned):
        asked: dict[str, Any] = {"on": wanted.on, "rows": [], "further": owed}
        evaluate(workspace, subsets.prepared.checked.recipe.base, on_progress=on_progress, **asked)
    found = curve.judge_answers(workspace, wanted, subsets.facts, [one.run for one in trained])
    curve.write_report(workspace, found)
    return found
