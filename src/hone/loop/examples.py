"""Examples and datasets: import, decide, freeze, examine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from hone.errors import InvalidInput
from hone.loop.progress import Progress
from hone.records.review import Decision, Receipt
from hone.stages import doctor, ingest, prepare, review
from hone.stages.prepare import (
    BuildOptions,
    Built,
    check_files,
    dataset_folder,
)
from hone.workspace.bases import find_base
from hone.workspace.open import Workspace

_M = TypeVar("_M", bound=BaseModel)


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
    options = build_options(workspace, choices)
    return prepare.build_dataset(workspace, name, options, on_progress=on_progress)


def build_options(workspace: Workspace, choices: Mapping[str, Any]) -> BuildOptions:
    """Choices of a build, checked: InvalidInput lists every problem."""
    if choices.get("base") is not None:
        choices = {**choices, "base": find_base(workspace, str(choices["base"])).path}
    return _checked(BuildOptions, choices, "The dataset cannot be built", "build")


def examine_dataset(
    workspace: Workspace,
    ref: str,
    *,
    on_progress: Progress = lambda done, total: None,
    **choices: Any,
) -> doctor.Report:
    """What a training on this dataset would see; choices are the fields of `DoctorOptions`."""
    options = _checked(doctor.DoctorOptions, choices, "The dataset cannot be examined", "doctor")
    check_files(workspace, ref)
    dataset = dataset_folder(workspace, ref)
    return doctor.examine(workspace, dataset, options, on_progress=on_progress)


def _checked(model: type[_M], choices: Mapping[str, Any], said: str, command: str) -> _M:
    try:
        return model.model_validate(choices)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise InvalidInput(
            f"{said}: {'; '.join(problems)}.",
            hint=f"hone datasets {command} --help",
            problems=problems,
        ) from error
