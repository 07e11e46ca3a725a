"""How many processes a training takes, how its rows are shared, and what each process holds."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Literal

from hone import shelf
from hone.methods._sharing import parts_of
from hone.records.recipe import Resolved
from hone.stages.train.machine import Machine

Sharding = Literal["none", "ddp", "fsdp2"]
SHARDED = ("sft",)
"""Methods whose weights may be shared out; the others ask the whole model outside of a step."""


def processes_of(options: Mapping[str, Resolved]) -> int:
    """The processes that were planned; 1 where that is still open."""
    found = options.get("training.processes")
    return found.value if found is not None and isinstance(found.value, int) else 1


def parts_in(options: Mapping[str, Resolved], processes: int) -> int:
    """Into how many parts a batch is cut among so many processes."""
    together = int(options["training.gradient_accumulation_steps"].value)
    is_shared = bool(getattr(_method(options).Options, "IS_BATCH_SHARED", False))
    return parts_of(together, processes, is_batch_shared=is_shared)


def rows_at_once(options: Mapping[str, Resolved]) -> int:
    """Most rows that go through the model of one process at once."""
    return -(-int(options["training.batch_size"].value) // parts_in(options, processes_of(options)))


def choose_processes(options: Mapping[str, Resolved], machine: Machine) -> tuple[int, str]:
    """One per card, as far as method and step allow; and why."""
    if machine.device != "cuda":
        return 1, f"device {machine.device}"
    most = most_of(options, machine)
    if most < machine.cards:
        return most, f"{options['method'].value} trains in one process"
    batch = int(options["training.batch_size"].value)
    for count in range(machine.cards, 1, -1):
        if batch % parts_in(options, count) == 0:
            left = f" of {machine.cards}: the rows of a step are shared evenly"
            return count, f"{count} cards{left if count < machine.cards else ''}"
    if machine.cards == 1:
        return 1, "1 card"
    return 1, f"the rows of a step cannot be shared evenly by {machine.cards} cards"


def most_of(options: Mapping[str, Resolved], machine: Machine) -> int:
    """Most processes that method and machine allow."""
    devices = {"cuda": machine.cards, "cpu": machine.cores}.get(machine.device, 1)
    return min(devices, int(getattr(_method(options), "MOST_PROCESSES", devices)))


def sharing_problems(options: Mapping[str, Resolved], machine: Machine) -> list[tuple[str, str]]:
    """(what is wrong, what to try) with the number of processes."""
    count = processes_of(options)
    if count == 1:
        return []
    name = str(options["method"].value)
    limit = getattr(_method(options), "MOST_PROCESSES", None)
    if limit is not None and count > limit:
        return [
            (f"{name} trains in one process, not in {count}", "--set training.processes=1"),
        ]
    most = most_of(options, machine)
    if count > most:
        kind = {"cuda": "card", "cpu": "core"}.get(machine.device, "device")
        has = f"{most} {kind}{'s' if most != 1 else ''}"
        return [
            (
                f"training.processes is {count}, and this machine has {has}",
                f"--set training.processes={most}",
            )
        ]
    batch, parts = int(options["training.batch_size"].value), parts_in(options, count)
    if parts > batch:
        return [
            (
                f"a batch of {batch} rows cannot be shared by {parts} processes",
                f"--set training.batch_size={parts}, or fewer training.processes",
            )
        ]
    return []


def may_be_sharded(options: Mapping[str, Resolved], machine: Machine) -> bool:
    """Whether each card could hold a share of the weights instead of all of them."""
    in_4bit = options.get("lora.load_in_4bit")
    return (
        machine.device == "cuda"
        and processes_of(options) > 1
        and str(options["method"].value) in SHARDED
        and not (in_4bit is not None and in_4bit.value)
    )


def _method(options: Mapping[str, Resolved]) -> ModuleType | Any:
    return shelf.load("methods", str(options["method"].value))
