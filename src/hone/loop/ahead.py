"""What goes on by itself while the app runs: new versions are found, predictions kept up to date.

A trained version answers at once where none is active, and as soon as the gate lets it; till then
it waits, and it is said why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

from hone.errors import HoneError
from hone.records.model import ModelVersion
from hone.stages import compare as comparison
from hone.stages import predict as prediction
from hone.stages import registry
from hone.stages.evaluate import collect_all_evaluated
from hone.stages.train.register import collect_trained
from hone.workspace.open import Workspace

Ways = dict[str, tuple[Literal["rules", "model"], ...]]
WAYS: Ways = {"rules": ("rules",), "model": ("model",), "both": ("rules", "model")}
BY_ITSELF = "the running app"


class Waiting(BaseModel):
    """A version that is newer than the active one and does not answer yet."""

    ref: str
    active: str
    says: str = Field(description="what the gate says of it")
    reasons: list[str] = Field(description="of each rule that does not pass")
    hint: str


class LookedUp(prediction.LookedUp):
    """A page of predictions, and which newer version waits."""

    waiting: list[Waiting] = Field(default_factory=list[Waiting])


class TakenIn(NamedTuple):
    """What one look found to do."""

    models: list[ModelVersion]
    activated: list[str]
    jobs: list[str]
    problems: list[str]


def predict_all(
    workspace: Workspace,
    task: str | None = None,
    *,
    method: Literal["rules", "model", "both"] = "both",
) -> LookedUp:
    """Let the rules, the active model or both answer every message of an extract task ahead.

    Begins a job for what has no answer yet, or goes on with the one that was cut off; comes back
    at once and says how far each is.
    """
    known = prediction.ahead_task(workspace, task)
    prediction.predict_ahead(workspace, known, WAYS[method])
    return look_at_predictions(workspace, known.name)


def look_at_predictions(
    workspace: Workspace, task: str | None = None, ids: Sequence[str] = ()
) -> LookedUp:
    """What was predicted ahead for these examples, how far the rest is, which version waits."""
    known = prediction.ahead_task(workspace, task)
    found = prediction.look_ahead(workspace, known, ids)
    waiting = waiting_models(workspace, known.name) if not ids else []
    return LookedUp(**dict(found), waiting=waiting)


def waiting_models(workspace: Workspace, task: str) -> list[Waiting]:
    """The newest version of each name that waits for the gate, and why."""
    found: list[Waiting] = []
    for model in _candidates(workspace, (task,)):
        judged = comparison.judge_gate(workspace, model.ref)
        found.append(
            Waiting(
                ref=model.ref,
                active=judged.champion or "",
                says=judged.says,
                reasons=[one.says for one in judged.rules if one.verdict != "pass"],
                hint=f"hone evaluate {model.ref}, or hone models set-active {model.ref}",
            )
        )
    return found


def take_in_new(workspace: Workspace, *, judges: bool = True) -> TakenIn:
    """Register what was trained, let it answer where the gate allows, predict what is missing.

    For the tasks whose answers are records; versions of others are chosen by people alone. Without
    `judges` the gate is asked only where something was trained or evaluated since.
    """
    trained = collect_trained(workspace)
    evaluated = collect_all_evaluated(workspace)
    problems = [*trained.problems, *evaluated.problems]
    activated: list[str] = []
    tasks = [one.name for one in workspace.tasks().values() if one.kind == "extract"]
    is_due = judges or trained.models or evaluated.evaluations
    for model in _candidates(workspace, tasks) if is_due else ():
        try:
            judged = comparison.judge_gate(workspace, model.ref)
        except HoneError as error:
            problems.append(f"{model.ref}: {error.message}")
            continue
        if judged.verdict == "pass":
            registry.set_active(workspace, model.ref, reviewer=BY_ITSELF, note=judged.says)
            activated.append(model.ref)
    begun = prediction.keep_ahead(workspace)
    return TakenIn(trained.models, activated, [job.id for job in begun], problems)


def _candidates(workspace: Workspace, tasks: Sequence[str]) -> list[ModelVersion]:
    """The newest version of each name, where it came after the last choice of an active one.

    Whoever chose an older version when this one was there had a reason. A merge is no new model.
    """
    newest: dict[str, ModelVersion] = {}
    for one in workspace.store.models.list():
        if one.model.task in tasks and "merged" not in one.model.details:
            newest[one.model.name] = one.model
    found: list[ModelVersion] = []
    for name, model in newest.items():
        chosen = workspace.store.models.activations(name)
        registered_at = workspace.store.models.get(model.ref).registered_at
        if workspace.store.models.active(name) is None or not chosen:
            continue  # the first becomes active when it is registered
        if all(one.at < registered_at for one in chosen):
            found.append(model)
    return found
