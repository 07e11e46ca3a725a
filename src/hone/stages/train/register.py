"""Takes finished trainings and merges in: the version's folder, its row, checkpoints and logs.

Every step looks for its own effect first, so a kill between any two is mended by running it again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import HoneError
from hone.records.job import Result
from hone.records.model import Measured, ModelVersion
from hone.stages import jobs
from hone.stages.train.places import (
    clear,
    link,
    show_checkpoints,
    show_logs,
    show_where_asked,
)
from hone.stages.train.resolve import gives_numbers
from hone.workspace.contenders import READ_LENGTH
from hone.workspace.files import explained, write_json
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.pooling import IN_HONE, OPTION, pooling_in


class Collected(NamedTuple):
    """What was taken in now, and which finished trainings could not be."""

    models: list[ModelVersion]
    problems: list[str]


def collect_trained(ws: Workspace) -> Collected:
    """Register every succeeded training and merge that is not yet; safe to call at any time."""
    if not _unsettled(ws):
        return Collected([], [])
    models: list[ModelVersion] = []
    problems: list[str] = []
    with jobs.settling(ws):
        for folder in _unsettled(ws):
            try:
                model = _take_in(ws, folder)
            except HoneError as error:
                problems.append(f"{folder.path.name}: {error.message}")
                continue
            if model is not None:
                models.append(model)
    return Collected(models, problems)


def _unsettled(ws: Workspace) -> list[JobFolder]:
    return [*jobs.unsettled(ws, "train"), *jobs.unsettled(ws, "export")]


def _take_in(ws: Workspace, folder: JobFolder) -> ModelVersion | None:
    job, result = folder.job, folder.result()
    assert result is not None  # jobs.unsettled() gives only folders with a result
    if job.spec.get("dry_run") or job.spec.get("subset"):
        # A part of the data was learned for a learning curve: that is no version of a model.
        ws.store.jobs.mark_settled(job.id)
        return None
    if not any(artefact.path.startswith("final/") for artefact in result.artefacts):
        raise HoneError("it left no model in final/.", hint=f"hone jobs logs {folder.path.name}")
    jobs.verify(folder)
    name = str(job.spec["model_name"])
    version = ws.store.models.reserve(name, job.id)
    home = ws.models / name / version
    model = _model(folder, result, version)
    model.cost_usd = model.cost_usd or jobs.cost_of(folder)
    if not (home / "metadata.json").is_file():
        _move_in(folder, home, model)
    registered = ws.store.models.register(model, home)
    if ws.store.models.active(name) is None:
        ws.store.models.set_active(registered.ref, note="the first version")
    show_checkpoints(ws, folder, registered)
    show_logs(ws, folder, registered)
    show_where_asked(ws, folder, registered)
    ws.store.jobs.mark_settled(job.id)
    return registered


def _model(folder: JobFolder, result: Result, version: str) -> ModelVersion:
    job = folder.job
    spec: dict[str, Any] = job.spec
    on = f"{spec['dataset']['name']}/val"
    is_lora = "lora.r" in spec["options"]
    return ModelVersion(
        name=str(spec["model_name"]),
        version=version,
        base=str(spec["base"]["id"]),
        base_sha256=str(spec["base"]["sha256"]),
        parents=list(spec.get("parents", [])),
        dataset=str(spec["dataset"]["name"]),
        job=job.id,
        task=str(spec["task"]["name"]),
        kind="lora" if is_lora else "full",
        metrics={
            name: Measured(value=value, on=on if name.startswith("eval") else "training")
            for name, value in result.metrics.items()
        },
        runtime_seconds=result.runtime_seconds,
        cost_usd=result.cost_usd,
        target=job.target,
        sha256={
            artefact.path.removeprefix("final/"): artefact.sha256
            for artefact in result.artefacts
            if artefact.path.startswith("final/")
        },
        template=str(spec.get("template", "")),
        details={
            "method": spec["method"],
            "gives": spec.get("gives") or _gives(str(spec["method"])),
            **_reads(spec),
            **({IN_HONE: pooling_in(spec["options"])} if OPTION in spec["options"] else {}),
            "dataset_sha256": spec["dataset"]["sha256"],
            "versions": job.versions,
            **{key: value for key, value in (result.model_extra or {}).items() if key == "merged"},
        },
    )


def _reads(spec: dict[str, Any]) -> dict[str, int]:
    """How much of a text a head of numbers was trained to read."""
    if spec.get("gives") or not gives_numbers(str(spec["method"])):
        return {}
    return {READ_LENGTH: int(spec["options"]["data.max_seq_length"]["value"])}


def _gives(method: str) -> str:
    return "numbers" if gives_numbers(method) else "answers"


def _move_in(folder: JobFolder, home: Path, model: ModelVersion) -> None:
    """Build the version's folder aside, metadata.json last, and move it into place whole."""
    aside = home.parent / f".{home.name}.{folder.path.name}"
    with explained("write the model to", home):
        clear(aside)
        for name in model.sha256:
            link(folder.final / name, aside / name)
        write_json(aside / "metadata.json", model.model_dump(mode="json"))
        aside.rename(home)
