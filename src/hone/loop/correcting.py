"""What people correct: promoted flags, the next version of a dataset, and what it did."""

from __future__ import annotations

from typing import Any

from hone.errors import HoneError
from hone.loop.answering import evaluate
from hone.loop.examples import build_dataset
from hone.loop.progress import Progress
from hone.records.feedback import Applied, Efficacy
from hone.settings import reviewer_name
from hone.stages import feedback, flags, prepare
from hone.stages.prepare import compare_datasets
from hone.stages.train import recipe_of
from hone.workspace.open import Workspace


def promote_flag(
    workspace: Workspace,
    example_id: str,
    *,
    note: str,
    reviewer: str | None = None,
    base: str | None = None,
) -> flags.Promotion:
    """Take a test example and its siblings out of every test for ever, so that it may be corrected.

    Every dataset that tested one of them gets a new version, with fresh examples in their place.
    `base` counts tokens where a dataset bounds them. Cut off, the same call completes it.
    """
    planned = flags.plan_promotion(workspace, example_id, note=note)
    older = [workspace.store.datasets.get(ref) for ref in planned.lost]
    # All that could be refused, before anything is for ever.
    choices = {one.ref: feedback.as_built(workspace, one, base=base) for one in older}
    flags.promote(workspace, planned, reviewer=reviewer or reviewer_name(), note=note)
    because = {"promoted": [planned.example.id, *planned.siblings]}
    versions: dict[str, str] = {}
    notes: list[str] = []
    for one in older:
        asked = {**choices[one.ref], "fresh": planned.lost[one.ref]}
        built = build_dataset(workspace, one.name, **asked, because={**because, "of": one.ref})
        versions[one.ref] = built.manifest.ref
        notes += [note for note in built.manifest.notes if "could not be replaced" in note]
    return flags.Promotion(planned.example, planned.siblings, versions, notes)


def apply_feedback(
    workspace: Workspace,
    dataset: str | None = None,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> Applied:
    """Freeze the dataset version that trains on every correction, and its control without them.

    Choices: name, format (dpo and kto give pairs and judgements), base and options of the format.
    """
    plan = feedback.plan_feedback(workspace, dataset, feedback.Asked(**choices))
    built = build_dataset(workspace, plan.name, on_progress=on_progress, **plan.choices)
    ref = built.manifest.ref
    found = feedback.report_applied(workspace, plan, built)
    trained = set(plan.corrections) - {one.id for one in found.left_out}
    control = None
    if trained and plan.has_control:
        control = prepare.freeze_without(workspace, ref, trained, plan.control_name).ref
    older = found.of if found.of.startswith(f"{plan.name}@") else None
    changed = compare_datasets(workspace, older, ref) if older is not None else None
    return feedback.with_changes(workspace, found, changed, control, _recipe(workspace, plan))


def _recipe(workspace: Workspace, plan: feedback.Plan) -> str:
    """What trains the next version: the way of the corrected one, where that is known and fits."""
    try:
        before = feedback.whose_answers(workspace, plan.corrections.values())
        known = recipe_of(workspace, before)
    except (HoneError, IndexError):
        return "RECIPE"
    made_for = plan.choices.get("format", "sft")
    # What another method was set to is not what this one understands.
    fits = known.get("method", "sft") == made_for or made_for not in feedback.PAIR_FORMATS
    return before if fits else "RECIPE"


def report_feedback(
    workspace: Workspace,
    ref: str,
    *,
    before: str | None = None,
    control: str | None = None,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> Efficacy:
    """What the corrections did to a version that was retrained on them; who is owed answers first.

    `before` and `control` as in `trial_of`. Choices: seed of intervals; max_new_tokens, batch_size
    and others of `evaluate` for who is asked. The report is written beside those of evaluations.
    """
    seed = int(choices.get("seed", 0))
    trial = feedback.trial_of(workspace, ref, before=before, control=control)
    for asking in feedback.owed(workspace, trial):
        first, *further = asking.models
        asked: dict[str, Any] = {"on": asking.on, "only": asking.only, "further": further}
        asked |= {"rows": ["tuned"], "includes_trained": asking.only is not None}
        evaluate(workspace, first, on_progress=on_progress, **choices, **asked)
    found = feedback.efficacy(workspace, trial, seed=seed)
    feedback.write_report(workspace, found)
    return found
