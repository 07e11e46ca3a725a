"""From a plan to a running job: name what is missing, start, or go on where it was cut off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import Conflict, GateRefused, InvalidInput, NotFound
from hone.records.job import Job
from hone.records.recipe import Resolved
from hone.stages import jobs
from hone.stages.train.choices import told
from hone.stages.train.plan import Plan
from hone.stages.train.prepare import Prepared
from hone.stages.train.resolve import environment_for
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

BESIDE = ("build", "force", "shown_at")
"""Keys of a recipe that say what happens before and after a training, which is the same without."""


class Started(NamedTuple):
    """The job that trains now."""

    job_id: str
    is_resumed: bool
    is_dry_run: bool


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
    if plan.too_few:
        missing.append(plan.too_few)
    if ws.config.setup_mode:
        missing.append("the workspace is in setup mode (setup_mode: false in hone.yaml)")
    if plan.verdict == "does not fit":
        missing.append(
            f"at least {plan.memory_gib.low:.1f} GiB of memory are needed, "
            f"{plan.device} has {plan.device_memory_gib:.1f}"
        )
    if not plan.is_base_here:
        how = f" (hf download {plan.base})" if plan.base.count("/") == 1 else ""
        missing.append(f"the base {plan.base} is not on this machine{how}")
    if plan.price_per_hour_usd:
        missing += jobs.beyond_budget(ws, plan.price_usd, plan.budget_usd)
    return missing


def refuse_unready(ws: Workspace, plan: Plan, *, is_confirmed: bool) -> None:
    """GateRefused names every condition that a real training still lacks."""
    missing = missing_for_a_real_run(ws, plan, is_confirmed=is_confirmed)
    if missing:
        raise GateRefused(
            f"No training: {'; '.join(missing)}.",
            hint="hone train RECIPE --plan   (shows what it does)",
        )


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
    refuse_unready(ws, prepared.plan, is_confirmed=is_confirmed)
    spec = spec_of(ws, prepared, version=version)
    unfinished = _unfinished(ws, spec["fingerprint"])
    if unfinished is not None:
        jobs.resume(ws, unfinished, target=target)
        return Started(unfinished, is_resumed=True, is_dry_run=False)
    if version is not None:
        check_version(ws, prepared.plan.model, version)
    job = launch_training(ws, prepared, spec, target)
    if version is not None:
        ws.store.models.reserve(prepared.plan.model, job.id)
    return Started(job.id, is_resumed=False, is_dry_run=False)


def start_dry_run(
    ws: Workspace, prepared: Prepared, *, target: jobs.Target | None = None
) -> Started:
    """A job that builds everything and runs one batch forward; it trains and leaves nothing.

    GateRefused on a target that rents: a dry run needs no confirmation, and money does.
    """
    on = prepared.checked.recipe.on
    if jobs.is_paid(on):
        raise GateRefused(
            f"A dry run on {on} would cost money.",
            hint="Leave --on out: it runs here. --plan shows what the real run would cost.",
        )
    spec = spec_of(ws, prepared, is_dry_run=True)
    job = launch_training(ws, prepared, spec, target)
    return Started(job.id, is_resumed=False, is_dry_run=True)


def launch_training(
    ws: Workspace,
    prepared: Prepared,
    spec: dict[str, Any],
    target: jobs.Target | None,
    *,
    rows: Path | None = None,
) -> Job:
    """Hand the job of a spec in; `rows` is a file of training rows other than the whole split."""
    folder, task = prepared.materials.folder, prepared.materials.task
    inputs: dict[str, Path | str | bytes] = {
        "train.jsonl": rows or folder / "train.jsonl",
        "task.json": task.model_dump_json(indent=1) + "\n",
    }
    if prepared.plan.val is not None:
        inputs["val.jsonl"] = folder / "val.jsonl"
    job = jobs.new_job("train", spec, target=prepared.checked.recipe.on)
    return jobs.launch(ws, job, inputs, target=target)


def spec_of(
    ws: Workspace,
    prepared: Prepared,
    *,
    version: str | None = None,
    is_dry_run: bool = False,
    subset: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a training job is, with the fingerprint by which the same one is known again.

    With `subset` it trains on a part of the split; what it leaves is no version of a model.
    """
    base, manifest, _, task, renderer, rewards, _ = prepared.materials
    if renderer is None or not base.is_here:
        raise NotFound(
            f"The weights of {base.id} are not on this machine.",
            hint="Put them beside its config.json, or: hf download ID",
        )
    plan, base_sha256 = prepared.plan, base.sha256()
    options = dict(plan.options)
    if is_dry_run:
        options["training.dry_run"] = Resolved(value=True, source="--dry-run")
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
    if plan.processes > 1:
        spec["sharding"] = plan.sharding
    if rewards:
        spec["rewards"] = [one.spec() for one in rewards]
    if subset is not None:
        spec["subset"] = dict(subset)
    spec["fingerprint"] = _fingerprint(spec)
    spec["choices"] = told(plan.options, plan.choices)
    spec["budget_usd"] = plan.budget_usd
    # Where tokens are kept from one job to the next; a machine without the workspace keeps none.
    spec["cache"] = str(ws.cache)
    return spec | _of_the_target(ws, prepared.checked.recipe.on) | {"plan": _planned(plan)}


def _of_the_target(ws: Workspace, on: str) -> dict[str, Any]:
    at_once = ws.config.targets.local.trainings_at_once
    if at_once > 1 and on == jobs.HERE:
        return {"trainings_at_once": at_once}
    # Two steps in a folder of their own come first (targets/_rehearsal.py); the training itself
    # then writes a checkpoint after its first step, which is brought home.
    return {"rehearses": True} if jobs.is_rented(on) else {}


def _planned(plan: Plan) -> dict[str, Any]:
    return {
        "steps": plan.steps,
        "tokens_per_epoch": plan.train.tokens,
        "memory_gib": [plan.memory_gib.low, plan.memory_gib.high],
        "seconds": [plan.seconds.low, plan.seconds.high],
    }


def _root_id(model: str, base_id: str) -> str:
    # A fully fine-tuned version is itself the base; an adapter stands on the base below it.
    return model if base_id.split("@")[0] == model.split("@")[0] else base_id


def _fingerprint(spec: Mapping[str, Any]) -> str:
    """What makes two trainings the same one: values, not where they came from."""
    parts = {key: value for key, value in spec.items() if key != "options"}
    parts["options"] = {
        key: one["value"] for key, one in spec["options"].items() if key not in BESIDE
    }
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
        state = folder.state()
        is_under_way = folder.is_alive() or jobs.in_hand(ws, job.id) is not None
        if state in ("waiting", "running") and is_under_way:
            does = "waits" if state == "waiting" else "runs"
            raise Conflict(
                f"This very training already {does} as {job.id}.", hint=f"hone jobs watch {job.id}"
            )
        return None if state == "succeeded" else job.id
    return None


def check_version(ws: Workspace, name: str, version: str) -> None:
    """InvalidInput where a version is not the next one of its name."""
    following = ws.store.models.next_version(name)
    if version != following:
        raise InvalidInput(
            f'The next version of {name} is {following}, not "{version}".',
            hint=f"--version {following}, or leave it out",
        )
