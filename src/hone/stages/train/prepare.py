"""From a recipe to a plan: resolve, check, count; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import HoneError
from hone.records.recipe import Resolved
from hone.stages import jobs
from hone.stages.train.characters import DENSE, SPARSE
from hone.stages.train.checks import TOLD_BY_LESSONS, Found, Materials, gather, refuse_unfit
from hone.stages.train.choices import machine_choices
from hone.stages.train.drawn import beside_bytes, draws, note_of
from hone.stages.train.enough import too_few_in
from hone.stages.train.holding import choose_sharding
from hone.stages.train.machine import Machine, look_at_this_machine
from hone.stages.train.memory import GIB
from hone.stages.train.plan import (
    Held,
    Plan,
    Range,
    disk_gib_of,
    seconds_of,
    steps_of,
    trained_parameters,
    verdict_on,
)
from hone.stages.train.recipe import CheckedRecipe, check_recipe, read_recipe
from hone.stages.train.remaining import Rows, count_split
from hone.stages.train.resolve import resolve
from hone.stages.train.rows import SAMPLE_ROWS, TokenCount
from hone.stages.train.shape import shape_of
from hone.stages.train.sharing import processes_of
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

EARLIER_JOBS = 5


class Prepared(NamedTuple):
    """A training that could begin: resolved, checked and planned; nothing is written yet."""

    checked: CheckedRecipe
    materials: Materials
    machine: Machine
    plan: Plan


def prepare_training(
    ws: Workspace,
    recipe: Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    machine: Machine | None = None,
    is_plan: bool = False,
) -> Prepared:
    """Resolve, check and plan; raises with every problem at once, and writes nothing.

    With `is_plan`, a base that is not on this machine is planned for by its shape alone.
    """
    written = read_recipe(recipe) if isinstance(recipe, Path) else recipe
    checked = check_recipe(written, overrides)
    return prepare_checked(ws, checked, machine=machine, is_plan=is_plan)


def prepare_checked(
    ws: Workspace,
    checked: CheckedRecipe,
    *,
    machine: Machine | None = None,
    is_plan: bool = False,
    draft: Found | HoneError | None = None,
) -> Prepared:
    """The same for a recipe that is read already, perhaps on a dataset that is not frozen yet."""
    if machine is None and checked.recipe.on == "local":
        machine = look_at_this_machine()
    # Another machine is asked only when there is something to begin there.
    asked = None if is_plan else machine
    materials = gather(ws, checked, is_plan=is_plan, machine=asked, draft=draft)
    machine = machine or _machine(ws, checked.recipe.on)
    options = resolve(checked.options, materials.base, machine)
    plan = _plan(ws, checked, materials, (machine, options))
    refuse_unfit(ws, plan, machine, needs_room=not is_plan)
    return Prepared(checked, materials, machine, plan)


def _machine(ws: Workspace, target: str) -> Machine:
    """The machine of a target: another one is asked, before anything is written."""
    facts = jobs.machine_of(ws, target)
    return look_at_this_machine() if facts is None else Machine.model_validate(facts)


def _plan(
    ws: Workspace,
    checked: CheckedRecipe,
    materials: Materials,
    chosen: tuple[Machine, dict[str, Resolved]],
) -> Plan:
    machine, options = chosen
    base, recipe = materials.base, checked.recipe
    dataset = (materials.manifest, materials.folder)
    rows = Rows(*dataset, materials.renderer, len(materials.task.dimensions))
    train, val = (count_split(rows, split, options) for split in ("train", "val"))
    assert train is not None  # gather() refused a dataset without training rows
    steps, per_epoch = steps_of(train.remaining, options)
    longest = max(train.longest, val.longest if val is not None else 0)
    if train.rows > SAMPLE_ROWS:
        longest = int(options["data.max_seq_length"].value)  # a longer row may not be in the sample
    beside, notes = 0.0, [*machine.notes, *_notes(materials, train)]
    if draws(options):
        judges = [reward.base for reward in materials.rewards]
        beside = beside_bytes(options, base, shape_of(base), judges) / GIB
        notes.append(note_of(train, options))
    processes, room = processes_of(options), _room(machine, options, notes)
    memory, sharding, reason = choose_sharding(base, options, machine, Held(longest, beside))
    earlier = _earlier(ws, base.id, machine.device, options)
    seconds, source = seconds_of(base, options, machine, (train, val), earlier)
    return Plan(
        model=recipe.name or materials.manifest.name,
        method=recipe.method,
        base=base.id,
        is_base_here=base.is_here,
        base_parameters=base.parameters,
        trained_parameters=trained_parameters(base, options),
        dataset=materials.manifest.ref,
        too_few="" if recipe.force else too_few_in(materials.task, *dataset),
        device=machine.device,
        device_name=machine.name,
        processes=processes,
        sharding=sharding,
        sharding_reason=reason,
        train=train,
        val=val,
        epochs=round(steps / per_epoch, 4) if per_epoch else 0.0,
        steps=steps,
        steps_per_epoch=per_epoch,
        longest=longest,
        memory_gib=memory,
        device_memory_gib=room,
        fits=verdict_on(memory, room) == "fits",
        verdict=verdict_on(memory, room),
        seconds=seconds,
        seconds_source=source,
        disk_gib=disk_gib_of(base, options),
        **_prices(machine, seconds, recipe.budget_usd),
        options=options,
        choices=machine_choices(options, machine),
        beside_gib=beside,
        notes=notes,
    )


def _room(machine: Machine, options: dict[str, Resolved], notes: list[str]) -> float:
    """Memory of each process in GiB; on a machine without cards all processes share it."""
    processes = processes_of(options)
    if processes == 1 or machine.device == "cuda":
        return machine.memory_gib
    notes.append(f"{processes} processes share {machine.memory_gib:.1f} GiB.")
    return machine.memory_gib / processes


def _prices(machine: Machine, seconds: Range, budget_usd: float | None) -> dict[str, Any]:
    return {
        "price_usd": machine.price_usd(seconds.high),
        "price_low_usd": machine.price_usd(seconds.low),
        "price_per_hour_usd": machine.price_per_hour_usd,
        "budget_usd": budget_usd,
    }


def _notes(materials: Materials, train: TokenCount) -> list[str]:
    about = "" if train.is_exact else "about "
    notes: list[str] = []
    if train.too_long:
        notes.append(
            f"{about}{train.too_long:,} rows are left out: their answer does not fit; "
            f"{train.remaining:,} remain."
        )
    if train.shortened:
        notes.append(f"{about}{train.shortened:,} rows are shortened to fit.")
    if train.masked and materials.manifest.format not in TOLD_BY_LESSONS:
        why = f": {train.because.rstrip('.')}." if train.because else "."
        notes.append(f"{about}{train.masked:,} rows are left out, without a token to learn{why}")
    notes += materials.notes
    base = materials.base
    if not base.is_here:
        notes.append(f"{base.id} is not on this machine; it is planned for by its shape alone.")
    if materials.renderer is not None:
        return notes + list(materials.renderer.problems)
    notes.append(
        f"Tokens are estimated from characters, {DENSE:g} to {SPARSE:g} each: "
        "without its tokenizer rows that do not fit cannot be counted."
    )
    return notes


def _earlier(
    ws: Workspace, base: str, device: str, options: Mapping[str, Resolved]
) -> list[JobFolder]:
    is_lora, processes = "lora.r" in options, processes_of(options)
    found: list[JobFolder] = []
    for job in ws.store.jobs.list():
        spec = job.spec
        if job.kind != "train" or spec.get("dry_run") or spec.get("device") != device:
            continue
        if spec.get("base", {}).get("id") != base or ("lora.r" in spec["options"]) != is_lora:
            continue
        other = spec["options"].get("training.processes", {}).get("value", 1)
        if other != processes:
            continue
        folder = JobFolder(ws.jobs / job.id)
        if folder.has_result:
            found.append(folder)
        if len(found) == EARLIER_JOBS:
            break
    return found
