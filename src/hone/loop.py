"""The whole product on one page: the loop, as functions over a workspace.

    import_examples → decide → build_dataset → train → evaluate → predict, and again

Each function is what the command of the same name calls. Heavy work runs in a worker process;
these functions follow it and come back when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hone.errors import HoneError, InvalidInput
from hone.records.evaluation import Evaluation
from hone.records.job import Event
from hone.records.model import ModelVersion
from hone.records.review import Decision, Receipt
from hone.settings import reviewer_name
from hone.stages import doctor, ingest, jobs, prepare, registry, review
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
from hone.stages.train import collect_trained, merge, prepare_training, start_training
from hone.workspace.bases import find_base
from hone.workspace.config import load_task as read_task
from hone.workspace.open import Workspace, init_workspace, open_workspace

__all__ = [
    "BuildOptions",
    "Workspace",
    "build_dataset",
    "check_files",
    "compare_datasets",
    "copy_recipe",
    "dataset_folder",
    "decide",
    "evaluate",
    "examine_dataset",
    "export_dataset",
    "find_recipe",
    "import_examples",
    "init_workspace",
    "kept_out",
    "list_models",
    "list_recipes",
    "load_model",
    "merge_model",
    "open_workspace",
    "predict",
    "predict_file",
    "read_task",
    "reviewer_name",
    "train",
]

Progress = Callable[[int, int | None], None]


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
    from pydantic import ValidationError

    if choices.get("base") is not None:
        choices["base"] = find_base(workspace, str(choices["base"])).path
    try:
        options = BuildOptions.model_validate(choices)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise InvalidInput(
            f"The dataset cannot be built: {'; '.join(problems)}.",
            hint="hone datasets build --help",
            problems=problems,
        ) from error
    return prepare.build_dataset(workspace, name, options, on_progress=on_progress)


def examine_dataset(
    workspace: Workspace,
    ref: str,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> doctor.Report:
    """What a training on this dataset would see; choices are the fields of `DoctorOptions`."""
    from pydantic import ValidationError

    try:
        options = doctor.DoctorOptions.model_validate(choices)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise InvalidInput(
            f"The dataset cannot be examined: {'; '.join(problems)}.",
            hint="hone datasets doctor --help",
            problems=problems,
        ) from error
    check_files(workspace, ref)
    dataset = dataset_folder(workspace, ref)
    return doctor.examine(workspace, dataset, options, on_progress=on_progress)


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
    written = find_recipe(recipe) if isinstance(recipe, str) else recipe
    prepared = prepare_training(workspace, written, overrides=overrides)
    started = start_training(workspace, prepared, is_confirmed=confirm_run)
    for seen in jobs.watch(workspace, started.job_id):
        if isinstance(seen, Event):
            on_event(seen)
    collect_trained(workspace)
    registered = (one.model for one in workspace.store.models.list())
    trained = next((one for one in registered if one.job == started.job_id), None)
    if trained is None:
        status = jobs.show(workspace, started.job_id)
        raise HoneError(
            f"Job {started.job_id} ended as {status.state}. {status.error}".strip(),
            hint=status.hint or f"hone jobs logs {started.job_id}",
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
