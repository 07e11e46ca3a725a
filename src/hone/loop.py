"""The whole product on one page: the loop, as functions over a workspace.

    import_examples → decide → build_dataset → train → evaluate → predict, and again

Each function is what the command of the same name calls. Heavy work runs in a worker process;
these functions follow it and come back when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hone.errors import HoneError, InvalidInput, NotFound
from hone.records.comparison import Comparison, GateResult
from hone.records.evaluation import Evaluation
from hone.records.feedback import Applied, Efficacy
from hone.records.job import Event
from hone.records.model import ModelVersion
from hone.records.review import Decision, Receipt
from hone.settings import reviewer_name, workspace_from_environment
from hone.stages import compare as comparison
from hone.stages import doctor, feedback, flags, health, ingest, jobs, prepare, registry, review
from hone.stages import evaluate as evaluation
from hone.stages import predict as prediction
from hone.stages.prepare import (
    BuildOptions,
    Built,
    check_files,
    compare_datasets,
    dataset_folder,
    export_dataset,
    kept_out,
)
from hone.stages.recipes import copy_recipe, find_recipe, list_recipes
from hone.stages.train import (
    collect_trained,
    look_at_this_machine,
    merge,
    prepare_training,
    start_training,
)
from hone.workspace.bases import find_base
from hone.workspace.config import load_task as read_task
from hone.workspace.open import Workspace, find_workspace, init_workspace
from hone.workspace.open import open_workspace as open_folder

__all__ = [
    "BuildOptions",
    "Workspace",
    "apply_feedback",
    "begin_training",
    "build_dataset",
    "check_files",
    "check_health",
    "compare",
    "compare_datasets",
    "copy_recipe",
    "dataset_folder",
    "decide",
    "evaluate",
    "examine_dataset",
    "export_dataset",
    "find_recipe",
    "finish_training",
    "import_examples",
    "init_workspace",
    "judge_gate",
    "kept_out",
    "list_models",
    "list_recipes",
    "load_model",
    "merge_model",
    "open_workspace",
    "predict",
    "predict_file",
    "promote_flag",
    "read_task",
    "rebuild_standings",
    "report_feedback",
    "reviewer_name",
    "set_active",
    "train",
]

if TYPE_CHECKING:
    from pydantic import BaseModel

Progress = Callable[[int, int | None], None]
_Options = TypeVar("_Options", bound="BaseModel")


def open_workspace(folder: Path | str | None = None) -> Workspace:
    """The workspace at `folder`, else that of HONE_WORKSPACE, else the nearest folder up.

    Jobs that wait there, as after a reboot, go on in a process of their own. NotFound where there
    is no workspace; WorkspaceTooNew where a later Hone wrote it.
    """
    workspace = open_folder(folder)
    # Whoever only reads must not be kept from it; what watches jobs says why they stand still.
    with suppress(HoneError):
        jobs.wake_if_owed(workspace)
    return workspace


def import_examples(
    workspace: Workspace, paths: Sequence[Path | str] | Path | str, **choices: Any
) -> ingest.ImportReport:
    """Bring files in; choices: task, shape, mapping, options, accept_as, new_task, on_progress."""
    files = [paths] if isinstance(paths, str | Path) else paths
    return ingest.import_examples(workspace, files, **choices)


def decide(workspace: Workspace, decisions: Sequence[Decision]) -> list[Receipt]:
    """Journal reviews in one transaction; a receipt for each, after the commit."""
    return review.decide(workspace, decisions)


def build_dataset(
    workspace: Workspace,
    name: str,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> Built:
    """Freeze the next version of a dataset; choices are the fields of `BuildOptions`."""
    if choices.get("base") is not None:
        choices["base"] = find_base(workspace, str(choices["base"])).path
    options = _checked(BuildOptions, choices, "built")
    return prepare.build_dataset(workspace, name, options, on_progress=on_progress)


def examine_dataset(
    workspace: Workspace,
    ref: str,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> doctor.Report:
    """What a training on this dataset would see; choices are the fields of `DoctorOptions`."""
    options = _checked(doctor.DoctorOptions, choices, "examined")
    check_files(workspace, ref)
    dataset = dataset_folder(workspace, ref)
    return doctor.examine(workspace, dataset, options, on_progress=on_progress)


def _checked(model: type[_Options], choices: Mapping[str, Any], done: str) -> _Options:
    from pydantic import ValidationError

    try:
        return model.model_validate(choices)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        command = {"built": "build", "examined": "doctor"}[done]
        raise InvalidInput(
            f"The dataset cannot be {done}: {'; '.join(problems)}.",
            hint=f"hone datasets {command} --help",
            problems=problems,
        ) from error


def check_health(folder: Path | str | None = None, *, is_online: bool = False) -> health.Health:
    """What is wrong with machine and workspace, and its mend; changes nothing.

    `folder` as `open_workspace` takes it; where nothing is named and none is found, the machine
    alone is looked at. With `is_online` the model hub and the providers are asked.
    """
    try:
        root = find_workspace(folder)
    except NotFound:
        if folder is not None or workspace_from_environment() is not None:
            raise
        root = None
    return health.examine(root, look_at_this_machine(), is_online=is_online)


def rebuild_standings(folder: Path | str | None = None) -> int:
    """Derive anew from the journal where every example stands; gives the operations replayed."""
    with open_workspace(folder) as workspace:
        return workspace.store.journal.rebuild()


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


def begin_training(
    workspace: Workspace,
    recipe: Path | str | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    confirm_run: bool = False,
) -> str:
    """The id of a job that trains by this recipe, or waits for its device; as `train` begins it."""
    written = find_recipe(recipe) if isinstance(recipe, str) else recipe
    prepared = prepare_training(workspace, written, overrides=overrides)
    return start_training(workspace, prepared, is_confirmed=confirm_run).job_id


def finish_training(
    workspace: Workspace, job_id: str, *, on_event: Callable[[Event], None] = lambda event: None
) -> ModelVersion:
    """Follow a training that was begun to its end, and give the version that it leaves."""
    for seen in jobs.watch(workspace, job_id):
        if isinstance(seen, Event):
            on_event(seen)
    collect_trained(workspace)
    registered = (one.model for one in workspace.store.models.list())
    trained = next((one for one in registered if one.job == job_id), None)
    if trained is None:
        status = jobs.show(workspace, job_id)
        raise HoneError(
            f"Job {job_id} ended as {status.state}. {status.error}".strip(),
            hint=status.hint or f"hone jobs logs {job_id}",
        )
    return trained


def evaluate(
    workspace: Workspace,
    model: str,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> Evaluation:
    """Let a model and those beside it answer, and score; choices: see `EvaluateOptions`."""
    options = evaluation.evaluate_options(**choices)
    job = evaluation.evaluate(workspace, model, options)
    return evaluation.finish(workspace, job.id, on_progress=on_progress)


def compare(
    workspace: Workspace,
    models: Sequence[str],
    *,
    on: str | None = None,
    repeats_base: bool = True,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> Comparison:
    """Versions, and bases, on the same examples, paired; who has not answered them is asked first.

    `on` as in `evaluate`. With `repeats_base` the base answers once more, for the noise floor.
    Choices: confidence and seed of what is said; task, max_new_tokens, and others of `evaluate`,
    for who is asked. The report is written beside those of evaluations.
    """
    terms = {name: choices.pop(name) for name in ("confidence", "seed") if name in choices}
    wanted = comparison.wanted(workspace, models, on, task=choices.pop("task", None))
    asked: dict[str, Any] = {**choices, "on": on or wanted.on, "task": wanted.task.name}
    owed = comparison.owed(workspace, wanted)
    if owed.models:
        first, *further = owed.models
        rows = list(evaluation.ROWS) if first == wanted.refs[0] else ["tuned"]
        asked_now = {**asked, "rows": rows, "further": further}
        evaluate(workspace, first, on_progress=on_progress, **asked_now)
        owed = comparison.owed(workspace, wanted)
    if owed.repeat is not None and repeats_base:
        base, batch_size = owed.repeat
        again = {**asked, "rows": ["base"], "batch_size": batch_size}
        evaluate(workspace, base, on_progress=on_progress, **again)
    found = comparison.compare(workspace, wanted, **terms)
    comparison.write_report(workspace, found)
    return found


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
    return feedback.with_changes(workspace, found, changed, control)


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


def predict(
    workspace: Workspace, message: str | Mapping[str, Any], **choices: Any
) -> prediction.Predicted:
    """Answers to one message; choices: see `PredictOptions`."""
    options = prediction.predict_options(**choices)
    return prediction.predict_message(workspace, message, options)


def predict_file(
    workspace: Workspace,
    source: Path,
    output: Path,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> prediction.PredictReport:
    """Answers to every row of a file, in order, into a JSONL file."""
    options = prediction.predict_options(**choices)
    return prediction.predict_file(workspace, (source, output), options, on_progress=on_progress)


def list_models(workspace: Workspace, name: str | None = None) -> list[registry.ModelSummary]:
    """Every registered version, with its score and whether it is active."""
    collect_trained(workspace)
    return registry.list_models(workspace, name)


def judge_gate(workspace: Workspace, ref: str) -> GateResult:
    """What the gate of hone.yaml says of a version that would replace the active one."""
    return comparison.judge_gate(workspace, ref)


def set_active(
    workspace: Workspace,
    judged: GateResult,
    *,
    note: str = "",
    is_forced: bool = False,
    reviewer: str | None = None,
) -> ModelVersion:
    """Make the judged version the one that answers; journalled with what the gate said.

    GateRefused where it said no and nobody overrides it; `is_forced` does, and needs a note.
    """
    kept = comparison.refuse_or_note(judged, note=note, is_forced=is_forced)
    who = reviewer or reviewer_name()
    return registry.set_active(workspace, judged.challenger, reviewer=who, note=kept)


def merge_model(
    workspace: Workspace,
    ref: str,
    *,
    dtype: str = "auto",
    on_progress: Progress = lambda done, total: None,
) -> ModelVersion:
    """An adapter as a version with whole weights that answers the same; dtype: base, float32."""
    collect_trained(workspace)
    return merge(workspace, ref, dtype=dtype, on_progress=on_progress)


def load_model(name: str, workspace: Workspace | None = None) -> tuple[Any, Any, Any]:
    """(model, tokenizer, device), ready to generate; loads torch into this process.

    `name` is NAME (its active version), NAME@VERSION, or a base such as hone-nano.
    """
    if workspace is not None:
        return registry.load_model(workspace, name)
    with open_workspace() as opened:
        return registry.load_model(opened, name)
