"""From a recipe to a running job: prepare and plan, name what is missing, start or go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import Conflict, GateRefused, InvalidInput
from hone.records.job import Job
from hone.records.recipe import Resolved
from hone.stages import jobs
from hone.stages.train.checks import Materials, gather, refuse_unfit
from hone.stages.train.machine import Machine, look_at_this_machine
from hone.stages.train.plan import (
    FITS_BELOW,
    Plan,
    disk_gib_of,
    memory_of,
    seconds_of,
    steps_of,
    trained_parameters,
)
from hone.stages.train.recipe import CheckedRecipe, check_recipe, read_recipe
from hone.stages.train.resolve import environment_for, resolve
from hone.stages.train.rows import TokenCount, count_tokens
from hone.workspace.bases import FoundBase
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

EARLIER_JOBS = 5


class Prepared(NamedTuple):
    """A training that could begin: resolved, checked and planned; nothing is written yet."""

    checked: CheckedRecipe
    materials: Materials
    machine: Machine
    plan: Plan


class Started(NamedTuple):
    """The job that trains now."""

    job_id: str
    is_resumed: bool
    is_dry_run: bool


def prepare_training(
    ws: Workspace,
    recipe: Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    machine: Machine | None = None,
) -> Prepared:
    """Resolve, check and plan; raises with every problem at once, and writes nothing."""
    written = read_recipe(recipe) if isinstance(recipe, Path) else recipe
    checked = check_recipe(written, overrides)
    machine = machine or look_at_this_machine()
    materials = gather(ws, checked)
    options = resolve(checked.options, materials.base, machine)
    plan = _plan(ws, checked, materials, (machine, options))
    refuse_unfit(ws, plan)
    return Prepared(checked, materials, machine, plan)


def missing_for_a_real_run(ws: Workspace, plan: Plan, *, is_confirmed: bool) -> list[str]:
    """Every condition that a real training still lacks, in sentences; empty: it may begin."""
    options = plan.options
    missing: list[str] = []
    if not is_confirmed:
        missing.append("--confirm-run was not given")
    if options["training.dry_run"].value:
        missing.append("training.dry_run is true (--set training.dry_run=false)")
    if not options["training.max_steps"].value and options["training.epochs"].value <= 0:
        missing.append("training.epochs is 0 (--set training.epochs=3)")
    if ws.config.setup_mode:
        missing.append("the workspace is in setup mode (setup_mode: false in hone.yaml)")
    return missing


def start_training(
    ws: Workspace,
    prepared: Prepared,
    *,
    is_confirmed: bool = False,
    version: str | None = None,
    target: jobs.Target | None = None,
) -> Started:
    """Train for real; the same training that was cut off goes on where it stood.

    GateRefused names every missing condition. Conflict when the device is busy.
    """
    missing = missing_for_a_real_run(ws, prepared.plan, is_confirmed=is_confirmed)
    if missing:
        raise GateRefused(
            f"No training: {'; '.join(missing)}.",
            hint="hone train RECIPE --plan   (shows what it does)",
        )
    spec = _spec(ws, prepared, version=version, is_dry_run=False)
    unfinished = _unfinished(ws, spec["fingerprint"])
    if unfinished is not None:
        jobs.resume(ws, unfinished, target=target)
        return Started(unfinished, is_resumed=True, is_dry_run=False)
    if version is not None:
        _check_version(ws, prepared.plan.model, version)
    job = _launch(ws, prepared, spec, target)
    if version is not None:
        ws.store.models.reserve(prepared.plan.model, job.id)
    return Started(job.id, is_resumed=False, is_dry_run=False)


def start_dry_run(
    ws: Workspace, prepared: Prepared, *, target: jobs.Target | None = None
) -> Started:
    """A job that builds everything and runs one batch forward; it trains and leaves nothing."""
    spec = _spec(ws, prepared, version=None, is_dry_run=True)
    job = _launch(ws, prepared, spec, target)
    return Started(job.id, is_resumed=False, is_dry_run=True)


def _launch(
    ws: Workspace, prepared: Prepared, spec: dict[str, Any], target: jobs.Target | None
) -> Job:
    folder, task = prepared.materials.folder, prepared.materials.task
    inputs: dict[str, Path | str | bytes] = {
        "train.jsonl": folder / "train.jsonl",
        "task.json": task.model_dump_json(indent=1) + "\n",
    }
    if prepared.plan.val is not None:
        inputs["val.jsonl"] = folder / "val.jsonl"
    job = jobs.new_job("train", spec, target=prepared.checked.recipe.on)
    return jobs.launch(ws, job, inputs, target=target)


def _spec(
    ws: Workspace, prepared: Prepared, *, version: str | None, is_dry_run: bool
) -> dict[str, Any]:
    base, manifest, _, task, renderer = prepared.materials
    plan, base_sha256 = prepared.plan, base.sha256()
    options = dict(plan.options)
    if is_dry_run:
        options["training.dry_run"] = Resolved(value=True, source="--dry-run")
    _refuse_changed_base(ws, base, base_sha256)
    spec: dict[str, Any] = {
        "method": plan.method,
        "base": {
            "id": base.id if base.model is None else _root_id(base.model, base.id),
            "path": str(base.path),
            "sha256": base_sha256,
            "kind": base.kind,
        },
        "adapter": str(base.adapter) if base.adapter is not None else None,
        "parents": [base.model] if base.model is not None else [],
        "dataset": {"name": manifest.ref, "sha256": manifest.sha256},
        "task": task.model_dump(mode="json"),
        "template": renderer.fingerprint,
        "options": {key: value.model_dump(mode="json") for key, value in options.items()},
        "model_name": plan.model,
        "version": version,
        "dry_run": is_dry_run,
        "device": plan.device,
        "environment": environment_for(plan.options, prepared.machine),
    }
    spec["fingerprint"] = _fingerprint(spec)
    spec["plan"] = {
        "steps": plan.steps,
        "tokens_per_epoch": plan.train.tokens,
        "memory_gib": [plan.memory_gib.low, plan.memory_gib.high],
        "seconds": [plan.seconds.low, plan.seconds.high],
    }
    return spec


def _refuse_changed_base(ws: Workspace, base: FoundBase, sha256: str) -> None:
    """An adapter means nothing on other weights than those that it was trained on."""
    if base.adapter is None or base.model is None:
        return
    expected = ws.store.models.get(base.model).model.base_sha256
    if expected and expected != sha256:
        raise InvalidInput(
            f"The base {base.id} in {base.path} is not the one that {base.model} was trained on.",
            hint=f"Put that base back, or begin afresh with --set base={base.id}.",
        )


def _root_id(model: str, base_id: str) -> str:
    # A fully fine-tuned version is itself the base; an adapter stands on the base below it.
    return model if base_id.split("@")[0] == model.split("@")[0] else base_id


def _fingerprint(spec: Mapping[str, Any]) -> str:
    """What makes two trainings the same one: values, not where they came from."""
    parts = {key: value for key, value in spec.items() if key != "options"}
    parts["options"] = {key: one["value"] for key, one in spec["options"].items()}
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _unfinished(ws: Workspace, fingerprint: str) -> str | None:
    """The newest job of the same training, when it is one that can go on."""
    for job in ws.store.jobs.list():
        if job.kind != "train" or job.spec.get("fingerprint") != fingerprint:
            continue
        folder = JobFolder(ws.jobs / job.id)
        if not (folder.path / "job.json").is_file():
            continue  # its folder was deleted: there is nothing to go on from
        if folder.is_alive():
            raise Conflict(
                f"This very training already runs as {job.id}.", hint=f"hone jobs watch {job.id}"
            )
        return None if folder.has_result else job.id
    return None


def _check_version(ws: Workspace, name: str, version: str) -> None:
    following = ws.store.models.next_version(name)
    if version != following:
        raise InvalidInput(
            f'The next version of {name} is {following}, not "{version}".',
            hint=f"--version {following}, or leave it out",
        )


def _plan(
    ws: Workspace,
    checked: CheckedRecipe,
    materials: Materials,
    chosen: tuple[Machine, dict[str, Resolved]],
) -> Plan:
    machine, options = chosen
    base, recipe = materials.base, checked.recipe
    train, val = (_count(materials, split, options) for split in ("train", "val"))
    assert train is not None  # gather() refused a dataset without training rows
    steps, per_epoch = steps_of(train.rows - train.too_long, options)
    longest = max(train.longest, val.longest if val is not None else 0)
    if not train.is_exact:
        longest = int(options["data.max_seq_length"].value)  # a longer row may not be in the sample
    memory = memory_of(base, options, machine, longest)
    earlier = _earlier(ws, base.id, machine.device, "lora.r" in options)
    seconds, source = seconds_of(base, options, machine, (train, val), earlier)
    has_all_rows = train.rows - train.too_long
    return Plan(
        model=recipe.name or materials.manifest.name,
        method=recipe.method,
        base=base.id,
        base_parameters=base.parameters,
        trained_parameters=trained_parameters(base, options),
        dataset=materials.manifest.ref,
        device=machine.device,
        device_name=machine.name,
        train=train,
        val=val,
        epochs=round(steps / per_epoch, 4) if per_epoch else 0.0,
        steps=steps,
        steps_per_epoch=per_epoch,
        memory_gib=memory,
        device_memory_gib=machine.memory_gib,
        fits=memory.high <= FITS_BELOW * machine.memory_gib,
        seconds=seconds,
        seconds_source=source,
        disk_gib=disk_gib_of(base, options),
        options=options,
        notes=_notes(materials, train, has_all_rows),
    )


def _notes(materials: Materials, train: TokenCount, kept: int) -> list[str]:
    about = "" if train.is_exact else "about "
    notes: list[str] = []
    if train.too_long:
        notes.append(
            f"{about}{train.too_long:,} rows are left out: their answer does not fit; "
            f"{kept:,} remain."
        )
    if train.shortened:
        notes.append(f"{about}{train.shortened:,} rows are shortened to fit.")
    if train.masked:
        notes.append(f"{about}{train.masked:,} rows have no token to learn.")
    notes += list(materials.renderer.problems)
    return notes


def _count(materials: Materials, split: str, options: Mapping[str, Resolved]) -> TokenCount | None:
    file = materials.manifest.splits.get(split)
    if file is None or file.rows == 0:
        return None
    train_on = options.get("data.train_on")
    return count_tokens(
        materials.folder / f"{split}.jsonl",
        materials.renderer,
        max_length=int(options["data.max_seq_length"].value),
        train_on=train_on.value if train_on is not None else "last",
        seed=int(options["training.seed"].value),
    )


def _earlier(ws: Workspace, base: str, device: str, is_lora: bool) -> list[JobFolder]:
    found: list[JobFolder] = []
    for job in ws.store.jobs.list():
        spec = job.spec
        if job.kind != "train" or spec.get("dry_run") or spec.get("device") != device:
            continue
        if spec.get("base", {}).get("id") != base or ("lora.r" in spec["options"]) != is_lora:
            continue
        folder = JobFolder(ws.jobs / job.id)
        if folder.has_result:
            found.append(folder)
        if len(found) == EARLIER_JOBS:
            break
    return found
